package flinksql

import (
	"math"
	"strings"

	"github.com/cockroachdb/apd/v3"
	"github.com/pingcap/tidb/pkg/parser/ast"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// columnOf finds a column: name, view.name, or a name that has dots itself,
// as those of nested sources (info.id, also spelled info:id).
func (c *compiler) columnOf(n *ast.ColumnNameExpr, text string) (expr, error) {
	var parts []string
	for _, p := range []string{n.Name.Schema.O, n.Name.Table.O, n.Name.Name.O} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	candidates := []string{strings.Join(parts, "."), strings.Join(parts, ":")}
	if len(parts) > 1 && c.q.names(parts[0]) {
		candidates = append([]string{strings.Join(parts[1:], ".")}, candidates...)
	}
	for _, name := range candidates {
		if i := c.schema.Index(name); i >= 0 {
			return c.column(i, text)
		}
	}
	return expr{}, c.refuse(text, "there is no such column%s", c.suggestion(candidates[0]))
}

// suggestion names the column that was meant, or all there are.
func (c *compiler) suggestion(name string) string {
	names := make([]string, 0, len(c.schema.Columns))
	for _, col := range c.schema.Columns {
		if strings.EqualFold(col.Name, name) {
			return ", did you mean " + col.Name + "? (case counts)"
		}
		names = append(names, col.Name)
	}
	if len(names) > 30 {
		return ""
	}
	return ", there are " + strings.Join(names, ", ")
}

// column compiles a column's value.
func (c *compiler) column(i int, text string) (expr, error) {
	col := c.schema.Columns[i]
	c.used = append(c.used, i)
	out := expr{typ: ofColumn(col), text: text, column: i}
	switch col.Kind {
	case record.Bool:
		out.eval = scalarColumn(i, func(r record.Row) value { return truth(r.Bool(i)) })
	case record.Int64:
		out.eval = scalarColumn(i, func(r record.Row) value { return intValue(r.Int64(i)) })
	case record.Float32:
		out.eval = scalarColumn(i, func(r record.Row) value { return floatValue(float64(r.Float32(i))) })
	case record.Float64:
		out.eval = scalarColumn(i, func(r record.Row) value { return value{ok: true, i: int64(math.Float64bits(r.Float64(i)))} })
	case record.Uint64:
		var d apd.Decimal
		out.eval = scalarColumn(i, func(r record.Row) value {
			d.Coeff.SetUint64(r.Uint64(i))
			return value{ok: true, d: &d}
		})
	case record.Decimal:
		out.eval = decimalColumn(i, text)
	case record.String, record.JSON, record.UUID, record.Bytes:
		out.eval = scalarColumn(i, func(r record.Row) value { return textValue(r.Bytes(i)) })
	case record.Any:
		var buf []byte
		out.eval = scalarColumn(i, func(r record.Row) value {
			buf = r.AppendText(buf[:0], i)
			return textValue(buf)
		})
	case record.Date, record.Time, record.Datetime, record.Timestamp:
		out.eval = timeColumn(i, text, col.Kind)
	case record.Null:
		out.eval = func(*frame) value { return value{} }
	default: // handed on by copying its cell
		out.eval = func(f *frame) value {
			return f.fail(errclass.Other, text, "a value of kind %s has no place in an expression", col.Kind)
		}
	}
	return out, nil
}

// cell returns the row that knows column i, and the kind of its value: the
// half before of an update stands in for what did not change.
func (f *frame) cell(i int) (record.Row, record.Kind) {
	k := f.row.Kind(i)
	if k == record.Absent && f.other.Valid() {
		return f.other, f.other.Kind(i)
	}
	return f.row, k
}

func scalarColumn(i int, read func(r record.Row) value) eval {
	return func(f *frame) value {
		r, k := f.cell(i)
		if k <= record.Null {
			return value{}
		}
		return read(r)
	}
}

func decimalColumn(i int, text string) eval {
	var d apd.Decimal
	return func(f *frame) value {
		r, k := f.cell(i)
		if k <= record.Null {
			return value{}
		}
		if !parseDecimal(&d, r.Bytes(i)) {
			return f.fail(errclass.Conversion, text, "%s has no place in an expression", quoted(r.Bytes(i)))
		}
		return value{ok: true, d: &d}
	}
}

func timeColumn(i int, text string, kind record.Kind) eval {
	return func(f *frame) value {
		r, k := f.cell(i)
		if k <= record.Null {
			return value{}
		}
		if r.Infinite(i) != 0 {
			return f.fail(errclass.Conversion, text, "infinity has no place in an expression")
		}
		switch kind {
		case record.Date:
			return intValue(r.Date(i))
		case record.Time:
			return intValue(r.Time(i))
		}
		sec, nsec := r.Datetime(i)
		return value{ok: true, i: sec, n: nsec}
	}
}
