package pgkit

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// TypeRef is a type as the log refers to it.
type TypeRef struct {
	OID      uint32
	Modifier int32 // -1: none
}

// TextDecoder turns values as PostgreSQL prints them in a session of [Dial]
// into the same cells that [Decoder] makes of their binary form. It is
// immutable.
type TextDecoder struct {
	columns []record.Column
	values  []typeInfo
	decode  []decodeFunc
}

// TextDecoder asks for the types of columns. Those of a domain are of the type
// below it. Names and nullability are the caller's to set.
func (c *Conn) TextDecoder(ctx context.Context, types []TypeRef) (*TextDecoder, error) {
	d := &TextDecoder{columns: make([]record.Column, len(types)), values: make([]typeInfo, len(types)), decode: make([]decodeFunc, len(types))}
	if len(types) == 0 {
		return d, nil
	}
	rows := make([]string, len(types))
	for i, t := range types {
		rows[i] = fmt.Sprintf("(%d,%d::oid,%d::int)", i, t.OID, t.Modifier)
	}
	r, err := c.Query(ctx, `WITH RECURSIVE base AS (
 SELECT f.i, t.oid, f.m, t.typtype, t.typname, t.typbasetype, t.typtypmod FROM (VALUES `+strings.Join(rows, ",")+`) f(i, t, m) JOIN pg_catalog.pg_type t ON t.oid = f.t
 UNION ALL
 SELECT b.i, t.oid, CASE WHEN b.m < 0 THEN b.typtypmod ELSE b.m END, t.typtype, t.typname, t.typbasetype, t.typtypmod
 FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd')
 SELECT i, oid, m, pg_catalog.format_type(oid, m), typtype, typname FROM base WHERE typtype <> 'd'`)
	if err != nil {
		return nil, fmt.Errorf("asking for the types of columns: %w", err)
	}
	for i, t := range types { // one that was dropped since is what it prints
		d.set(i, newTypeInfo(t.OID, t.Modifier, "", "", ""))
	}
	for i := range r.Rows {
		t := newTypeInfo(uint32(r.Int(i, 1)), int32(r.Int(i, 2)), r.Text(i, 3), r.Text(i, 4), r.Text(i, 5))
		if t.oid == oidMoney {
			if t.cents, err = c.moneyDigits(ctx); err != nil {
				return nil, err
			}
			t.column.Scale = t.cents
		}
		d.set(int(r.Int(i, 0)), t)
	}
	return d, nil
}

func (d *TextDecoder) set(i int, t typeInfo) {
	d.values[i], d.columns[i] = t, t.column
	if d.decode[i] = textTypes[t.oid]; d.decode[i] == nil {
		d.decode[i] = decodeText
	}
}

// Columns describe the cells; the slice is the caller's.
func (d *TextDecoder) Columns() []record.Column { return slices.Clone(d.columns) }

// Append appends value i, which is not NULL, to the row begun in b. An error of
// class Data says that it is none, and nothing is appended.
func (d *TextDecoder) Append(b *record.Batch, i int, v []byte) error {
	if err := d.decode[i](&d.values[i], b, v); err != nil {
		if errclass.Of(err) == errclass.Data {
			return err
		}
		return errclass.BadValue("", errclass.Conversion, "%.100q is no %s", v, d.columns[i].Native)
	}
	return nil
}

// textTypes are the types that are no texts as they are printed.
var textTypes = map[uint32]decodeFunc{
	oidBool: textBool, oidBytea: textBytes, oidInt8: textInt, oidInt2: textInt, oidInt4: textInt, oidOid: textInt, oidXid: textInt,
	oidCid: textInt, oidXid8: textUint, oidJSON: decodeJSON, oidJSONB: decodeJSON, oidFloat4: textFloat4, oidFloat8: textFloat8,
	oidMoney: textMoney, oidDate: textDate, oidTime: textTime, oidTimetz: textTime, oidTimestamp: textTimestamp,
	oidTimestamptz: textTimestamp, oidInterval: textInterval, oidNumeric: textNumeric, oidUUID: textUUID,
}

