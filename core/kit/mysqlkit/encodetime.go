package mysqlkit

import (
	"encoding/binary"
	"math"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

const (
	secondsPerDay = 86400
	nanosPerSec   = 1_000_000_000
	longestTime   = (838*3600 + 59*60 + 59) * nanosPerSec
)

// firstDay and lastDay are those that a DATE keeps.
var (
	firstDay = record.Days(1, 1, 1)
	lastDay  = record.Days(9999, 12, 31)
)

// day refuses the days that MySQL's calendar does not have.
func (c *encoded) day(row record.Row, at int, days int64) error {
	if row.Infinite(at) != 0 {
		return c.bad(errclass.Overflow, "%s cannot be stored", row.AppendText(nil, at))
	}
	if days < firstDay || days > lastDay {
		return c.bad(errclass.Overflow, "%s is out of range: years 1 to 9999", row.AppendText(nil, at))
	}
	return nil
}

func dateParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	days := row.Date(at)
	if err := c.day(row, at, days); err != nil {
		return buf, err
	}
	return appendDay(append(buf, 4), days), nil
}

func appendDay(buf []byte, days int64) []byte {
	year, month, day := record.Civil(days)
	return append(buf, byte(year), byte(year>>8), byte(month), byte(day))
}

func dateField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	days := row.Date(at)
	if err := c.day(row, at, days); err != nil {
		return buf, err
	}
	return record.AppendDate(buf, days), nil
}

// moment refuses what is out of range or would be rounded.
func (c *encoded) moment(row record.Row, at int, sec int64, nsec uint32) error {
	days := sec / secondsPerDay
	if sec%secondsPerDay < 0 {
		days--
	}
	if err := c.day(row, at, days); err != nil {
		return err
	}
	if nsec%c.unit != 0 {
		return c.bad(errclass.Overflow, "%s has more digits than %s keeps", row.AppendText(nil, at), c.native)
	}
	return nil
}

func datetimeParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	sec, nsec := row.Datetime(at)
	if err := c.moment(row, at, sec, nsec); err != nil {
		return buf, err
	}
	return appendMoment(buf, sec, nsec), nil
}

func datetimeField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	sec, nsec := row.Datetime(at)
	if err := c.moment(row, at, sec, nsec); err != nil {
		return buf, err
	}
	return record.AppendDatetime(buf, sec, nsec, 0, ' '), nil
}

// instant is moment for a TIMESTAMP; the last that one keeps is the server's
// own affair (2038, or 2106).
func (c *encoded) instant(row record.Row, at int, sec int64, nsec uint32) error {
	if err := c.moment(row, at, sec, nsec); err != nil {
		return err
	}
	if sec < 1 || sec > math.MaxUint32 {
		return c.bad(errclass.Overflow, "%s is out of range of TIMESTAMP: declare the column DATETIME", row.AppendText(nil, at))
	}
	return nil
}

func timestampParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	sec, nsec := row.Timestamp(at)
	if err := c.instant(row, at, sec, nsec); err != nil {
		return buf, err
	}
	return appendMoment(buf, sec, nsec), nil
}

func timestampField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	sec, nsec := row.Timestamp(at)
	if err := c.instant(row, at, sec, nsec); err != nil {
		return buf, err
	}
	return record.AppendDatetime(buf, sec, nsec, 0, ' '), nil
}

// appendMoment appends a length and as much as is not zero of year, month,
// day, hour, minute, second, microseconds.
func appendMoment(buf []byte, sec int64, nsec uint32) []byte {
	days, clock := sec/secondsPerDay, sec%secondsPerDay
	if clock < 0 {
		days, clock = days-1, clock+secondsPerDay
	}
	length := byte(4)
	switch {
	case nsec > 0:
		length = 11
	case clock > 0:
		length = 7
	}
	buf = appendDay(append(buf, length), days)
	if length > 4 {
		buf = append(buf, byte(clock/3600), byte(clock/60%60), byte(clock%60))
	}
	if length > 7 {
		buf = binary.LittleEndian.AppendUint32(buf, nsec/1000)
	}
	return buf
}

// time refuses what is out of range, would be rounded or loses its offset.
func (c *encoded) time(row record.Row, at int) (int64, error) {
	ns := row.Time(at)
	if _, zoned := row.Offset(at); zoned {
		return 0, c.bad(errclass.Conversion, "%s has an offset from UTC, which TIME does not keep: declare the column VARCHAR", row.AppendText(nil, at))
	}
	if ns > longestTime || ns < -longestTime {
		return 0, c.bad(errclass.Overflow, "%s is out of range of TIME: 838:59:59", row.AppendText(nil, at))
	}
	if ns%int64(c.unit) != 0 {
		return 0, c.bad(errclass.Overflow, "%s has more digits than %s keeps", row.AppendText(nil, at), c.native)
	}
	return ns, nil
}

// timeParameter appends a length, then sign, days, hours, minutes, seconds,
// microseconds.
func timeParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	ns, err := c.time(row, at)
	if err != nil || ns == 0 {
		return append(buf, 0), err
	}
	var negative byte
	if ns < 0 {
		negative, ns = 1, -ns
	}
	sec, micros := ns/nanosPerSec, uint32(ns%nanosPerSec/1000)
	length := byte(8)
	if micros > 0 {
		length = 12
	}
	buf = binary.LittleEndian.AppendUint32(append(buf, length, negative), uint32(sec/secondsPerDay))
	buf = append(buf, byte(sec/3600%24), byte(sec/60%60), byte(sec%60))
	if micros > 0 {
		buf = binary.LittleEndian.AppendUint32(buf, micros)
	}
	return buf, nil
}

func timeField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	ns, err := c.time(row, at)
	return record.AppendTime(buf, ns, 0), err
}
