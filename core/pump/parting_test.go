package pump_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// lateWriter is a plainWriter of which one sink is slow with the first rows of
// the split s0: another has refused a table long before.
type lateWriter struct {
	plainWriter
	refused chan struct{}
	once    sync.Once
}

func (w *lateWriter) Open(ctx context.Context, t plugin.Task) (plugin.Sink, error) {
	s, err := w.plainWriter.Open(ctx, t)
	return &lateSink{s, w}, err
}

type lateSink struct {
	plugin.Sink
	w *lateWriter
}

func (s *lateSink) Write(ctx context.Context, b *record.Batch) error {
	if b.Len() > 0 && string(b.Row(0).Bytes(0)) == "s0" && b.Row(0).Int64(1) == 0 {
		<-s.w.refused
		select {
		case <-time.After(time.Second): // when all others have nothing to do any more
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	err := s.Sink.Write(ctx, b)
	if err != nil && len(plugin.TableErrors(err)) > 0 {
		s.w.once.Do(func() { close(s.w.refused) })
	}
	return err
}

// TestOthersFinish refuses a table while another sink is amid a batch of another
// table: that is not taken from it, so that nothing is written twice.
func TestOthersFinish(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDice(1, 0)
		logs, to := newLogs(d, 2, 0), newPlace(d)
		logs.tables = map[string]string{"s0": "good", "s1": "bad"}
		for i := range 100 {
			logs.splits["s0"] = append(logs.splits["s0"], 40*(i+1))
		}
		logs.splits["s1"] = []int{10}
		to.refuses = map[string]int{"s1": 0}
		store := &memoryStore{}
		plan := logs.plan()
		slices.SortFunc(plan, func(a, b plugin.Progress) int { return int(a.Split.ID[1]) - int(b.Split.ID[1]) })
		if err := store.Save(t.Context(), &checkpoint.Checkpoint{Plan: plan, PlanRun: 1}); err != nil {
			t.Fatal(err)
		}
		dirty := &bin{rows: map[string]map[int64]bool{}}
		w := &lateWriter{plainWriter: plainWriter{to}, refused: make(chan struct{})}
		if _, err := run(t.Context(), t.Context(), logs, w, [2]int{1, 2}, store, dirty); err != nil {
			t.Fatal(err)
		}
		c, err := store.Load(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if s0, s1 := c.Plan[0], c.Plan[1]; !s0.Done || s0.Err != "" || s1.Done || s1.Err == "" {
			t.Errorf("the splits stand at %+v", c.Plan)
		}
		got := slices.Clone(to.rows["s0"])
		for n := range dirty.rows["s0"] {
			got = append(got, n)
		}
		slices.Sort(got)
		for n := range int64(4000) {
			if len(got) != 4000 || got[n] != n {
				t.Fatalf("row %d of 4000 is missing or there twice among %d", n, len(got))
			}
		}
	})
}
