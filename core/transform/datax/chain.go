package datax

import (
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/rowwise"
)

// Chain is the steps of a job. It may be shared by goroutines.
type Chain []*Step

// NewTransform returns the steps for one channel.
func (c Chain) NewTransform() *rowwise.Transform {
	return rowwise.New(func(s *record.Schema) (rowwise.Work, error) { return c.plan(s) })
}

// PlanError is what a step cannot do with a schema.
type PlanError struct {
	Step int    // from 0
	Key  string // as [Fault.Key]
	Err  error
}

func (e *PlanError) Error() string {
	return fmt.Sprintf("transformer[%d].%s: %v", e.Step, e.Key, e.Err)
}
func (e *PlanError) Unwrap() error { return e.Err }

// work is a chain planned for one schema.
type work struct {
	chain  []planned
	schema *record.Schema
	out    *record.Schema
	slots  []slot     // by column; used where a step changes it
	last   record.Row // what the slots hold
	lacks  string
	buf    []byte
}

type planned struct {
	column int
	change change
	filter *filter
	match  matcher // of a filter whose column no step has changed; nil: as text
}

// slot is a column's changed value.
type slot struct {
	changed bool // by some step
	set     bool // of the row in hand
	null    bool
	text    []byte
}

var _ rowwise.Work = (*work)(nil)

func (c Chain) plan(s *record.Schema) (*work, error) {
	w := &work{schema: s, slots: make([]slot, len(s.Columns))}
	columns := append([]record.Column(nil), s.Columns...)
	for i, st := range c {
		at := st.settings.Column
		if at >= s.Data {
			return nil, errclass.With(errclass.Config, &PlanError{i, "parameter.columnIndex", fmt.Errorf("there is no column %d: %s, from 0 on", at, has(s))})
		}
		p := planned{column: at, filter: st.filter}
		switch {
		case st.filter == nil:
			p.change = st.change()
			w.slots[at].changed = true
			columns[at] = record.Column{Name: columns[at].Name, Kind: record.String, Nullable: columns[at].Nullable, Comment: columns[at].Comment}
		case !w.slots[at].changed:
			var err error
			if p.match, err = st.filter.plan(s.Columns[at]); err != nil {
				return nil, errclass.With(errclass.Config, &PlanError{i, "parameter.paras[1]", err})
			}
		}
		w.chain = append(w.chain, p)
	}
	w.out = &record.Schema{Name: s.Name, Columns: columns, Data: s.Data, Key: s.Key, Comment: s.Comment}
	return w, nil
}

func has(s *record.Schema) string {
	if name := s.Name.String(); name != "" {
		return fmt.Sprintf("table %s has %d", name, s.Data)
	}
	return fmt.Sprintf("there are %d", s.Data)
}

// Schema is that of the rows that the chain makes.
func (w *work) Schema() *record.Schema { return w.out }

// Begin forgets the row of an earlier batch.
func (w *work) Begin() { w.last = record.Row{} }

// Holds runs the steps.
func (w *work) Holds(r, other record.Row, _ bool) (rowwise.Verdict, error) {
	w.last = record.Row{}
	for i := range w.slots {
		w.slots[i].set = false
	}
	verdict := rowwise.Yes
	for i := range w.chain {
		p := &w.chain[i]
		from := r
		if r.Kind(p.column) == record.Absent && other.Valid() {
			from = other
		}
		if from.Kind(p.column) == record.Absent {
			if p.filter != nil && verdict == rowwise.Yes {
				verdict, w.lacks = rowwise.Unknown, w.schema.Columns[p.column].Name
			}
			continue
		}
		dropped, err := w.step(p, from)
		if err != nil {
			bad := errclass.AsBadRow(0, err)
			return rowwise.No, errclass.With(errclass.Data, &errclass.Value{Column: w.schema.Columns[p.column].Name, Reason: bad.Reason, Err: bad.Err})
		}
		if dropped {
			return rowwise.No, nil
		}
	}
	w.last = r
	return verdict, nil
}

func (w *work) step(p *planned, r record.Row) (dropped bool, err error) {
	s := &w.slots[p.column]
	null := r.Kind(p.column) == record.Null
	if s.set {
		null = s.null
	}
	if p.filter != nil && null {
		return p.filter.null(), nil
	}
	if p.match != nil {
		return p.match(r, p.column)
	}
	var old []byte
	switch {
	case s.set:
		w.buf = append(w.buf[:0], s.text...)
		old = w.buf
	default:
		w.buf = r.AppendText(w.buf[:0], p.column)
		old = w.buf
	}
	if p.filter != nil {
		return p.filter.text(old), nil
	}
	out, ok, err := p.change(s.text[:0], old, null)
	s.text, s.null, s.set = out, !ok, err == nil
	return false, err
}

// Lacks names the column that a filter needed and did not know.
func (w *work) Lacks() string { return w.lacks }

// Emit appends the row with what the steps have changed.
func (w *work) Emit(out *record.Batch, r, other record.Row, op record.Op, absents, fill bool) (column string, err error) {
	if w.last != r {
		if _, err := w.Holds(r, other, absents); err != nil {
			return "", err
		}
	}
	w.last = record.Row{}
	out.Begin(w.out, op)
	for i := range w.slots {
		s := &w.slots[i]
		switch {
		case s.set && s.null:
			out.Null()
		case s.set:
			out.String(s.text)
		case s.changed: // absent
			out.Absent()
		case fill && r.Kind(i) == record.Absent:
			out.Copy(other, i)
		default:
			out.Copy(r, i)
		}
	}
	return "", nil
}
