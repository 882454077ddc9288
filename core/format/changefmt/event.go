package changefmt

import (
	"bytes"

	"github.com/datasync-io/datasync/core/record"
)

// Grouping tells which rows a format puts into one message.
type Grouping uint8

const (
	Alone Grouping = iota // each row by itself
	Pairs                 // a row before and after its update
	Links                 // also a delete and insert that were made from one update of the key
)

// Event is what one message tells.
type Event struct {
	Op     record.Op  // Insert, UpdateAfter or Delete; UpdateBefore only where rows stand alone
	Before record.Row // not valid: the row was not there, or is not known
	After  record.Row // not valid: the row is no longer there
	Moved  bool       // the update changes the key
}

// At returns the event that begins with row i of b, and how many rows it takes.
func At(b *record.Batch, i int, g Grouping) (Event, int) {
	r := b.Row(i)
	switch op := r.Op(); op {
	case record.Delete:
		if g == Links && i+1 < b.Len() {
			if next := b.Row(i + 1); next.Linked() && next.Op() == record.Insert && next.Schema() == r.Schema() {
				return Event{Op: record.UpdateAfter, Before: r, After: next, Moved: true}, 2
			}
		}
		return Event{Op: op, Before: r}, 1
	case record.UpdateBefore:
		if g != Alone && i+1 < b.Len() {
			if next := b.Row(i + 1); next.Op() == record.UpdateAfter && next.Schema() == r.Schema() {
				return Event{Op: record.UpdateAfter, Before: r, After: next}, 2
			}
		}
		return Event{Op: op, Before: r}, 1
	default:
		return Event{Op: op, After: r}, 1
	}
}

// Row returns the row that has the event's metadata: the later one.
func (e *Event) Row() record.Row {
	if e.After.Valid() {
		return e.After
	}
	return e.Before
}

// Now returns the row that holds column c as it is after the event: the row
// before where the change says nothing about the column.
func (e *Event) Now(c int) record.Row {
	if e.Before.Valid() && e.After.Kind(c) == record.Absent {
		return e.Before
	}
	return e.After
}

// Same tells whether column c is the same in two rows of one schema.
func Same(a, b record.Row, c int) bool {
	kind := a.Kind(c)
	if kind != b.Kind(c) {
		return false
	}
	switch kind {
	case record.Absent, record.Null:
		return true
	case record.Decimal, record.String, record.Bytes, record.JSON, record.UUID:
		return bytes.Equal(a.Bytes(c), b.Bytes(c))
	case record.Interval:
		am, ad, au := a.Interval(c)
		bm, bd, bu := b.Interval(c)
		return am == bm && ad == bd && au == bu
	case record.Date, record.Time, record.Datetime, record.Timestamp:
		as, an := a.Datetime(c)
		bs, bn := b.Datetime(c)
		ao, az := a.Offset(c)
		bo, bz := b.Offset(c)
		return as == bs && an == bn && ao == bo && az == bz && a.Infinite(c) == b.Infinite(c)
	case record.Bool:
		return a.Bool(c) == b.Bool(c)
	case record.Float32:
		return a.Float32(c) == b.Float32(c) || a.Float32(c) != a.Float32(c) && b.Float32(c) != b.Float32(c)
	case record.Float64:
		return a.Float64(c) == b.Float64(c) || a.Float64(c) != a.Float64(c) && b.Float64(c) != b.Float64(c)
	default:
		return a.Uint64(c) == b.Uint64(c)
	}
}
