package record

import (
	"slices"
	"time"
)

// Default targets of a batch.
const (
	TargetRows  = 1024
	TargetBytes = 256 << 10
)

// Bytes of a cell and of a row's head, and how many times a batch's target its
// rows may take of the memory.
const (
	cellBytes  = 16
	headBytes  = 8
	usedTarget = 2
)

// cell is one value. v holds a scalar or the start of the bytes in the arena,
// n their length or the nanoseconds, off an offset from UTC in minutes.
type cell struct {
	v    uint64
	n    uint32
	kind Kind
	flag uint8
	off  int16
}

const (
	hasOffset uint8 = 1 << iota
	positiveInfinity
	negativeInfinity
)

// head is one row: where its cells begin, which schema it has and what it is.
type head struct {
	cell   uint32
	schema uint16
	op     Op
	flag   uint8
}

const linked uint8 = 1

// Batch is a piece of the stream: rows, the place where the split can be
// begun again after them, and input that is no row. The zero Batch is ready
// for use, with the default targets. One goroutine at a time may use it.
type Batch struct {
	heads   []head
	cells   []cell
	arena   []byte
	schemas []*Schema
	marks   []Mark
	rejects []Reject
	change  *Change
	split   string

	last       *Schema // schema of the row begun last
	lastIndex  uint16  // of last in schemas
	end        int     // len(cells) once the row begun last is complete
	start      int     // len(arena) when the row begun last was begun
	unsized    int     // cells that count nothing beside their arena bytes
	rejected   int     // bytes held by rejects
	absent     bool    // an absent value was appended
	rows, size int     // targets
}

// NewBatch returns a batch that is full at that many rows or bytes (as
// [Batch.Size] counts); 0 means the default.
func NewBatch(rows, bytes int) *Batch {
	b := &Batch{}
	b.SetTarget(rows, bytes)
	return b
}

// SetTarget sets what [Batch.Full] and [Batch.Over] compare with; 0 means the
// default, math.MaxInt that there is no bound.
func (b *Batch) SetTarget(rows, bytes int) {
	b.rows, b.size = min(rows, mostRows), min(bytes, mostBytes)
}

// No batch comes to these: products of targets stay far below the largest int.
const (
	mostRows  = 1 << 31
	mostBytes = 1 << 40
)

// Target returns what was set; 0 means the default.
func (b *Batch) Target() (rows, bytes int) { return b.rows, b.size }

// Reset empties the batch for rows of split and keeps its memory.
func (b *Batch) Reset(split string) {
	clear(b.schemas)
	clear(b.marks)
	clear(b.rejects)
	b.heads, b.cells, b.arena = b.heads[:0], b.cells[:0], b.arena[:0]
	b.schemas, b.marks, b.rejects = b.schemas[:0], b.marks[:0], b.rejects[:0]
	b.change, b.split, b.last = nil, split, nil
	b.lastIndex, b.end, b.start, b.unsized, b.rejected, b.absent = 0, 0, 0, 0, 0, false
}

// Poison overwrites all that the batch has handed out, so that somebody who
// keeps it longer than it was lent reads nonsense. For tests of the engine.
func (b *Batch) Poison() {
	for i := range b.arena {
		b.arena[i] = 0xDB
	}
	for i := range b.cells {
		b.cells[i] = cell{v: 0xDBDBDBDB, kind: Int64}
	}
}

// Split returns the split whose rows these are; "" after rows of several were appended.
func (b *Batch) Split() string { return b.split }

// Full is the soft limit: return at the next place to begin again. Rows whose
// cells take much more than Size counts, such as NULLs, fill a batch too.
func (b *Batch) Full() bool { return b.holds(1) }

// Over is the hard limit, twice as much: return now, without a mark.
func (b *Batch) Over() bool { return b.holds(2) }

// holds tells that there is that many times what fills a batch.
func (b *Batch) holds(times int) bool {
	rows, bytes := b.targets()
	return len(b.heads)+len(b.rejects) >= times*rows || b.Size()+b.rejected >= times*bytes || b.used() >= times*usedTarget*bytes
}

// Size is what limits and byte counts see: arena bytes plus 8 per scalar.
func (b *Batch) Size() int { return len(b.arena) + 8*(len(b.cells)-b.unsized) }

// Memory is what the batch holds on the heap, in bytes.
func (b *Batch) Memory() int {
	return cap(b.arena) + cellBytes*cap(b.cells) + headBytes*cap(b.heads) + b.rejected
}

// Empty tells that the batch has no rows, marks, rejects or change.
func (b *Batch) Empty() bool {
	return len(b.heads) == 0 && len(b.marks) == 0 && len(b.rejects) == 0 && b.change == nil
}

