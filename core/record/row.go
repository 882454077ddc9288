package record

import (
	"encoding/binary"
	"math"
)

// Row is a view of one row of a batch, valid as long as the batch is lent.
type Row struct {
	b  *Batch
	i  int
	at int // of its first cell
}

func (r Row) cell(c int) *cell { return &r.b.cells[r.at+c] }

// Valid tells that there is a row: the zero Row has none.
func (r Row) Valid() bool { return r.b != nil }

// Schema returns the row's schema.
func (r Row) Schema() *Schema { return r.b.schemas[r.b.heads[r.i].schema] }

// Op returns what happened to the row.
func (r Row) Op() Op { return r.b.heads[r.i].op }

// Linked tells that this row and the one before it were made from one update
// that changed the key.
func (r Row) Linked() bool { return r.b.heads[r.i].flag&linked != 0 }

// Index is the row's place in its batch.
func (r Row) Index() int { return r.i }

// Size is the row's share of [Batch.Size].
func (r Row) Size() int {
	n := 0
	for c := range r.Schema().Columns {
		switch v := r.cell(c); {
		case inArena[v.kind]:
			n += int(v.n)
		case v.kind > Null:
			n += 8
		}
	}
	return n
}

// Kind returns the kind of the value in column c.
func (r Row) Kind(c int) Kind { return r.cell(c).kind }

// Bool returns a value of kind Bool. This and the following methods return
// nonsense for a value of another kind: ask [Row.Kind] first.
func (r Row) Bool(c int) bool { return r.cell(c).v != 0 }

// Int64 returns a value of kind Int64.
func (r Row) Int64(c int) int64 { return int64(r.cell(c).v) }

// Uint64 returns a value of kind Uint64.
func (r Row) Uint64(c int) uint64 { return r.cell(c).v }

// Float32 returns a value of kind Float32.
func (r Row) Float32(c int) float32 { return math.Float32frombits(uint32(r.cell(c).v)) }

// Float64 returns a value of kind Float64.
func (r Row) Float64(c int) float64 { return math.Float64frombits(r.cell(c).v) }

// Bytes returns the bytes of a value of kind Decimal, String, Bytes, JSON or
// UUID, borrowed from the batch; nil for any other kind.
func (r Row) Bytes(c int) []byte {
	v := r.cell(c)
	if !inArena[v.kind] {
		return nil
	}
	return r.b.arena[v.v : v.v+uint64(v.n) : v.v+uint64(v.n)]
}

// Date returns the days since 1970-01-01 of a value of kind Date.
func (r Row) Date(c int) (days int64) { return int64(r.cell(c).v) }

// Time returns the nanoseconds of a value of kind Time.
func (r Row) Time(c int) (ns int64) { return int64(r.cell(c).v) }

// Datetime returns the seconds since 1970-01-01T00:00:00 on the wall clock and
// the nanoseconds of a value of kind Datetime.
func (r Row) Datetime(c int) (sec int64, nsec uint32) {
	v := r.cell(c)
	return int64(v.v), v.n
}

// Timestamp returns the Unix seconds and nanoseconds of a value of kind Timestamp.
func (r Row) Timestamp(c int) (sec int64, nsec uint32) { return r.Datetime(c) }

// Offset returns the offset from UTC, in minutes, that a Time or Timestamp carries.
func (r Row) Offset(c int) (minutes int, ok bool) {
	v := r.cell(c)
	return int(v.off), v.flag&hasOffset != 0
}

// Infinite returns 1 or -1 for an infinite Date, Datetime or Timestamp, else 0.
func (r Row) Infinite(c int) int {
	switch flag := r.cell(c).flag; {
	case flag&positiveInfinity != 0:
		return 1
	case flag&negativeInfinity != 0:
		return -1
	}
	return 0
}

// Interval returns a value of kind Interval.
func (r Row) Interval(c int) (months, days int32, micros int64) {
	v := r.cell(c)
	raw := r.b.arena[v.v : v.v+16]
	return int32(binary.LittleEndian.Uint32(raw)), int32(binary.LittleEndian.Uint32(raw[4:])), int64(binary.LittleEndian.Uint64(raw[8:]))
}