func textBool(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 1 {
		return errMalformed
	}
	b.Bool(v[0] == 't')
	return nil
}

func textInt(_ *typeInfo, b *record.Batch, v []byte) error {
	n, err := strconv.ParseInt(string(v), 10, 64)
	if err == nil {
		b.Int64(n)
	}
	return err
}

func textUint(_ *typeInfo, b *record.Batch, v []byte) error {
	n, err := strconv.ParseUint(string(v), 10, 64)
	if err == nil {
		b.Uint64(n)
	}
	return err
}

func textFloat4(_ *typeInfo, b *record.Batch, v []byte) error {
	f, err := strconv.ParseFloat(string(v), 32)
	if err == nil {
		b.Float32(float32(f))
	}
	return err
}

func textFloat8(_ *typeInfo, b *record.Batch, v []byte) error {
	f, err := strconv.ParseFloat(string(v), 64)
	if err == nil {
		b.Float64(f)
	}
	return err
}

func textNumeric(_ *typeInfo, b *record.Batch, v []byte) error {
	b.Decimal(v)
	return nil
}

func textUUID(_ *typeInfo, b *record.Batch, v []byte) error {
	b.UUID(v)
	return nil
}

// textBytes reads the format hex: \x and digits.
func textBytes(_ *typeInfo, b *record.Batch, v []byte) error {
	if !bytes.HasPrefix(v, []byte(`\x`)) {
		return errMalformed
	}
	buf, err := hex.AppendDecode(b.Buffer(), v[2:])
	if err == nil {
		b.Take(record.Bytes, buf)
	}
	return err
}

// textMoney reads what the locale makes of an amount: its digits are those of
// the smallest unit.
func textMoney(t *typeInfo, b *record.Batch, v []byte) error {
	var n uint64
	negative := false
	for _, c := range v {
		switch {
		case c >= '0' && c <= '9':
			n = n*10 + uint64(c-'0')
		case c == '-' || c == '(':
			negative = true
		}
	}
	buf := b.Buffer()
	if negative {
		buf = append(buf, '-')
	}
	b.Take(record.Decimal, appendShifted(buf, n, t.cents))
	return nil
}

// clock reads numbers from a time as PostgreSQL prints it in the style ISO.
type clock struct {
	v   []byte
	bad bool
}

// number reads digits.
func (c *clock) number() (n int64) {
	at := 0
	for at < len(c.v) && c.v[at] >= '0' && c.v[at] <= '9' && at < 18 {
		n = n*10 + int64(c.v[at]-'0')
		at++
	}
	c.bad = c.bad || at == 0
	c.v = c.v[at:]
	return n
}

// next reads a byte if it is that.
func (c *clock) next(b byte) bool {
	if len(c.v) == 0 || c.v[0] != b {
		return false
	}
	c.v = c.v[1:]
	return true
}

func (c *clock) must(b byte) {
	if !c.next(b) {
		c.bad = true
	}
}

// micros reads hours:minutes:seconds.fraction in microseconds.
func (c *clock) micros() int64 {
	us := c.number() * 3600
	c.must(':')
	us += c.number() * 60
	c.must(':')
	us = (us + c.number()) * microsPerSec
	if c.next('.') {
		digits := len(c.v)
		n := c.number()
		for digits -= len(c.v); digits < 6; digits++ {
			n *= 10
		}
		us += n
	}
	return us
}

// day reads year-month-day; the year is before Christ if the text ends so.
func (c *clock) day(bc bool) int64 {
	year := c.number()
	c.must('-')
	month := c.number()
	c.must('-')
	day := c.number()
	if bc {
		year = 1 - year
	}
	return record.Days(year, int(month), int(day))
}

