package flinksql

import (
	"bytes"
	"cmp"

	"github.com/pingcap/tidb/pkg/parser/opcode"
)

// order compares two values that are not NULL; ok is false where they have no order (NaN).
type order func(a, b value) (n int, ok bool)

func byInt(a, b value) (int, bool) { return cmp.Compare(a.i, b.i), true }

func byFloat(a, b value) (int, bool) {
	x, y := a.float(), b.float()
	switch {
	case x < y:
		return -1, true
	case x > y:
		return 1, true
	}
	return 0, x == y
}

func byMoment(a, b value) (int, bool) {
	if n := cmp.Compare(a.i, b.i); n != 0 {
		return n, true
	}
	return cmp.Compare(a.n, b.n), true
}

func byDecimal(a, b value) (int, bool) { return a.d.Cmp(b.d), true }

// byBytes is the order of code points for UTF-8, and Flink's.
func byBytes(a, b value) (int, bool) { return bytes.Compare(a.b, b.b), true }

var orders = map[family]order{boolFamily: byInt, intFamily: byInt, decimalFamily: byDecimal, floatFamily: byFloat, textFamily: byBytes,
	bytesFamily: byBytes, dateFamily: byInt, timeFamily: byInt, datetimeFamily: byMoment, instantFamily: byMoment}

// comparable casts two operands to the type that they are compared in.
func (c *compiler) comparable(l, r expr, text string) (expr, expr, order, error) {
	t, ok := comparisonType(l.typ, r.typ)
	if !ok {
		return l, r, nil, c.refuse(text, "%s and %s cannot be compared: %s is %s and %s is %s; use CAST", l.text, r.text, l.text, l.typ, r.text, r.typ)
	}
	if t.family == nullFamily {
		return l, r, byInt, nil
	}
	l, err := c.cast(l, t, false)
	if err != nil {
		return l, r, nil, err
	}
	r, err = c.cast(r, t, false)
	return l, r, orders[t.family], err
}

// comparisonType is the type that values of two types are compared in: a text
// beside another type is read as such a value.
func comparisonType(l, r typ) (typ, bool) {
	if l.family > r.family {
		l, r = r, l
	}
	switch {
	case l.family == opaqueFamily || r.family == opaqueFamily:
		return typ{}, false
	case l.family == nullFamily:
		return r.open(), true
	case l.numeric() && r.numeric():
		return typ{family: max(l.family, r.family), bits: 64}, true // int < decimal < float
	case l.numeric() && r.family == textFamily:
		if l.family == intFamily {
			return numberType, true
		}
		return l.open(), true
	case l.family == r.family:
		return l.open(), true
	case l.family == textFamily && r.family != bytesFamily:
		return r.open(), true
	case l.family == boolFamily && r.family == textFamily:
		return boolType, true
	case l.temporal() && r.temporal() && l.family != timeFamily && r.family != timeFamily:
		return r.open(), true // date < timestamp < timestamp_ltz
	}
	return typ{}, false
}

// open is the type without bounds that a cast would have to keep.
func (t typ) open() typ {
	switch t.family {
	case intFamily, floatFamily:
		return typ{family: t.family, bits: 64}
	case timeFamily, datetimeFamily, instantFamily:
		return typ{family: t.family, scale: 9}
	}
	return typ{family: t.family}
}

var tests = map[opcode.Op]func(n int) bool{
	opcode.EQ: func(n int) bool { return n == 0 }, opcode.NE: func(n int) bool { return n != 0 },
	opcode.LT: func(n int) bool { return n < 0 }, opcode.LE: func(n int) bool { return n <= 0 },
	opcode.GT: func(n int) bool { return n > 0 }, opcode.GE: func(n int) bool { return n >= 0 },
}

func (c *compiler) comparison(op opcode.Op, l, r expr, text string) (expr, error) {
	l, r, compare, err := c.comparable(l, r, text)
	if err != nil {
		return expr{}, err
	}
	test, unequal := tests[op], op == opcode.NE
	le, re := l.eval, r.eval
	out := expr{typ: boolType, text: text, column: -1, fixed: l.fixed && r.fixed}
	if l.family == intFamily && r.family == intFamily {
		out.eval = intComparison(op, le, re)
		return out, nil
	}
	out.eval = func(f *frame) value {
		a := le(f)
		if !a.ok {
			return value{}
		}
		b := re(f)
		if !b.ok {
			return value{}
		}
		n, ok := compare(a, b)
		return truth(ok && test(n) || !ok && unequal)
	}
	return out, nil
}

// intComparison is the comparison that most filters are made of.
func intComparison(op opcode.Op, l, r eval) eval {
	return func(f *frame) value {
		a, b := l(f), r(f)
		if !a.ok || !b.ok {
			return value{}
		}
		switch op {
		case opcode.EQ:
			return truth(a.i == b.i)
		case opcode.NE:
			return truth(a.i != b.i)
		case opcode.LT:
			return truth(a.i < b.i)
		case opcode.LE:
			return truth(a.i <= b.i)
		case opcode.GT:
			return truth(a.i > b.i)
		}
		return truth(a.i >= b.i)
	}
}

// nullSafe is the comparison in which NULL equals NULL.
func (c *compiler) nullSafe(l, r expr, text string) (expr, error) {
	l, r, compare, err := c.comparable(l, r, text)
	if err != nil {
		return expr{}, err
	}
	le, re := l.eval, r.eval
	return expr{typ: boolType, text: text, column: -1, eval: func(f *frame) value {
		a, b := le(f), re(f)
		if !a.ok || !b.ok {
			return truth(a.ok == b.ok)
		}
		n, ok := compare(a, b)
		return truth(ok && n == 0)
	}}, nil
}
