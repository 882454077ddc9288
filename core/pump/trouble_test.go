package pump_test

import (
	"context"
	"errors"
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

var errRefused = errclass.With(errclass.Transient, errors.New("refused"))

// shaky fails a few times at each of its steps, and notes what the outside
// knows about that.
type shaky struct {
	level, most, opens, sinks, fills, writes atomic.Int64
}

func (s *shaky) told(n int) { s.most.Store(max(s.most.Load(), s.level.Add(int64(n)))) }

func (s *shaky) Close() error { return nil }

type shakyReader struct{ *shaky }

func (s shakyReader) Open(context.Context, plugin.Progress) (plugin.Source, error) {
	if s.shaky.opens.Add(1) <= 2 {
		return nil, errRefused
	}
	return &shakySource{s: s.shaky, full: fullSource{full: &full{oneColumn, 3}}}, nil
}

type shakySource struct {
	s    *shaky
	full fullSource
}

func (s *shakySource) Close() error { return nil }

func (s *shakySource) Fill(ctx context.Context, b *record.Batch) error {
	if n := s.s.fills.Add(1); n <= 2 {
		return errRefused
	}
	return s.full.Fill(ctx, b)
}

type shakyWriter struct{ *shaky }

func (s shakyWriter) Open(context.Context, plugin.Task) (plugin.Sink, error) {
	if s.sinks.Add(1) <= 2 {
		return nil, errRefused
	}
	return shakySink(s), nil
}

type shakySink shakyWriter

func (s shakySink) Write(context.Context, *record.Batch) error {
	switch n := s.writes.Add(1); {
	case n == 1 && s.level.Load() != 0:
		return errors.New("in trouble, though all ends are open")
	case n <= 2:
		return errRefused
	case n == 3 && s.level.Load() != 1:
		return errors.New("not in trouble, though a write has failed")
	case n > 3 && s.level.Load() != 0:
		return errors.New("in trouble after a write that went well")
	}
	return nil
}

// TestTroubleIsTold says so while something is tried again, at whichever step,
// and that it is over.
func TestTroubleIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &shaky{}
		plan := []plugin.Progress{{Split: plugin.Split{ID: "0"}}}
		queue := pump.NewQueue(plan, nil)
		tracker := checkpoint.NewTracker(checkpoint.Counts{}, nil, queue.Done)
		tracker.Add(plan)
		p := pump.New(pump.Config{Reader: shakyReader{s}, Writer: shakyWriter{s}, Sources: 1, Sinks: 1, Splits: queue, Tracker: tracker,
			Epoch: func() uint64 { return 1 }, Begin: func(context.Context, string) error { return nil }, Budget: pump.NewBudget(pump.DefaultBudget),
			Dirty: &bin{}, Meter: &tally{}, Log: slog.New(slog.DiscardHandler), Retry: pump.DefaultRetry(), FlushInterval: time.Minute, Trouble: s.told})
		if err := p.Run(t.Context(), t.Context()); err != nil {
			t.Fatal(err)
		}
		if s.level.Load() != 0 || s.most.Load() < 1 || s.writes.Load() != 5 {
			t.Errorf("in trouble %d times at the end, %d at most, %d writes", s.level.Load(), s.most.Load(), s.writes.Load())
		}
	})
}
