package mssqlkit

import (
	"fmt"
	"math"
	"strconv"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Target returns the kind that a cell for a column has to be of, and the size
// of an integer in bits.
func Target(from *record.Column, to *sqlkit.TableColumn) (record.Column, int) {
	c := to.Column
	t := typed(c.Native)
	if t.family == intFamily {
		if t.bits == 8 {
			c.Kind = record.Uint64
		}
		return c, t.bits
	}
	if t.kind == record.JSON && from.Kind == record.String {
		c.Kind = record.String // the server says whether it is any
	}
	return c, 0
}

// encoder makes of one column's cells what the driver's bulk loader takes. Of
// what that would cut, clip or round it makes errors: an *errclass.Value of
// class Data.
type encoder struct {
	name     string
	native   string
	nullable bool
	family   family
	bits     int
	limit    int // characters, code units or bytes; 0: none
	decimal  decimalForm
	step     int64 // nanoseconds of the last digit that is kept
	page     *encoding.Encoder
	utf8     bool // the page is UTF-8
	zones    map[int]*time.Location
	encode   func(*encoder, record.Row, int, []byte) (value any, buf []byte, err error)
}

// newEncoder returns the encoder of a column; pages are the code pages of the
// table's single-byte texts.
func newEncoder(c *sqlkit.TableColumn, pages map[string]int) (*encoder, error) {
	t := typed(c.Native)
	e := &encoder{name: c.Name, native: c.Native, nullable: c.Nullable, family: t.family, bits: t.bits, limit: c.Length, encode: encoders[t.family]}
	switch t.family {
	case decimalFamily:
		e.decimal = decimalForm{precision: c.Precision, scale: c.Scale}
	case moneyFamily:
		e.decimal = decimalForm{precision: 19, scale: 4}
	case charFamily:
		page, ok := pages[c.Name]
		if !ok {
			page = 1252
		}
		var err error
		if e.page, err = encoderOf(page); err != nil {
			return nil, errclass.With(errclass.Config, fmt.Errorf("column %q: %w", c.Name, err))
		}
		e.utf8 = e.page == nil
	case timeFamily, datetime2Family, offsetFamily:
		e.step = int64(math.Pow10(9 - c.Scale))
	case datetimeFamily:
		e.step = int64(time.Millisecond)
	case smalldatetimeFamily:
		e.step = int64(time.Minute)
	}
	if e.encode == nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("column %q of type %s cannot be written: leave it out of column", c.Name, c.Native))
	}
	return e, nil
}

// encoders are the functions of the families; what has none cannot be loaded in
// bulk. They append to a buffer that is good until the row is sent.
var encoders = [...]func(*encoder, record.Row, int, []byte) (any, []byte, error){
	bitFamily: (*encoder).bit, intFamily: (*encoder).integer, realFamily: (*encoder).real, floatFamily: (*encoder).float,
	decimalFamily: (*encoder).exact, moneyFamily: (*encoder).exact, charFamily: (*encoder).char, ncharFamily: (*encoder).nchar,
	binaryFamily: (*encoder).binary, dateFamily: (*encoder).date, timeFamily: (*encoder).time, datetimeFamily: (*encoder).datetime,
	smalldatetimeFamily: (*encoder).datetime, datetime2Family: (*encoder).datetime, offsetFamily: (*encoder).instant,
	uuidFamily: (*encoder).uuid, variantFamily: (*encoder).variant, versionFamily: nil,
}

// value returns cell c of r for the driver, its bytes appended to buf.
func (e *encoder) value(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) <= record.Null {
		if !e.nullable {
			return nil, buf, errclass.BadValue(e.name, errclass.Null, "the column cannot be NULL")
		}
		return nil, buf, nil
	}
	return e.encode(e, r, c, buf)
}

func (e *encoder) bad(reason errclass.Reason, format string, args ...any) error {
	return errclass.BadValue(e.name, reason, format, args...)
}

func (e *encoder) wrong(r record.Row, c int) error {
	return e.bad(errclass.Conversion, "a value of kind %s does not become %s", r.Kind(c), e.native)
}

func (e *encoder) bit(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Bool {
		return nil, buf, e.wrong(r, c)
	}
	return r.Bool(c), buf, nil
}

func (e *encoder) integer(r record.Row, c int, buf []byte) (any, []byte, error) {
	var v int64
	switch r.Kind(c) {
	case record.Int64:
		v = r.Int64(c)
	case record.Uint64:
		if r.Uint64(c) > math.MaxInt64 {
			return nil, buf, e.bad(errclass.Overflow, "%d does not fit %s", r.Uint64(c), e.native)
		}
		v = int64(r.Uint64(c))
	default:
		return nil, buf, e.wrong(r, c)
	}
	if e.bits == 8 && (v < 0 || v > 255) || e.bits > 8 && e.bits < 64 && (v < -1<<(e.bits-1) || v >= 1<<(e.bits-1)) {
		return nil, buf, e.bad(errclass.Overflow, "%d does not fit %s", v, e.native)
	}
	return v, buf, nil
}

func (e *encoder) real(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Float32 {
		return nil, buf, e.wrong(r, c)
	}
	v := r.Float32(c)
	return v, buf, e.finite(float64(v))
}

