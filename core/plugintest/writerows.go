package plugintest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// The properties of rows on their way in.

// sizes are the numbers of rows of the batches that are written.
var sizes = []int{1, 2, 1024, 3, 300, 64, 1}

func (s *WriterSuite) rows(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	var want [][]string
	at := 0
	for _, n := range sizes {
		b := s.batch(at, at+n)
		at += n
		want = append(want, s.want(b)...)
		p.must("writing", p.write(t.Context(), b))
	}
	p.finish(1)
	s.compare(t, "after several batches", d, want)
}

func (s *WriterSuite) borrowed(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	b := newBatch()
	var want [][]string
	for i := range 5 {
		for n := range 50 {
			s.Fill(b, s.Schemas[0], record.Insert, i*50+n, 0)
		}
		want = append(want, s.want(b)...)
		p.must("writing", p.write(t.Context(), b))
		b.Poison()
		b.Reset("0")
	}
	p.finish(1)
	s.compare(t, "each batch poisoned once Write had returned", d, want)
}

func (s *WriterSuite) channels(t testing.TB) {
	const batches, rows = 8, 40
	d := s.Open(t)
	p := s.begin(t, d, s.Channels, true, 0, nil)
	var (
		wg   sync.WaitGroup
		want [][]string
		errs = make([]error, s.Channels)
	)
	for c := range s.Channels {
		var list []*record.Batch
		for i := range batches {
			from := (c*batches + i) * rows
			list = append(list, s.batch(from, from+rows))
		}
		want = append(want, s.want(list...)...)
		wg.Go(func() {
			for _, b := range list {
				if errs[c] = p.sinks[c].Write(t.Context(), b); errs[c] != nil {
					return
				}
			}
		})
	}
	p.must("writing through several sinks", within(func() error { wg.Wait(); return nil }))
	for _, err := range errs {
		p.must("writing through several sinks", err)
	}
	p.finish(1)
	if diff := Same(want, d.Rows(t)); diff != "" {
		t.Errorf("%d sinks: %s", s.Channels, diff)
	}
}

func (s *WriterSuite) schemas(t testing.TB) {
	if len(s.Schemas) < 2 {
		t.Skip("the destination takes one schema")
	}
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	var want [][]string
	for i := range 6 {
		b := newBatch()
		for n := range 60 {
			s.Fill(b, s.Schemas[n%len(s.Schemas)], record.Insert, i*60+n, 0)
		}
		want = append(want, s.want(b)...)
		p.must("writing rows of several schemas", p.write(t.Context(), b))
	}
	p.finish(1)
	if diff := Same(want, d.Rows(t)); diff != "" {
		t.Errorf("rows of %d schemas: %s", len(s.Schemas), diff)
	}
}

func (s *WriterSuite) empty(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	p.must("writing an empty batch first", p.write(t.Context(), newBatch()))
	full := s.batch(0, 3)
	p.must("writing", p.write(t.Context(), full))
	marked := newBatch()
	marked.Mark([]byte(`{"v":1}`), time.Time{})
	p.must("writing a mark without rows", p.write(t.Context(), marked))
	p.finish(1)
	s.compare(t, "an empty batch, three rows, a mark", d, s.want(full))
}

func (s *WriterSuite) absent(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	schema := s.Schemas[0]
	column := s.Absent
	if column == 0 {
		column = slices.IndexFunc(schema.Columns, func(c record.Column) bool { return c.Nullable })
	}
	if column < 0 {
		t.Skip("the first schema has no nullable column")
	}
	with := func(missing func(b *record.Batch)) *record.Batch {
		whole, b := s.batch(0, 1), newBatch()
		b.Begin(schema, record.Insert)
		for c := range schema.Columns {
			if c == column {
				missing(b)
			} else {
				b.Copy(whole.Row(0), c)
			}
		}
		return b
	}
	err := p.write(t.Context(), with((*record.Batch).Absent))
	if err != nil {
		if errclass.Of(err) != errclass.Data {
			t.Errorf("an absent value was refused with class %s, want data: %v", errclass.Of(err), err)
		}
		return
	}
	p.finish(1)
	null := s.want(with((*record.Batch).Null))
	if got := d.Rows(t); Same(null, got) == "" {
		t.Errorf("an absent value in column %q was written as NULL", schema.Columns[column].Name)
	}
}

// changes writes rows, then changes each in another way.
func (s *WriterSuite) changes(t testing.TB) {
	if !s.Changes {
		t.Skip("the suite says that the destination applies no changes")
	}
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	schema := s.Schemas[0]
	p.must("inserting", p.write(t.Context(), s.batch(0, 40)))
	b, want := newBatch(), newBatch()
	for i := range 40 {
		switch i % 4 {
		case 0: // an update with both images
			s.Fill(b, schema, record.UpdateBefore, i, 0)
			s.Fill(b, schema, record.UpdateAfter, i, 1)
			s.Fill(want, schema, record.Insert, i, 1)
		case 1: // the row is now so
			s.Fill(b, schema, record.UpdateAfter, i, 2)
			s.Fill(want, schema, record.Insert, i, 2)
		case 2:
			s.Fill(b, schema, record.Delete, i, 0)
		case 3: // several changes of one key in a batch
			s.Fill(b, schema, record.UpdateAfter, i, 3)
			s.Fill(b, schema, record.Delete, i, 3)
			s.Fill(b, schema, record.Insert, i, 4)
			s.Fill(want, schema, record.Insert, i, 4)
		}
	}
	s.Fill(b, schema, record.UpdateAfter, 100, 0) // unknown so far: an upsert
	s.Fill(want, schema, record.Insert, 100, 0)
	s.Fill(b, schema, record.Delete, 101, 0) // unknown: nothing happens
	p.must("writing changes", p.write(t.Context(), b))
	p.finish(1)
	if diff := Same(s.want(want), d.Rows(t)); diff != "" {
		t.Errorf("after updates and deletes: %s", diff)
	}
}

func (s *WriterSuite) cancel(t testing.TB) {
	d := s.Open(t)
	p := s.begin(t, d, 1, true, 0, nil)
	first, second := s.batch(0, 50), s.batch(50, 100)
	p.must("writing", p.write(t.Context(), first))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.write(ctx, second); err != nil && errclass.Of(err) != errclass.Canceled {
		t.Errorf("writing with an ended context gave an error of class %s: %v", errclass.Of(err), err)
	}
	p.crash()
	s.atMost(t, d, s.want(first, second))

	w := d.New(t)
	defer func() { _ = w.Close() }()
	var sink plugin.Sink
	err := within(func() (err error) { sink, err = w.Open(ctx, plugin.Task{Job: "contract", Run: 3, Of: 1}); return err })
	if err == nil {
		_ = within(sink.Close)
	} else if errclass.Of(err) != errclass.Canceled {
		t.Errorf("opening with an ended context gave an error of class %s: %v", errclass.Of(err), err)
	}
}

// atMost fails if the destination shows anything but some of the rows, each once.
func (s *WriterSuite) atMost(t testing.TB, d Destination, rows [][]string) {
	t.Helper()
	left := map[string]int{}
	for _, r := range rows {
		left[key(r)]++
	}
	for _, r := range d.Rows(t) {
		if left[key(r)]--; left[key(r)] < 0 {
			t.Fatalf("the destination shows a row that was not written, or twice: %s", shorten(key(r)))
		}
	}
}

func (s *WriterSuite) config(t testing.TB) { badConfigs(t, s.BadConfigs) }
