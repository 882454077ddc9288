package pump_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// listener is a keeper whose sinks take changes in among the rows.
type listener struct {
	keeper
	refuse error
}

func (l *listener) Open(context.Context, plugin.Task) (plugin.Sink, error) {
	return &listenerSink{followerSink{l.follower}, l}, nil
}

type listenerSink struct {
	followerSink
	of *listener
}

func (s *listenerSink) Change(_ context.Context, c *record.Change) error {
	s.said = append(s.said, "told of "+c.SQL)
	return s.of.refuse
}

// TestSchemaChangeAmongTheRows has a sink that commits rows with their positions
// take a change in: rows with a mark are durable before it, others wait for the
// mark behind it, and nothing else is asked to follow.
func TestSchemaChangeAmongTheRows(t *testing.T) {
	for marked, want := range map[bool][]string{true: {"rows", "flush", "told of ALTER TABLE t", "flush"}, false: {"rows", "told of ALTER TABLE t", "flush"}} {
		source := newAmid()
		source.marked = marked
		to := &listener{keeper: keeper{&follower{}}}
		if _, err := run(t.Context(), t.Context(), source, to, [2]int{1, 1}, &memoryStore{}, &bin{}); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(to.said, want) {
			t.Errorf("the sink was told %v, want %v", to.said, want)
		}
	}
}

// TestSchemaChangeThatASinkRefuses has an error about its table: the table's
// changes are left out, the change too.
func TestSchemaChangeThatASinkRefuses(t *testing.T) {
	why := errors.New("it has no topic")
	to, store := &listener{keeper: keeper{&follower{}}, refuse: &plugin.TableError{Table: record.Name{Table: "t"}, Err: why}}, &memoryStore{}
	if _, err := run(t.Context(), t.Context(), newAmid(), to, [2]int{1, 1}, store, &bin{}); err != nil {
		t.Fatal(err)
	}
	c, err := store.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Plan[0].Aside) != 1 || !slices.Equal(to.said[:2], []string{"rows", "told of ALTER TABLE t"}) || slices.Contains(to.said[2:], "told of ALTER TABLE t") {
		t.Errorf("left out is %+v, the sink was told %v", c.Plan[0].Aside, to.said)
	}
}
