package pump_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/core/record"
)

// full is a reader whose splits are so many full batches.
type full struct {
	schema  *record.Schema
	batches int
}

func (f *full) Close() error { return nil }
func (f *full) Open(context.Context, plugin.Progress) (plugin.Source, error) {
	return &fullSource{full: f}, nil
}

type fullSource struct {
	*full
	n int
}

func (s *fullSource) Fill(_ context.Context, b *record.Batch) error {
	if s.n == s.batches {
		return io.EOF
	}
	for !b.Full() {
		b.Begin(s.schema, record.Insert)
		b.Int64(int64(s.n))
	}
	s.n++
	b.Mark(fmt.Appendf(nil, `{"at":%d}`, s.n), time.Time{})
	return nil
}

// slow is a Flusher that takes its time, and may refuse to open or to write.
type slow struct {
	delay            time.Duration
	openErr, writeIt error
	opens, flushes   atomic.Int64
}

func (w *slow) Close() error { return nil }
func (w *slow) Open(context.Context, plugin.Task) (plugin.Sink, error) {
	w.opens.Add(1)
	if w.openErr != nil {
		return nil, w.openErr
	}
	return &slowSink{w}, nil
}

type slowSink struct{ *slow }

func (s *slowSink) Write(context.Context, *record.Batch) error {
	<-time.After(s.delay) // virtual
	return s.writeIt
}

func (s *slowSink) Flush(context.Context) error {
	s.flushes.Add(1)
	return nil
}

// flow pumps one split and returns how many checkpoints were stored meanwhile.
func flow(ctx context.Context, r plugin.Reader, w plugin.Writer, sinks int, retry pump.Retry) (saves int, err error) {
	return flowUntil(ctx, ctx, r, w, sinks, retry)
}

// flowUntil is flow that is stopped.
func flowUntil(ctx, stop context.Context, r plugin.Reader, w plugin.Writer, sinks int, retry pump.Retry) (saves int, err error) {
	store := &countingStore{}
	c := &checkpoint.Checkpoint{Plan: []plugin.Progress{{Split: plugin.Split{ID: "0"}}}}
	queue := pump.NewQueue(c.Plan, nil)
	tracker := checkpoint.NewTracker(c.Counters, nil, queue.Done)
	tracker.Add(c.Plan)
	dirty, log := &bin{}, slog.New(slog.DiscardHandler)
	coordinator := checkpoint.NewCoordinator(store, c, tracker, nil, dirty.Flush, log)
	p := pump.New(pump.Config{Reader: r, Writer: w, Sources: 1, Sinks: sinks, Splits: queue, Tracker: tracker, Epoch: coordinator.Epoch, Acks: coordinator.Acks(), Save: coordinator.Save,
		Begin:  func(context.Context, string) error { return nil },
		Budget: pump.NewBudget(pump.DefaultBudget), Dirty: dirty, Meter: &tally{}, Log: log, Retry: retry, FlushInterval: 10 * time.Second})
	background, end := context.WithCancel(ctx)
	saved := make(chan error, 1)
	go func() { saved <- coordinator.Run(background, 10*time.Second, p.Flush, func(checkpoint.Counts) {}) }()
	err = p.Run(ctx, stop)
	end()
	return store.saves, errors.Join(err, <-saved)
}

type countingStore struct {
	memoryStore
	saves int
}

func (s *countingStore) Save(context.Context, *checkpoint.Checkpoint) error {
	s.saves++
	return nil
}

var oneColumn = record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "n", Kind: record.Int64}})

func TestBusySinkIsFlushedInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &slow{delay: 100 * time.Millisecond}
		saves, err := flow(t.Context(), &full{oneColumn, 3000}, w, 1, pump.DefaultRetry()) // five minutes without a pause
		if err != nil || saves < 25 || w.flushes.Load() < 25 {
			t.Errorf("%d checkpoints and %d flushes in five minutes, %v; want some thirty", saves, w.flushes.Load(), err)
		}
	})
}

func TestEndOfASplitWaitsForNoInterval(t *testing.T) {
	for _, sinks := range []int{1, 2, 4} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			if _, err := flow(t.Context(), &full{oneColumn, 20}, &slow{delay: time.Millisecond}, sinks, pump.DefaultRetry()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > time.Second {
				t.Errorf("%d sinks: 20 batches took %v", sinks, took)
			}
		})
	}
}

func TestPatienceIsSpentOnce(t *testing.T) {
	gone := errclass.With(errclass.Transient, errors.New("refused"))
	for name, tt := range map[string]struct {
		w     *slow
		retry pump.Retry
		most  time.Duration
		opens int64
	}{
		"first connection": {&slow{openErr: gone}, pump.DefaultRetry(), 15 * time.Second, 0},
		"three attempts":   {&slow{openErr: gone}, pump.Retry{Attempts: 3, Delay: 10 * time.Second}, 30 * time.Second, 4},
		"writes":           {&slow{writeIt: gone}, pump.Retry{Attempts: 3, Delay: 10 * time.Second}, 30 * time.Second, 4},
		"none":             {&slow{openErr: gone}, pump.Retry{Attempts: -1}, 0, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			_, err := flow(t.Context(), &full{oneColumn, 5}, tt.w, 1, tt.retry)
			if errclass.Of(err) != errclass.Transient || time.Since(start) > tt.most {
				t.Errorf("%s: gave up after %v with %v; want at most %v", name, time.Since(start), err, tt.most)
			}
			if n := tt.w.opens.Load(); tt.opens > 0 && n != tt.opens {
				t.Errorf("%s: opened %d times, want %d", name, n, tt.opens)
			}
		})
	}
}

func TestQueueAsksAgainAfterAnError(t *testing.T) {
	calls := 0
	q := pump.NewQueue(nil, func(context.Context) ([]plugin.Progress, error) {
		if calls++; calls == 1 {
			return nil, errFlaky
		}
		return []plugin.Progress{{Split: plugin.Split{ID: "late"}}}, nil
	})
	if _, ok, err := q.Next(t.Context()); ok || !errors.Is(err, errFlaky) {
		t.Fatalf("first: %v, %v", ok, err)
	}
	if p, ok, err := q.Next(t.Context()); !ok || err != nil || p.Split.ID != "late" {
		t.Errorf("second: %+v, %v, %v; the split that came late is lost", p, ok, err)
	}
}
