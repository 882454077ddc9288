package pump_test

import (
	"context"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/core/record"
)

// counting is a source of rows*2 int64 without work, and a sink for them.
type counting struct {
	schema *record.Schema
	rows   int
}

func (c *counting) Close() error { return nil }

type countingReader struct{ counting }

func (c *countingReader) Open(context.Context, plugin.Progress) (plugin.Source, error) {
	return &countingSource{counting: c.counting}, nil
}

type countingSource struct {
	counting
	n int
}

var position = []byte(`{"at":1}`)

func (s *countingSource) Fill(_ context.Context, b *record.Batch) error {
	for !b.Full() {
		if s.n == s.rows {
			return io.EOF
		}
		b.Begin(s.schema, record.Insert)
		b.Int64(int64(s.n))
		b.Int64(int64(s.n))
		s.n++
	}
	b.Mark(position, time.Time{})
	return nil
}

type countingWriter struct{ counting }

func (c *countingWriter) Open(context.Context, plugin.Task) (plugin.Sink, error) {
	return &countingSink{}, nil
}

type countingSink struct{ sum int64 }

func (s *countingSink) Close() error { return nil }
func (s *countingSink) Write(_ context.Context, b *record.Batch) error {
	for i := range b.Len() {
		r := b.Row(i)
		s.sum += r.Int64(0) + r.Int64(1)
	}
	return nil
}

// BenchmarkPump is one row's whole way, with tracker and meter.
func BenchmarkPump(b *testing.B) {
	schema := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "a", Kind: record.Int64}, {Name: "b", Kind: record.Int64}}, 0)
	plan := []plugin.Progress{{Split: plugin.Split{ID: "0"}}}
	queue := pump.NewQueue(plan, nil)
	tracker := checkpoint.NewTracker(checkpoint.Counts{}, nil, queue.Done)
	tracker.Add(plan)
	p := pump.New(pump.Config{Reader: &countingReader{counting{schema, b.N}}, Writer: &countingWriter{}, Sources: 1, Sinks: 1,
		Splits: queue, Tracker: tracker, Budget: pump.NewBudget(pump.DefaultBudget), Dirty: &bin{}, Meter: &tally{},
		Log: slog.New(slog.DiscardHandler), Retry: pump.DefaultRetry(), FlushInterval: time.Second})
	b.ReportAllocs()
	b.ResetTimer()
	if err := p.Run(b.Context(), b.Context()); err != nil {
		b.Fatal(err)
	}
	if _, _, counts := tracker.Snapshot(); counts.Written != int64(b.N) {
		b.Fatalf("%d rows are durable, want %d", counts.Written, b.N)
	}
}
