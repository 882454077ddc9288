package debeziumfmt

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Infinite times, as Debezium has them of PostgreSQL's (its constants of the
// JDBC driver, in milliseconds).
const (
	infiniteMillis    = 9223372036825200
	minInfiniteMillis = -9223372036832400
	infiniteDay       = math.MaxInt32
	minInfiniteDay    = math.MinInt32
)

// daysPerMonth is the length of a month in intervals that are numbers.
const daysPerMonth = 365.25 / 12

// appendBits appends the bytes of a number of so many bits, the lowest one first.
func appendBits(dst []byte, v uint64, length int) []byte {
	for range (length + 7) / 8 {
		dst = append(dst, byte(v))
		v >>= 8
	}
	return dst
}

var powers = [...]int64{1, 10, 100, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9}

// Int64 returns a cell of wire type Int16, Int32 or Int64. An error is a data error.
func (t *Type) Int64(r record.Row, c int) (int64, error) {
	switch t.form {
	case plain:
		return r.Int64(c), nil
	case unsigned:
		v := r.Uint64(c)
		if v > math.MaxInt64 {
			return 0, t.bad(errclass.Overflow, "%d does not fit 64 bits with a sign; set bigint.unsigned.handling.mode to precise", v)
		}
		return int64(v), nil
	case micros:
		months, days, us := r.Interval(c)
		return int64((float64(months)*daysPerMonth+float64(days))*86400e6) + us, nil
	case days:
		switch v := r.Date(c); {
		case r.Infinite(c) > 0:
			return infiniteDay, nil
		case r.Infinite(c) < 0:
			return minInfiniteDay, nil
		case v >= infiniteDay || v <= minInfiniteDay:
			return 0, t.bad(errclass.Overflow, "day %d does not fit 32 bits", v)
		default:
			return v, nil
		}
	}
	return t.seconds(r, c)
}

// seconds returns a time in the unit of the type.
func (t *Type) seconds(r record.Row, c int) (int64, error) {
	per := powers[t.digits]
	below := powers[9-t.digits]
	if t.Column.Kind == record.Time {
		ns := r.Time(c)
		if ns%below != 0 {
			return 0, t.finer(r, c)
		}
		if _, has := r.Offset(c); has {
			return 0, t.bad(errclass.Conversion, "%s has an offset, which its type cannot hold", r.AppendText(nil, c))
		}
		v := ns / below
		if t.Wire == Int32 && (v > math.MaxInt32 || v < math.MinInt32) {
			return 0, t.bad(errclass.Overflow, "%s does not fit 32 bits; set time.precision.mode to adaptive_time_microseconds", r.AppendText(nil, c))
		}
		return v, nil
	}
	switch r.Infinite(c) {
	case 1:
		return infiniteMillis * (per / 1000), nil
	case -1:
		return minInfiniteMillis * (per / 1000), nil
	}
	sec, nsec := r.Datetime(c)
	if int64(nsec)%below != 0 {
		return 0, t.finer(r, c)
	}
	if sec > math.MaxInt64/per-1 || sec < math.MinInt64/per+1 {
		return 0, t.bad(errclass.Overflow, "%s does not fit 64 bits", r.AppendText(nil, c))
	}
	return sec*per + int64(nsec)/below, nil
}

func (t *Type) finer(r record.Row, c int) error {
	return t.bad(errclass.Overflow, "%s has more than the %d digits of a second that %s has; set time.precision.mode to adaptive_time_microseconds", r.AppendText(nil, c), t.digits, t.Logical)
}

func (t *Type) bad(reason errclass.Reason, format string, args ...any) error {
	return errclass.BadValue(t.Column.Name, reason, format, args...)
}

// AppendText appends a cell of wire type String; it may need escapes, and a
// source's text may be no UTF-8.
func (t *Type) AppendText(dst []byte, r record.Row, c int) []byte {
	switch t.form {
	case zoned:
		return r.AppendISO(dst, c)
	case asText:
		return appendInterval(dst, r, c)
	case base64Text:
		return base64.StdEncoding.AppendEncode(dst, r.Bytes(c))
	case urlText:
		return base64.URLEncoding.AppendEncode(dst, r.Bytes(c))
	case hexText:
		return hex.AppendEncode(dst, r.Bytes(c))
	default:
		return r.AppendText(dst, c)
	}
}

// appendInterval appends an interval as Debezium spells it: P1Y2M3DT4H5M6.789S,
// with all parts.
func appendInterval(dst []byte, r record.Row, c int) []byte {
	months, days, micros := r.Interval(c)
	part := func(n int64, unit string) { dst = append(strconv.AppendInt(dst, n, 10), unit...) }
	dst = append(dst, 'P')
	part(int64(months/12), "Y")
	part(int64(months%12), "M")
	part(int64(days), "DT")
	part(micros/3600e6, "H")
	part(micros/60e6%60, "M")
	rest := micros % 60e6
	if rest < 0 {
		dst, rest = append(dst, '-'), -rest
	}
	dst = strconv.AppendInt(dst, rest/1e6, 10)
	if rest %= 1e6; rest > 0 {
		dst = append(dst, '.')
		for digit := int64(1e5); rest > 0; digit /= 10 {
			dst, rest = append(dst, byte('0'+rest/digit)), rest%digit
		}
	}
	return append(dst, 'S')
}

// fromOutside tells that a text may need escapes, and that it lies in the row.
func (t *Type) fromOutside() bool { return t.form == plain || t.form == exact }

// AppendBytes appends a cell of wire type Bytes. An error is a data error.
func (t *Type) AppendBytes(dst []byte, r record.Row, c int) ([]byte, error) {
	switch {
	case t.form == bits:
		return appendBits(dst, r.Uint64(c), t.Column.Length), nil
	case t.form != unscaled:
		return append(dst, r.Bytes(c)...), nil
	case t.Column.Kind == record.Uint64:
		return appendUint(dst, r.Uint64(c)), nil
	}
	var d digits
	if !d.parse(r.Bytes(c)) {
		return dst, t.noNumber(r, c)
	}
	if !d.rescale(t.Scale) {
		return dst, t.bad(errclass.Overflow, "%s has more than %d digits behind the point", r.Bytes(c), t.Scale)
	}
	return d.appendUnscaled(dst), nil
}

// AppendVariable appends the unscaled value of a cell of wire type Variable.
// An error is a data error.
func (t *Type) AppendVariable(dst []byte, r record.Row, c int) (out []byte, scale int, err error) {
	var d digits
	if !d.parse(r.Bytes(c)) {
		return dst, 0, t.noNumber(r, c)
	}
	return d.appendUnscaled(dst), d.scale, nil
}

func (t *Type) noNumber(r record.Row, c int) error {
	return t.bad(errclass.Conversion, "the decimal %.40q has no digits; set decimal.handling.mode to string", r.Bytes(c))
}
