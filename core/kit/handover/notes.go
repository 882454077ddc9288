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
	whole   bool // the row was said as a whole, if in pieces
	unclear bool // it was said in part, and what the part belongs to is not known
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
		before := record.Row{}
		if known && old.row >= 0 {
			before = n.rows.Row(old.row)
		}
		parts := n.parts(r, known && old.row >= 0, before)
		switch {
		case !parts:
		case old.deleted, r.Op() == record.Insert && !known:
			now.unclear = true
		case known && old.whole: // as it was said, with these parts
		default:
			now.whole, now.unclear = false, old.unclear
		}
		if n.states || !now.whole {
			now.row = n.merge(r, known && old.row >= 0, before)
		}
	}
	n.at[string(n.text)] = now
	if n.rows.Len() > 2*len(n.at)+record.TargetRows {
		n.compact()
	}
}

// parts tells that values of a row are known neither from it nor from what was
// said before.
func (n *notes) parts(r record.Row, known bool, before record.Row) bool {
	for c := range r.Schema().Data {
		if r.Kind(c) == record.Absent && (!known || c >= before.Schema().Data || before.Kind(c) == record.Absent) {
			return true
		}
	}
	return false
}

// merge keeps a row, with what was said before of values that it lacks.
func (n *notes) merge(r record.Row, known bool, before record.Row) int {
	s := r.Schema()
	n.rows.Begin(s, record.Insert)
	for c := range s.Columns {
		if c < s.Data && known && r.Kind(c) == record.Absent && c < before.Schema().Data {
			n.rows.Copy(before, c)
		} else {
			n.rows.Copy(r, c)
		}
	}
	return n.rows.Len() - 1
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
