package record

import (
	"encoding/binary"
	"math"
)

func unsized(k Kind) int {
	if k <= Null || inArena[k] {
		return 1
	}
	return 0
}

// Null appends NULL.
func (b *Batch) Null() {
	b.cells = append(b.cells, cell{kind: Null})
	b.unsized++
}

// Absent appends a value that the change says nothing about.
func (b *Batch) Absent() {
	b.cells = append(b.cells, cell{})
	b.unsized++
	b.absent = true
}

// Bool appends a truth value.
func (b *Batch) Bool(v bool) {
	var n uint64
	if v {
		n = 1
	}
	b.cells = append(b.cells, cell{v: n, kind: Bool})
}

// Int64 appends a signed integer.
func (b *Batch) Int64(v int64) { b.cells = append(b.cells, cell{v: uint64(v), kind: Int64}) }

// Uint64 appends an unsigned integer.
func (b *Batch) Uint64(v uint64) { b.cells = append(b.cells, cell{v: v, kind: Uint64}) }

// Float32 appends a float of 32 bits.
func (b *Batch) Float32(v float32) {
	b.cells = append(b.cells, cell{v: uint64(math.Float32bits(v)), kind: Float32})
}

// Float64 appends a float of 64 bits.
func (b *Batch) Float64(v float64) {
	b.cells = append(b.cells, cell{v: math.Float64bits(v), kind: Float64})
}

// Decimal appends an exact decimal in plain or scientific notation, NaN or
// ±Infinity. v is copied.
func (b *Batch) Decimal(v []byte) { b.text(Decimal, v) }

// String appends a text; v is copied.
func (b *Batch) String(v []byte) { b.text(String, v) }

// Bytes appends binary data; v is copied.
func (b *Batch) Bytes(v []byte) { b.text(Bytes, v) }

// JSON appends a JSON text; v is copied and must be valid.
func (b *Batch) JSON(v []byte) { b.text(JSON, v) }

// UUID appends a UUID in its canonical text; v is copied.
func (b *Batch) UUID(v []byte) { b.text(UUID, v) }

// Text appends v as a cell of kind k, one of Decimal, String, Bytes, JSON and UUID; v is copied.
func (b *Batch) Text(k Kind, v string) {
	checkText(k)
	at := len(b.arena)
	b.arena = append(b.arena, v...)
	b.cells = append(b.cells, cell{v: uint64(at), n: uint32(len(v)), kind: k})
	b.unsized++
}

func (b *Batch) text(k Kind, v []byte) {
	at := len(b.arena)
	b.arena = append(b.arena, v...)
	b.cells = append(b.cells, cell{v: uint64(at), n: uint32(len(v)), kind: k})
	b.unsized++
}

func checkText(k Kind) {
	if k >= kinds || !inArena[k] || k == Interval {
		panic("record: " + k.String() + " is not kept as text")
	}
}

// Buffer lends the arena's unused end: append the value to what it returns
// and hand the whole to [Batch.Take], with no other call in between. It saves
// a decoder the copy.
func (b *Batch) Buffer() []byte { return b.arena }

// Take appends what was appended to [Batch.Buffer] as a cell of kind k, one
// of Decimal, String, Bytes, JSON and UUID.
func (b *Batch) Take(k Kind, buf []byte) {
	checkText(k)
	at := len(b.arena)
	b.arena = buf
	b.cells = append(b.cells, cell{v: uint64(at), n: uint32(len(buf) - at), kind: k})
	b.unsized++
}

// Date appends a day, counted from 1970-01-01.
func (b *Batch) Date(days int64) { b.cells = append(b.cells, cell{v: uint64(days), kind: Date}) }

// Time appends a time of day or a duration in nanoseconds.
func (b *Batch) Time(ns int64) { b.cells = append(b.cells, cell{v: uint64(ns), kind: Time}) }

// TimeOffset is Time with an offset from UTC in minutes.
func (b *Batch) TimeOffset(ns int64, minutes int) {
	b.cells = append(b.cells, cell{v: uint64(ns), kind: Time, flag: hasOffset, off: int16(minutes)})
}