// era cuts BC off.
func (c *clock) era() (bc bool) {
	c.v, bc = bytes.CutSuffix(c.v, []byte(" BC"))
	return bc
}

func (c *clock) done() error {
	if c.bad || len(c.v) > 0 {
		return errMalformed
	}
	return nil
}

// infinite tells the infinities.
func infinite(v []byte) int {
	switch string(v) {
	case "infinity":
		return 1
	case "-infinity":
		return -1
	}
	return 0
}

func textDate(_ *typeInfo, b *record.Batch, v []byte) error {
	if sign := infinite(v); sign != 0 {
		b.Infinity(record.Date, sign)
		return nil
	}
	c := clock{v: v}
	days := c.day(c.era())
	if err := c.done(); err != nil {
		return err
	}
	b.Date(days)
	return nil
}

// textTime reads time and timetz, whose zone is hours, and minutes and seconds
// if it has some, east of UTC.
func textTime(t *typeInfo, b *record.Batch, v []byte) error {
	c := clock{v: v}
	us := c.micros()
	if t.oid == oidTime {
		if err := c.done(); err != nil {
			return err
		}
		b.Time(us * nanosPerMicro)
		return nil
	}
	west := c.next('-')
	if !west {
		c.must('+')
	}
	offset := c.number() * 60
	if c.next(':') {
		offset += c.number()
	}
	if c.next(':') {
		return errclass.BadValue("", errclass.Conversion, "the offset of the time has seconds (%s), which are not carried", v)
	}
	if west {
		offset = -offset
	}
	if err := c.done(); err != nil {
		return err
	}
	b.TimeOffset(us*nanosPerMicro, int(offset))
	return nil
}

// textTimestamp reads timestamp, and timestamptz as a session in UTC prints it.
func textTimestamp(t *typeInfo, b *record.Batch, v []byte) error {
	kind := t.wire.kind
	if sign := infinite(v); sign != 0 {
		b.Infinity(kind, sign)
		return nil
	}
	c := clock{v: v}
	days := c.day(c.era())
	c.must(' ')
	us := c.micros()
	if kind == record.Timestamp {
		c.v, _ = bytes.CutPrefix(c.v, []byte("+00"))
	}
	if err := c.done(); err != nil {
		return err
	}
	sec, nsec := days*secondsPerDay+us/microsPerSec, uint32(us%microsPerSec)*nanosPerMicro
	if kind == record.Timestamp {
		b.Timestamp(sec, nsec)
	} else {
		b.Datetime(sec, nsec)
	}
	return nil
}

// textInterval reads the style postgres: "1 year -2 mons +3 days -04:05:06.7".
// PostgreSQL 17's infinities are carried as the largest and the least of all
// three numbers, as their binary form has them.
func textInterval(_ *typeInfo, b *record.Batch, v []byte) error {
	switch infinite(v) {
	case 1:
		b.Interval(math.MaxInt32, math.MaxInt32, math.MaxInt64)
		return nil
	case -1:
		b.Interval(math.MinInt32, math.MinInt32, math.MinInt64)
		return nil
	}
	var months, days, us int64
	c := clock{v: v}
	for len(c.v) > 0 && !c.bad {
		negative := c.next('-')
		if !negative {
			c.next('+')
		}
		sign := int64(1)
		if negative {
			sign = -1
		}
		if colon := bytes.IndexByte(c.v, ':'); colon > 0 && bytes.IndexByte(c.v[:colon], ' ') < 0 {
			us = sign * c.micros()
			break
		}
		n := sign * c.number()
		c.must(' ')
		unit, rest, _ := bytes.Cut(c.v, []byte(" "))
		switch string(unit) {
		case "year", "years":
			months += 12 * n
		case "mon", "mons":
			months += n
		case "day", "days":
			days = n
		default:
			return errMalformed
		}
		c.v = rest
	}
	if err := c.done(); err != nil {
		return err
	}
	b.Interval(int32(months), int32(days), us)
	return nil
}
