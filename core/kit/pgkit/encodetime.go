package pgkit

import (
	"encoding/binary"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Limits of dates and times (src/include/datatype/timestamp.h), counted from
// 2000-01-01.
const (
	firstDay    = -2451545                     // 4714-11-24 BC
	endDay      = 2145031949                   // 5874898-01-01, no longer one
	firstSecond = -211813488000000000 / 1e6    // 4714-11-24 BC
	endSecond   = 9223371331200000000 / 1e6    // 294277-01-01, no longer one
	endOfDay    = microsPerDay * nanosPerMicro // 24:00:00, which is one
)

func encodeDate(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	days := r.Date(c) - epochDays
	switch sign := r.Infinite(c); {
	case sign > 0:
		days = positiveDay
	case sign < 0:
		days = negativeDay
	case days < firstDay || days >= endDay:
		return dst, t.tooWide(r, c)
	}
	return binary.BigEndian.AppendUint32(dst, uint32(int32(days))), nil
}

// precise checks that nothing below the digits that the column keeps is lost.
func (t *typeInfo) precise(nsec uint32, r record.Row, c int) error {
	if nsec == 0 {
		return nil
	}
	unit := uint32(nanosPerMicro)
	for i := t.timeDigits(); i < 6; i++ {
		unit *= 10
	}
	if nsec%unit != 0 {
		return t.bad(errclass.Overflow, "%s has more than %d digits of a second", r.AppendText(nil, c), t.timeDigits())
	}
	return nil
}

// encodeMoment: a timestamp with or without time zone.
func encodeMoment(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	if sign := r.Infinite(c); sign != 0 {
		v := int64(positiveMoment)
		if sign < 0 {
			v = negativeMoment
		}
		return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
	}
	sec, nsec := r.Datetime(c)
	if sec -= epochSeconds; sec < firstSecond || sec >= endSecond {
		return dst, t.tooWide(r, c)
	}
	if err := t.precise(nsec, r, c); err != nil {
		return dst, err
	}
	return binary.BigEndian.AppendUint64(dst, uint64(sec*microsPerSec+int64(nsec/nanosPerMicro))), nil
}

// clock returns a time of day in microseconds.
func (t *typeInfo) clock(r record.Row, c int) (int64, error) {
	ns := r.Time(c)
	if ns < 0 || ns > endOfDay {
		return 0, t.tooWide(r, c)
	}
	return ns / nanosPerMicro, t.precise(uint32(ns%1e9), r, c)
}

func encodeTime(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	us, err := t.clock(r, c)
	if minutes, ok := r.Offset(c); err == nil && ok && minutes != 0 {
		err = t.bad(errclass.Conversion, "%s has an offset, which a %s cannot keep", r.AppendText(nil, c), t.column.Native)
	}
	return binary.BigEndian.AppendUint64(dst, uint64(us)), err
}

func encodeTimetz(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	us, err := t.clock(r, c)
	minutes, _ := r.Offset(c)
	dst = binary.BigEndian.AppendUint64(dst, uint64(us))
	return binary.BigEndian.AppendUint32(dst, uint32(int32(-minutes*60))), err
}

func encodeInterval(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	months, days, micros := r.Interval(c)
	dst = binary.BigEndian.AppendUint64(dst, uint64(micros))
	dst = binary.BigEndian.AppendUint32(dst, uint32(days))
	dst = binary.BigEndian.AppendUint32(dst, uint32(months))
	return dst, t.precise(uint32(abs(micros%microsPerSec)*nanosPerMicro), r, c)
}

// encodeDuration: a time beyond a day's, as MySQL has it, becomes an interval.
func encodeDuration(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	ns := r.Time(c)
	dst = binary.BigEndian.AppendUint64(dst, uint64(ns/nanosPerMicro))
	return append(dst, 0, 0, 0, 0, 0, 0, 0, 0), t.precise(uint32(abs(ns%1e9)), r, c)
}

func abs(n int64) int64 {
	if n < 0 {
		return -n
	}
	return n
}
