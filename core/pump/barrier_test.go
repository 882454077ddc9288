package pump_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// amid is a stream with a row, a schema change before its mark, and the mark.
type amid struct {
	schema *record.Schema
	marked bool // the row has a mark of its own
}

func newAmid() *amid {
	return &amid{schema: record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "k", Kind: record.Int64}}, 0)}
}

func (a *amid) plan() []plugin.Progress {
	return []plugin.Progress{{Split: plugin.Split{ID: "log", Endless: true, Apart: true}}}
}
func (a *amid) Close() error { return nil }
func (a *amid) Open(context.Context, plugin.Progress) (plugin.Source, error) {
	return &amidSource{amid: a}, nil
}

type amidSource struct {
	*amid
	n int
}

func (s *amidSource) Fill(_ context.Context, b *record.Batch) error {
	s.n++
	switch s.n {
	case 1:
		b.Begin(s.schema, record.Insert)
		b.Int64(1)
		if s.marked {
			b.Mark([]byte(`{"at":"the change"}`), time.Time{})
		}
		b.Change(&record.Change{Kind: record.Alter, Name: s.schema.Name, From: s.schema, To: s.schema, SQL: "ALTER TABLE t"})
		return nil
	case 2:
		b.Mark([]byte(`{"at":1}`), time.Time{})
		return nil
	}
	return io.EOF
}

// follower is a writer that notes what it is told in which order.
type follower struct {
	refuse error        // of every batch with rows
	store  *memoryStore // nil: nobody asks
	said   []string
}

func (f *follower) Close() error { return nil }
func (f *follower) Open(context.Context, plugin.Task) (plugin.Sink, error) {
	return &followerSink{f}, nil
}

func (f *follower) Migrate(context.Context, *record.Change) error {
	f.said = append(f.said, "change")
	if f.store != nil && !bytes.Contains(f.store.saved, []byte("the change")) {
		f.said = append(f.said, "before its position was stored")
	}
	return nil
}

type followerSink struct{ *follower }

func (s *followerSink) Write(_ context.Context, b *record.Batch) error {
	if b.Len() > 0 {
		s.said = append(s.said, "rows")
		return s.refuse
	}
	return nil
}

func (s *followerSink) Flush(context.Context) error {
	s.said = append(s.said, "flush")
	return nil
}

// keeper is a follower that keeps positions.
type keeper struct{ *follower }

func (k keeper) Claim(_ context.Context, _ string, least uint64) (uint64, []plugin.Progress, error) {
	return least, nil, nil
}
func (k keeper) Forget(context.Context, string) error { return nil }

// TestSchemaChangeAmidATransaction follows a change after rows without a mark:
// where these cannot be made durable the job says so, and does not change a
// table that an open transaction holds.
func TestSchemaChangeAmidATransaction(t *testing.T) {
	plain := &follower{}
	if _, err := run(t.Context(), t.Context(), newAmid(), plain, [2]int{1, 1}, &memoryStore{}, &bin{}); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(plain.said[:3], []string{"rows", "flush", "change"}) {
		t.Errorf("the writer was told %v", plain.said)
	}
	exact := keeper{&follower{}}
	_, err := run(t.Context(), t.Context(), newAmid(), exact, [2]int{1, 1}, &memoryStore{}, &bin{})
	if errclass.Of(err) != errclass.Permanent || slices.Contains(exact.said, "change") || slices.Contains(exact.said, "flush") {
		t.Errorf("got %v, and the writer was told %v", err, exact.said)
	}
}

// TestPositionBeforeASchemaChange stores the position before the destination is
// changed: rows of before are not written to a table that lacks their columns.
func TestPositionBeforeASchemaChange(t *testing.T) {
	source, store := newAmid(), &memoryStore{}
	source.marked = true
	to := &follower{store: store}
	if _, err := run(t.Context(), t.Context(), source, to, [2]int{1, 1}, store, &bin{}); err != nil {
		t.Fatal(err)
	}
	if len(to.said) < 3 || !slices.Equal(to.said[:3], []string{"rows", "flush", "change"}) || slices.Contains(to.said, "before its position was stored") {
		t.Errorf("the writer was told %v", to.said)
	}
}

// TestRefusedTableThatDoesNotComeAgain has an error about a table that leaving it
// out does not end: the job ends.
func TestRefusedTableThatDoesNotComeAgain(t *testing.T) {
	why := errors.New("it has no key")
	store := &memoryStore{}
	to := &follower{refuse: &plugin.TableError{Table: record.Name{Table: "another"}, Err: why}}
	if _, err := run(t.Context(), t.Context(), newAmid(), to, [2]int{1, 1}, store, &bin{}); !errors.Is(err, why) {
		t.Errorf("got %v", err)
	}
	c, err := store.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Plan[0].Aside) != 1 {
		t.Errorf("left out is %+v", c.Plan[0].Aside)
	}
}
