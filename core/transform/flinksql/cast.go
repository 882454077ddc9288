package flinksql

import (
	"bytes"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/apd/v3"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// converter makes a value of another type; why is what is wrong, else "".
type converter func(v value) (out value, why string)

// cast converts e to a type; with try, NULL is what a value yields that does not convert.
func (c *compiler) cast(e expr, to typ, try bool) (expr, error) {
	if e.typ == to || e.family == nullFamily || e.family == to.family && to == to.open() && e.family != floatFamily {
		e.typ = to
		return e, nil
	}
	convert := c.converter(e.typ, to)
	if convert == nil {
		return expr{}, c.refuse(e.text, "CAST from %s to %s is not supported", e.typ, to)
	}
	inner, text := e.eval, e.text
	out := expr{typ: to, text: e.text, column: -1, fixed: e.fixed}
	out.eval = func(f *frame) value {
		v := inner(f)
		if !v.ok {
			return v
		}
		got, why := convert(v)
		if why == "" {
			return got
		}
		if try {
			return value{}
		}
		return f.fail(errclass.Conversion, text, "%s (to %s)", why, to)
	}
	if out.fixed { // once and for all, and at compile time
		v, err := out.constant()
		if err != nil {
			return expr{}, errclass.With(errclass.Config, err)
		}
		v = v.clone()
		out.eval = func(*frame) value { return v }
	}
	return out, nil
}

// clone owns what v borrows.
func (v value) clone() value {
	v.b = bytes.Clone(v.b)
	if v.d != nil {
		v.d = new(apd.Decimal).Set(v.d)
	}
	return v
}

func (c *compiler) converter(from, to typ) converter {
	switch to.family {
	case boolFamily:
		return toBool(from)
	case intFamily:
		return toInt(from, to)
	case decimalFamily:
		return toDecimal(from, to)
	case floatFamily:
		return toFloat(from, to)
	case textFamily:
		return c.toText(from, to)
	case bytesFamily:
		if from.family == textFamily || from.family == bytesFamily {
			return func(v value) (value, string) { return v, "" }
		}
	case dateFamily, timeFamily, datetimeFamily, instantFamily:
		return c.toTemporal(from, to)
	}
	return nil
}

func toBool(from typ) converter {
	switch from.family {
	case intFamily, boolFamily:
		return func(v value) (value, string) { return truth(v.i != 0), "" }
	case decimalFamily:
		return func(v value) (value, string) { return truth(v.d.Sign() != 0), "" }
	case floatFamily:
		return func(v value) (value, string) { return truth(v.float() != 0), "" }
	case textFamily:
		return func(v value) (value, string) {
			switch word := bytes.TrimSpace(v.b); {
			case foldAny(word, "true", "t", "yes", "y", "1"):
				return truth(true), ""
			case foldAny(word, "false", "f", "no", "n", "0"):
				return truth(false), ""
			}
			return value{}, quoted(v.b) + " is neither true nor false"
		}
	}
	return nil
}

func foldAny(b []byte, words ...string) bool {
	for _, w := range words {
		if len(b) == len(w) && bytes.EqualFold(b, []byte(w)) {
			return true
		}
	}
	return false
}

// quoted is a value for an error text, not too long.
func quoted(b []byte) string {
	if len(b) > 40 {
		return strconv.Quote(string(b[:40])) + "…"
	}
	return strconv.Quote(string(b))
}

// toInt cuts fractions off, as Flink does; what is out of range is refused.
func toInt(from, to typ) converter {
	low, high := int64(-1)<<(to.bits-1), int64(math.MaxInt64)>>(64-to.bits)
	in := func(n int64, ok bool) (value, string) {
		if !ok || n < low || n > high {
			return value{}, "the number is out of range"
		}
		return intValue(n), ""
	}
	var k calc
	switch from.family {
	case intFamily, boolFamily:
		return func(v value) (value, string) { return in(v.i, true) }
	case decimalFamily:
		return func(v value) (value, string) { return in(k.wholeOf(v.d)) }
	case floatFamily:
		return func(v value) (value, string) {
			x := math.Trunc(v.float())
			return in(int64(x), x >= -1<<63 && x < 1<<63)
		}
	case textFamily:
		var d apd.Decimal
		return func(v value) (value, string) {
			if !parseDecimal(&d, bytes.TrimSpace(v.b)) {
				return value{}, quoted(v.b) + " is no number"
			}
			return in(k.wholeOf(&d))
		}
	}
	return nil
}

func toDecimal(from, to typ) converter {
	var d apd.Decimal
	var k calc
	in := func() (value, string) {
		if to.precision > 0 {
			k.rescale(&d, to.scale, halfUp)
		}
		if !fits(&d, to) {
			return value{}, "the number has more digits"
		}
		return value{ok: true, d: &d}, ""
	}
	switch from.family {
	case intFamily, boolFamily:
		return func(v value) (value, string) {
			d.SetInt64(v.i)
			return in()
		}
	case decimalFamily:
		return func(v value) (value, string) {
			d.Set(v.d)
			return in()
		}
	case floatFamily:
		var buf []byte
		return func(v value) (value, string) {
			buf = strconv.AppendFloat(buf[:0], v.float(), 'f', -1, from.bits)
			if !parseDecimal(&d, buf) {
				return value{}, string(buf) + " is no decimal"
			}
			return in()
		}
	case textFamily:
		return func(v value) (value, string) {
			if !parseDecimal(&d, bytes.TrimSpace(v.b)) {
				return value{}, quoted(v.b) + " is no number"
			}
			return in()
		}
	}
	return nil
}

func toFloat(from, to typ) converter {
	in := func(x float64) (value, string) {
		if to.bits == 32 {
			if math.Abs(x) > math.MaxFloat32 && !math.IsInf(x, 0) {
				return value{}, "the number is out of range"
			}
			x = float64(float32(x))
		}
		return floatValue(x), ""
	}
	switch from.family {
	case intFamily, boolFamily:
		return func(v value) (value, string) { return in(float64(v.i)) }
	case decimalFamily:
		return func(v value) (value, string) { return in(floatOf(v.d)) }
	case floatFamily:
		return func(v value) (value, string) { return in(v.float()) }
	case textFamily:
		return func(v value) (value, string) {
			x, err := strconv.ParseFloat(string(bytes.TrimSpace(v.b)), to.bits)
			if err != nil {
				return value{}, quoted(v.b) + " is no number"
			}
			return in(x)
		}
	}
	return nil
}

// toText writes numbers plainly, times in ISO 8601 with a blank, and cuts or
// fills up to the length, as Flink does.
func (c *compiler) toText(from, to typ) converter {
	write := c.writer(from)
	if write == nil {
		return nil
	}
	var buf []byte
	return func(v value) (value, string) {
		if from.family == textFamily {
			buf = append(buf[:0], v.b...)
		} else {
			buf = write(buf[:0], v)
		}
		if from.family == bytesFamily && !utf8.Valid(buf) {
			return value{}, "the bytes are no UTF-8"
		}
		if to.length > 0 {
			buf = sized(buf, to)
		}
		return textValue(buf), ""
	}
}

func sized(b []byte, to typ) []byte {
	n := 0
	for i := range string(b) {
		if n == to.length {
			return b[:i]
		}
		n++
	}
	for ; to.padded && n < to.length; n++ {
		b = append(b, ' ')
	}
	return b
}

// writer appends values of a type as text; nil: they have none.
func (c *compiler) writer(t typ) func(dst []byte, v value) []byte {
	switch t.family {
	case boolFamily:
		return func(dst []byte, v value) []byte {
			if v.i != 0 {
				return append(dst, "TRUE"...)
			}
			return append(dst, "FALSE"...)
		}
	case intFamily:
		return func(dst []byte, v value) []byte { return strconv.AppendInt(dst, v.i, 10) }
	case decimalFamily:
		return func(dst []byte, v value) []byte { return appendDecimal(dst, v.d) }
	case floatFamily:
		return func(dst []byte, v value) []byte { return record.AppendFloat(dst, v.float(), t.bits) }
	case textFamily, bytesFamily:
		return func(dst []byte, v value) []byte { return append(dst, v.b...) }
	case dateFamily:
		return func(dst []byte, v value) []byte { return record.AppendDate(dst, v.i) }
	case timeFamily:
		return func(dst []byte, v value) []byte { return record.AppendTime(dst, v.i, t.scale) }
	case datetimeFamily:
		return func(dst []byte, v value) []byte { return record.AppendDatetime(dst, v.i, v.n, t.scale, ' ') }
	case instantFamily:
		return func(dst []byte, v value) []byte {
			sec, nsec := c.wall(v)
			return record.AppendDatetime(dst, sec, nsec, t.scale, ' ')
		}
	}
	return nil
}

// wall is what the clocks of the job's zone show at an instant.
func (c *compiler) wall(v value) (sec int64, nsec uint32) {
	_, offset := time.Unix(v.i, 0).In(c.o.Zone).Zone()
	return v.i + int64(offset), v.n
}

// instant is when the clocks of the job's zone show that; the first time,
// where they show it twice.
func (c *compiler) instant(sec int64, nsec uint32) value {
	days := floorDiv(sec, 86400)
	year, month, day := record.Civil(days)
	t := time.Date(int(year), time.Month(month), day, 0, 0, int(sec-days*86400), 0, c.o.Zone)
	return value{ok: true, i: t.Unix(), n: nsec}
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
