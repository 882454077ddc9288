package debeziumfmt

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// CellReader makes cells of a type's values.
type CellReader struct {
	Type
	how convert.Func // for values that spell themselves; nil: as they are
}

// NewCellReader returns a reader for the parser of a decoder.
func NewCellReader(t Type, p *changefmt.Parser) (CellReader, error) {
	how, err := p.Conversion(t.Column, nil)
	return CellReader{Type: t, how: how}, err
}

// appendJSON appends a value of a JSON message. scratch is memory to use.
func (t *CellReader) appendJSON(p *changefmt.Parser, b *record.Batch, v *gjson.Result, scratch []byte) ([]byte, error) {
	switch {
	case !v.Exists():
		b.Absent()
		return scratch, nil
	case v.Type == gjson.Null:
		b.Null()
		return scratch, nil
	case v.Type == gjson.String && v.Str == t.placeholder():
		b.Absent()
		return scratch, nil
	}
	switch {
	case t.form == shape:
		return t.appendShapeOf(b, v, scratch[:0])
	case t.form == micros:
		n, err := strconv.ParseInt(v.Raw, 10, 64)
		if err != nil {
			return scratch, t.bad(errclass.Conversion, "expected a whole number of 64 bits, found %.40s", v.Raw)
		}
		b.Interval(0, 0, n)
		return scratch, nil
	case t.Column.Kind == record.Bytes || t.form == unscaled || t.form == bits:
		raw, err := t.bytes(v, scratch[:0])
		if err == nil {
			t.AppendRaw(b, raw)
		}
		return raw, err
	case t.form == variable:
		value := v.Get("value")
		raw, err := t.bytes(&value, scratch[:0])
		if err != nil {
			return raw, err
		}
		return raw, t.AppendScaled(b, raw, v.Get("scale").Int())
	case t.form == days || t.form == inSeconds:
		if v.Type != gjson.Number {
			return scratch, t.bad(errclass.Conversion, "expected a number, found %.40s", v.Raw)
		}
		n, err := strconv.ParseInt(v.Raw, 10, 64)
		if err != nil {
			return scratch, t.bad(errclass.Conversion, "expected a whole number of 64 bits, found %.40s", v.Raw)
		}
		return scratch, t.AppendCount(b, n)
	case t.form == zoned && v.Type == gjson.Number: // whose unit, and zone, would be a guess
		return scratch, t.bad(errclass.Conversion, "expected a text with a zone, found %.40s: a number is a time without one, so name its type in column so, as datetime(6) (PostgreSQL's timestamp)", v.Raw)
	case t.Column.Kind == record.JSON && v.Type == gjson.String:
		return scratch, t.appendJSONText(b, v.Str)
	}
	return scratch, p.Append(b, v, t.Column.Name, t.how)
}

// placeholder is what stands for an absent value; a text that no value is, where
// nothing does.
func (t *CellReader) placeholder() string {
	switch {
	case t.form != plain && t.form != mixed:
		return "\xff"
	case t.Column.Kind == record.Bytes:
		return unavailableBase64
	default:
		return Unavailable
	}
}

var unavailableBase64 = base64.StdEncoding.EncodeToString([]byte(Unavailable))

func (t *CellReader) appendJSONText(b *record.Batch, text string) error {
	if !gjson.Valid(text) {
		return t.bad(errclass.Conversion, "the value is no valid JSON")
	}
	b.Text(record.JSON, text)
	return nil
}

func (t *CellReader) bytes(v *gjson.Result, dst []byte) (out []byte, err error) {
	if v.Type != gjson.String {
		return dst, t.bad(errclass.Conversion, "expected bytes as text, found %.40s", v.Raw)
	}
	switch t.form {
	case hexText:
		out, err = hex.AppendDecode(dst, []byte(v.Str))
	case urlText:
		out, err = base64.URLEncoding.AppendDecode(dst, []byte(v.Str))
	default:
		out, err = base64.StdEncoding.AppendDecode(dst, []byte(v.Str))
	}
	if err != nil {
		return dst, t.bad(errclass.Encoding, "reading bytes: %w", err)
	}
	return out, nil
}

