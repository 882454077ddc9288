package plugintest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// The properties of Fill, marks, the end and errors.

// targets are those that fill, limits and marks look at.
var targets = []Options{{}, {Rows: 1}, {Rows: 5}, {Bytes: 200}}

func (s *ReaderSuite) fill(t testing.TB) {
	for _, o := range targets {
		s.faults(t, "fill", s.drain(t, 1, o))
		s.checkNil(t, o)
	}
}

// checkNil looks at single batches: what a nil from Fill must come with.
func (s *ReaderSuite) checkNil(t testing.TB, o Options) {
	src := s.source(t.Context(), t, s.open(t))
	defer func() { _ = src.Close() }()
	left := len(s.Want(t))
	for left > 0 {
		b := record.NewBatch(o.Rows, o.Bytes)
		b.Reset("0")
		err := within(func() error { return src.Fill(t.Context(), b) })
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("filling: %v", err)
		}
		marked := len(b.Marks()) > 0
		switch {
		case s.Resumable && !marked && !b.Over() && b.SchemaChange() == nil:
			t.Errorf("targets %d rows, %d bytes: Fill returned nil with %d rows below the hard limit and no mark", o.Rows, o.Bytes, b.Len())
			return
		case !s.Resumable && marked:
			t.Error("Fill marks a position, but the suite says that the reader cannot be resumed")
			return
		case b.Empty():
			t.Error("Fill returned nil with nothing in the batch")
			return
		}
		left -= b.Len() + len(b.Rejects())
	}
}

func (s *ReaderSuite) limits(t testing.TB) {
	for _, o := range targets {
		s.faults(t, "limits", s.drain(t, 1, o))
	}
	if s.Resumable {
		return
	}
	const rows = 3
	src := s.source(t.Context(), t, s.open(t))
	defer func() { _ = src.Close() }()
	b := record.NewBatch(rows, 0)
	b.Reset("0")
	if err := within(func() error { return src.Fill(t.Context(), b) }); err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("filling: %v", err)
	}
	if b.Len() > rows {
		t.Errorf("a scan that cannot be resumed returns when the batch is full: %d rows, want at most %d", b.Len(), rows)
	}
}

func (s *ReaderSuite) marks(t testing.TB) {
	for _, o := range targets {
		readings := s.drain(t, 1, o)
		s.faults(t, "marks", readings)
		for _, g := range readings {
			for _, m := range g.Marks {
				var object map[string]json.RawMessage
				if err := json.Unmarshal(m.Position, &object); len(m.Position) > 0 && err != nil {
					t.Fatalf("the position %q is no JSON object: %v", m.Position, err)
				}
			}
		}
	}
}

func (s *ReaderSuite) resume(t testing.TB) {
	if !s.Resumable {
		if _, ok := s.open(t).(plugin.Resumer); ok {
			t.Error("the reader is a Resumer, but the suite says that it cannot be resumed")
		}
		t.Skip("the suite says that the reader cannot be resumed")
	}
	if _, ok := s.open(t).(plugin.Resumer); !ok {
		t.Error("the suite says that the reader can be resumed, but it is no Resumer")
	}
	tried := 0
	for _, n := range s.Channels {
		rows := max(1, len(s.Want(t))/20) // some twenty marks in all
		for _, g := range s.drain(t, n, Options{Rows: rows}) {
			if s.Endless && n > 1 {
				continue // how many rows each split has is not known
			}
			tried += s.resumeSplit(t, n, g)
		}
	}
	if tried == 0 {
		t.Error("no mark was given")
	}
}

// resumeSplit goes on from every mark of a split.
func (s *ReaderSuite) resumeSplit(t testing.TB, channels int, whole *Reading) (tried int) {
	for _, m := range whole.Marks {
		if len(m.Position) == 0 {
			continue // the end alone
		}
		tried++
		rest := whole.Rows[m.Rows:]
		if s.Endless && len(rest) == 0 {
			continue // nothing would come
		}
		g, err := s.resumed(t, channels, plugin.Progress{Split: whole.Split, Position: m.Position, State: s.stateAt(whole, m)}, len(rest))
		if err != nil {
			t.Fatalf("split %s: going on at %s: %v", whole.Split.ID, m.Position, err)
		}
		if diff := SameOrder(rest, g.Rows); diff != "" {
			t.Fatalf("split %s: going on at %s, after %d of %d rows: %s", whole.Split.ID, m.Position, m.Rows, len(whole.Rows), diff)
		}
	}
	return tried
}

// stateAt returns the newest state that was marked up to m.
func (s *ReaderSuite) stateAt(g *Reading, m MarkAt) (state json.RawMessage) {
	for _, earlier := range g.Marks {
		if earlier.Rows <= m.Rows && earlier.State != nil {
			state = earlier.State
		}
	}
	return state
}

// resumed reads on with a fresh reader, as another process would.
func (s *ReaderSuite) resumed(t testing.TB, channels int, from plugin.Progress, remaining int) (*Reading, error) {
	from, err := stored(from)
	if err != nil {
		return nil, err
	}
	r := s.New(t)
	defer func() { _ = r.Close() }()
	if resumer, ok := r.(plugin.Resumer); ok {
		list, err := resumer.Resume(t.Context(), channels, []plugin.Progress{from})
		if err != nil {
			return nil, err
		}
		if len(list) != 1 {
			t.Fatalf("Resume of one split gave %d", len(list))
		}
		from = list[0]
	}
	return DrainSplit(t.Context(), r, from, s.options(Options{}, remaining))
}

