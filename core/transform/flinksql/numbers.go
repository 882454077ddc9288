package flinksql

import (
	"math"

	"github.com/cockroachdb/apd/v3"

	"github.com/datasync-io/datasync/core/errclass"

	"github.com/pingcap/tidb/pkg/parser/opcode"
)

var oneDouble = []typ{doubleType}

var numberFunctions = map[string]function{
	"ABS":      {1, 1, (*compiler).abs},
	"SIGN":     {1, 1, (*compiler).sign},
	"CEIL":     {1, 1, func(c *compiler, args []expr, text string) (expr, error) { return c.whole(args[0], ceiling, text) }},
	"CEILING":  {1, 1, func(c *compiler, args []expr, text string) (expr, error) { return c.whole(args[0], ceiling, text) }},
	"FLOOR":    {1, 1, func(c *compiler, args []expr, text string) (expr, error) { return c.whole(args[0], floor, text) }},
	"ROUND":    {1, 2, func(c *compiler, args []expr, text string) (expr, error) { return c.round(args, halfUp, text) }},
	"TRUNCATE": {1, 2, func(c *compiler, args []expr, text string) (expr, error) { return c.round(args, down, text) }},
	"MOD": {2, 2, func(c *compiler, args []expr, text string) (expr, error) {
		return c.arithmetic(opcode.Mod, args[0], args[1], text)
	}},
	"SQRT":  scalar(doubleType, oneDouble, 0, func(s *strict) value { return floatValue(math.Sqrt(s.a[0].float())) }),
	"EXP":   scalar(doubleType, oneDouble, 0, func(s *strict) value { return floatValue(math.Exp(s.a[0].float())) }),
	"LN":    scalar(doubleType, oneDouble, 0, func(s *strict) value { return floatValue(math.Log(s.a[0].float())) }),
	"LOG10": scalar(doubleType, oneDouble, 0, func(s *strict) value { return floatValue(math.Log10(s.a[0].float())) }),
	"LOG2":  scalar(doubleType, oneDouble, 0, func(s *strict) value { return floatValue(math.Log2(s.a[0].float())) }),
	"POWER": scalar(doubleType, []typ{doubleType, doubleType}, 0, func(s *strict) value { return floatValue(math.Pow(s.a[0].float(), s.a[1].float())) }),
	"POW":   scalar(doubleType, []typ{doubleType, doubleType}, 0, func(s *strict) value { return floatValue(math.Pow(s.a[0].float(), s.a[1].float())) }),
}

// number casts a text to a number, and refuses what is neither.
func (c *compiler) number(e expr, text string) (expr, error) {
	if e.family == textFamily || e.family == nullFamily {
		return c.cast(e, numberType, false)
	}
	if !e.numeric() {
		return expr{}, c.refuse(text, "%s is no number: it is %s", e.text, e.typ)
	}
	return e, nil
}

func (c *compiler) abs(args []expr, text string) (expr, error) {
	e, err := c.number(args[0], text)
	if err != nil {
		return expr{}, err
	}
	params := []typ{e.typ}
	switch e.family {
	case intFamily:
		return c.strict(e.typ, params, []expr{e}, text, func(s *strict) value {
			n := s.a[0].i
			if n == math.MinInt64 {
				return s.f.fail(errclass.Overflow, text, "overflow: -(%d) is no BIGINT", n)
			}
			return intValue(max(n, -n))
		})
	case floatFamily:
		return c.strict(e.typ, params, []expr{e}, text, func(s *strict) value { return floatValue(math.Abs(s.a[0].float())) })
	}
	var d apd.Decimal
	return c.strict(e.typ, params, []expr{e}, text, func(s *strict) value {
		d.Abs(s.a[0].d)
		return value{ok: true, d: &d}
	})
}

func (c *compiler) sign(args []expr, text string) (expr, error) {
	e, err := c.number(args[0], text)
	if err != nil {
		return expr{}, err
	}
	family := e.family
	return c.strict(intType, []typ{e.typ}, []expr{e}, text, func(s *strict) value {
		n := s.a[0].i
		switch family {
		case floatFamily:
			n = int64(math.Copysign(1, s.a[0].float()))
			if s.a[0].float() == 0 {
				n = 0
			}
		case decimalFamily:
			n = int64(s.a[0].d.Sign())
		}
		return intValue(max(min(n, 1), -1))
	})
}

