package plugintest

import (
	"context"
	"sync/atomic"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Call is a method that a faulty plugin can fail in.
type Call string

const (
	CallOpen  Call = "open"
	CallFill  Call = "fill"
	CallWrite Call = "write"
	CallFlush Call = "flush"
	CallClose Call = "close"
)

// Fault decides the fate of the n-th call, from 0, of a method; nil lets it pass. It may be called
// by several goroutines. before tells whether the call itself has been made:
// an error after it is an answer that was lost.
type Fault func(call Call, n int, after bool) error

// FailAt returns a [Fault] that fails one call, once, before it is made.
func FailAt(call Call, n int, err error) Fault {
	return func(c Call, i int, after bool) error {
		if c == call && i == n && !after {
			return err
		}
		return nil
	}
}

// LoseAnswer returns a [Fault] that makes a call and then reports err.
func LoseAnswer(call Call, n int, err error) Fault {
	return func(c Call, i int, after bool) error {
		if c == call && i == n && after {
			return err
		}
		return nil
	}
}

type calls struct {
	fault  Fault
	counts [5]atomic.Int64
}

var callIndex = map[Call]int{CallOpen: 0, CallFill: 1, CallWrite: 2, CallFlush: 3, CallClose: 4}

func (c *calls) around(call Call, f func() error) error {
	n := int(c.counts[callIndex[call]].Add(1)) - 1
	if err := c.fault(call, n, false); err != nil {
		return err
	}
	if err := f(); err != nil {
		return err
	}
	return c.fault(call, n, true)
}

// FaultyReader passes everything to Reader, capabilities of splitting and
// resuming included, except where the fault says otherwise.
func FaultyReader(r plugin.Reader, fault Fault) plugin.Reader {
	return &faultyReader{Reader: r, calls: &calls{fault: fault}}
}

type faultyReader struct {
	plugin.Reader
	calls *calls
}

func (r *faultyReader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if s, ok := r.Reader.(plugin.Splitter); ok {
		return s.Splits(ctx, p)
	}
	if p.Now != nil {
		return nil, nil
	}
	return []plugin.Split{{ID: "0"}}, nil
}

func (r *faultyReader) Resume(ctx context.Context, channels int, stored []plugin.Progress) ([]plugin.Progress, error) {
	if s, ok := r.Reader.(plugin.Resumer); ok {
		return s.Resume(ctx, channels, stored)
	}
	for i := range stored {
		stored[i].Position, stored[i].State = nil, nil
	}
	return stored, nil
}

func (r *faultyReader) Open(ctx context.Context, from plugin.Progress) (src plugin.Source, err error) {
	err = r.calls.around(CallOpen, func() error {
		src, err = r.Reader.Open(ctx, from)
		return err
	})
	if err != nil {
		if src != nil {
			_ = src.Close() // the open is reported as failed, whatever closing says
		}
		return nil, err
	}
	return &faultySource{Source: src, calls: r.calls}, nil
}

type faultySource struct {
	plugin.Source
	calls *calls
}

func (s *faultySource) Fill(ctx context.Context, b *record.Batch) (err error) {
	return s.calls.around(CallFill, func() error { return s.Source.Fill(ctx, b) })
}

func (s *faultySource) Close() error { return s.calls.around(CallClose, s.Source.Close) }

// FaultyWriter passes everything to Writer, Flush included, except where the
// fault says otherwise. Two-phase capabilities are hidden.
func FaultyWriter(w plugin.Writer, fault Fault) plugin.Writer {
	return &faultyWriter{Writer: w, calls: &calls{fault: fault}}
}

type faultyWriter struct {
	plugin.Writer
	calls *calls
}

func (w *faultyWriter) Open(ctx context.Context, t plugin.Task) (sink plugin.Sink, err error) {
	err = w.calls.around(CallOpen, func() error {
		sink, err = w.Writer.Open(ctx, t)
		return err
	})
	if err != nil {
		if sink != nil {
			_ = sink.Close() // the open is reported as failed, whatever closing says
		}
		return nil, err
	}
	faulty := &faultySink{Sink: sink, calls: w.calls}
	if f, ok := sink.(plugin.Flusher); ok {
		return &faultyFlusher{faultySink: faulty, flusher: f}, nil
	}
	return faulty, nil
}

type faultySink struct {
	plugin.Sink
	calls *calls
}

func (s *faultySink) Write(ctx context.Context, b *record.Batch) error {
	return s.calls.around(CallWrite, func() error { return s.Sink.Write(ctx, b) })
}

func (s *faultySink) Close() error { return s.calls.around(CallClose, s.Sink.Close) }

type faultyFlusher struct {
	*faultySink
	flusher plugin.Flusher
}

func (s *faultyFlusher) Flush(ctx context.Context) error {
	return s.calls.around(CallFlush, func() error { return s.flusher.Flush(ctx) })
}
