package mssqlkit

import (
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// The bounds of the temporal types, in seconds since 1970 on the wall clock.
var (
	firstSecond      = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	afterLast        = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	firstDatetime    = time.Date(1753, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	firstSmall       = time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	afterLastSmall   = time.Date(2079, 6, 7, 0, 0, 0, 0, time.UTC).Unix()
	largestTimeShift = 14 * 60 // minutes of a datetimeoffset
)

const nanosPerDay = secondsPerDay * int64(time.Second)

func (e *encoder) date(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Date {
		return nil, buf, e.wrong(r, c)
	}
	sec := r.Date(c) * secondsPerDay
	if r.Infinite(c) != 0 || r.Date(c) < firstSecond/secondsPerDay || sec >= afterLast {
		return nil, buf, e.outside(r, c, "0001-01-01 to 9999-12-31")
	}
	return time.Unix(sec, 0).UTC(), buf, nil
}

func (e *encoder) outside(r record.Row, c int, span string) error {
	return e.bad(errclass.Overflow, "%s is outside of %s, %s", r.AppendText(nil, c), e.native, span)
}

// finer refuses a fraction that the column would round.
func (e *encoder) finer(r record.Row, c int) error {
	return e.bad(errclass.Overflow, "%s has a finer fraction than %s keeps", r.AppendText(nil, c), e.native)
}

func (e *encoder) time(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Time {
		return nil, buf, e.wrong(r, c)
	}
	ns := r.Time(c)
	if _, zoned := r.Offset(c); zoned {
		return nil, buf, e.bad(errclass.Conversion, "%s has an offset, which %s does not keep", r.AppendText(nil, c), e.native)
	}
	switch {
	case ns < 0 || ns >= nanosPerDay:
		return nil, buf, e.outside(r, c, "00:00:00 to 23:59:59.9999999")
	case ns%e.step != 0:
		return nil, buf, e.finer(r, c)
	}
	return time.Unix(ns/int64(time.Second), ns%int64(time.Second)).UTC(), buf, nil
}

func (e *encoder) datetime(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Datetime {
		return nil, buf, e.wrong(r, c)
	}
	sec, nsec := r.Datetime(c)
	first, after, span := firstSecond, afterLast, "0001-01-01 to 9999-12-31"
	switch e.family {
	case datetimeFamily:
		first, span = firstDatetime, "1753-01-01 to 9999-12-31"
	case smalldatetimeFamily:
		first, after, span = firstSmall, afterLastSmall, "1900-01-01 to 2079-06-06"
	}
	if r.Infinite(c) != 0 || sec < first || sec >= after {
		return nil, buf, e.outside(r, c, span)
	}
	clock := (sec-floor(sec, secondsPerDay)*secondsPerDay)*int64(time.Second) + int64(nsec)
	switch {
	case clock%e.step != 0:
		return nil, buf, e.finer(r, c)
	case e.family == datetimeFamily && sec == afterLast-1 && nsec == 999_000_000:
		return nil, buf, e.outside(r, c, span) // its nearest value is in the year 10000
	}
	return time.Unix(sec, int64(nsec)).UTC(), buf, nil
}

func (e *encoder) instant(r record.Row, c int, buf []byte) (any, []byte, error) {
	if r.Kind(c) != record.Timestamp {
		return nil, buf, e.wrong(r, c)
	}
	sec, nsec := r.Timestamp(c)
	minutes, _ := r.Offset(c)
	local := sec + int64(minutes)*60
	switch {
	case r.Infinite(c) != 0 || sec < firstSecond || sec >= afterLast || local < firstSecond || local >= afterLast:
		return nil, buf, e.outside(r, c, "0001-01-01 to 9999-12-31")
	case minutes < -largestTimeShift || minutes > largestTimeShift:
		return nil, buf, e.outside(r, c, "offsets of up to 14 hours")
	case int64(nsec)%e.step != 0:
		return nil, buf, e.finer(r, c)
	}
	return time.Unix(sec, int64(nsec)).In(e.zone(minutes)), buf, nil
}

// zone returns the zone of an offset, the same one each time.
func (e *encoder) zone(minutes int) *time.Location {
	if minutes == 0 {
		return time.UTC
	}
	z := e.zones[minutes]
	if z == nil {
		if e.zones == nil {
			e.zones = map[int]*time.Location{}
		}
		z = time.FixedZone("", minutes*60)
		e.zones[minutes] = z
	}
	return z
}
