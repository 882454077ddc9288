package pump

import (
	"context"
	"math"

	"github.com/datasync-io/datasync/core/record"
)

// split is how many pieces a refused batch is written again in. One bad row
// costs its batch once more at each step, and a smaller share of it at each
// later one: with two pieces a batch three times in all, with eight a little
// more than twice.
const split = 8

// cautious is the size of pieces where one row in a batch of the usual size is
// bad, of a writer that asks for no larger batches. Smaller ones cost more calls,
// larger ones more rows that are written again.
const cautious = 128

// pieces writes the rows of b in pieces of about size rows; 0 is all of them.
// The marks go with the last one, so that no position comes before its rows
// (I1); an update's two rows stay together.
func (d *delivery) pieces(ctx context.Context, b *record.Batch, size int) error {
	if size <= 0 || b.Len() <= size {
		return d.rows(ctx, b)
	}
	piece := d.w.borrow(b)
	defer d.w.giveBack(piece)
	for from := 0; from < b.Len(); {
		to := min(from+size, b.Len())
		if b.Row(to-1).Op() == record.UpdateBefore && to < b.Len() {
			to++
		}
		piece.Reset(b.Split())
		copyRows(piece, b, from, to)
		if to == b.Len() {
			piece.Inherit(b)
		}
		if err := d.rows(ctx, piece); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// copyRows appends the rows from <= i < to of b to out.
func copyRows(out, b *record.Batch, from, to int) {
	for i := from; i < to; i++ {
		out.CopyRow(b.Row(i))
	}
}

// borrow returns an empty batch for rows of b that are written again. It is
// given back afterwards: where batches are large, as much memory for each such
// write would be what the process takes most of.
func (w *writer) borrow(b *record.Batch) *record.Batch {
	out := record.NewBatch(0, 0)
	if n := len(w.spare); n > 0 {
		out, w.spare = w.spare[n-1], w.spare[:n-1]
	}
	out.Reset(b.Split())
	out.SetTarget(b.Target())
	return out
}

func (w *writer) giveBack(b *record.Batch) {
	if w.l.c.Poison {
		b.Poison()
	}
	if b.Memory() <= 4*w.l.c.bytes {
		w.spare = append(w.spare, b)
	}
}

// learn chooses the size of pieces for the next batch: small while rows are
// refused that have to be sought, by how many, and twice as large after each
// batch without. A sink that names all of them needs one more write, whatever
// the size.
func (w *writer) learn(rows, sought int) {
	switch {
	case rows == 0:
	case sought > 0:
		share := float64(sought) / float64(rows)
		dear := float64(w.l.c.rows) / record.TargetRows // a write beside its rows: why its batches are large
		w.piece = max(1, int(cautious*math.Sqrt(dear/(share*record.TargetRows))))
	case w.piece > 0:
		if w.piece *= 2; w.piece >= w.l.c.rows {
			w.piece = 0
		}
	}
}
