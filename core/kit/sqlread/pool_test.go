package sqlread

import (
	"context"
	"errors"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// lone is a session that only knows whether it is in order.
type lone struct {
	Session
	broken, closed bool
}

func (s *lone) Reusable() bool { return !s.broken }
func (s *lone) Close() error {
	if s.closed {
		return errors.New("closed twice")
	}
	s.closed = true
	return nil
}

func TestPool(t *testing.T) {
	dialled := 0
	p := newPool(nil, &sqlkit.ReaderConfig{})
	p.dial = func(context.Context, int) (Session, error) {
		dialled++
		return &lone{}, nil
	}
	take := func(connection int) *lone {
		s, err := p.take(t.Context(), connection)
		if err != nil {
			t.Fatal(err)
		}
		return s.(*lone)
	}
	give := func(s *lone) {
		if err := p.give(s); err != nil {
			t.Error(err)
		}
	}
	a := take(0)
	give(a)
	if b := take(0); b != a || dialled != 1 {
		t.Errorf("a session in order was not used again: %d were dialled", dialled)
	}
	other := take(1)
	if other == a {
		t.Error("a session of another connection was handed out")
	}
	second := take(0)
	give(a)
	give(second)
	if a.closed || !second.closed {
		t.Errorf("of two sessions %t and %t were closed, want the second: one is kept", a.closed, second.closed)
	}
	a = take(0)
	a.broken = true
	give(a)
	if !a.closed {
		t.Error("a session that is not in order was kept")
	}
	late := take(0)
	give(other)
	if err := p.close(); err != nil || !other.closed {
		t.Errorf("closing: %v, the idle session is closed: %t", err, other.closed)
	}
	give(late)
	if !late.closed {
		t.Error("a session that came back after the end was kept")
	}
}

func TestShare(t *testing.T) {
	sized := func(rows int64) part { return part{origin: &origin{table: &sqlkit.Table{Rows: rows}}} }
	parts := []part{sized(10), {err: sqlkit.ErrNoTable}, sized(3_000_000), sized(-1), sized(1_000_000), sized(39_999)}
	for i := range parts {
		parts[i].index = i
	}
	share(parts, 4)
	want := []struct{ index, channels int }{{3, 4}, {2, 4}, {4, 4}, {5, 1}, {0, 1}, {1, 1}}
	for i, w := range want {
		if parts[i].index != w.index || parts[i].channels != w.channels {
			t.Errorf("place %d: table %d for %d channels, want %d for %d", i, parts[i].index, parts[i].channels, w.index, w.channels)
		}
	}
	one := []part{sized(10)}
	if share(one, 3); one[0].channels != 3 {
		t.Errorf("a single table is cut for %d channels, want 3", one[0].channels)
	}
}
