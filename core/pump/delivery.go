package pump

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// delivery is one batch on its way into the sink: what is refused goes to the
// dirty sink, the rest is written.
type delivery struct {
	w      *writer
	counts checkpoint.Counts
	tables checkpoint.Tables
	sought int // rows that were refused and that the sink has named alone, or not at all
}

// batch delivers b: its rejected input, then its rows, transformed. Nothing
// is written if the rejected input passes the dirty limit.
func (d *delivery) batch(ctx context.Context, b *record.Batch) error {
	b, err := d.screened(b)
	if err != nil {
		return err
	}
	if err := d.rejects(ctx, b); err != nil {
		return err
	}
	if d.w.transform != nil {
		var err error
		if b, err = d.transformed(ctx, b); err != nil {
			return err
		}
	}
	b = d.present(b)
	if limit := d.w.l.c.MaxRowBytes; limit > 0 && b.Size() > limit {
		var err error
		if b, err = d.withoutHuge(ctx, b, limit); err != nil {
			return err
		}
	}
	if b.Len() == 0 && !(d.w.task.Exact && len(b.Marks()) > 0) {
		return nil
	}
	err = d.pieces(ctx, b, d.w.piece)
	d.w.learn(b.Len(), d.sought)
	return err
}

// screened returns what may be seen of b, with its marks.
func (d *delivery) screened(b *record.Batch) (*record.Batch, error) {
	t, hides := d.w.transform.(Screener)
	if !hides {
		return b, nil
	}
	start := time.Now()
	defer func() { d.w.l.c.Meter.Spend(d.w.task.Channel, Transforming, time.Since(start)) }()
	out := d.w.shown
	out.Reset(b.Split())
	out.SetTarget(b.Target())
	hidden, err := t.Screen(b, out)
	if err != nil {
		return nil, fmt.Errorf("hiding columns: %w", err)
	}
	if !hidden {
		return b, nil
	}
	out.Inherit(b)
	return out, nil
}

// present returns b without the rows of tables whose changes are left out.
func (d *delivery) present(b *record.Batch) *record.Batch {
	aside := d.w.l.leftOut(b.Split())
	if len(aside) == 0 || !slices.ContainsFunc(b.Schemas(), func(s *record.Schema) bool { return isLeftOut(aside, s.Name) }) {
		return b
	}
	var gone []errclass.BadRow
	for i := range b.Len() {
		if isLeftOut(aside, b.Row(i).Schema().Name) {
			gone = append(gone, errclass.BadRow{Index: i})
		}
	}
	d.counts.Filtered += int64(len(gone))
	return without(b, gone)
}

// transformed returns what becomes of b, with its marks; what the transform
// refuses goes to the dirty sink.
func (d *delivery) transformed(ctx context.Context, b *record.Batch) (*record.Batch, error) {
	start := time.Now()
	spend := func() { d.w.l.c.Meter.Spend(d.w.task.Channel, Transforming, time.Since(start)) }
	if t, ok := d.w.transform.(InPlacer); ok && t.InPlace(b) {
		spend()
		return b, nil
	}
	out := d.w.out
	out.Reset(b.Split())
	out.SetTarget(b.Target())
	err := d.w.transform.Apply(ctx, b, out)
	spend()
	var refused *errclass.Rows
	if err != nil && !errors.As(err, &refused) {
		return nil, fmt.Errorf("transforming: %w", err)
	}
	bad := 0
	if refused != nil {
		bad = len(refused.Bad)
		if err := d.refuseRows(ctx, b, refused, errclass.Untransformed); err != nil {
			return nil, err
		}
	}
	out.Inherit(b)
	if err := d.rejects(ctx, out); err != nil {
		return nil, err
	}
	d.counts.Filtered += int64(max(0, b.Len()-out.Len()-len(out.Rejects())-bad))
	return out, nil
}

// refuseRows hands named rows of b to the dirty sink.
func (d *delivery) refuseRows(ctx context.Context, b *record.Batch, refused *errclass.Rows, mark func(error) error) error {
	for _, bad := range refused.Bad {
		why := errclass.With(errclass.Data, &errclass.Value{Column: bad.Column, Reason: bad.Reason, Err: bad.Err})
		if err := d.refuse(ctx, b.Row(bad.Index), nil, mark(why)); err != nil {
			return err
		}
	}
	return nil
}

// asWritten marks nothing: the row is as a sink gets it.
func asWritten(why error) error { return why }

func (d *delivery) rejects(ctx context.Context, b *record.Batch) error {
	for _, r := range b.Rejects() {
		if err := d.refuse(ctx, record.Row{}, r.Raw, r.Err); err != nil {
			return err
		}
	}
	return nil
}

// rows writes the rows of b, again without those that are refused.
func (d *delivery) rows(ctx context.Context, b *record.Batch) error { return d.again(ctx, b, 0) }

