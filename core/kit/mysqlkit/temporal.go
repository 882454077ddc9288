package mysqlkit

import (
	"encoding/binary"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// temporal decodes a date or a time: a length, then as much of year, month,
// day, hour, minute, second and microseconds as is not zero.
func temporal(o op, p []byte, b *record.Batch, zero bool) (int, error) {
	if len(p) == 0 || len(p) <= int(p[0]) {
		return 0, errMalformed
	}
	n := int(p[0])
	v := p[1 : 1+n]
	if o == opTime {
		return 1 + n, duration(v, b)
	}
	var days int64
	ok := false
	if n >= 4 {
		year, month, day := int64(binary.LittleEndian.Uint16(v)), int(v[2]), int(v[3])
		if ok = isDay(year, month, day); ok {
			days = record.Days(year, month, day)
		}
	}
	switch {
	case !ok && zero && isZero(v):
		b.Null()
		return 1 + n, nil
	case !ok:
		return 0, notADate(v)
	case o == opDate:
		b.Date(days)
		return 1 + n, nil
	}
	sec := days * 86400
	var nsec uint32
	if n >= 7 {
		sec += int64(v[4])*3600 + int64(v[5])*60 + int64(v[6])
	}
	if n >= 11 {
		nsec = binary.LittleEndian.Uint32(v[7:]) * 1000
	}
	if o == opDatetime {
		b.Datetime(sec, nsec)
	} else {
		b.Timestamp(sec, nsec)
	}
	return 1 + n, nil
}

// duration decodes a TIME: sign, days, hours, minutes, seconds, microseconds.
func duration(v []byte, b *record.Batch) error {
	switch len(v) {
	case 0:
		b.Time(0)
		return nil
	case 8, 12:
	default:
		return errMalformed
	}
	sec := int64(binary.LittleEndian.Uint32(v[1:]))*86400 + int64(v[5])*3600 + int64(v[6])*60 + int64(v[7])
	ns := sec * 1_000_000_000
	if len(v) == 12 {
		ns += int64(binary.LittleEndian.Uint32(v[8:])) * 1000
	}
	if v[0] != 0 {
		ns = -ns
	}
	b.Time(ns)
	return nil
}

// isDay tells a day of the calendar from MySQL's zero dates (0000-00-00,
// 2020-00-10) and from days that do not exist, which it stores under
// ALLOW_INVALID_DATES.
func isDay(year int64, month, day int) bool {
	switch {
	case month < 1 || month > 12 || day < 1:
		return false
	case day <= 28:
		return true
	case month == 2:
		return day == 29 && year%4 == 0 && (year%100 != 0 || year%400 == 0)
	case month == 4 || month == 6 || month == 9 || month == 11:
		return day <= 30
	}
	return day <= 31
}

// isZero tells that month or day is zero, which zeroDateTimeBehavior is about.
func isZero(v []byte) bool { return len(v) < 4 || v[2] == 0 || v[3] == 0 }

func notADate(v []byte) error {
	var year uint16
	var month, day byte
	if len(v) >= 4 {
		year, month, day = binary.LittleEndian.Uint16(v), v[2], v[3]
	}
	text := fmt.Sprintf("%04d-%02d-%02d", year, month, day)
	if len(v) >= 7 {
		text += fmt.Sprintf(" %02d:%02d:%02d", v[4], v[5], v[6])
	}
	if isZero(v) {
		return errclass.BadValue("", errclass.Conversion, "%s is a zero date; zeroDateTimeBehavior=convertToNull in jdbcUrl reads it as NULL", text)
	}
	return errclass.BadValue("", errclass.Conversion, "%s is no day of the calendar", text)
}
