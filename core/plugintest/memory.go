package plugintest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Memory is a reader over rows in memory. Its splits take the rows by turns
// and can be resumed after every group.
type Memory struct {
	Table  *record.Batch // the rows; not changed
	Splits int           // how many splits; 0: one
	Group  int           // rows of a split that stand together: a mark is possible only after each group; 0: 1
	Apart  bool          // a split that fails is set aside
}

var (
	_ plugin.Splitter  = (*MemoryReader)(nil)
	_ plugin.Resumer   = (*MemoryReader)(nil)
	_ plugin.Describer = (*MemoryReader)(nil)
)

// MemoryReader is the reader that [Memory.Reader] returns.
type MemoryReader struct{ m Memory }

// Reader returns a reader over the rows.
func (m Memory) Reader() *MemoryReader {
	m.Splits, m.Group = max(1, m.Splits), max(1, m.Group)
	return &MemoryReader{m: m}
}

type memorySplit struct{ First, Step int }

type memoryPosition struct {
	V  int    `json:"v"`
	N  int    `json:"n"` // rows of the split that are before
	At string `json:"at"`
}

// Splits implements [plugin.Splitter].
func (r *MemoryReader) Splits(_ context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	var splits []plugin.Split
	for i := range r.m.Splits {
		spec, err := json.Marshal(memorySplit{First: i, Step: r.m.Splits})
		if err != nil {
			return nil, err
		}
		splits = append(splits, plugin.Split{ID: fmt.Sprintf("0/mod/%d", i), Spec: spec, Apart: r.m.Apart})
	}
	return splits, nil
}

// Resume implements [plugin.Resumer].
func (r *MemoryReader) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	return stored, nil
}

// Describe implements [plugin.Describer].
func (r *MemoryReader) Describe(context.Context) ([]*record.Schema, error) {
	return r.m.Table.Schemas(), nil
}

// Open implements [plugin.Reader].
func (r *MemoryReader) Open(ctx context.Context, from plugin.Progress) (plugin.Source, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	s := &memorySource{m: r.m}
	if err := json.Unmarshal(from.Split.Spec, &s.split); err != nil {
		return nil, fmt.Errorf("reading the split: %w", err)
	}
	if from.Position == nil {
		return s, nil
	}
	var p memoryPosition
	if err := json.Unmarshal(from.Position, &p); err != nil || p.V != 1 {
		return nil, errclass.With(errclass.PositionLost, fmt.Errorf("the position %s is not one of this reader", from.Position))
	}
	s.n = p.N
	return s, nil
}

// Close implements [plugin.Reader].
func (r *MemoryReader) Close() error { return nil }

type memorySource struct {
	m     Memory
	split memorySplit
	n     int // rows of the split that were given
}

func (s *memorySource) Fill(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	for {
		i := s.split.First + s.n*s.split.Step
		if i >= s.m.Table.Len() {
			return s.mark(b, io.EOF)
		}
		if s.n%s.m.Group == 0 && b.Full() {
			return s.mark(b, nil)
		}
		if b.Over() {
			return nil
		}
		b.CopyRow(s.m.Table.Row(i))
		s.n++
	}
}

func (s *memorySource) mark(b *record.Batch, result error) error {
	position, err := json.Marshal(memoryPosition{V: 1, N: s.n, At: fmt.Sprint(s.n)})
	if err != nil {
		return err
	}
	b.Mark(position, time.Time{})
	return result
}

func (s *memorySource) Close() error { return nil }

// Store is a destination in memory. Writers to it stand for processes: they
// share what is durable and nothing else. It is safe for concurrent use.
type Store struct {
	Refuse func(r record.Row) error // the fault of a row, or nil; may be nil
	Whole  bool                     // a refused row rolls the batch back (Rows.Written is false)
	Buffer bool                     // sinks are Flushers: nothing is durable before Flush

	mu   sync.Mutex
	rows [][]string
}

// Rows returns what is durable, in order of arrival.
func (s *Store) Rows() [][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([][]string(nil), s.rows...)
}

func (s *Store) add(rows [][]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows = append(s.rows, rows...)
}

// Writer returns a writer to the store.
func (s *Store) Writer() plugin.Writer { return &memoryWriter{store: s} }

type memoryWriter struct{ store *Store }

func (w *memoryWriter) Open(ctx context.Context, _ plugin.Task) (plugin.Sink, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sink := &memorySink{store: w.store}
	if w.store.Buffer {
		return &memoryFlusher{memorySink: sink}, nil
	}
	return sink, nil
}

func (w *memoryWriter) Close() error { return nil }

type memorySink struct{ store *Store }

func (s *memorySink) Write(ctx context.Context, b *record.Batch) error {
	good, err := s.accept(ctx, b)
	s.store.add(good)
	return err
}

// accept spells the rows that the store takes; the error names the others.
func (s *memorySink) accept(ctx context.Context, b *record.Batch) (good [][]string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var bad []errclass.BadRow
	for i := range b.Len() {
		if s.store.Refuse != nil {
			if err := s.store.Refuse(b.Row(i)); err != nil {
				bad = append(bad, errclass.AsBadRow(i, err))
				continue
			}
		}
		good = append(good, Cells(b.Row(i)))
	}
	switch {
	case bad == nil:
		return good, nil
	case s.store.Whole:
		return nil, &errclass.Rows{Bad: bad}
	}
	return good, &errclass.Rows{Bad: bad, Written: true}
}

func (s *memorySink) Close() error { return nil }

var _ plugin.Flusher = (*memoryFlusher)(nil)

type memoryFlusher struct {
	*memorySink
	taken [][]string
}

func (s *memoryFlusher) Write(ctx context.Context, b *record.Batch) error {
	good, err := s.accept(ctx, b)
	s.taken = append(s.taken, good...)
	return err
}

func (s *memoryFlusher) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.store.add(s.taken)
	s.taken = nil
	return nil
}
