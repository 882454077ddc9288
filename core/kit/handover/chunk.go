package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// chunk is a part of a table that is held until the log has told what became of
// it. What run sets may be read when the channel read is closed.
type chunk[H any] struct {
	of      *Copy
	visible func(low H) bool // that what had been read of the log is visible
	notes   *notes
	spoilt  bool // the table was altered
	over    bool // more was changed than can be noted
	looked  bool // low and high are known
	handing bool
	next    int   // row to hand on
	states  []int // of the notes: rows that the view does not show
	low     H
	high    H

	cancel context.CancelFunc
	read   chan struct{}
	// Of run.
	rows    *record.Batch
	view    View
	after   json.RawMessage // position after the last row
	through Key             // of the last row
	ended   bool            // there is no row after it, in the table
	err     error
}

// run reads the chunk, in a goroutine of its own.
func (ch *chunk[H]) run(ctx context.Context, t Tables, table record.Name, after json.RawMessage, most int) {
	defer close(ch.read)
	if err := ch.fetch(ctx, t, table, after, most); err != nil {
		ch.err = fmt.Errorf("copying table %s: %w", table, err)
	}
}

func (ch *chunk[H]) fetch(ctx context.Context, t Tables, table record.Name, after json.RawMessage, most int) (err error) {
	split, whole, err := t.Whole(ctx, table, most+1)
	if err != nil {
		return err
	}
	if ch.view, err = t.View(ctx, split, after); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ch.view.Source.Close()) }()
	ch.rows, ch.after = record.NewBatch(most, chunkBytes), after
	ch.rows.Reset(split.ID)
	marked := 0 // rows that the position is after
	for end := false; !end && (!ch.rows.Full() || marked == 0); {
		n := ch.rows.Len()
		err := ch.view.Source.Fill(ctx, ch.rows)
		if err != nil && err != io.EOF {
			return err
		}
		if marks := ch.rows.Marks(); len(marks) > 0 && marks[0].Position != nil && ch.rows.Len() > n && string(marks[0].Position) != string(ch.after) {
			ch.after, marked = marks[0].Position, ch.rows.Len()
		}
		end = err == io.EOF
		ch.ended = end && ch.view.Through == nil
	}
	if ch.ended && ch.rows.Len()+len(ch.rows.Rejects()) <= most {
		return nil
	}
	if ch.ended = false; marked == 0 {
		return errclass.With(errclass.Permanent, errors.New("its rows have no position to go on from"))
	}
	for ch.rows.Len() > marked {
		ch.rows.Drop()
	}
	ch.through, err = t.Key(whole, ch.after)
	return err
}

// place reads the positions of the view.
func (ch *chunk[H]) place(parse func(json.RawMessage) (H, error)) (err error) {
	ch.looked = true
	if ch.low, err = parse(ch.view.Low); err == nil {
		ch.high, err = parse(ch.view.High)
	}
	return err
}

// correct finds what the log says of the rows. It is not sound where the log
// has told parts of a row, and the view does not show which the others are.
func (ch *chunk[H]) correct(between func(record.Row) (bool, error)) (sound bool, err error) {
	for i := range ch.rows.Len() {
		r := ch.rows.Row(i)
		if n, noted := ch.notes.of(r); noted && (n.unclear || n.row >= 0 && !ch.fits(n)) {
			return false, nil
		}
	}
	if !ch.of.First {
		return true, nil // all that was noted has been handed on
	}
	for _, n := range ch.notes.at {
		if n.found || n.deleted {
			continue
		}
		in, err := between(ch.notes.rows.Row(n.row))
		if err != nil {
			return false, err
		}
		if !in {
			continue
		}
		if !n.whole || n.unclear || !ch.fits(n) {
			return false, nil
		}
		ch.states = append(ch.states, n.row)
	}
	return true, nil
}

// fits tells that the row of a note has the columns of the view.
func (ch *chunk[H]) fits(n note) bool {
	return ch.notes.rows.Row(n.row).Schema().Data == ch.view.Schema.Data
}

// hand appends rows until all are done or the batch is over.
func (ch *chunk[H]) hand(b *record.Batch, s *record.Schema) (done bool) {
	for ; ch.next < ch.rows.Len(); ch.next++ {
		if b.Over() {
			return false
		}
		r := ch.rows.Row(ch.next)
		n, noted := ch.notes.of(r)
		switch {
		case !noted:
			ch.add(b, s, r, nil)
		case n.deleted, n.row < 0: // the log has said it
		default:
			ch.add(b, s, ch.notes.rows.Row(n.row), &r)
		}
	}
	for ; len(ch.states) > 0; ch.states = ch.states[1:] {
		if b.Over() {
			return false
		}
		ch.add(b, s, ch.notes.rows.Row(ch.states[0]), nil)
	}
	for _, r := range ch.rows.Rejects() {
		b.Reject(r.Raw, r.Err)
	}
	return true
}

// add hands on a row of the snapshot, what it lacks from another one.
func (ch *chunk[H]) add(b *record.Batch, s *record.Schema, r record.Row, under *record.Row) {
	b.Begin(s, record.Insert)
	for c := range s.Data {
		if under != nil && r.Kind(c) == record.Absent {
			b.Copy(*under, c)
		} else {
			b.Copy(r, c)
		}
	}
	if ch.view.Stamp != nil {
		ch.view.Stamp(b)
	}
}