// Begin starts a row; then one append per column of s follows, in order.
// A row that was left incomplete is a bug of the caller and panics.
func (b *Batch) Begin(s *Schema, op Op) {
	if len(b.cells) != b.end {
		panic("record: the row before has another number of cells than its schema has columns")
	}
	if s != b.last {
		b.intern(s)
	}
	if len(b.cells)+len(s.Columns) > cap(b.cells) {
		b.roomForCells(len(s.Columns))
	}
	if n := len(b.arena) - b.start; n > cap(b.arena)-len(b.arena) {
		b.roomForBytes(n)
	}
	b.heads = append(b.heads, head{cell: uint32(len(b.cells)), schema: b.lastIndex, op: op})
	b.end = len(b.cells) + len(s.Columns)
	b.start = len(b.arena)
}

func (b *Batch) intern(s *Schema) {
	i := slices.Index(b.schemas, s)
	if i < 0 {
		i = len(b.schemas)
		if i > 0xffff {
			panic("record: more than 65536 schemas in a batch")
		}
		b.schemas = append(b.schemas, s)
	}
	b.last, b.lastIndex = s, uint16(i)
}

// Link ties the row begun last to the one before it: both were made from one
// update that changed the key.
func (b *Batch) Link() { b.heads[len(b.heads)-1].flag |= linked }

// Unlink undoes Link for the row begun last.
func (b *Batch) Unlink() { b.heads[len(b.heads)-1].flag &^= linked }

// Drop undoes the row begun last, complete or not.
func (b *Batch) Drop() {
	h := b.heads[len(b.heads)-1]
	for _, c := range b.cells[h.cell:] {
		b.unsized -= unsized(c.kind)
	}
	b.cells = b.cells[:h.cell]
	b.arena = b.arena[:b.start]
	b.heads = b.heads[:len(b.heads)-1]
	b.end = len(b.cells)
	if len(b.heads) == 0 { // rows dropped before have left their bytes
		b.arena = b.arena[:0]
	}
}

// Reject hands over input that is no row: it goes to the dirty sink, in its
// place. raw is copied. A row that was begun for it must be dropped first.
func (b *Batch) Reject(raw []byte, err error) {
	b.rejects = append(b.rejects, Reject{Row: len(b.heads), Raw: slices.Clone(raw), Err: err})
	b.rejected += len(raw)
}

// Mark says that after these rows the split can be begun again at position,
// which is how far the source is at that time (zero: unknown). It is the last
// call before Fill returns; position must not be changed afterwards.
func (b *Batch) Mark(position []byte, at time.Time) { b.MarkState(position, nil, at) }

// MarkState is Mark with what the reader needs beside the position.
func (b *Batch) MarkState(position, state []byte, at time.Time) {
	if state == nil && len(b.marks) > 0 {
		state = b.marks[0].State
	}
	b.marks = append(b.marks[:0], Mark{Split: b.split, Position: position, State: state, At: at})
}

// End marks the split as done: nothing of it is left to read. The engine
// calls it when Fill has returned io.EOF.
func (b *Batch) End() {
	if len(b.marks) == 0 {
		b.marks = append(b.marks, Mark{Split: b.split})
	}
	b.marks[len(b.marks)-1].Done = true
}

// Change hands over a schema change, after the rows before it and a mark that
// stands before it too: who begins there again meets the change again. Fill
// returns at once.
func (b *Batch) Change(c *Change) { b.change = c }

// SchemaChange returns what was handed to Change, or nil.
func (b *Batch) SchemaChange() *Change { return b.change }

// Len is the number of rows.
func (b *Batch) Len() int { return len(b.heads) }

// Absents tells that some row may have an absent value; false is certain.
func (b *Batch) Absents() bool { return b.absent }

// Row returns a view of row i.
func (b *Batch) Row(i int) Row { return Row{b: b, i: i, at: int(b.heads[i].cell)} }

// Schema returns the one schema of all rows, or nil when they differ or there are none.
func (b *Batch) Schema() *Schema {
	if len(b.schemas) != 1 {
		return nil
	}
	return b.schemas[0]
}

// Schemas returns the schemas of the rows, each once.
func (b *Batch) Schemas() []*Schema { return b.schemas }

// Relabel gives the rows of one of [Batch.Schemas] another schema, which has
// as many columns of the same kinds; no row is touched. Call it between rows,
// for a schema that none of the others has become.
func (b *Batch) Relabel(from, to *Schema) {
	i := slices.Index(b.schemas, from)
	if i < 0 || len(from.Columns) != len(to.Columns) {
		panic("record: rows are given a schema that is not theirs")
	}
	b.schemas[i] = to
	if b.last == from {
		b.last = to
	}
}

// Marks returns the marks, at most one per split.
func (b *Batch) Marks() []Mark { return b.marks }

// Rejects returns the input that was no row, in order.
func (b *Batch) Rejects() []Reject { return b.rejects }
