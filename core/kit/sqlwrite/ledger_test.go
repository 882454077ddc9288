package sqlwrite_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

var errLost = errclass.With(errclass.Transient, errors.New("the answer was lost"))

func liteWriter(t testing.TB, d *lite, parameters string) plugin.Writer {
	return plugintest.NewWriter(t, d.info(), `{"connection": [{"jdbcUrl": "x", "table": "t"}], "column": ["*"]`+parameters+`}`)
}

const numbered = 3000 // rows of the log

// piece is rows from <= i < to of the log; not every piece ends where it can be begun again.
func piece(split string, from, to int, marked bool) *record.Batch {
	b := record.NewBatch(0, 0)
	b.Reset(split)
	for i := from; i < to; i++ {
		put(b, three, record.Insert, i, "x", split)
	}
	if marked {
		b.MarkState(fmt.Appendf(nil, `{"at":%d}`, to), fmt.Appendf(nil, `{"state":%d}`, to/100), time.Time{})
	}
	if to == numbered {
		b.End()
	}
	return b
}

// TestRowsAndMarksAreOne moves a log through crashes, lost answers and
// refused batches, as the engine does.
func TestRowsAndMarksAreOne(t *testing.T) {
	for seed := range uint64(4) {
		d := newLite(t, strings.Replace(threeTable, "'new'", "'new' CHECK (id % 500 <> 499)", 1))
		rnd := rand.New(rand.NewPCG(seed, 5))
		d.commit = func() error {
			if rnd.IntN(8) == 0 {
				return errLost
			}
			return nil
		}
		split := "a split whose name is long: " + strings.Repeat("é", 300)
		ended := false
		for run := 0; !ended; run++ {
			if run > 500 {
				t.Fatal("no run has ended")
			}
			ended = live(t, d, rnd, split)
		}
		rows := d.rows("SELECT id FROM t ORDER BY id")
		next := 0
		for _, r := range rows {
			if next%500 == 499 {
				next++
			}
			if r[0] != fmt.Sprint(next) {
				t.Fatalf("seed %d: row %s, want %d", seed, r[0], next)
			}
			next++
		}
		if len(rows) != numbered-numbered/500 {
			t.Errorf("seed %d: %d rows", seed, len(rows))
		}
	}
}

