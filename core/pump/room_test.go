package pump_test

import (
	"context"
	"io"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/core/record"
)

// shuttle is a reader and a writer of few large batches, each of which is not
// written before the next one is being read.
type shuttle struct {
	batches, targetBytes int
	schema               *record.Schema
	begun                []chan struct{} // by batch: it is being read
	written              atomic.Int64
	ahead                atomic.Int64 // the most that was being read, or on its way, at a time
}

func (s *shuttle) Close() error                { return nil }
func (s *shuttle) Batch(int) (rows, bytes int) { return 1 << 20, s.targetBytes }
func (s *shuttle) source() plugin.Reader       { return shuttleReader{s} }
func (s *shuttle) Open(ctx context.Context, _ plugin.Task) (plugin.Sink, error) {
	return shuttleSink{s}, nil
}

type shuttleReader struct{ *shuttle }

func (s shuttleReader) Open(context.Context, plugin.Progress) (plugin.Source, error) {
	return &shuttleSource{shuttle: s.shuttle}, nil
}

type shuttleSource struct {
	*shuttle
	n int
}

func (s *shuttleSource) Fill(_ context.Context, b *record.Batch) error {
	close(s.begun[s.n])
	s.n++
	if s.n > s.batches {
		return io.EOF
	}
	s.ahead.Store(max(s.ahead.Load(), int64(s.n)-s.written.Load()))
	for !b.Full() {
		b.Begin(s.schema, record.Insert)
		b.String([]byte("of the rows that fill a batch"))
	}
	b.Mark(position, time.Time{})
	return nil
}

type shuttleSink struct{ *shuttle }

func (s shuttleSink) Write(ctx context.Context, b *record.Batch) error {
	if b.Len() > 0 {
		n := s.written.Load()
		select {
		case <-s.begun[n+1]:
		case <-ctx.Done():
			return ctx.Err()
		}
		s.written.Add(1)
	}
	return nil
}

// Where a writer asks for large batches, one is read while one is written, and
// no others hold memory: neither on their way nor empty.
func TestLargeBatchesAreFew(t *testing.T) {
	const target = 4 * record.TargetBytes
	s := &shuttle{batches: 12, targetBytes: target, schema: record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "s", Kind: record.String}}, 0)}
	for range s.batches + 2 {
		s.begun = append(s.begun, make(chan struct{}))
	}
	plan := []plugin.Progress{{Split: plugin.Split{ID: "0"}}}
	queue := pump.NewQueue(plan, nil)
	tracker := checkpoint.NewTracker(checkpoint.Counts{}, nil, queue.Done)
	tracker.Add(plan)
	budget := pump.NewBudget(pump.DefaultBudget)
	p := pump.New(pump.Config{Reader: s.source(), Writer: s, Sources: 1, Sinks: 1,
		Splits: queue, Tracker: tracker, Budget: budget, Dirty: &bin{}, Meter: &tally{},
		Log: slog.New(slog.DiscardHandler), Retry: pump.DefaultRetry(), FlushInterval: time.Second})
	if err := p.Run(t.Context(), t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := s.written.Load(); n != int64(s.batches) {
		t.Errorf("%d batches are written, want %d", n, s.batches)
	}
	// Three while a batch that is written is not given back yet.
	if n := s.ahead.Load(); n < 2 || n > 3 {
		t.Errorf("%d batches were read or on their way at a time, want 2", n)
	}
	if held := budget.Held(); held != 0 {
		t.Errorf("%d bytes are held after all", held)
	}
}