// whole is CEIL and FLOOR.
func (c *compiler) whole(e expr, how rounding, text string) (expr, error) {
	e, err := c.number(e, text)
	if err != nil {
		return expr{}, err
	}
	switch e.family {
	case intFamily:
		e.text, e.column = text, -1
		return e, nil
	case floatFamily:
		compute := math.Floor
		if how == ceiling {
			compute = math.Ceil
		}
		return c.strict(e.typ, []typ{e.typ}, []expr{e}, text, func(s *strict) value { return floatValue(compute(s.a[0].float())) })
	}
	return c.rescaled(e, 0, how, text)
}

// rescaled gives a decimal another number of digits after the point.
func (c *compiler) rescaled(e expr, scale int, how rounding, text string) (expr, error) {
	t := numberType
	if e.precision > 0 {
		t = bounded(e.precision-e.scale+scale+1, scale)
	}
	var d apd.Decimal
	var k calc
	return c.strict(t, []typ{e.typ}, []expr{e}, text, func(s *strict) value {
		d.Set(s.a[0].d)
		if int(-d.Exponent) > scale {
			k.rescale(&d, scale, how)
		}
		return value{ok: true, d: &d}
	})
}

// round is ROUND and TRUNCATE, to a fixed number of digits.
func (c *compiler) round(args []expr, how rounding, text string) (expr, error) {
	e, err := c.number(args[0], text)
	if err != nil {
		return expr{}, err
	}
	scale := int64(0)
	if len(args) == 2 {
		v := value{}
		if args[1].fixed {
			v, err = args[1].constant()
		}
		if err != nil || !v.ok || args[1].family != intFamily || v.i < -maxPrecision || v.i > maxPrecision {
			return expr{}, c.refuse(text, "the number of digits must be a literal from -%d to %d", maxPrecision, maxPrecision)
		}
		scale = v.i
	}
	switch e.family {
	case intFamily:
		if scale >= 0 {
			e.text, e.column = text, -1
			return e, nil
		}
		wide, err := c.cast(e, e.asDecimal(), false)
		if err != nil {
			return expr{}, err
		}
		return c.roundWhole(wide, -scale, how, text, e.typ)
	case floatFamily:
		return c.roundFloat(e, int(scale), how, text)
	}
	if scale < 0 {
		return c.roundWhole(e, -scale, how, text, e.typ)
	}
	return c.rescaled(e, int(min(scale, int64(max(e.scale, freeScale)))), how, text)
}

// roundWhole rounds to tens, hundreds ...
func (c *compiler) roundWhole(e expr, zeros int64, how rounding, text string, to typ) (expr, error) {
	var d apd.Decimal
	var k calc
	rounded, err := c.strict(e.typ, []typ{e.typ}, []expr{e}, text, func(s *strict) value {
		d.Set(s.a[0].d)
		d.Exponent -= int32(zeros) // now whole numbers are what is rounded to
		if e := d.Exponent; e < 0 {
			k.rescale(&d, 0, how)
		}
		d.Coeff.Mul(&d.Coeff, power(int(zeros)))
		return value{ok: true, d: &d}
	})
	if err != nil || to == e.typ {
		return rounded, err
	}
	return c.cast(rounded, to, false)
}

// roundFloat rounds the decimal that a float is written as, as Flink does.
func (c *compiler) roundFloat(e expr, scale int, how rounding, text string) (expr, error) {
	convert := toDecimal(e.typ, numberType)
	var d apd.Decimal
	var k calc
	return c.strict(e.typ, []typ{e.typ}, []expr{e}, text, func(s *strict) value {
		exactly, why := convert(s.a[0])
		if why != "" { // NaN and infinity
			return s.a[0]
		}
		d.Set(exactly.d)
		d.Exponent += int32(scale)
		if d.Exponent < 0 {
			k.rescale(&d, 0, how)
		}
		d.Exponent -= int32(scale)
		return floatValue(floatOf(&d))
	})
}
