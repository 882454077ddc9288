package pump_test

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"github.com/datasync-io/datasync/core/plugin"
)

// TestSetAside breaks two splits for good: one at once, one amid a transaction
// that is longer than a batch, so that rows of it have gone out without a
// position. The others arrive whole, and when what was broken is mended another
// run brings the rest.
func TestSetAside(t *testing.T) {
	for name, w := range writers {
		for _, channels := range [][2]int{{1, 1}, {3, 3}, {1, 3}, {3, 1}} {
			t.Run(fmt.Sprintf("%s/%dto%d", name, channels[0], channels[1]), func(t *testing.T) {
				for seed := range uint64(6) {
					synctest.Test(t, func(t *testing.T) {
						d := newDice(seed, 0)
						logs, to := newLogs(d, 5, 60), newPlace(d)
						logs.broken = map[string]int{"s1": 0, "s3": insideLong(t, logs.splits["s3"])}
						if w.exact { // others refuse to begin again what has given no position yet
							d.fails = 0.004
						}
						store, dirty := &memoryStore{}, &bin{rows: map[string]map[int64]bool{}}
						if _, err := run(t.Context(), t.Context(), logs, w.build(to), channels, store, dirty); err != nil {
							t.Fatalf("seed %d: the run ended with %v", seed, err)
						}
						c, err := store.Load(t.Context(), "")
						if err != nil {
							t.Fatal(err)
						}
						for i := range c.Plan {
							p := &c.Plan[i]
							if _, breaks := logs.broken[p.Split.ID]; breaks != (p.Err != "") || breaks == p.Done {
								t.Errorf("seed %d: split %s: done %t, error %q", seed, p.Split.ID, p.Done, p.Err)
							}
							p.Err = ""
						}
						if err := store.Save(t.Context(), c); err != nil {
							t.Fatal(err)
						}
						logs.broken = nil
						if _, err := run(t.Context(), t.Context(), logs, w.build(to), channels, store, dirty); err != nil {
							t.Fatalf("seed %d: the second run ended with %v", seed, err)
						}
						verify(t, seed, logs, to, dirty, w.exact, channels[0] == channels[1] || channels[1] == 1)
					})
				}
			})
		}
	}
}

// TestTablesAreSetAside refuses the table of two splits amid the run, once a
// row of one of them comes. Splits of other tables arrive whole, and the rest
// when the table is mended.
func TestTablesAreSetAside(t *testing.T) {
	for name, w := range writers {
		for _, channels := range [][2]int{{1, 1}, {3, 3}, {1, 3}, {3, 1}} {
			t.Run(fmt.Sprintf("%s/%dto%d", name, channels[0], channels[1]), func(t *testing.T) {
				for seed := range uint64(6) {
					synctest.Test(t, func(t *testing.T) { refuseTable(t, seed, channels, w.build, w.exact) })
				}
			})
		}
	}
}

func refuseTable(t *testing.T, seed uint64, channels [2]int, build func(*place) plugin.Writer, exact bool) {
	d := newDice(seed, 0)
	logs, to := newLogs(d, 5, 60), newPlace(d)
	logs.tables = map[string]string{"s0": "good", "s1": "bad", "s2": "good", "s3": "bad", "s4": "fine"}
	to.refuses = map[string]int{"s1": insideLong(t, logs.splits["s1"]), "s3": 700}
	if exact {
		d.fails = 0.004
	} else { // what has given no position yet cannot be begun again
		for _, id := range []string{"s0", "s2", "s3", "s4"} {
			for i := range logs.splits[id] {
				logs.splits[id][i] = 40 * (i + 1)
			}
		}
	}
	store, dirty := &memoryStore{}, &bin{rows: map[string]map[int64]bool{}}
	if _, err := run(t.Context(), t.Context(), logs, build(to), channels, store, dirty); err != nil {
		t.Fatalf("seed %d: the run ended with %v", seed, err)
	}
	c, err := store.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	for i := range c.Plan {
		p := &c.Plan[i]
		if bad := p.Split.Table.Table == "bad"; bad != (p.Err != "") || bad == p.Done {
			t.Errorf("seed %d: split %s: done %t, error %q", seed, p.Split.ID, p.Done, p.Err)
		}
		p.Err = ""
	}
	if err := store.Save(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	to.refuses = nil
	if _, err := run(t.Context(), t.Context(), logs, build(to), channels, store, dirty); err != nil {
		t.Fatalf("seed %d: the second run ended with %v", seed, err)
	}
	verify(t, seed, logs, to, dirty, exact, channels[0] == channels[1] || channels[1] == 1)
}

// TestOneTableIsNotSetAside where splits do not say that they stand alone, or
// name another table.
func TestOneTableIsNotSetAside(t *testing.T) {
	for name, tables := range map[string]map[string]string{"not apart": nil, "another": {"s0": "good", "s1": "good"}} {
		synctest.Test(t, func(t *testing.T) {
			d := newDice(1, 0)
			logs, to := newLogs(d, 2, 60), newPlace(d)
			logs.tables, to.refuses = tables, map[string]int{"s1": 10}
			_, err := run(t.Context(), t.Context(), logs, &ledgerWriter{to}, [2]int{1, 1}, &memoryStore{}, &bin{rows: map[string]map[int64]bool{}})
			if !errors.Is(err, errBroken) {
				t.Errorf("%s: got %v", name, err)
			}
		})
	}
}

// insideLong is a row in a transaction of a log beyond what one batch holds; the
// log is made longer if it has no such transaction.
func insideLong(t *testing.T, ends []int) int {
	t.Helper()
	for i := 1; i < len(ends); i++ {
		if ends[i]-ends[i-1] > 2500 {
			return ends[i] - 10
		}
	}
	for i := range ends[1:] {
		ends[i+1] += 3000
	}
	return ends[1] - 10
}