// AppendRaw appends a value of wire type Bytes.
func (t *CellReader) AppendRaw(b *record.Batch, raw []byte) {
	switch {
	case t.form == bits:
		b.Uint64(numberOf(raw))
	case t.form != unscaled:
		b.Bytes(raw)
	case t.Column.Kind == record.Uint64 && len(raw) <= 9 && (len(raw) == 0 || raw[0]&0x80 == 0):
		var v uint64
		for _, x := range raw {
			v = v<<8 | uint64(x)
		}
		b.Uint64(v)
	default:
		b.Take(record.Decimal, AppendDecimal(b.Buffer(), raw, t.Scale))
	}
}

// numberOf reads bytes of which the first one is the lowest.
func numberOf(raw []byte) (v uint64) {
	for i := min(len(raw), 8) - 1; i >= 0; i-- {
		v = v<<8 | uint64(raw[i])
	}
	return v
}

// maxScale bounds the zeros that a scale can ask for.
const maxScale = 100_000

// AppendScaled appends a value of wire type Variable. An error is a data error.
func (t *CellReader) AppendScaled(b *record.Batch, raw []byte, scale int64) error {
	if scale > maxScale || scale < -maxScale {
		return t.bad(errclass.Overflow, "a decimal of scale %d", scale)
	}
	b.Take(record.Decimal, AppendDecimal(b.Buffer(), raw, int(scale)))
	return nil
}

// AppendCount appends a value of wire type Int32 or Int64 that counts days or
// parts of a second. An error is a data error.
func (t *CellReader) AppendCount(b *record.Batch, n int64) error {
	if t.form == days {
		switch n {
		case infiniteDay:
			b.Infinity(record.Date, 1)
		case minInfiniteDay:
			b.Infinity(record.Date, -1)
		default:
			b.Date(n)
		}
		return nil
	}
	per, below := powers[t.digits], powers[9-t.digits]
	switch t.Column.Kind {
	case record.Interval:
		b.Interval(0, 0, n)
	case record.Time:
		if n > math.MaxInt64/below || n < math.MinInt64/below {
			return t.bad(errclass.Overflow, "%d does not fit a time of nanoseconds", n)
		}
		b.Time(n * below)
	default:
		switch n {
		case infiniteMillis * (per / 1000):
			b.Infinity(record.Datetime, 1)
			return nil
		case minInfiniteMillis * (per / 1000):
			b.Infinity(record.Datetime, -1)
			return nil
		}
		sec, rest := n/per, n%per
		if rest < 0 {
			sec, rest = sec-1, rest+per
		}
		if t.Column.Kind == record.Timestamp {
			b.Timestamp(sec, uint32(rest*below))
		} else {
			b.Datetime(sec, uint32(rest*below))
		}
	}
	return nil
}

// AppendString appends a value of wire type String. An error is a data error.
func (t *CellReader) AppendString(p *changefmt.Parser, b *record.Batch, text []byte) error {
	switch {
	case t.form == plain && string(text) == Unavailable:
		b.Absent()
	case !utf8.Valid(text):
		return t.bad(errclass.Encoding, "the text is not valid UTF-8")
	case t.Column.Kind == record.JSON:
		return t.appendJSONText(b, string(text))
	case t.Column.Kind == record.Bytes:
		v := gjson.Result{Type: gjson.String, Str: string(text)}
		raw, err := t.bytes(&v, nil)
		if err != nil {
			return err
		}
		b.Bytes(raw)
	default:
		return p.AppendString(b, text, t.how)
	}
	return nil
}

// AppendBinary appends a value of wire type Bytes.
func (t *CellReader) AppendBinary(b *record.Batch, raw []byte) {
	if t.form == plain && string(raw) == Unavailable {
		b.Absent()
		return
	}
	t.AppendRaw(b, raw)
}

// AppendInt appends a value of wire type Int16, Int32 or Int64. An error is a
// data error.
func (t *CellReader) AppendInt(b *record.Batch, n int64) error {
	switch {
	case t.form == days || t.form == inSeconds:
		return t.AppendCount(b, n)
	case t.form == micros:
		b.Interval(0, 0, n)
	case t.Column.Kind == record.Uint64 && n >= 0:
		b.Uint64(uint64(n))
	case t.Column.Kind == record.Uint64:
		return t.bad(errclass.Overflow, "%d of an unsigned column", n)
	default:
		b.Int64(n)
	}
	return nil
}

// AppendFloat appends a value of wire type Float64.
func (t *CellReader) AppendFloat(b *record.Batch, v float64) {
	if t.Column.Kind == record.Decimal {
		b.Take(record.Decimal, record.AppendFloat(b.Buffer(), v, 64))
		return
	}
	b.Float64(v)
}
