package plugintest_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

const inputRows = 100

func input() *record.Batch { return plugintest.Rows(plugintest.AllKinds("t"), 0, inputRows) }

func badConfig(testing.TB) error { return errclass.With(errclass.Config, errors.New("no")) }

// readerSuite is a suite that holds, but for what change does to the reader.
func readerSuite(change func(r plugin.Reader) plugin.Reader) plugintest.ReaderSuite {
	return plugintest.ReaderSuite{
		New: func(testing.TB) plugin.Reader {
			return change(plugintest.Memory{Table: input(), Splits: 3, Group: 2}.Reader())
		},
		Want:      func(testing.TB) [][]string { return plugintest.BatchCells(input()) },
		Resumable: true,
		Bad:       map[string]func(testing.TB) error{"bad": badConfig},
	}
}

func TestReaderSuiteHolds(t *testing.T) {
	plugintest.Reader(t, readerSuite(func(r plugin.Reader) plugin.Reader { return r }))
}

// brokenSource changes what a memory source does.
type brokenSource struct {
	plugin.Source
	fill func(ctx context.Context, b *record.Batch, next func(context.Context, *record.Batch) error) error
}

func (s *brokenSource) Fill(ctx context.Context, b *record.Batch) error {
	return s.fill(ctx, b, s.Source.Fill)
}

type brokenReader struct {
	*plugintest.MemoryReader
	open     func(from plugin.Progress) plugin.Progress
	fill     func(ctx context.Context, b *record.Batch, next func(context.Context, *record.Batch) error) error
	describe []*record.Schema
	splits   func([]plugin.Split) []plugin.Split
	closer   func() error
	leak     chan struct{}
}

func (r *brokenReader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	if r.open != nil {
		from = r.open(from)
	}
	src, err := r.MemoryReader.Open(ctx, from)
	if err != nil || r.fill == nil {
		return src, err
	}
	return &brokenSource{Source: src, fill: r.fill}, nil
}

func (r *brokenReader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	splits, err := r.MemoryReader.Splits(ctx, p)
	if r.splits != nil && splits != nil {
		splits = r.splits(splits)
	}
	return splits, err
}

func (r *brokenReader) Describe(ctx context.Context) ([]*record.Schema, error) {
	if r.describe != nil {
		return r.describe, nil
	}
	return r.MemoryReader.Describe(ctx)
}

func (r *brokenReader) Close() error {
	if r.leak != nil {
		go func() { <-r.leak }()
	}
	if r.closer != nil {
		return r.closer()
	}
	return nil
}

type fillFunc = func(ctx context.Context, b *record.Batch, next func(context.Context, *record.Batch) error) error

// rebuild gives a batch's rows to change and appends what it lets pass.
func rebuild(change func(b *record.Batch, r record.Row) bool) fillFunc {
	return func(ctx context.Context, b *record.Batch, next func(context.Context, *record.Batch) error) error {
		in := record.NewBatch(20, 0)
		in.Reset("x")
		err := next(ctx, in)
		for i := range in.Len() {
			if change(b, in.Row(i)) {
				b.CopyRow(in.Row(i))
			}
		}
		for _, m := range in.Marks() {
			b.Mark(m.Position, m.At)
		}
		return err
	}
}