func (e *encoder) float(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Float64 {
		return nil, buf, e.wrong(r, c)
	}
	v := r.Float64(c)
	return v, buf, e.finite(v)
}

func (e *encoder) finite(v float64) error {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return e.bad(errclass.Conversion, "%v: %s knows finite numbers alone", v, e.native)
	}
	return nil
}

func (e *encoder) exact(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Decimal {
		return nil, buf, e.wrong(r, c)
	}
	at := len(buf)
	buf, fault := e.decimal.appendPlain(buf, r.Bytes(c))
	if fault != "" {
		return nil, buf[:at], e.bad(errclass.Overflow, "%.60q %s %s", r.Bytes(c), fault, e.native)
	}
	text := string(buf[at:])
	buf = buf[:at]
	if e.family == moneyFamily && !fitsMoney(text, e.bits) {
		return nil, buf, e.bad(errclass.Overflow, "%s does not fit %s", text, e.native)
	}
	return text, buf, nil
}

// fitsMoney tells that a plain decimal of at most four digits after the point,
// as many as money has, is within the type's integer of so many bits.
func fitsMoney(text string, bits int) bool {
	digits := make([]byte, 0, len(text)+4)
	after := -1
	for i := range len(text) {
		if text[i] == '.' {
			after = 0
			continue
		}
		digits = append(digits, text[i])
		if after >= 0 {
			after++
		}
	}
	for n := max(after, 0); n < 4; n++ {
		digits = append(digits, '0')
	}
	_, err := strconv.ParseInt(string(digits), 10, bits)
	return err == nil
}

func (e *encoder) char(r record.Row, c int, buf []byte) (any, []byte, error) {
	v, err := e.textOf(r, c)
	if err != nil {
		return nil, buf, err
	}
	if !e.utf8 && !isASCII(v) {
		if v, err = e.page.Bytes(v); err != nil {
			return nil, buf, e.bad(errclass.Encoding, "the code page of the column lacks a character of %.60q: make it nvarchar", r.Bytes(c))
		}
	}
	if e.limit > 0 && len(v) > e.limit {
		return nil, buf, e.bad(errclass.Overflow, "%d bytes do not fit %s", len(v), e.native)
	}
	at := len(buf)
	buf = append(buf, v...)
	return whole(buf[at:]), buf, nil
}

// textOf returns a cell's text if it is Unicode.
func (e *encoder) textOf(r record.Row, c int) ([]byte, error) {
	if k := r.Kind(c); k != record.String && k != record.JSON {
		return nil, e.wrong(r, c)
	}
	v := r.Bytes(c)
	if !utf8.Valid(v) {
		return nil, e.bad(errclass.Encoding, "%.60q is not UTF-8", v)
	}
	return v, nil
}

func isASCII(v []byte) bool {
	for _, c := range v {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// whole is v, never nil: the driver takes nil bytes for NULL.
func whole(v []byte) []byte {
	if v == nil {
		return []byte{}
	}
	return v[:len(v):len(v)]
}

func (e *encoder) nchar(r record.Row, c int, buf []byte) (any, []byte, error) {
	v, err := e.textOf(r, c)
	if err != nil {
		return nil, buf, err
	}
	at := len(buf)
	for i := 0; i < len(v); {
		if v[i] < utf8.RuneSelf {
			buf = append(buf, v[i], 0)
			i++
			continue
		}
		rune, size := utf8.DecodeRune(v[i:])
		i += size
		if rune < 0x10000 {
			buf = append(buf, byte(rune), byte(rune>>8))
			continue
		}
		rune -= 0x10000
		high, low := 0xd800+(rune>>10), 0xdc00+(rune&0x3ff)
		buf = append(buf, byte(high), byte(high>>8), byte(low), byte(low>>8))
	}
	units := (len(buf) - at) / 2
	if e.limit > 0 && units > e.limit {
		return nil, buf[:at], e.bad(errclass.Overflow, "a text of %d characters does not fit %s", units, e.native)
	}
	return whole(buf[at:]), buf, nil
}

func (e *encoder) binary(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Bytes {
		return nil, buf, e.wrong(r, c)
	}
	v := r.Bytes(c)
	if e.limit > 0 && len(v) > e.limit {
		return nil, buf, e.bad(errclass.Overflow, "%d bytes do not fit %s", len(v), e.native)
	}
	return whole(v), buf, nil
}

func (e *encoder) uuid(r record.Row, c int, buf []byte) (any, []byte, error) {
	var v [16]byte
	if r.Kind(c) != record.UUID || !parseUUID(&v, r.Bytes(c)) {
		return nil, buf, e.bad(errclass.Conversion, "%.60q is no GUID", r.Bytes(c))
	}
	at := len(buf)
	buf = append(buf, v[:]...)
	return whole(buf[at:]), buf, nil
}

// variant is never called: rows with such a column go as literals.
func (e *encoder) variant(r record.Row, c int, buf []byte) (any, []byte, error) {
	return nil, buf, e.wrong(r, c)
}

// HasCodePage tells that a column's texts are written in a code page, which
// [Conn.CodePages] knows.
func HasCodePage(c *sqlkit.TableColumn) bool { return typed(c.Native).family == charFamily }