// again is rows of which some have been refused by name that many times: where
// that goes on, pieces are cheaper than the rest time after time.
func (d *delivery) again(ctx context.Context, b *record.Batch, times int) error {
	if d.w.dirty && d.w.task.Exact && len(b.Marks()) > 0 { // I1: the write stores marks
		if err := d.w.l.c.Dirty.Flush(ctx); err != nil {
			return fmt.Errorf("writing dirty rows: %w", err)
		}
		d.w.dirty = false
	}
	err := d.w.write(ctx, b)
	var refused *errclass.Rows
	switch {
	case err == nil:
		d.wrote(b, nil)
		return nil
	case errors.As(err, &refused) && len(refused.Bad) > 0:
		return d.named(ctx, b, refused, times)
	case errclass.Of(err) == errclass.Data:
		return d.unnamed(ctx, b, err)
	}
	return err
}

// named sets the rows aside that the sink has named, and writes the rest if it
// is not in.
func (d *delivery) named(ctx context.Context, b *record.Batch, refused *errclass.Rows, times int) error {
	if err := d.refuseRows(ctx, b, refused, asWritten); err != nil {
		return err
	}
	if refused.Written {
		d.wrote(b, refused.Bad)
		return d.marks(ctx, onlyMarks(b))
	}
	if len(refused.Bad) == 1 {
		d.sought++
	}
	rest := d.w.borrow(b)
	defer d.w.giveBack(rest)
	leave(rest, b, refused.Bad)
	switch {
	case rest.Len() == 0:
		return d.marks(ctx, rest)
	case times > 0 && rest.Len() > 1:
		return d.pieces(ctx, rest, (rest.Len()+split-1)/split)
	}
	return d.again(ctx, rest, times+1)
}

// onlyMarks returns a batch with the marks of b and no rows.
func onlyMarks(b *record.Batch) *record.Batch {
	rest := record.NewBatch(0, 0)
	rest.Reset(b.Split())
	rest.Inherit(b)
	return rest
}

// marks writes a batch without rows: its marks must reach a sink that keeps them.
func (d *delivery) marks(ctx context.Context, b *record.Batch) error {
	if !d.w.task.Exact || len(b.Marks()) == 0 {
		return nil
	}
	return d.rows(ctx, b)
}

// unnamed finds the rows behind a data error that names none.
func (d *delivery) unnamed(ctx context.Context, b *record.Batch, why error) error {
	switch {
	case b.Len() == 0:
		return why
	case b.Len() == 1, b.Len() == 2 && b.Row(0).Op() == record.UpdateBefore: // pairs travel together
		for i := range b.Len() {
			d.sought++
			if err := d.refuse(ctx, b.Row(i), nil, why); err != nil {
				return err
			}
		}
		return d.marks(ctx, onlyMarks(b))
	}
	return d.pieces(ctx, b, (b.Len()+split-1)/split)
}

// withoutHuge refuses the rows above limit and returns the others.
func (d *delivery) withoutHuge(ctx context.Context, b *record.Batch, limit int) (*record.Batch, error) {
	var bad []errclass.BadRow
	for i := range b.Len() {
		row := b.Row(i)
		size := row.Size()
		if size <= limit {
			continue
		}
		why := errclass.With(errclass.Data, &errclass.Value{Reason: errclass.TooLarge, Err: fmt.Errorf("a row of %d bytes is above maxRowBytes (%d)", size, limit)})
		if err := d.refuse(ctx, row, nil, why); err != nil {
			return nil, err
		}
		bad = append(bad, errclass.BadRow{Index: i})
	}
	return without(b, bad), nil
}

// without returns a copy of b that lacks the bad rows and has its marks.
func without(b *record.Batch, bad []errclass.BadRow) *record.Batch {
	rest := record.NewBatch(0, 0)
	rest.Reset(b.Split())
	leave(rest, b, bad)
	return rest
}

// leave appends to rest the rows of b but the bad ones, and has it inherit.
func leave(rest, b *record.Batch, bad []errclass.BadRow) {
	from := 0
	for _, row := range bad {
		copyRows(rest, b, from, row.Index)
		from = row.Index + 1
	}
	copyRows(rest, b, from, b.Len())
	rest.Inherit(b)
}

// refuse hands a row, or raw input, to the dirty sink and counts it.
func (d *delivery) refuse(ctx context.Context, row record.Row, raw []byte, why error) error {
	switch errclass.AsBadRow(0, why).Reason.Group() {
	case errclass.Null:
		d.counts.Nulls++
	case errclass.Duplicate:
		d.counts.Duplicates++
	case errclass.Conversion:
		d.counts.Conversions++
	default:
		d.counts.Others++
	}
	if row.Valid() {
		d.tables.Add(row.Schema().Name, checkpoint.TableCounts{Errors: 1})
	}
	d.w.dirty = true
	return d.w.l.c.Dirty.Reject(ctx, row, raw, why)
}

// wrote counts what is in; a dirty row is never among it.
func (d *delivery) wrote(b *record.Batch, bad []errclass.BadRow) {
	d.counts.Written += int64(b.Len() - len(bad))
	d.tables.Wrote(b, bad)
	size := b.Size()
	for _, r := range bad {
		size -= b.Row(r.Index).Size()
	}
	d.counts.WriteBytes += int64(size)
}
