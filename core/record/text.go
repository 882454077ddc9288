package record

import (
	"math"
	"strconv"
)

const (
	secondsPerDay = 86400
	nanosPerSec   = 1_000_000_000
)

// AppendText appends the canonical text of column c: digits for numbers,
// true and false, ISO 8601 for times (with a blank between date and time, and
// Z or an offset after an instant), the bytes themselves for everything that
// is kept as text or binary, nothing for Null and Absent. Fractions of
// seconds have at least Column.Scale digits and as many more as they need.
func (r Row) AppendText(dst []byte, c int) []byte {
	v := r.cell(c)
	scale := r.Schema().Columns[c].Scale
	switch v.kind {
	case Absent, Null:
		return dst
	case Bool:
		return strconv.AppendBool(dst, v.v != 0)
	case Int64:
		return strconv.AppendInt(dst, int64(v.v), 10)
	case Uint64:
		return strconv.AppendUint(dst, v.v, 10)
	case Float32:
		return AppendFloat(dst, float64(math.Float32frombits(uint32(v.v))), 32)
	case Float64:
		return AppendFloat(dst, math.Float64frombits(v.v), 64)
	case Interval:
		return AppendInterval(dst, r, c)
	case Date, Datetime, Timestamp, Time:
		return r.appendTime(dst, v, scale, ' ')
	default:
		return append(dst, r.b.arena[v.v:v.v+uint64(v.n)]...)
	}
}

// AppendISO is [Row.AppendText] with a T between date and time.
func (r Row) AppendISO(dst []byte, c int) []byte {
	v := r.cell(c)
	if v.kind == Datetime || v.kind == Timestamp {
		return r.appendTime(dst, v, r.Schema().Columns[c].Scale, 'T')
	}
	return r.AppendText(dst, c)
}

func (r Row) appendTime(dst []byte, v *cell, scale int, sep byte) []byte {
	switch {
	case v.flag&positiveInfinity != 0:
		return append(dst, "infinity"...)
	case v.flag&negativeInfinity != 0:
		return append(dst, "-infinity"...)
	case v.kind == Date:
		return AppendDate(dst, int64(v.v))
	case v.kind == Time:
		dst = AppendTime(dst, int64(v.v), scale)
		if v.flag&hasOffset != 0 {
			dst = AppendOffset(dst, int(v.off))
		}
		return dst
	case v.kind == Datetime:
		return AppendDatetime(dst, int64(v.v), v.n, scale, sep)
	}
	if v.flag&hasOffset == 0 {
		return append(AppendDatetime(dst, int64(v.v), v.n, scale, sep), 'Z')
	}
	return AppendOffset(AppendDatetime(dst, int64(v.v)+int64(v.off)*60, v.n, scale, sep), int(v.off))
}

// AppendFloat appends the shortest text that reads back as v: plain digits
// where they are few, else with an exponent; NaN, Infinity, -Infinity.
func AppendFloat(dst []byte, v float64, bits int) []byte {
	switch {
	case math.IsNaN(v):
		return append(dst, "NaN"...)
	case math.IsInf(v, 1):
		return append(dst, "Infinity"...)
	case math.IsInf(v, -1):
		return append(dst, "-Infinity"...)
	}
	format := byte('f')
	if abs := math.Abs(v); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	return strconv.AppendFloat(dst, v, format, -1, bits)
}

// AppendDate appends a day as ISO 8601: YYYY-MM-DD, with a sign before years
// below 0 (astronomical, 0 is 1 BC) or above 9999.
func AppendDate(dst []byte, days int64) []byte {
	year, month, day := Civil(days)
	switch {
	case year < 0:
		dst, year = append(dst, '-'), -year
	case year > 9999:
		dst = append(dst, '+')
	}
	if year > 9999 {
		dst = strconv.AppendInt(dst, year, 10)
	} else {
		dst = appendTwo(appendTwo(dst, int(year)/100), int(year)%100)
	}
	return appendTwo(append(appendTwo(append(dst, '-'), month), '-'), day)
}

