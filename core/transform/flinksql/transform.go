package flinksql

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Transform runs a query over batches. It compiles the query once per schema
// that it meets. It is for one goroutine; make one per channel.
type Transform struct {
	q        *Query
	o        Options
	programs map[*record.Schema]*Program
	schema   *record.Schema // of the last row
	program  *Program       // for it
	bad      []errclass.BadRow
}

// NewTransform returns the query for one channel.
func (q *Query) NewTransform(o Options) *Transform {
	return &Transform{q: q, o: o.filled(), programs: map[*record.Schema]*Program{}}
}

// Schema returns the schema of the rows that rows of s become.
func (t *Transform) Schema(s *record.Schema) (*record.Schema, error) {
	p, err := t.of(s)
	if err != nil {
		return nil, err
	}
	return p.schema, nil
}

func (t *Transform) of(s *record.Schema) (*Program, error) {
	if s == t.schema {
		return t.program, nil
	}
	p, known := t.programs[s]
	if !known {
		var err error
		if p, err = t.q.Compile(s, t.o); err != nil {
			return nil, fmt.Errorf("transformSql for table %s: %w", s.Name, err)
		}
		t.programs[s] = p
	}
	t.schema, t.program = s, p
	return p, nil
}

// Apply appends to out what the query makes of the rows of in. Rows that it
// cannot compute are named in an [*errclass.Rows], by their index in in; the
// others are in out.
//
// Changes stay changes. WHERE sees both halves of an update: where only the
// half before holds it becomes a delete, where only the half after does an
// insert. An update without a half before is a delete by key if it does not
// hold, since the row may have been in before.
func (t *Transform) Apply(_ context.Context, in, out *record.Batch) error {
	t.bad = t.bad[:0]
	absents, now := in.Absents(), t.o.Now()
	kept := -1 // the last row of in that has a successor in out
	for i := 0; i < in.Len(); i++ {
		r := in.Row(i)
		p, err := t.of(r.Schema())
		if err != nil {
			return err
		}
		p.frame.now = now
		if r.Op() == record.UpdateBefore && i+1 < in.Len() && in.Row(i+1).Op() == record.UpdateAfter {
			t.pair(p, r, in.Row(i+1), out, absents)
			i++
			continue
		}
		if t.single(p, r, out, absents) {
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
func (t *Transform) single(p *Program, r record.Row, out *record.Batch, absents bool) (kept bool) {
	v, err := p.holds(r, record.Row{}, absents)
	op := r.Op()
	switch {
	case err != nil:
		t.refuse(err, "", r)
		return false
	case op == record.Insert && v == unknown, op == record.UpdateAfter && v == unknown:
		t.refuse(p.silent(), "", r)
		return false
	case op == record.UpdateAfter && v == no:
		op = record.Delete
	case v == no:
		return false
	}
	if column, err := p.emit(out, r, record.Row{}, op, absents, false); err != nil {
		t.refuse(err, column, r)
		return false
	}
	return true
}

// pair is an update whose two halves are known.
func (t *Transform) pair(p *Program, before, after record.Row, out *record.Batch, absents bool) {
	was, err := p.holds(before, record.Row{}, absents)
	is := no
	if err == nil {
		is, err = p.holds(after, before, absents)
	}
	if err == nil && is == unknown {
		err = p.silent()
	}
	if err != nil {
		t.refuse(err, "", before, after)
		return
	}
	column := ""
	switch {
	case is == no && was == no:
		return
	case is == no:
		column, err = p.emit(out, before, record.Row{}, record.Delete, absents, false)
	case was == no:
		column, err = p.emit(out, after, before, record.Insert, absents, absents)
	case was == unknown:
		column, err = p.emit(out, after, before, record.UpdateAfter, absents, false)
	default:
		if column, err = p.emit(out, before, record.Row{}, record.UpdateBefore, absents, false); err == nil {
			if column, err = p.emit(out, after, before, record.UpdateAfter, absents, false); err != nil {
				out.Drop() // the half before
			}
		}
	}
	if err != nil {
		t.refuse(err, column, before, after)
	}
}

// silent is why a change cannot be filtered.
func (p *Program) silent() error {
	name := p.frame.row.Schema().Columns[p.frame.lacks(p.needs)].Name
	return errclass.BadValue(name, errclass.Other, "WHERE needs it and the change does not say it: let the source log whole rows (binlog_row_image=FULL, REPLICA IDENTITY FULL)")
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