func TestReaderSuiteFindsBrokenReaders(t *testing.T) {
	seen := 0
	leak := make(chan struct{})
	defer close(leak)
	for _, tt := range []struct {
		property string
		broken   brokenReader
	}{
		{"whole", brokenReader{fill: rebuild(func(_ *record.Batch, r record.Row) bool { return r.Int64(0) != 50 })}},
		{"whole", brokenReader{fill: rebuild(func(b *record.Batch, r record.Row) bool {
			if r.Int64(0) == 50 {
				b.CopyRow(r)
			}
			return true
		})}},
		{"splits", brokenReader{splits: func(s []plugin.Split) []plugin.Split { s[1].ID = s[0].ID; return s }}},
		{"splits", brokenReader{splits: func(s []plugin.Split) []plugin.Split { seen++; s[0].ID += strings.Repeat("x", seen); return s }}},
		{"fill", brokenReader{fill: func(ctx context.Context, b *record.Batch, next func(context.Context, *record.Batch) error) error {
			if b.SetTarget(3, 0); seen%2 == 0 {
				seen++
				return nil
			}
			seen++
			return next(ctx, b)
		}}},
		{"limits", brokenReader{fill: func(ctx context.Context, b *record.Batch, next func(context.Context, *record.Batch) error) error {
			b.SetTarget(60, 1<<30)
			return next(ctx, b)
		}}},
		{"marks", brokenReader{fill: func(ctx context.Context, b *record.Batch, next func(context.Context, *record.Batch) error) error {
			err := next(ctx, b)
			b.Mark([]byte(`text`), time.Time{})
			return err
		}}},
		{"kinds", brokenReader{fill: rebuild(func(b *record.Batch, r record.Row) bool {
			s := r.Schema()
			b.Begin(s, record.Insert)
			for c := range s.Columns {
				b.Text(record.String, string(r.AppendText(nil, c)))
			}
			return false
		})}},
		{"schemas", brokenReader{fill: rebuild(func(b *record.Batch, r record.Row) bool {
			clone := *r.Schema()
			b.Begin(&clone, record.Insert)
			for c := range clone.Columns {
				b.Copy(r, c)
			}
			return false
		})}},
		{"describe", brokenReader{describe: []*record.Schema{plugintest.AllKinds("other")}}},
		{"resume", brokenReader{open: func(p plugin.Progress) plugin.Progress { p.Position = nil; return p }}},
		{"foreign", brokenReader{open: func(p plugin.Progress) plugin.Progress {
			var v struct{ V int }
			if json.Unmarshal(p.Position, &v) != nil || v.V != 1 {
				p.Position = nil
			}
			return p
		}}},
		{"cancel", brokenReader{fill: func(_ context.Context, b *record.Batch, next func(context.Context, *record.Batch) error) error {
			if err := next(context.Background(), b); errors.Is(err, io.EOF) {
				return errors.New("interrupted")
			}
			return nil
		}}},
		{"close", brokenReader{closer: func() error { return errors.New("no") }}},
		{"whole", brokenReader{leak: leak}},
	} {
		s := readerSuite(func(r plugin.Reader) plugin.Reader {
			b := tt.broken
			b.MemoryReader = r.(*plugintest.MemoryReader)
			return &b
		})
		failures, _ := plugintest.Record(t, func(t testing.TB) { plugintest.CheckReader(t, s, tt.property) })
		if len(failures) == 0 {
			t.Errorf("a reader that breaks %q passes", tt.property)
		}
	}
}

func TestReaderSuiteFindsKeptMemory(t *testing.T) {
	s := readerSuite(func(r plugin.Reader) plugin.Reader { return &keeper{MemoryReader: r.(*plugintest.MemoryReader)} })
	failures, _ := plugintest.Record(t, func(t testing.TB) { plugintest.CheckReader(t, s, "poison") })
	if len(failures) == 0 {
		t.Error("a reader that looks at the batch of the Fill before passes")
	}
}

// keeper looks at bytes of the batch of the Fill before and spoils a row if
// they have changed.
type keeper struct{ *plugintest.MemoryReader }

func (r *keeper) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	src, err := r.MemoryReader.Open(ctx, from)
	return &keeperSource{Source: src}, err
}

type keeperSource struct {
	plugin.Source
	kept []byte
	text string
}

func (s *keeperSource) Fill(ctx context.Context, b *record.Batch) error {
	in := record.NewBatch(4, 0)
	in.Reset("x")
	err := s.Source.Fill(ctx, in)
	spoilt := int64(0)
	if string(s.kept) != s.text {
		spoilt = 1
	}
	for i := range in.Len() {
		row := in.Row(i)
		b.Begin(row.Schema(), record.Insert)
		b.Int64(row.Int64(0) + spoilt)
		for c := 1; c < len(row.Schema().Columns); c++ {
			b.Copy(row, c)
		}
	}
	for _, m := range in.Marks() {
		b.Mark(m.Position, m.At)
	}
	if b.Len() > 0 {
		s.kept = b.Row(0).Bytes(b.Row(0).Schema().Index("c_uuid"))
		s.text = string(s.kept)
	}
	return err
}

func TestWaivers(t *testing.T) {
	s := readerSuite(func(r plugin.Reader) plugin.Reader { return r })
	for name, want := range map[string]string{"tiny": "stale", "nonsense": "names no property"} {
		s.Waive = map[string]string{name: "because"}
		failures, _ := plugintest.Record(t, func(t testing.TB) { plugintest.CheckReader(t, s, "tiny") })
		if !slices.ContainsFunc(failures, func(f string) bool { return strings.Contains(f, want) }) {
			t.Errorf("waiving %q: got %q, want something with %q", name, failures, want)
		}
	}
	broken := readerSuite(func(r plugin.Reader) plugin.Reader {
		return &brokenReader{MemoryReader: r.(*plugintest.MemoryReader), describe: []*record.Schema{plugintest.AllKinds("other")}}
	})
	broken.Waive = map[string]string{"describe": "the fake is broken"}
	if failures, skipped := plugintest.Record(t, func(t testing.TB) { plugintest.CheckReader(t, broken, "describe") }); len(failures) > 0 || !skipped {
		t.Errorf("a waived property: skipped %t, failures %q", skipped, failures)
	}
}
