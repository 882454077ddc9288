package pgkit

import (
	"encoding/hex"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// appendText appends a row in COPY's text format: columns parted by tabs, \N
// for NULL, a newline at the end.
func (e *Encoder) appendText(dst []byte, r record.Row, columns []int) ([]byte, error) {
	out := dst
	for i, c := range columns {
		if i > 0 {
			out = append(out, '\t')
		}
		k := r.Kind(c)
		if k == record.Null {
			out = append(out, '\\', 'N')
			continue
		}
		t := &e.columns[i]
		if k == record.Absent {
			return dst, t.unfit(k)
		}
		at := len(out)
		var err error
		if out, err = t.check(out, r, c); err != nil {
			return dst, err
		}
		if out = t.appendCopyText(out[:at], r, c); len(out)-at > maxField {
			return dst, t.bad(errclass.TooLarge, "%d bytes are more than a field of PostgreSQL holds", len(out)-at)
		}
	}
	return append(out, '\n'), nil
}

// check finds what cannot be written: what the type's binary form, if it is
// known, cannot hold, or what is no text.
func (t *typeInfo) check(dst []byte, r record.Row, c int) ([]byte, error) {
	if t.wire.encode == nil {
		return encodePrintable(t, dst, r, c)
	}
	f := t.wire.encode[r.Kind(c)]
	if f == nil {
		return dst, t.unfit(r.Kind(c))
	}
	return f(t, dst, r, c)
}

// encodePrintable checks the text that a type's own input function will read.
func encodePrintable(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	switch r.Kind(c) {
	case record.String, record.JSON, record.UUID, record.Decimal:
		return dst, t.sound(r.Bytes(c))
	case record.Bytes:
		return dst, t.unfit(record.Bytes)
	}
	return dst, nil
}

// appendCopyText appends a value as PostgreSQL's input functions read it, with
// what COPY needs escaped.
func (t *typeInfo) appendCopyText(dst []byte, r record.Row, c int) []byte {
	switch k := r.Kind(c); k {
	case record.Bool, record.Uint64:
		if t.oid == oidBit || t.oid == oidVarbit {
			return t.appendBits(dst, r, c)
		}
		return r.AppendText(dst, c)
	case record.Bytes:
		return hex.AppendEncode(append(dst, `\\x`...), r.Bytes(c))
	case record.String, record.JSON, record.UUID, record.Decimal:
		return appendEscaped(dst, r.Bytes(c))
	case record.Date, record.Datetime, record.Timestamp:
		if t.wire.kind == record.String {
			return r.AppendText(dst, c)
		}
		return appendMoment(dst, r, c)
	case record.Interval:
		if t.wire.kind == record.String {
			return r.AppendText(dst, c)
		}
		return appendInterval(dst, r, c)
	default:
		return r.AppendText(dst, c)
	}
}

// appendEscaped escapes what ends a value or a row, and the backslash.
func appendEscaped(dst, v []byte) []byte {
	from := 0
	for i, c := range v {
		var letter byte
		switch c {
		case '\\':
			letter = '\\'
		case '\t':
			letter = 't'
		case '\n':
			letter = 'n'
		case '\r':
			letter = 'r'
		default:
			continue
		}
		dst = append(append(dst, v[from:i]...), '\\', letter)
		from = i + 1
	}
	return append(dst, v[from:]...)
}

func (t *typeInfo) appendBits(dst []byte, r record.Row, c int) []byte {
	if r.Kind(c) == record.Bool {
		if r.Bool(c) {
			return append(dst, '1')
		}
		return append(dst, '0')
	}
	for i := t.bitWidth(r.Uint64(c)) - 1; i >= 0; i-- {
		bit := byte('0')
		if i < 64 && r.Uint64(c)>>i&1 != 0 {
			bit = '1'
		}
		dst = append(dst, bit)
	}
	return dst
}

// appendMoment spells a day or a moment with its era.
func appendMoment(dst []byte, r record.Row, c int) []byte {
	switch sign := r.Infinite(c); {
	case sign > 0:
		return append(dst, "infinity"...)
	case sign < 0:
		return append(dst, "-infinity"...)
	}
	var days, clock int64
	var nsec uint32
	if r.Kind(c) == record.Date {
		days = r.Date(c)
	} else {
		var sec int64
		sec, nsec = r.Datetime(c)
		if days, clock = sec/secondsPerDay, sec%secondsPerDay; clock < 0 {
			days, clock = days-1, clock+secondsPerDay
		}
	}
	year, month, day := record.Civil(days)
	shown := year
	if year <= 0 {
		shown = 1 - year
	}
	dst = appendPadded(dst, shown, 4)
	dst = appendPadded(append(dst, '-'), int64(month), 2)
	dst = appendPadded(append(dst, '-'), int64(day), 2)
	if r.Kind(c) != record.Date {
		dst = record.AppendTime(append(dst, ' '), clock*1e9+int64(nsec), 0)
	}
	if r.Kind(c) == record.Timestamp {
		dst = append(dst, '+', '0', '0')
	}
	if year <= 0 {
		dst = append(dst, " BC"...)
	}
	return dst
}

func appendPadded(dst []byte, n int64, width int) []byte {
	for limit := int64(10); width > 1; width, limit = width-1, limit*10 {
		if n < limit {
			for range width - 1 {
				dst = append(dst, '0')
			}
			break
		}
	}
	return strconv.AppendInt(dst, n, 10)
}

// appendInterval spells an interval with a sign for each part.
func appendInterval(dst []byte, r record.Row, c int) []byte {
	months, days, micros := r.Interval(c)
	switch {
	case months == positiveDay && days == positiveDay && micros == positiveMoment:
		return append(dst, "infinity"...)
	case months == negativeDay && days == negativeDay && micros == negativeMoment:
		return append(dst, "-infinity"...)
	}
	dst = append(strconv.AppendInt(dst, int64(months), 10), " mons "...)
	dst = append(strconv.AppendInt(dst, int64(days), 10), " days "...)
	if micros < 0 {
		dst = append(dst, '-')
	}
	part := uint64(micros)
	if micros < 0 {
		part = -part
	}
	dst = append(appendShifted(dst, part, 6), " secs"...)
	return dst
}
