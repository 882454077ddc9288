package flinksql

import (
	"math"
	"math/bits"

	"github.com/cockroachdb/apd/v3"
	"github.com/pingcap/tidb/pkg/parser/opcode"

	"github.com/datasync-io/datasync/core/errclass"
)

var arithSigns = map[opcode.Op]string{opcode.Plus: "+", opcode.Minus: "-", opcode.Mul: "*", opcode.Div: "/", opcode.Mod: "MOD"}

// arithmetic compiles l op r. Texts count as numbers, as Flink's implicit
// casts have it.
func (c *compiler) arithmetic(op opcode.Op, l, r expr, text string) (expr, error) {
	l, err := c.number(l, text)
	if err != nil {
		return expr{}, err
	}
	if r, err = c.number(r, text); err != nil {
		return expr{}, err
	}
	to, combine := [2]typ{l.asDecimal(), r.asDecimal()}, decimalArithmetic
	switch {
	case l.family == floatFamily || r.family == floatFamily:
		to, combine = [2]typ{doubleType, doubleType}, floatArithmetic
	case l.family == intFamily && r.family == intFamily:
		return intArithmetic(op, l, r, text), nil
	}
	if l, err = c.cast(l, to[0], false); err != nil {
		return expr{}, err
	}
	if r, err = c.cast(r, to[1], false); err != nil {
		return expr{}, err
	}
	return combine(op, l, r, text), nil
}

func intArithmetic(op opcode.Op, l, r expr, text string) expr {
	compute := map[opcode.Op]func(a, b int64) (int64, bool){opcode.Plus: addInts, opcode.Minus: subInts, opcode.Mul: mulInts, opcode.Div: divInts, opcode.Mod: modInts}[op]
	le, re, sign := l.eval, r.eval, arithSigns[op]
	divides := op == opcode.Div || op == opcode.Mod
	out := expr{typ: bigintType, text: text, column: -1, fixed: l.fixed && r.fixed}
	out.eval = func(f *frame) value {
		a, b := le(f), re(f)
		if !a.ok || !b.ok {
			return value{}
		}
		n, ok := compute(a.i, b.i)
		switch {
		case ok:
			return intValue(n)
		case divides && b.i == 0:
			return f.fail(errclass.Other, text, "division by zero")
		}
		return f.fail(errclass.Overflow, text, "overflow: %d %s %d is no BIGINT", a.i, sign, b.i)
	}
	return out
}

func addInts(a, b int64) (int64, bool) {
	n := a + b
	return n, (n > a) == (b > 0) || b == 0
}

func subInts(a, b int64) (int64, bool) {
	n := a - b
	return n, (n < a) == (b > 0) || b == 0
}

func mulInts(a, b int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(a), magnitude(b))
	if (a < 0) != (b < 0) {
		return -int64(lo), hi == 0 && lo <= 1<<63
	}
	return int64(lo), hi == 0 && lo < 1<<63
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

func divInts(a, b int64) (int64, bool) {
	if b == 0 || a == math.MinInt64 && b == -1 {
		return 0, false
	}
	return a / b, true
}

func modInts(a, b int64) (int64, bool) {
	if b == 0 {
		return 0, false
	}
	if b == -1 {
		return 0, true
	}
	return a % b, true
}

func floatArithmetic(op opcode.Op, l, r expr, text string) expr {
	le, re := l.eval, r.eval
	compute := map[opcode.Op]func(a, b float64) float64{
		opcode.Plus: func(a, b float64) float64 { return a + b }, opcode.Minus: func(a, b float64) float64 { return a - b },
		opcode.Mul: func(a, b float64) float64 { return a * b }, opcode.Div: func(a, b float64) float64 { return a / b }, opcode.Mod: math.Mod,
	}[op]
	out := expr{typ: doubleType, text: text, column: -1, fixed: l.fixed && r.fixed}
	out.eval = func(f *frame) value {
		a, b := le(f), re(f)
		if !a.ok || !b.ok {
			return value{}
		}
		return floatValue(compute(a.float(), b.float()))
	}
	return out
}