// Datetime appends a wall clock reading: seconds since 1970-01-01T00:00:00
// and nanoseconds below 1e9.
func (b *Batch) Datetime(sec int64, nsec uint32) {
	b.cells = append(b.cells, cell{v: uint64(sec), n: nsec, kind: Datetime})
}

// Timestamp appends an instant: Unix seconds and nanoseconds below 1e9.
func (b *Batch) Timestamp(sec int64, nsec uint32) {
	b.cells = append(b.cells, cell{v: uint64(sec), n: nsec, kind: Timestamp})
}

// TimestampOffset is Timestamp with the offset from UTC, in minutes, that it was written with.
func (b *Batch) TimestampOffset(sec int64, nsec uint32, minutes int) {
	b.cells = append(b.cells, cell{v: uint64(sec), n: nsec, kind: Timestamp, flag: hasOffset, off: int16(minutes)})
}

// Infinity appends plus (sign > 0) or minus infinity as a cell of kind k, one
// of Date, Datetime and Timestamp.
func (b *Batch) Infinity(k Kind, sign int) {
	if k != Date && k != Datetime && k != Timestamp {
		panic("record: " + k.String() + " has no infinity")
	}
	flag := positiveInfinity
	if sign < 0 {
		flag = negativeInfinity
	}
	b.cells = append(b.cells, cell{kind: k, flag: flag})
}

// Interval appends a period of calendar months, days and microseconds.
func (b *Batch) Interval(months, days int32, micros int64) {
	at := len(b.arena)
	b.arena = binary.LittleEndian.AppendUint32(b.arena, uint32(months))
	b.arena = binary.LittleEndian.AppendUint32(b.arena, uint32(days))
	b.arena = binary.LittleEndian.AppendUint64(b.arena, uint64(micros))
	b.cells = append(b.cells, cell{v: uint64(at), n: 16, kind: Interval})
	b.unsized++
}

// Copy appends column c of r, which may be a row of this batch, as it is.
func (b *Batch) Copy(r Row, c int) {
	from := *r.cell(c)
	if inArena[from.kind] {
		v := r.b.arena[from.v : from.v+uint64(from.n)]
		from.v = uint64(len(b.arena))
		b.arena = append(b.arena, v...)
	}
	b.cells = append(b.cells, from)
	b.unsized += unsized(from.kind)
	b.absent = b.absent || from.kind == Absent
}

// CopyRow appends r, a row of another batch, as it is.
func (b *Batch) CopyRow(r Row) {
	h := r.b.heads[r.i]
	s := r.Schema()
	b.Begin(s, h.op)
	b.heads[len(b.heads)-1].flag = h.flag
	for c := range s.Columns {
		b.Copy(r, c)
	}
}

// Append adds the rows, rejects and marks of a later piece of the stream. The
// newest mark of a split wins, with the state of the one before unless it has its
// own, and rows after a mark of their split take it away until the next one: one
// that has a state must not be taken away without a next one. A change stands alone and is never appended to.
func (b *Batch) Append(next *Batch) {
	if b.change != nil || next.change != nil {
		panic("record: a schema change is not merged")
	}
	var state []byte // of the mark that goes
	if next.Len() > 0 || len(next.rejects) > 0 {
		state = b.dropMark(next.split)
	}
	if b.split != next.split {
		b.split = ""
	}
	for _, r := range next.rejects {
		r.Row += len(b.heads)
		b.rejects = append(b.rejects, r)
	}
	b.rejected += next.rejected
	for i := range next.heads {
		b.CopyRow(next.Row(i))
	}
	for _, m := range next.marks {
		old := b.dropMark(m.Split)
		if m.Split == next.split && old == nil {
			old = state
		}
		if m.State == nil {
			m.State = old
		}
		b.marks = append(b.marks, m)
	}
}

// Inherit gives b the marks and the change of another batch, of which b holds
// the rows in another form.
func (b *Batch) Inherit(from *Batch) {
	b.marks = append(b.marks[:0], from.marks...)
	b.change, b.split = from.change, from.split
}

// dropMark takes the mark of a split away and returns its state, nil for none.
func (b *Batch) dropMark(split string) (state []byte) {
	for i := range b.marks {
		if b.marks[i].Split == split {
			state = b.marks[i].State
			b.marks = append(b.marks[:i], b.marks[i+1:]...)
			return state
		}
	}
	return nil
}