func (s *ReaderSuite) foreign(t testing.TB) {
	if !s.Resumable {
		t.Skip("the suite says that the reader cannot be resumed")
	}
	for _, position := range []string{`{}`, `{"v":987654321}`, `[1,2]`, `"x"`} {
		r := s.open(t)
		from := s.first(t, r)
		from.Position = json.RawMessage(position)
		var err error
		if resumer, ok := r.(plugin.Resumer); ok {
			_, err = resumer.Resume(t.Context(), 1, []plugin.Progress{from})
		}
		if err == nil {
			var src plugin.Source
			if src, err = r.Open(t.Context(), from); err == nil {
				_ = src.Close()
			}
		}
		if err == nil {
			t.Errorf("the position %s, which is none of this reader, was taken", position)
		} else if c := errclass.Of(err); c == errclass.Transient || c == errclass.Canceled {
			t.Errorf("the position %s was refused as %s: %v", position, c, err)
		}
	}
}

func (s *ReaderSuite) cancel(t testing.TB) {
	for _, fills := range []int{0, 1} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		src := s.source(ctx, t, s.open(t))
		ended := false
		for range fills {
			b := record.NewBatch(1, 0)
			err := within(func() error { return src.Fill(ctx, b) })
			ended = errors.Is(err, io.EOF)
			if err != nil && !ended {
				t.Fatalf("filling: %v", err)
			}
		}
		cancel()
		for n := 0; !ended; n++ { // what has been read already may still come
			err := within(func() error { return src.Fill(ctx, record.NewBatch(0, 0)) })
			if err != nil {
				ended = true
				if c := errclass.Of(err); !errors.Is(err, io.EOF) && c != errclass.Canceled {
					t.Errorf("after %d fills: an ended context gave an error of class %s: %v", fills, c, err)
				}
			} else if n > 1000 {
				t.Fatal("Fill goes on after its context has ended")
			}
		}
		if err := within(src.Close); err != nil {
			t.Errorf("closing after cancelling: %v", err)
		}
	}
	s.cancelWaiting(t)
	s.cancelOpen(t)
}

// cancelWaiting ends the context of a Fill that waits for input.
func (s *ReaderSuite) cancelWaiting(t testing.TB) {
	if !s.Endless {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	readings, err := Drain(ctx, s.open(t), 1, s.options(Options{}, len(s.Want(t))))
	if err != nil || len(readings) != 1 || len(readings[0].Marks) == 0 {
		t.Fatalf("reading up to the last row: %d splits, %v", len(readings), err)
	}
	g := readings[0]
	last := g.Marks[len(g.Marks)-1]
	src, err := s.open(t).Open(ctx, plugin.Progress{Split: g.Split, Position: last.Position, State: s.stateAt(g, last)})
	if err != nil {
		t.Fatalf("opening at the last mark: %v", err)
	}
	result := make(chan error, 1)
	entered := make(chan struct{})
	go func() {
		close(entered)
		result <- within(func() error {
			for {
				if err := src.Fill(ctx, record.NewBatch(0, 0)); err != nil {
					return err
				}
			}
		})
	}()
	<-entered
	cancel()
	if err := <-result; errclass.Of(err) != errclass.Canceled {
		t.Errorf("a waiting Fill whose context ended returned %v", err)
	}
	if err := within(src.Close); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// cancelOpen opens with a context that has ended: an error or a Source that ends.
func (s *ReaderSuite) cancelOpen(t testing.TB) {
	r := s.open(t)
	from := s.first(t, r)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var src plugin.Source
	err := within(func() (err error) { src, err = r.Open(ctx, from); return err })
	if err == nil {
		err = within(src.Close)
		if err != nil {
			t.Errorf("closing: %v", err)
		}
		return
	}
	if c := errclass.Of(err); c != errclass.Canceled {
		t.Errorf("opening with an ended context gave an error of class %s: %v", c, err)
	}
}

func (s *ReaderSuite) close(t testing.TB) {
	want := s.Want(t)
	r := s.open(t)
	unread := s.source(t.Context(), t, r)
	if err := within(unread.Close); err != nil {
		t.Errorf("closing without Fill: %v", err)
	}
	begun := s.source(t.Context(), t, r)
	b := record.NewBatch(1, 0)
	if err := within(func() error { return begun.Fill(t.Context(), b) }); err != nil && !errors.Is(err, io.EOF) {
		t.Fatalf("filling: %v", err)
	}
	if !s.Endless { // two sources of one reader at once
		readings, err := Drain(t.Context(), r, 1, s.options(Options{}, len(want)))
		if err != nil {
			t.Fatalf("reading beside another source: %v", err)
		}
		if diff := Same(want, rowsOf(readings)); diff != "" {
			t.Errorf("reading beside another source: %s", diff)
		}
	}
	if err := within(begun.Close); err != nil {
		t.Errorf("closing after one Fill: %v", err)
	}
	unused := s.New(t)
	if err := within(unused.Close); err != nil {
		t.Errorf("closing a reader that nothing was opened from: %v", err)
	}
}

func (s *ReaderSuite) config(t testing.TB) { badConfigs(t, s.Bad) }

func badConfigs(t testing.TB, bad map[string]func(t testing.TB) error) {
	if len(bad) == 0 {
		t.Error("the suite gives no faulty configuration")
	}
	for name, build := range bad {
		if err := build(t); err == nil {
			t.Errorf("%s: the configuration was taken", name)
		} else if c := errclass.Of(err); c != errclass.Config {
			t.Errorf("%s: an error of class %s, want config: %v", name, c, err)
		}
	}
}
