package sqlservercdc

import (
	"bytes"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// tail reads a job's split batch by batch, as the engine does.
type tail struct {
	t      *testing.T
	reader plugin.Reader
	at     plugin.Progress
	source plugin.Source
	batch  *record.Batch
	events []event // that have come and were not asked for yet
	logged *lines
	gauges map[string]func() float64
}

// event is a row, a schema change or a mark.
type event struct {
	row    []string
	linked bool
	change *record.Change
	marked string
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
	wake chan struct{} // closed with the next line; nil: nobody waits
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wake != nil {
		close(l.wake)
		l.wake = nil
	}
	return l.text.Write(p)
}

// more is closed with the next line.
func (l *lines) more() <-chan struct{} {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.wake == nil {
		l.wake = make(chan struct{})
	}
	return l.wake
}

func (l *lines) has(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.text.String(), text)
}

// build makes a reader; meta are the metadata columns that are asked for.
func build(t *testing.T, url string, more map[string]any, meta ...string) *tail {
	t.Helper()
	f := &tail{t: t, batch: record.NewBatch(0, 0), logged: &lines{}, gauges: map[string]func() float64{}}
	env := plugintest.Env()
	env.Meta, env.Log = meta, slog.New(slog.NewTextHandler(f.logged, nil))
	env.Gauge = func(name string, read func() float64, _ ...string) { f.gauges[name] = read }
	var err error
	if f.reader, err = plugintest.BuildReader(env, Info(), parameters(url, more)); err != nil {
		t.Fatal(err)
	}
	return f
}

// follow plans and opens.
func follow(t *testing.T, url string, more map[string]any, meta ...string) *tail {
	t.Helper()
	f := build(t, url, more, meta...)
	splits, err := f.reader.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	f.at = plugin.Progress{Split: splits[0]}
	f.open()
	t.Cleanup(f.close)
	return f
}

func (f *tail) open() {
	f.t.Helper()
	var err error
	if f.source, err = f.reader.Open(f.t.Context(), f.at); err != nil {
		f.t.Fatal(err)
	}
}

func (f *tail) close() {
	if f.source != nil {
		if err := f.source.Close(); err != nil {
			f.t.Error(err)
		}
		f.source = nil
	}
}

// reopen goes on at the last mark.
func (f *tail) reopen() {
	f.t.Helper()
	f.close()
	f.events = nil
	f.open()
}

// fill takes one batch in, and returns the error that ends the source.
func (f *tail) fill() error {
	f.batch.Reset(f.at.Split.ID)
	if err := f.source.Fill(f.t.Context(), f.batch); err != nil {
		return err
	}
	rejects := f.batch.Rejects()
	for i := range f.batch.Len() + 1 {
		for len(rejects) > 0 && rejects[0].Row == i {
			f.events = append(f.events, event{row: []string{"rejected", rejects[0].Err.Error()}})
			rejects = rejects[1:]
		}
		if i < f.batch.Len() {
			f.events = append(f.events, event{row: plugintest.Cells(f.batch.Row(i)), linked: f.batch.Row(i).Linked()})
		}
	}
	for _, m := range f.batch.Marks() {
		f.at.Position = slices.Clone(m.Position)
		if m.State != nil {
			f.at.State = slices.Clone(m.State)
		}
		f.events = append(f.events, event{marked: string(m.Position)})
	}
	if c := f.batch.SchemaChange(); c != nil {
		f.events = append(f.events, event{change: c})
	}
	return nil
}

// next returns the next row or schema change.
func (f *tail) next() event {
	f.t.Helper()
	for {
		for len(f.events) == 0 {
			if err := f.fill(); err != nil {
				f.t.Fatal(err)
			}
		}
		one := f.events[0]
		f.events = f.events[1:]
		if one.marked == "" {
			return one
		}
	}
}

func (f *tail) want(want ...[]string) {
	f.t.Helper()
	for _, row := range want {
		if got := f.next(); !slices.Equal(got.row, row) {
			f.t.Errorf("the changes gave %v %+v, want %v", got.row, got.change, row)
		}
	}
}

func (f *tail) wantChange(kind record.ChangeKind) *record.Change {
	f.t.Helper()
	got := f.next()
	if got.change == nil || got.change.Kind != kind {
		f.t.Fatalf("the changes gave row %v, change %+v, want a change of kind %d", got.row, got.change, kind)
	}
	return got.change
}

// refused opens and reads at the last mark, which must end with an error of a
// class whose text has these parts.
func (f *tail) refused(class errclass.Class, parts ...string) {
	f.t.Helper()
	f.close()
	var err error
	if f.source, err = f.reader.Open(f.t.Context(), f.at); err == nil {
		for err == nil {
			err = f.fill()
		}
	} else {
		f.source = nil
	}
	wantError(f.t, err, class, parts...)
}

func wantError(t *testing.T, err error, class errclass.Class, parts ...string) {
	t.Helper()
	if err == nil || errclass.Of(err) != class {
		t.Fatalf("the error is of class %s, want %s: %v", errclass.Of(err), class, err)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error lacks %q: %v", part, err)
		}
	}
}
