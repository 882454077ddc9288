package handover

import (
	"github.com/datasync-io/datasync/core/record"
)

// notes is what the log has said of a table since a chunk of it was asked for:
// of each key that was changed, what its row is now, as far as that was said.
type notes struct {
	rows   *record.Batch // states, those that were overtaken too
	at     map[string]note
	states bool // rows are wanted that were said as a whole
	text   []byte
}

type note struct {
	row     int  // in rows; below 0: none is kept
	deleted bool // there is no row now
	whole   bool // what was said, if in pieces, is the whole row
	unclear bool // a part was said of a row that came after a deleted one
	found   bool // the chunk has a row of the key
}

// The most that is noted before a chunk is given up.
const (
	mostNotes     = 1 << 16
	mostNoteBytes = 16 << 20
)

func newNotes(states bool) *notes {
	return &notes{rows: record.NewBatch(0, 0), at: map[string]note{}, states: states}
}

func (n *notes) clear() {
	clear(n.at)
	n.rows.Reset("")
}

// full tells that more is noted than may be.
func (n *notes) full() bool { return len(n.at) > mostNotes || n.rows.Size() > mostNoteBytes }

// add takes note of a change.
func (n *notes) add(r record.Row) {
	if r.Op() == record.UpdateBefore {
		return
	}
	n.text = appendKey(n.text[:0], r)
	old, known := n.at[string(n.text)]
	now := note{row: -1, deleted: r.Op() == record.Delete, whole: true}
	if !now.deleted {
		var before *record.Row
		if known && old.row >= 0 {
			row := n.rows.Row(old.row)
			before = &row
		}
		switch {
		case !lacks(r, before):
		case old.deleted:
			now.whole, now.unclear = false, true
		default:
			now.whole, now.unclear = known && old.whole, old.unclear
		}
		if n.states || !now.whole {
			now.row = n.merge(r, before)
		}
	}
	n.at[string(n.text)] = now
	if n.rows.Len() > 2*len(n.at)+record.TargetRows {
		n.compact()
	}
}

// lacks tells that values of a row are known neither from it nor from what was
// said before, nil for nothing.
func lacks(r record.Row, before *record.Row) bool {
	for c := range r.Schema().Data {
		if r.Kind(c) == record.Absent && (before == nil || c >= before.Schema().Data || before.Kind(c) == record.Absent) {
			return true
		}
	}
	return false
}

// merge keeps a row, with what was said before of values that it lacks.
func (n *notes) merge(r record.Row, before *record.Row) int {
	n.rows.Begin(r.Schema(), record.Insert)
	overlay(n.rows, r, before)
	return n.rows.Len() - 1
}

// overlay appends the columns of a row, the data that it lacks from another one
// if that is not nil.
func overlay(b *record.Batch, r record.Row, under *record.Row) {
	s := r.Schema()
	for c := range s.Columns {
		if c < s.Data && under != nil && r.Kind(c) == record.Absent && c < under.Schema().Data {
			b.Copy(*under, c)
		} else {
			b.Copy(r, c)
		}
	}
}

// compact forgets the states that were overtaken.
func (n *notes) compact() {
	rows := record.NewBatch(0, 0)
	for key, one := range n.at {
		if one.row >= 0 {
			rows.CopyRow(n.rows.Row(one.row))
			one.row = rows.Len() - 1
			n.at[key] = one
		}
	}
	n.rows = rows
}

// of returns what is noted of the key of a row of the chunk.
func (n *notes) of(r record.Row) (note, bool) {
	if len(n.at) == 0 {
		return note{}, false
	}
	n.text = appendKey(n.text[:0], r)
	one, known := n.at[string(n.text)]
	if known && !one.found {
		one.found = true
		n.at[string(n.text)] = one
	}
	return one, known
}
