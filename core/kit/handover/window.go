package handover

import (
	"context"
	"errors"
	"slices"

	"github.com/datasync-io/datasync/core/record"
)

// Window is what the log says of one table between the two positions around a
// view: of each key that was changed, the state after the last change. It is
// for one goroutine.
type Window struct {
	rows  *record.Batch  // states, those that were overtaken too
	at    map[string]int // row of the last state by key; below 0: deleted
	whole bool           // each row has a key, and no state lacks a value
	text  []byte
}

// errPartial says that the log does not tell a row's whole state, or not whether
// it is to be copied.
var errPartial = errors.New("the log tells only a part of a row (binlog_row_image=FULL has it whole), or of a table without a key, or rows are copied by a condition that it cannot be asked")

func newWindow() *Window {
	return &Window{rows: record.NewBatch(0, 0), at: map[string]int{}, whole: true}
}

// Add takes note of a change. Rows must come in the order of the log and with
// their key.
func (w *Window) Add(r record.Row) {
	op := r.Op()
	w.whole = w.whole && len(r.Schema().Key) > 0
	if op == record.UpdateBefore {
		return
	}
	w.text = appendKey(w.text[:0], r)
	if op == record.Delete {
		w.at[string(w.text)] = -1
		return
	}
	for c := range r.Schema().Data {
		w.whole = w.whole && r.Kind(c) != record.Absent
	}
	if w.rows.Len() > 2*len(w.at)+record.TargetRows {
		w.compact()
	}
	w.at[string(w.text)] = w.rows.Len()
	w.rows.CopyRow(r)
}

// compact forgets the states that were overtaken: a row that is changed again
// and again must not fill the memory.
func (w *Window) compact() {
	rows := record.NewBatch(0, 0)
	for key, i := range w.at {
		if i >= 0 {
			w.at[key] = rows.Len()
			rows.CopyRow(w.rows.Row(i))
		}
	}
	w.rows = rows
}

// knows tells that the log says what becomes of a row of the view.
func (w *Window) knows(r record.Row) bool {
	if len(w.at) == 0 {
		return false
	}
	w.text = appendKey(w.text[:0], r)
	_, known := w.at[string(w.text)]
	return known
}

// states returns the rows of the states of a segment's keys, in their order.
// The view shows nothing of other keys, but for those that came into its
// segment or left it.
func (w *Window) states(ctx context.Context, o Order, s *Segment) ([]int, error) {
	var states []int
	for _, i := range w.at {
		if i < 0 {
			continue
		}
		in, err := s.contains(ctx, o, keyOf(w.rows.Row(i)))
		if err != nil {
			return nil, err
		}
		if in {
			states = append(states, i)
		}
	}
	var failed error
	slices.SortFunc(states, func(a, b int) int {
		by, err := compare(ctx, o, s.Chunk.Table, keyOf(w.rows.Row(a)), keyOf(w.rows.Row(b)))
		failed = errors.Join(failed, err)
		return by
	})
	return states, failed
}
