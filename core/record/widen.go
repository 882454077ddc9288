package record

import "slices"

// Widen gives rows that are all of one schema another one, whose columns are
// theirs and, at the end, those of tail's last values: each row gets these. The
// bytes of a text or the like among them are stored once for all rows. tail is a
// row of another batch. Call it between rows.
func (b *Batch) Widen(to *Schema, tail Row) {
	if len(b.heads) == 0 {
		return
	}
	from := b.Schema()
	if from == nil || len(to.Columns) < len(from.Columns) || len(tail.Schema().Columns) < len(to.Columns)-len(from.Columns) {
		panic("record: rows are widened to a schema that is not of theirs and the tail's columns")
	}
	b.schemas[0], b.last = to, to
	width, more := len(from.Columns), len(to.Columns)-len(from.Columns)
	if more == 0 {
		return
	}
	last := b.tail(tail, more)
	n := len(b.heads)
	b.cells = slices.Grow(b.cells, n*more)[:n*(width+more)]
	for i := n - 1; i >= 0; i-- { // a row moves behind where all rows before it are
		at := i * (width + more)
		copy(b.cells[at:at+width], b.cells[i*width:(i+1)*width])
		copy(b.cells[at+width:], last)
		b.heads[i].cell = uint32(at)
	}
	b.end, b.start = len(b.cells), len(b.arena)
}

// tail returns the last values of a row as cells of this batch, once for each
// row counted.
func (b *Batch) tail(r Row, more int) []cell {
	cells, counted := len(b.cells), b.unsized
	for c := len(r.Schema().Columns) - more; c < len(r.Schema().Columns); c++ {
		b.Copy(r, c)
	}
	last := slices.Clone(b.cells[cells:])
	b.cells = b.cells[:cells]
	b.unsized += (len(b.heads) - 1) * (b.unsized - counted)
	return last
}