// AppendDatetime appends a wall clock reading, date and time parted by sep.
func AppendDatetime(dst []byte, sec int64, nsec uint32, scale int, sep byte) []byte {
	days, rest := sec/secondsPerDay, sec%secondsPerDay
	if rest < 0 {
		days, rest = days-1, rest+secondsPerDay
	}
	return appendClock(append(AppendDate(dst, days), sep), rest, nsec, scale)
}

// AppendTime appends a time of day or a duration as [-]HH:MM:SS[.fraction],
// with more than two digits for hours where they are needed.
func AppendTime(dst []byte, ns int64, scale int) []byte {
	abs := uint64(ns)
	if ns < 0 {
		dst, abs = append(dst, '-'), -abs
	}
	return appendClock(dst, int64(abs/nanosPerSec), uint32(abs%nanosPerSec), scale)
}

func appendClock(dst []byte, sec int64, nsec uint32, scale int) []byte {
	if hours := sec / 3600; hours < 100 {
		dst = appendTwo(dst, int(hours))
	} else {
		dst = strconv.AppendInt(dst, hours, 10)
	}
	dst = appendTwo(append(dst, ':'), int(sec/60%60))
	dst = appendTwo(append(dst, ':'), int(sec%60))
	if nsec == 0 && scale <= 0 {
		return dst
	}
	dst = append(dst, '.')
	at := len(dst)
	for div := uint32(nanosPerSec / 10); div > 0 && (nsec > 0 || len(dst)-at < scale); div /= 10 {
		dst = append(dst, '0'+byte(nsec/div))
		nsec %= div
	}
	return dst
}

// AppendOffset appends an offset from UTC as +HH:MM or -HH:MM.
func AppendOffset(dst []byte, minutes int) []byte {
	sign := byte('+')
	if minutes < 0 {
		sign, minutes = '-', -minutes
	}
	return appendTwo(append(appendTwo(append(dst, sign), minutes/60), ':'), minutes%60)
}

// AppendInterval appends the interval in column c as an ISO 8601 duration.
func AppendInterval(dst []byte, r Row, c int) []byte {
	months, days, micros := r.Interval(c)
	dst = append(dst, 'P')
	dst = append(strconv.AppendInt(dst, int64(months), 10), 'M')
	dst = append(strconv.AppendInt(dst, int64(days), 10), 'D', 'T')
	if micros < 0 {
		dst = append(dst, '-')
	}
	abs := uint64(micros)
	if micros < 0 {
		abs = -abs
	}
	dst = strconv.AppendUint(dst, abs/1_000_000, 10)
	if frac := abs % 1_000_000; frac > 0 {
		dst = append(dst, '.')
		for div := uint64(100_000); frac > 0; div /= 10 {
			dst = append(dst, '0'+byte(frac/div))
			frac %= div
		}
	}
	return append(dst, 'S')
}

func appendTwo(dst []byte, n int) []byte { return append(dst, '0'+byte(n/10), '0'+byte(n%10)) }

// Civil returns the proleptic Gregorian date of a day counted from
// 1970-01-01, with astronomical years, in 400-year eras that begin in March.
func Civil(days int64) (year int64, month, day int) {
	z := days + 719468
	era := z / 146097
	if z < 0 {
		era = (z - 146096) / 146097
	}
	doe := z - era*146097
	yoe := (doe - doe/1460 + doe/36524 - doe/146096) / 365
	doy := doe - (365*yoe + yoe/4 - yoe/100)
	mp := (5*doy + 2) / 153
	day = int(doy - (153*mp+2)/5 + 1)
	month = int(mp) + 3
	if month > 12 {
		month -= 12
	}
	year = yoe + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

// Days is the inverse of [Civil]; month and day may be any that exist.
func Days(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	yoe := year - era*400
	mp := int64(month+9) % 12
	doy := (153*mp+2)/5 + int64(day) - 1
	doe := yoe*365 + yoe/4 - yoe/100 + doy
	return era*146097 + doe - 719468
}
