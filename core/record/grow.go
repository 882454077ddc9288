package record

// firstRows is for how many rows there is room at first, manyTimes how much more
// than there is may be made room for at once: targets can be no bounds at all.
const firstRows, manyTimes = 16, 64

// targets are what Full compares with.
func (b *Batch) targets() (rows, bytes int) {
	rows, bytes = b.rows, b.size
	if rows <= 0 {
		rows = TargetRows
	}
	if bytes <= 0 {
		bytes = TargetBytes
	}
	return rows, bytes
}

// used is what rows and rejected input take of the memory.
func (b *Batch) used() int {
	return len(b.arena) + cellBytes*len(b.cells) + headBytes*len(b.heads) + b.rejected
}

// filling is about how many rows like those before fill the batch.
func (b *Batch) filling() int {
	rows, bytes := b.targets()
	if n := len(b.heads); n > 0 {
		rows = min(rows, bytes/max(1, b.Size()/n)+1, usedTarget*bytes/max(1, b.used()/n)+1)
	}
	return rows + rows/16
}

// roomForCells makes room for a row of n cells, and for those to come: for twice
// as many as before; where there are as many as usually fill a batch, for all
// that the targets let in. Left to append, a batch on its way to some megabytes
// leaves several times as much behind.
func (b *Batch) roomForCells(n int) {
	size := b.grown(len(b.cells)+n, max(2*cap(b.cells), firstRows*n), n*b.filling())
	b.cells = append(make([]cell, 0, size), b.cells...)
}

// roomForBytes is the same of the arena, for a row like the one before.
func (b *Batch) roomForBytes(n int) {
	all := (len(b.arena)/len(b.heads) + 1) * b.filling()
	size := b.grown(len(b.arena)+n, max(2*cap(b.arena), firstRows*n), all)
	b.arena = append(make([]byte, 0, size), b.arena...)
}

// grown is how much room to make where so much is needed, all rows need about
// all, and twice is as much again as there is. Above all it is a quarter more
// than the need.
func (b *Batch) grown(need, twice, all int) int {
	switch {
	case need > all:
		return need + need/4
	case len(b.heads) >= TargetRows && all/manyTimes <= need:
		return all
	}
	return max(need, min(twice, all))
}
