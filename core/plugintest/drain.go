package plugintest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Reading is what came out of one split.
type Reading struct {
	Split   plugin.Split
	Rows    [][]string
	Marks   []MarkAt
	Schemas []*record.Schema // in order of appearance, by pointer
	Rejects int
	Batches int

	cells  func(record.Row) []string
	faults map[propertyName]string // breaches of the contract by property, the first of each
	nulls  int                     // fills in a row that returned nothing
}

// MarkAt is a mark and the number of rows of the split before it.
type MarkAt struct {
	Rows            int
	Position, State json.RawMessage // copies made when the mark was given

	lent []byte // the position itself, which nobody may change
}

// Options say how to read.
type Options struct {
	Rows, Bytes int                       // targets of a batch; 0: the defaults
	Poison      bool                      // fill one and the same batch again, poisoned in between
	Cells       func(record.Row) []string // nil: Cells
	Limit       *atomic.Int64             // rows to read at most, shared by splits; nil: up to the end
}

// propertyName names a property that a breach belongs to.
type propertyName = string

func (g *Reading) fault(p propertyName, format string, args ...any) {
	if _, known := g.faults[p]; !known {
		g.faults[p] = fmt.Sprintf("split %s, batch %d: ", g.Split.ID, g.Batches) + fmt.Sprintf(format, args...)
	}
}

// DrainSplit opens a split and reads it to its end as the engine does.
func DrainSplit(ctx context.Context, r plugin.Reader, from plugin.Progress, o Options) (*Reading, error) {
	g := &Reading{Split: from.Split, cells: o.Cells, faults: map[propertyName]string{}}
	if g.cells == nil {
		g.cells = Cells
	}
	src, err := r.Open(ctx, from)
	if err != nil {
		return g, fmt.Errorf("opening split %s: %w", from.Split.ID, err)
	}
	err = g.read(ctx, src, o)
	if cerr := within(src.Close); err == nil && cerr != nil {
		err = fmt.Errorf("closing split %s: %w", from.Split.ID, cerr)
	}
	return g, err
}

func (g *Reading) read(ctx context.Context, src plugin.Source, o Options) error {
	b := record.NewBatch(o.Rows, o.Bytes)
	for {
		if !o.Poison {
			b = record.NewBatch(o.Rows, o.Bytes)
		}
		b.Reset(g.Split.ID)
		err := within(func() error { return src.Fill(ctx, b) })
		if err != nil && err != io.EOF {
			if errors.Is(err, io.EOF) {
				g.fault("fill", "the end is io.EOF itself, got %v", err)
			}
			return err
		}
		end := err != nil
		if err := g.take(b, end, o); err != nil {
			return err
		}
		if o.Poison {
			b.Poison()
		}
		if end || o.Limit != nil && o.Limit.Add(-int64(b.Len()+len(b.Rejects()))) <= 0 {
			return g.settle()
		}
	}
}

// take keeps what a batch holds and notes breaches of the contract.
func (g *Reading) take(b *record.Batch, end bool, o Options) error {
	g.Batches++
	g.Rejects += len(b.Rejects())
	if b.Empty() && !end {
		g.fault("fill", "Fill returned nil with nothing in the batch")
		if g.nulls++; g.nulls > 100 {
			return errors.New("Fill returned nil with nothing in the batch 100 times")
		}
	}
	g.limits(b, o)
	for i := range b.Len() {
		row := b.Row(i)
		if !slices.Contains(g.Schemas, row.Schema()) {
			g.newSchema(row.Schema())
		}
		g.checkRow(b, i)
		g.Rows = append(g.Rows, g.cells(row))
	}
	marks := b.Marks()
	if len(marks) > 1 {
		g.fault("marks", "%d marks, a batch of one split has one", len(marks))
	}
	for _, m := range marks {
		g.Marks = append(g.Marks, MarkAt{Rows: len(g.Rows), Position: slices.Clone(m.Position), State: slices.Clone(m.State), lent: m.Position})
	}
	return nil
}

// settle checks what must have stayed as it was until the end.
func (g *Reading) settle() error {
	for _, m := range g.Marks {
		if string(m.lent) != string(m.Position) {
			g.fault("marks", "the position %s after %d rows was changed afterwards to %q", m.Position, m.Rows, m.lent)
		}
	}
	return nil
}

// limits checks that nothing was begun beyond the hard limit.
func (g *Reading) limits(b *record.Batch, o Options) {
	rows, size := o.Rows, o.Bytes
	if rows <= 0 {
		rows = record.TargetRows
	}
	if size <= 0 {
		size = record.TargetBytes
	}
	n := b.Len()
	if n < 2 {
		return
	}
	if before := b.Size() - b.Row(n-1).Size(); n-1 >= 2*rows || before >= 2*size {
		g.fault("limits", "%d rows and %d bytes, but the row before the last was over the hard limit of %d rows and %d bytes", n, b.Size(), 2*rows, 2*size)
	}
}

