package pump_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var writers = map[string]struct {
	build func(*place) plugin.Writer
	exact bool
}{
	"plain":              {func(p *place) plugin.Writer { return &plainWriter{p} }, false},
	"flusher":            {func(p *place) plugin.Writer { return &flushWriter{p} }, false},
	"two-phase":          {func(p *place) plugin.Writer { return &twoPhaseWriter{p} }, true},
	"ledger":             {func(p *place) plugin.Writer { return &ledgerWriter{p} }, true},
	"ledger and flusher": {func(p *place) plugin.Writer { return &ledgerFlushWriter{ledgerWriter{p}} }, true},
}

// TestCrash moves random logs through calls that fail and runs that are
// killed, and compares what has arrived.
func TestCrash(t *testing.T) {
	for name, w := range writers {
		for _, channels := range [][2]int{{1, 1}, {3, 3}, {1, 3}, {3, 1}} {
			t.Run(fmt.Sprintf("%s/%dto%d", name, channels[0], channels[1]), func(t *testing.T) {
				for seed := range uint64(12) {
					synctest.Test(t, func(t *testing.T) { crash(t, seed, channels, w.build, w.exact) })
				}
			})
		}
	}
}

func crash(t *testing.T, seed uint64, channels [2]int, build func(*place) plugin.Writer, exact bool) {
	d := newDice(seed, 0)
	logs, to := newLogs(d, 5, 60), newPlace(d)
	d.fails = 0.02
	to.slow = 20 * time.Millisecond // else no time passes in which anything is flushed, and all that has not failed is done again
	store, dirty := &memoryStore{}, &bin{rows: map[string]map[int64]bool{}}
	rnd := rand.New(rand.NewPCG(seed, 2))
	var final *tally
	for attempt := 0; ; attempt++ {
		if attempt > 2000 {
			t.Fatal("no run has ended in 2000")
		}
		ctx, kill := context.WithCancel(t.Context())
		stop, drain := context.WithCancel(ctx)
		switch rnd.IntN(4) {
		case 0, 1:
			time.AfterFunc(time.Duration(rnd.IntN(2000))*time.Millisecond, kill)
		case 2:
			time.AfterFunc(time.Duration(rnd.IntN(2000))*time.Millisecond, drain)
		}
		meter, err := run(ctx, stop, logs, build(to), channels, store, dirty)
		kill()
		drain()
		if err == nil {
			final = meter
			t.Logf("seed %d: %d runs", seed, attempt+1)
			break
		}
		if !errors.Is(err, context.Canceled) && !errors.Is(err, errFlaky) {
			t.Fatalf("seed %d: a run ended with %v", seed, err)
		}
	}
	verify(t, seed, logs, to, dirty, exact, channels[0] == channels[1] || channels[1] == 1)
	rows, bad := logs.total()
	if c := final.counts; c.Read != rows || c.Written != rows-bad || c.Others != bad {
		if _, ledger := build(to).(plugin.Ledger); !ledger { // a lost answer to a commit leaves the rows behind it uncounted
			t.Errorf("seed %d: counted %d read, %d written, %d bad; want %d, %d, %d", seed, c.Read, c.Written, c.Others, rows, rows-bad, bad)
		}
	}
}

// source is a reader with its plan.
type source interface {
	plugin.Reader
	plan() []plugin.Progress
}

// run is one life of a job: from the stored state to the end or a crash.
func run(ctx, stop context.Context, logs source, w plugin.Writer, channels [2]int, store *memoryStore, dirty *bin) (*tally, error) {
	c, err := store.Load(ctx, "")
	if err != nil {
		return nil, err
	}
	if c == nil {
		c = &checkpoint.Checkpoint{Plan: logs.plan(), PlanRun: 1}
		if err := store.Save(ctx, c); err != nil {
			return nil, err
		}
	}
	c.Run++
	committer, _ := w.(plugin.Committer)
	if committer != nil {
		if err := errors.Join(committer.Commit(ctx, c.Epoch, c.Tokens), committer.Discard(ctx, c.Epoch, c.Tokens)); err != nil {
			return nil, err
		}
	}
	ledger, _ := w.(plugin.Ledger)
	queue := pump.NewQueue(c.Plan, nil)
	tracker := checkpoint.NewTracker(c.Counters, c.Tokens, queue.Done)
	tracker.Add(c.Plan)
	log := slog.New(slog.DiscardHandler)
	coordinator := checkpoint.NewCoordinator(store, c, tracker, committer, dirty.Flush, log)
	meter := &tally{counts: c.Counters}
	p := pump.New(pump.Config{Reader: logs, Writer: w, Ledger: ledger, Task: plugin.Task{Run: c.Run}, Sources: channels[0], Sinks: channels[1],
		Splits: queue, Tracker: tracker, Acks: coordinator.Acks(), Save: coordinator.Save, Begin: func(ctx context.Context, split string) error { tracker.Begin(split); return coordinator.Save(ctx) },
		Epoch: coordinator.Epoch, Budget: pump.NewBudget(1 << 20), Dirty: dirty, Meter: meter, Log: log,
		Retry: pump.DefaultRetry(), FlushInterval: 300 * time.Millisecond, MaxRowBytes: 1 << 20, Poison: true})
	background, end := context.WithCancel(ctx)
	saved := make(chan error, 1)
	go func() {
		saved <- coordinator.Run(background, 100*time.Millisecond, p.Flush, func(checkpoint.Counts) {})
	}()
	err = p.Run(ctx, stop)
	end()
	if err := errors.Join(<-saved); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // killed: nothing more is stored
	}
	return meter, errors.Join(err, coordinator.Save(ctx))
}

func verify(t *testing.T, seed uint64, logs *logs, to *place, dirty *bin, exact, ordered bool) {
	t.Helper()
	arrived := to.rows
	for _, made := range to.made {
		for s, n := range made {
			if ordered && !slices.IsSorted(n) {
				t.Errorf("seed %d: split %s: the rows of a channel are not in order", seed, s)
			}
			arrived[s] = append(arrived[s], n...)
		}
	}
	ordered = ordered && len(to.made) <= 1 // else a split may have gone on in another channel
	for split, ends := range logs.splits {
		var want []int64
		for n := range int64(ends[len(ends)-1]) {
			if n%badEvery != 0 {
				want = append(want, n)
			} else if !dirty.rows[split][n] {
				t.Errorf("seed %d: bad row %d of %s is not among the dirty ones", seed, n, split)
			}
		}
		got := arrived[split]
		if exact {
			if !ordered {
				got = slices.Sorted(slices.Values(got)) // several sinks, and a new one after a restart
			}
			if !slices.Equal(got, want) {
				t.Errorf("seed %d: split %s: %d rows arrived, want %d, each once and in order", seed, split, len(got), len(want))
			}
			continue
		}
		if ordered {
			next := 0 // rows may come again, but none before its predecessors
			for _, n := range got {
				at, found := slices.BinarySearch(want, n)
				if !found || at > next {
					t.Fatalf("seed %d: split %s: row %d came before row %d", seed, split, n, want[next])
				}
				next = max(next, at+1)
			}
		}
		if unique := slices.Compact(slices.Sorted(slices.Values(got))); !slices.Equal(unique, want) {
			t.Errorf("seed %d: split %s: %d different rows arrived, want %d", seed, split, len(unique), len(want))
		}
	}
}
