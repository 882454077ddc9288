package flinksql

import (
	"errors"
	"strconv"
	"time"

	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/rowwise"
)

// Program is a query compiled for one schema. It has working memory of its
// own: one goroutine at a time may use it.
type Program struct {
	schema  *record.Schema // of the rows that it makes
	outputs []output
	where   eval  // nil: every row
	needs   []int // columns that WHERE uses
	clock   func() time.Time
	frame   frame
}

// output is one column of the result.
type output struct {
	name  string
	copy  int // the column that it is; -1: computed
	eval  eval
	write func(b *record.Batch, v value)
	needs []int
}

// Compile plans the query for rows of a schema. Its errors are of class
// Config and name the expression. In the result the columns of the select
// list come first, then the metadata columns of s; the key stays known if all
// of its columns are selected as they are.
func (q *Query) Compile(s *record.Schema, o Options) (*Program, error) {
	c := &compiler{o: o.filled(), q: q, schema: s}
	p := &Program{clock: c.o.Now}
	var columns []record.Column
	var errs []error
	for i, f := range q.stmt.Fields.Fields {
		if f.WildCard != nil {
			for at := range s.Data {
				p.outputs, columns = append(p.outputs, output{name: s.Columns[at].Name, copy: at}), append(columns, s.Columns[at])
			}
			continue
		}
		c.used = nil
		e, err := c.expr(f.Expr)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		name := f.AsName.O
		if col, is := f.Expr.(*ast.ColumnNameExpr); is && name == "" {
			name = col.Name.Name.O
		}
		if name == "" {
			name = "EXPR$" + strconv.Itoa(i)
		}
		out := output{name: name, copy: e.column, eval: e.eval, write: writerOf(e.typ), needs: c.used}
		column := e.typ.column(name)
		if e.column >= 0 {
			column = s.Columns[e.column]
			column.Name = name
		}
		p.outputs, columns = append(p.outputs, out), append(columns, column)
	}
	if q.stmt.Where != nil {
		c.used = nil
		e, err := c.condition(q.stmt.Where)
		errs = append(errs, err)
		p.where, p.needs = e.eval, c.used
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	unique(columns)
	data := len(columns)
	for i := s.Data; i < len(s.Columns); i++ {
		p.outputs, columns = append(p.outputs, output{name: s.Columns[i].Name, copy: i}), append(columns, s.Columns[i])
	}
	p.schema = &record.Schema{Name: s.Name, Columns: columns, Data: data, Key: p.key(s, data), Comment: s.Comment}
	return p, nil
}

// unique names columns of one name as Flink does: a, a0, a1.
func unique(columns []record.Column) {
	seen := map[string]bool{}
	for i := range columns {
		name := columns[i].Name
		for n := 0; seen[name]; n++ {
			name = columns[i].Name + strconv.Itoa(n)
		}
		seen[name] = true
		columns[i].Name = name
	}
}

// key finds the key of s among the data columns of the result; nil if one is missing.
func (p *Program) key(s *record.Schema, data int) []int {
	var key []int
	for _, k := range s.Key {
		at := -1
		for i := range data {
			if p.outputs[i].copy == k {
				at = i
				break
			}
		}
		if at < 0 {
			return nil
		}
		key = append(key, at)
	}
	return key
}

// Schema is that of the rows which the program makes.
func (p *Program) Schema() *record.Schema { return p.schema }

// Begin takes the time for CURRENT_TIMESTAMP and the like.
func (p *Program) Begin() { p.frame.now = p.clock() }

// Holds evaluates WHERE for a row; other is the half before it, if there is one.
func (p *Program) Holds(r, other record.Row, absents bool) (rowwise.Verdict, error) {
	if p.where == nil {
		return rowwise.Yes, nil
	}
	p.frame.row, p.frame.other, p.frame.err = r, other, nil
	if absents && p.frame.lacks(p.needs) >= 0 {
		return rowwise.Unknown, nil
	}
	v := p.where(&p.frame)
	if p.frame.err != nil {
		return rowwise.No, p.frame.err
	}
	if v.ok && v.i == 1 {
		return rowwise.Yes, nil
	}
	return rowwise.No, nil
}

// Lacks names a column that WHERE needs and the row does not say.
func (p *Program) Lacks() string {
	return p.frame.row.Schema().Columns[p.frame.lacks(p.needs)].Name
}

// lacks returns a column of needs that is absent, or -1.
func (f *frame) lacks(needs []int) int {
	for _, i := range needs {
		if _, k := f.cell(i); k == record.Absent {
			return i
		}
	}
	return -1
}

// Emit appends the result of a row. fill takes what an update's half after
// does not say from the half before. On an error, which names the column,
// nothing is appended.
func (p *Program) Emit(out *record.Batch, r, other record.Row, op record.Op, absents, fill bool) (column string, err error) {
	p.frame.row, p.frame.other, p.frame.err = r, other, nil
	out.Begin(p.schema, op)
	for i := range p.outputs {
		o := &p.outputs[i]
		if o.copy >= 0 {
			from := r
			if fill && r.Kind(o.copy) == record.Absent {
				from = other
			}
			out.Copy(from, o.copy)
			continue
		}
		if absents && p.frame.lacks(o.needs) >= 0 {
			out.Absent()
			continue
		}
		v := o.eval(&p.frame)
		switch {
		case p.frame.err != nil:
			out.Drop()
			return o.name, p.frame.err
		case !v.ok:
			out.Null()
		default:
			o.write(out, v)
		}
	}
	return "", nil
}

// writerOf appends values of a type to a batch.
func writerOf(t typ) func(b *record.Batch, v value) {
	switch t.family {
	case boolFamily:
		return func(b *record.Batch, v value) { b.Bool(v.i != 0) }
	case intFamily:
		return func(b *record.Batch, v value) { b.Int64(v.i) }
	case decimalFamily:
		return func(b *record.Batch, v value) { b.Take(record.Decimal, appendDecimal(b.Buffer(), v.d)) }
	case floatFamily:
		if t.bits == 32 {
			return func(b *record.Batch, v value) { b.Float32(float32(v.float())) }
		}
		return func(b *record.Batch, v value) { b.Float64(v.float()) }
	case bytesFamily:
		return func(b *record.Batch, v value) { b.Bytes(v.b) }
	case dateFamily:
		return func(b *record.Batch, v value) { b.Date(v.i) }
	case timeFamily:
		return func(b *record.Batch, v value) { b.Time(v.i) }
	case datetimeFamily:
		return func(b *record.Batch, v value) { b.Datetime(v.i, v.n) }
	case instantFamily:
		return func(b *record.Batch, v value) { b.Timestamp(v.i, v.n) }
	}
	return func(b *record.Batch, v value) { b.String(v.b) }
}