// live is one run: it ends well, or by an error or a crash.
func live(t *testing.T, d *lite, rnd *rand.Rand, split string) (ended bool) {
	ctx := t.Context()
	w := liteWriter(t, d, "")
	run, stored, err := w.(plugin.Ledger).Claim(ctx, "job", 1)
	if err != nil {
		return false
	}
	at := 0
	for _, p := range stored {
		if p.Split.ID != split || p.Plan != 7 {
			t.Fatalf("stored: %+v", p)
		}
		var position struct{ At int }
		if err := json.Unmarshal(p.Position, &position); err != nil {
			t.Fatal(err)
		}
		if at = position.At; string(p.State) != fmt.Sprintf(`{"state":%d}`, at/100) {
			t.Errorf("position %s has state %s", p.Position, p.State)
		}
		if p.Done != (at == numbered) {
			t.Errorf("position %s, done %t", p.Position, p.Done)
		}
	}
	s, err := w.Open(ctx, plugin.Task{Job: "job", Run: run, Plan: 7, Of: 1, Exact: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	for at < numbered {
		to := min(numbered, at+1+rnd.IntN(80))
		marked := to == numbered || rnd.IntN(3) > 0
		if !deliver(t, s, split, at, to, marked) {
			return false
		}
		at = to
		switch rnd.IntN(25) {
		case 0:
			return false // killed
		case 1, 2:
			if marked && s.(plugin.Flusher).Flush(ctx) != nil {
				return false
			}
		}
	}
	return s.(plugin.Flusher).Flush(ctx) == nil
}

// deliver writes a piece, without the rows that are refused.
func deliver(t *testing.T, s plugin.Sink, split string, from, to int, marked bool) bool {
	b := piece(split, from, to, marked)
	for {
		err := s.Write(t.Context(), b)
		var refused *errclass.Rows
		switch {
		case err == nil:
			return true
		case errors.Is(err, errLost):
			return false
		case !errors.As(err, &refused) || refused.Written:
			t.Fatal(err)
		}
		rest := record.NewBatch(0, 0)
		rest.Reset(split)
		for i := range b.Len() {
			if i != refused.Bad[0].Index {
				rest.CopyRow(b.Row(i))
			}
		}
		rest.Inherit(b)
		b = rest
	}
}

func TestAnEarlierRunIsFenced(t *testing.T) {
	d := newLite(t, threeTable)
	ctx := t.Context()
	w := liteWriter(t, d, "")
	first, _, err := w.(plugin.Ledger).Claim(ctx, "job", 5)
	if err != nil || first != 5 {
		t.Fatalf("run %d, %v", first, err)
	}
	for name, overtake := range map[string]func() error{
		"claimed":   func() error { _, _, err := w.(plugin.Ledger).Claim(ctx, "job", 1); return err },
		"forgotten": func() error { return w.(plugin.Ledger).Forget(ctx, "job") },
	} {
		run, _, err := w.(plugin.Ledger).Claim(ctx, "job", 1)
		if err != nil || run <= first {
			t.Fatalf("run %d after %d, %v", run, first, err)
		}
		s, err := w.Open(ctx, plugin.Task{Job: "job", Run: run, Of: 1, Exact: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := overtake(); err != nil {
			t.Fatal(err)
		}
		if err := s.Write(ctx, piece("s", 0, 10, true)); err != nil {
			t.Fatal(err)
		}
		if err := s.(plugin.Flusher).Flush(ctx); errclass.Of(err) != errclass.Fenced {
			t.Errorf("%s: got %v, want an error of class fenced", name, err)
		}
		_ = s.Close()
	}
	if rows := d.rows("SELECT * FROM t"); len(rows) > 0 {
		t.Errorf("rows of fenced runs are there: %v", rows)
	}
}

func TestForgetRemovesMarks(t *testing.T) {
	d := newLite(t, threeTable)
	ctx := t.Context()
	w := liteWriter(t, d, "")
	l := w.(plugin.Ledger)
	if err := l.Forget(ctx, "job"); err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{"job", "other"} {
		run, _, err := l.Claim(ctx, job, 1)
		if err != nil {
			t.Fatal(err)
		}
		s, err := w.Open(ctx, plugin.Task{Job: job, Run: run, Of: 1, Exact: true})
		if err != nil {
			t.Fatal(err)
		}
		b := record.NewBatch(0, 0)
		b.Reset("it's 'one'")
		b.Mark([]byte(`{"at":"it's"}`), time.Time{})
		if err := errors.Join(s.Write(ctx, b), s.(plugin.Flusher).Flush(ctx), s.Close()); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Forget(ctx, "job"); err != nil {
		t.Fatal(err)
	}
	for job, want := range map[string]int{"job": 0, "other": 1} {
		if _, stored, err := l.Claim(ctx, job, 1); err != nil || len(stored) != want {
			t.Errorf("%s: stored %v, %v; want %d", job, stored, err, want)
		}
	}
}

func TestWithoutALedger(t *testing.T) {
	for name, tt := range map[string]struct {
		denied string
		there  bool // another job's user has created the table
	}{
		"not created":      {"CREATE TABLE", false},
		"marks stay":       {"DELETE", true},
		"run stays":        {"UPDATE", true},
		"nothing is added": {"INSERT", true},
	} {
		t.Run(name, func(t *testing.T) {
			d := newLite(t, threeTable)
			if tt.there {
				if _, _, err := liteWriter(t, d, "").(plugin.Ledger).Claim(t.Context(), "other", 1); err != nil {
					t.Fatal(err)
				}
			}
			d.denied = tt.denied
			l := liteWriter(t, d, "").(plugin.Ledger)
			if err := l.Forget(t.Context(), "job"); err != nil {
				t.Errorf("forgetting: %v", err)
			}
			if _, _, err := l.Claim(t.Context(), "job", 1); !errors.Is(err, plugin.ErrNoLedger) || !strings.Contains(err.Error(), "permission denied") {
				t.Errorf("got %v", err)
			}
			_, _, err := liteWriter(t, d, `, "semantic": "exactly-once"`).(plugin.Ledger).Claim(t.Context(), "job", 1)
			if errors.Is(err, plugin.ErrNoLedger) || errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "semantic exactly-once needs") {
				t.Errorf("exactly once: got %v", err)
			}
		})
	}
	if _, ledger := liteWriter(t, newLite(t, threeTable), `, "semantic": "At-Least-Once"`).(plugin.Ledger); ledger {
		t.Error("at least once keeps a ledger")
	}
}
