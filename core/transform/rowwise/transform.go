// Package rowwise carries a filter and a projection of single rows over
// batches of rows and changes: what the transformers of FlinkX and of DataX
// have in common.
//
// Changes stay changes, so that a destination ends up with the rows for which
// the filter holds. It sees both halves of an update: where only the half
// before holds, the update becomes a delete, where only the half after does,
// an insert. An update without a half before is a delete by key if it does
// not hold, since the row may have been in before; a half before that says
// too little leaves an upsert.
package rowwise

import (
	"context"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Verdict is what a filter says of a row.
type Verdict uint8

const (
	No Verdict = iota
	Yes
	Unknown // the change does not say what the filter needs
)

// Work is what is done with rows of one schema. other is the half before that
// stands in for what the row does not say; the zero Row if there is none.
// absents false is certain: nothing in the batch is absent. Errors of rows
// are [*errclass.Value]s.
type Work interface {
	Schema() *record.Schema // of the rows that it makes
	// Begin is called before the rows of a batch.
	Begin()
	// Holds filters a row.
	Holds(r, other record.Row, absents bool) (Verdict, error)
	// Emit appends what becomes of a row; on an error, which is that of a
	// column, nothing. fill takes what the row does not say from other.
	Emit(out *record.Batch, r, other record.Row, op record.Op, absents, fill bool) (column string, err error)
	// Lacks names a column that the filter needed where it did not know.
	Lacks() string
}

// Transform works on batches. It is for one goroutine; make one per channel.
type Transform struct {
	plan   func(*record.Schema) (Work, error)
	works  map[*record.Schema]Work
	schema *record.Schema // of the last row
	work   Work           // for it
	begun  Work           // last in this batch
	bad    []errclass.BadRow
}

// New returns a transform that plans its work once per schema that it meets.
func New(plan func(*record.Schema) (Work, error)) *Transform {
	return &Transform{plan: plan, works: map[*record.Schema]Work{}}
}

// Schema returns the schema of the rows that rows of s become.
func (t *Transform) Schema(s *record.Schema) (*record.Schema, error) {
	w, err := t.of(s)
	if err != nil {
		return nil, err
	}
	return w.Schema(), nil
}

func (t *Transform) of(s *record.Schema) (Work, error) {
	if s == t.schema {
		return t.work, nil
	}
	w, known := t.works[s]
	if !known {
		var err error
		if w, err = t.plan(s); err != nil {
			return nil, err
		}
		t.works[s] = w
	}
	t.schema, t.work = s, w
	return w, nil
}

// Apply appends to out what becomes of the rows of in. Rows that cannot be
// computed are named in an [*errclass.Rows], by their index in in; the others
// are in out.
func (t *Transform) Apply(_ context.Context, in, out *record.Batch) error {
	t.bad, t.begun = t.bad[:0], nil
	absents := in.Absents()
	kept := -1 // the last row of in that has a successor in out
	for i := 0; i < in.Len(); i++ {
		r := in.Row(i)
		w, err := t.of(r.Schema())
		if err != nil {
			return err
		}
		if w != t.begun {
			w.Begin()
			t.begun = w
		}
		if r.Op() == record.UpdateBefore && i+1 < in.Len() && in.Row(i+1).Op() == record.UpdateAfter {
			t.pair(w, r, in.Row(i+1), out, absents)
			i++
			continue
		}
		if t.single(w, r, out, absents) {
			if r.Linked() && kept == i-1 {
				out.Link()
			}
			kept = i
		}
	}
	if len(t.bad) > 0 {
		return &errclass.Rows{Bad: t.bad, Written: true}
	}
	return nil
}

// single is a row that stands for itself.
func (t *Transform) single(w Work, r record.Row, out *record.Batch, absents bool) (kept bool) {
	v, err := w.Holds(r, record.Row{}, absents)
	op := r.Op()
	switch {
	case err != nil:
		t.refuse(err, "", r)
		return false
	case v == Unknown && op != record.Delete:
		t.refuse(silent(w), "", r)
		return false
	case op == record.UpdateAfter && v == No:
		op = record.Delete
	case v == No:
		return false
	}
	if column, err := w.Emit(out, r, record.Row{}, op, absents, false); err != nil {
		t.refuse(err, column, r)
		return false
	}
	return true
}

// pair is an update whose two halves are known.
func (t *Transform) pair(w Work, before, after record.Row, out *record.Batch, absents bool) {
	was, err := w.Holds(before, record.Row{}, absents)
	is := No
	if err == nil {
		is, err = w.Holds(after, before, absents)
	}
	if err == nil && is == Unknown {
		err = silent(w)
	}
	if err != nil {
		t.refuse(err, "", before, after)
		return
	}
	var column string
	switch {
	case is == No && was == No:
		return
	case is == No:
		column, err = w.Emit(out, before, record.Row{}, record.Delete, absents, false)
	case was == No:
		column, err = w.Emit(out, after, before, record.Insert, absents, absents)
	case was == Unknown:
		column, err = w.Emit(out, after, before, record.UpdateAfter, absents, false)
	default:
		if column, err = w.Emit(out, before, record.Row{}, record.UpdateBefore, absents, false); err == nil {
			if column, err = w.Emit(out, after, before, record.UpdateAfter, absents, false); err != nil {
				out.Drop() // the half before
			}
		}
	}
	if err != nil {
		t.refuse(err, column, before, after)
	}
}

// silent is why a change cannot be filtered.
func silent(w Work) error {
	return errclass.BadValue(w.Lacks(), errclass.Other, "the filter needs it and the change does not say it: let the source log whole rows (binlog_row_image=FULL, REPLICA IDENTITY FULL)")
}

func (t *Transform) refuse(err error, column string, rows ...record.Row) {
	for _, r := range rows {
		bad := errclass.AsBadRow(r.Index(), err)
		if bad.Column == "" {
			bad.Column = column
		}
		t.bad = append(t.bad, bad)
	}
}
