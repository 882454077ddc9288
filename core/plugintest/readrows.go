package plugintest

import (
	"reflect"
	"slices"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// The properties of the rows themselves.

func (s *ReaderSuite) whole(t testing.TB) {
	want := s.Want(t)
	for _, n := range s.Channels {
		if diff := Same(want, rowsOf(s.drain(t, n, Options{}))); diff != "" {
			t.Errorf("%d channels: %s", n, diff)
		}
	}
}

func (s *ReaderSuite) order(t testing.TB) {
	if s.Unordered {
		t.Skip("the suite says that rows have no order")
	}
	want := s.Want(t)
	for _, n := range s.Channels {
		for _, g := range s.drain(t, n, Options{}) {
			if i := subsequence(want, g.Rows); i >= 0 {
				t.Errorf("%d channels, split %s: row %d is out of order: %s", n, g.Split.ID, i, shorten(key(g.Rows[i])))
			}
		}
	}
}

func (s *ReaderSuite) splits(t testing.TB) {
	for _, n := range s.Channels {
		splits, err := Plan(t.Context(), s.open(t), plugin.Plan{Channels: n})
		if err != nil {
			t.Fatalf("%d channels: %v", n, err)
		}
		again, err := Plan(t.Context(), s.open(t), plugin.Plan{Channels: n})
		if err != nil {
			t.Fatalf("%d channels, again: %v", n, err)
		}
		if !reflect.DeepEqual(splits, again) {
			t.Errorf("%d channels: planning again gives other splits:\n%+v\n%+v", n, splits, again)
		}
		s.checkPlan(t, n, splits)
		s.elsewhere(t, n, splits)
	}
}

func (s *ReaderSuite) checkPlan(t testing.TB, channels int, splits []plugin.Split) {
	ids := map[string]bool{}
	endless := 0
	for _, split := range splits {
		if split.ID == "" || ids[split.ID] {
			t.Errorf("%d channels: split ID %q is empty or stands twice", channels, split.ID)
		}
		ids[split.ID] = true
		if split.Endless {
			endless++
		}
		if split.Endless != s.Endless {
			t.Errorf("%d channels: split %s: endless is %t, the suite says %t", channels, split.ID, split.Endless, s.Endless)
		}
	}
	if endless > channels {
		t.Errorf("%d endless splits for %d channels", endless, channels)
	}
}

// elsewhere opens every split with a reader of its own, the last one first.
func (s *ReaderSuite) elsewhere(t testing.TB, channels int, splits []plugin.Split) {
	if s.Endless {
		return // how many rows each one has is not known
	}
	var rows [][]string
	for _, split := range slices.Backward(splits) {
		g, err := DrainSplit(t.Context(), s.open(t), plugin.Progress{Split: split}, s.options(Options{}, 0))
		if err != nil {
			t.Fatalf("%d channels: another reader: %v", channels, err)
		}
		rows = append(rows, g.Rows...)
	}
	if diff := Same(s.Want(t), rows); diff != "" {
		t.Errorf("%d channels, each split read by another reader: %s", channels, diff)
	}
}

func (s *ReaderSuite) kinds(t testing.TB) { s.faults(t, "kinds", s.drain(t, 1, Options{})) }

func (s *ReaderSuite) schemas(t testing.TB) {
	s.faults(t, "schemas", s.drain(t, 1, Options{Rows: 3}))
}

func (s *ReaderSuite) describe(t testing.TB) {
	d, ok := s.New(t).(plugin.Describer)
	if !ok {
		t.Skip("the reader is no Describer")
	}
	t.Cleanup(func() { _ = d.(plugin.Reader).Close() })
	told, err := d.Describe(t.Context())
	if err != nil {
		t.Fatalf("describing: %v", err)
	}
	for _, g := range s.drain(t, 1, Options{}) {
		for _, have := range g.Schemas {
			if !slices.ContainsFunc(told, func(s *record.Schema) bool { return reflect.DeepEqual(s, have) }) {
				t.Errorf("rows have the schema %+v, which was not described: %+v", *have, told)
			}
		}
	}
}

func (s *ReaderSuite) poison(t testing.TB) {
	want := s.Want(t)
	for _, rows := range []int{1, 7, 0} {
		if diff := Same(want, rowsOf(s.drain(t, 1, Options{Rows: rows, Poison: true}))); diff != "" {
			t.Errorf("batches of %d rows, poisoned and filled again: %s", rows, diff)
		}
	}
}

func (s *ReaderSuite) tiny(t testing.TB) {
	want := s.Want(t)
	for _, o := range []Options{{Rows: 1}, {Bytes: 1}, {Rows: 1, Bytes: 1}} {
		if diff := Same(want, rowsOf(s.drain(t, 1, o))); diff != "" {
			t.Errorf("targets of %d rows and %d bytes (0: default): %s", o.Rows, o.Bytes, diff)
		}
	}
}