// resultOf is the type of l op r, by Flink's rules. Without the operands'
// precision there is none for the result: it is as long as it has to be.
func resultOf(op opcode.Op, l, r typ) typ {
	if l.precision == 0 || r.precision == 0 {
		t := numberType
		if op == opcode.Div {
			t.scale = max(freeScale, l.scale, r.scale)
		}
		return t
	}
	lw, rw := l.precision-l.scale, r.precision-r.scale
	scale := max(l.scale, r.scale)
	switch op {
	case opcode.Mul:
		return bounded(l.precision+r.precision, l.scale+r.scale)
	case opcode.Div:
		scale = max(6, l.scale+r.precision+1)
		return bounded(lw+r.scale+scale, scale)
	case opcode.Mod:
		return bounded(min(lw, rw)+scale, scale)
	}
	return bounded(max(lw, rw)+scale+1, scale)
}

func decimalArithmetic(op opcode.Op, l, r expr, text string) expr {
	t := resultOf(op, l.typ, r.typ)
	le, re := l.eval, r.eval
	var d apd.Decimal
	var k calc
	divides := op == opcode.Div || op == opcode.Mod
	out := expr{typ: t, text: text, column: -1, fixed: l.fixed && r.fixed}
	out.eval = func(f *frame) value {
		a, b := le(f), re(f)
		if !a.ok || !b.ok {
			return value{}
		}
		if divides && b.d.Coeff.Sign() == 0 {
			return f.fail(errclass.Other, text, "division by zero")
		}
		var err error
		switch op {
		case opcode.Plus:
			_, err = exact.Add(&d, a.d, b.d)
		case opcode.Minus:
			_, err = exact.Sub(&d, a.d, b.d)
		case opcode.Mul:
			_, err = exact.Mul(&d, a.d, b.d)
		case opcode.Div:
			k.quo(&d, a.d, b.d, t.scale)
		case opcode.Mod:
			k.mod(&d, a.d, b.d)
		}
		if t.precision > 0 {
			k.rescale(&d, t.scale, halfUp)
		}
		if err != nil || !fits(&d, t) {
			return f.fail(errclass.Overflow, text, "overflow: the result has more digits than %s", t.limit())
		}
		return value{ok: true, d: &d}
	}
	return out
}

// limit names what a decimal did not fit.
func (t typ) limit() string {
	if t.precision > 0 {
		return t.String()
	}
	return "a number may have"
}

// mod sets d to the rest of x/y, with the sign of x.
func (k *calc) mod(d, x, y *apd.Decimal) {
	e := min(x.Exponent, y.Exponent)
	negative := x.Negative
	k.num.Mul(&x.Coeff, power(int(x.Exponent-e)))
	k.den.Mul(&y.Coeff, power(int(y.Exponent-e)))
	k.twice.QuoRem(&k.num, &k.den, &k.rem)
	d.Coeff.Set(&k.rem)
	d.Form, d.Exponent, d.Negative = apd.Finite, e, negative && k.rem.Sign() != 0
}

// negate compiles -e.
func (c *compiler) negate(e expr, text string) (expr, error) {
	zero := expr{typ: typ{family: intFamily, bits: 8}, eval: func(*frame) value { return intValue(0) }, text: "0", column: -1, fixed: true}
	if e.family == floatFamily {
		inner := e.eval
		return expr{typ: doubleType, text: text, column: -1, fixed: e.fixed, eval: func(f *frame) value {
			v := inner(f)
			if v.ok {
				v = floatValue(-v.float())
			}
			return v
		}}, nil
	}
	out, err := c.arithmetic(opcode.Minus, zero, e, text)
	if err == nil && e.family == decimalFamily && e.precision > 0 {
		out.typ = e.typ
	}
	return out, err
}