func (g *Reading) newSchema(s *record.Schema) {
	for _, known := range g.Schemas {
		if reflect.DeepEqual(known, s) {
			g.fault("schemas", "table %s: two schemas of the same shape; a source interns them", s.Name)
		}
	}
	g.Schemas = append(g.Schemas, s)
}

// checkRow checks a row's cells against its schema and its op against its neighbour.
func (g *Reading) checkRow(b *record.Batch, i int) {
	row := b.Row(i)
	s := row.Schema()
	for c := range s.Columns {
		col, kind := &s.Columns[c], row.Kind(c)
		switch {
		case kind == record.Absent:
			if slices.Contains(s.Key, c) {
				g.fault("kinds", "row %d: key column %q is absent", i, col.Name)
			}
		case kind == record.Null:
			if !col.Nullable && c < s.Data {
				g.fault("kinds", "row %d: column %q is NULL but said not to be nullable", i, col.Name)
			}
		case col.Kind == record.Any && kind != record.Any:
		case kind != col.Kind:
			g.fault("kinds", "row %d: column %q is of kind %s but holds %s", i, col.Name, col.Kind, kind)
		}
		if kind == record.JSON && !json.Valid(row.Bytes(c)) {
			g.fault("kinds", "row %d: column %q holds invalid JSON", i, col.Name)
		}
	}
	if row.Op() == record.UpdateBefore && (i+1 == b.Len() || b.Row(i+1).Op() != record.UpdateAfter) {
		g.fault("kinds", "row %d: an update-before without its update-after in the same batch", i)
	}
}

// Plan returns the splits of a reader, each gone through JSON as a stored plan is.
func Plan(ctx context.Context, r plugin.Reader, p plugin.Plan) ([]plugin.Split, error) {
	splitter, ok := r.(plugin.Splitter)
	if !ok {
		if p.Now != nil {
			return nil, nil
		}
		return []plugin.Split{{ID: "0"}}, nil
	}
	splits, err := splitter.Splits(ctx, p)
	if err != nil {
		return nil, fmt.Errorf("planning splits: %w", err)
	}
	for i := range splits {
		if splits[i], err = stored(splits[i]); err != nil {
			return nil, err
		}
	}
	return splits, nil
}

// stored returns v as it comes back from a store.
func stored[V any](v V) (back V, err error) {
	data, err := json.Marshal(v)
	if err != nil {
		return back, fmt.Errorf("storing %+v: %w", v, err)
	}
	if err := json.Unmarshal(data, &back); err != nil {
		return back, fmt.Errorf("loading %s: %w", data, err)
	}
	return back, nil
}

// Drain plans a reader and reads all its splits, on as many goroutines as
// there are channels, asking for more splits until there are none.
func Drain(ctx context.Context, r plugin.Reader, channels int, o Options) ([]*Reading, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		all []*Reading
		now []plugin.Progress
	)
	for {
		splits, err := Plan(ctx, r, plugin.Plan{Channels: channels, Now: now})
		if err != nil || len(splits) == 0 {
			return all, err
		}
		readings, err := drainSplits(ctx, cancel, r, splits, channels, o)
		all = append(all, readings...)
		if err != nil {
			return all, err
		}
		for i, s := range splits {
			if s.Endless {
				return all, nil
			}
			p := plugin.Progress{Split: s, Done: true}
			if m := readings[i].Marks; len(m) > 0 {
				p.Position, p.State = m[len(m)-1].Position, m[len(m)-1].State
			}
			now = append(now, p)
		}
	}
}

func drainSplits(ctx context.Context, cancel func(), r plugin.Reader, splits []plugin.Split, channels int, o Options) ([]*Reading, error) {
	var (
		wg       sync.WaitGroup
		next     atomic.Int64
		readings = make([]*Reading, len(splits))
		errs     = make([]error, len(splits))
	)
	for range min(channels, len(splits)) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(splits) {
					return
				}
				readings[i], errs[i] = DrainSplit(ctx, r, plugin.Progress{Split: splits[i]}, o)
				if o.Limit != nil && o.Limit.Load() <= 0 {
					cancel() // all rows are there: the other endless splits wait for nothing
				}
				if errs[i] != nil && o.Limit != nil && o.Limit.Load() <= 0 && errors.Is(errs[i], context.Canceled) {
					errs[i] = nil
				}
			}
		})
	}
	wg.Wait()
	return readings, errors.Join(errs...)
}
