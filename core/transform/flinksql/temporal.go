package flinksql

import (
	"bytes"
	"strconv"

	"github.com/datasync-io/datasync/core/record"
)

const (
	nanosPerSecond = 1_000_000_000
	secondsPerDay  = 86_400
	nanosPerDay    = secondsPerDay * nanosPerSecond
)

// clock is a date and time of day taken apart.
type clock struct {
	year             int64
	month, day       int
	hour, minute     int
	second           int
	nanos            uint32
	days             int64 // since 1970-01-01
	hasDate, hasTime bool
}

func clockOf(sec int64, nsec uint32) clock {
	days := floorDiv(sec, secondsPerDay)
	rest := int(sec - days*secondsPerDay)
	c := clock{days: days, nanos: nsec, hour: rest / 3600, minute: rest / 60 % 60, second: rest % 60}
	c.year, c.month, c.day = record.Civil(days)
	return c
}

func (k clock) seconds() int64 {
	return record.Days(k.year, k.month, k.day)*secondsPerDay + int64(k.hour*3600+k.minute*60+k.second)
}

func (k clock) nanosOfDay() int64 {
	return int64(k.hour*3600+k.minute*60+k.second)*nanosPerSecond + int64(k.nanos)
}

func (k clock) valid() bool {
	return k.month >= 1 && k.month <= 12 && k.day >= 1 && k.day <= daysIn(k.year, k.month) && k.hour < 24 && k.minute < 60 && k.second < 60
}

func daysIn(year int64, month int) int {
	switch {
	case month == 2 && year%4 == 0 && (year%100 != 0 || year%400 == 0):
		return 29
	case month == 2:
		return 28
	case month == 4 || month == 6 || month == 9 || month == 11:
		return 30
	}
	return 31
}

// parseClock reads yyyy-MM-dd, HH:mm[:ss[.fraction]], or both with a blank or a T between.
func parseClock(b []byte) (k clock, ok bool) {
	b = bytes.TrimSpace(b)
	if len(b) >= 8 && bytes.IndexByte(b, '-') > 0 {
		var month, day int
		var year int
		if year, b, ok = digits(b, 4, 4); !ok {
			return k, false
		}
		if month, b, ok = after(b, '-', 2); !ok {
			return k, false
		}
		if day, b, ok = after(b, '-', 2); !ok {
			return k, false
		}
		k.year, k.month, k.day, k.hasDate = int64(year), month, day, true
		if len(b) == 0 {
			return k, k.valid()
		}
		if b[0] != ' ' && b[0] != 'T' {
			return k, false
		}
		b = b[1:]
	} else {
		k.year, k.month, k.day = 1970, 1, 1
	}
	if k.hour, b, ok = digits(b, 1, 2); !ok {
		return k, false
	}
	if k.minute, b, ok = after(b, ':', 2); !ok {
		return k, false
	}
	k.hasTime = true
	if len(b) > 0 && b[0] == ':' {
		if k.second, b, ok = digits(b[1:], 1, 2); !ok {
			return k, false
		}
	}
	if len(b) > 1 && b[0] == '.' {
		k.nanos, b = fraction(b[1:])
	}
	return k, len(b) == 0 && k.valid()
}

func digits(b []byte, least, most int) (n int, rest []byte, ok bool) {
	i := 0
	for i < len(b) && i < most && b[i]-'0' <= 9 {
		n = n*10 + int(b[i]-'0')
		i++
	}
	return n, b[i:], i >= least
}

func after(b []byte, sep byte, most int) (n int, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != sep {
		return 0, b, false
	}
	return digits(b[1:], 1, most)
}

func fraction(b []byte) (nanos uint32, rest []byte) {
	unit := uint32(nanosPerSecond / 10)
	i := 0
	for ; i < len(b) && i < 9 && b[i]-'0' <= 9; i++ {
		nanos += uint32(b[i]-'0') * unit
		unit /= 10
	}
	return nanos, b[i:]
}

// toTemporal converts between texts, dates, times, wall clocks and instants.
func (c *compiler) toTemporal(from, to typ) converter {
	if from.family == textFamily {
		return c.fromText(to)
	}
	if !from.temporal() || from.family == timeFamily && to.family != timeFamily || from.family == dateFamily && to.family == timeFamily {
		return nil
	}
	cut := cutTo(to.scale)
	return func(v value) (value, string) {
		switch from.family {
		case dateFamily:
			v.i *= secondsPerDay
		case instantFamily:
			if to.family != instantFamily {
				v.i, v.n = c.wall(v)
			}
		case timeFamily:
			v.i -= v.i % (int64(cut))
			return v, ""
		}
		switch to.family {
		case dateFamily:
			if from.family == dateFamily {
				v.i /= secondsPerDay
			} else {
				v.i = floorDiv(v.i, secondsPerDay)
			}
			v.n = 0
		case timeFamily:
			v.i = (v.i-floorDiv(v.i, secondsPerDay)*secondsPerDay)*nanosPerSecond + int64(v.n-v.n%cut)
		case instantFamily:
			if from.family != instantFamily {
				v = c.instant(v.i, v.n)
			}
			v.n -= v.n % cut
		default:
			v.n -= v.n % cut
		}
		return v, ""
	}
}

// cutTo is what nanoseconds of that many digits are multiples of.
func cutTo(scale int) uint32 {
	unit := uint32(1)
	for i := 9; i > scale; i-- {
		unit *= 10
	}
	return unit
}

func (c *compiler) fromText(to typ) converter {
	cut := cutTo(to.scale)
	return func(v value) (value, string) {
		k, ok := parseClock(v.b)
		if !ok || to.family == timeFamily && !k.hasTime || to.family != timeFamily && !k.hasDate {
			return value{}, quoted(v.b) + " is no " + to.String()
		}
		k.nanos -= k.nanos % cut
		return c.ofClock(k, to), ""
	}
}

// ofClock is a value of a temporal type.
func (c *compiler) ofClock(k clock, t typ) value {
	switch t.family {
	case dateFamily:
		return intValue(record.Days(k.year, k.month, k.day))
	case timeFamily:
		return intValue(k.nanosOfDay())
	case instantFamily:
		return c.instant(k.seconds(), k.nanos)
	}
	return value{ok: true, i: k.seconds(), n: k.nanos}
}

// clockIn takes a value of a temporal type apart.
func (c *compiler) clockIn(v value, t typ) clock {
	switch t.family {
	case dateFamily:
		return clockOf(v.i*secondsPerDay, 0)
	case timeFamily:
		return clockOf(floorDiv(v.i, nanosPerSecond), uint32(v.i-floorDiv(v.i, nanosPerSecond)*nanosPerSecond))
	case instantFamily:
		return clockOf(c.wall(v))
	}
	return clockOf(v.i, v.n)
}

// unit is a unit of time; months and nanos of which one is 0.
type unit struct {
	months int64
	nanos  int64
}

var units = map[string]unit{
	"YEAR": {months: 12}, "QUARTER": {months: 3}, "MONTH": {months: 1}, "WEEK": {nanos: 7 * nanosPerDay}, "DAY": {nanos: nanosPerDay},
	"HOUR": {nanos: 3600 * nanosPerSecond}, "MINUTE": {nanos: 60 * nanosPerSecond}, "SECOND": {nanos: nanosPerSecond},
	"MICROSECOND": {nanos: 1000},
}

// add moves a moment by n units; n may have a fraction in billionths for seconds.
func (c *compiler) add(v value, t typ, u unit, n, billionths int64) (value, bool) {
	if u.months > 0 {
		months, ok := mulInts(n, u.months)
		if !ok || months > 120_000 || months < -120_000 {
			return v, false
		}
		k := c.clockIn(v, t)
		total := k.year*12 + int64(k.month-1) + months
		k.year, k.month = floorDiv(total, 12), int(total-floorDiv(total, 12)*12)+1
		k.day = min(k.day, daysIn(k.year, k.month))
		return c.ofClock(k, t), true
	}
	seconds, ok := mulInts(n, max(u.nanos/nanosPerSecond, 0))
	nanos := billionths
	if u.nanos < nanosPerSecond {
		seconds, nanos = n/(nanosPerSecond/u.nanos), n%(nanosPerSecond/u.nanos)*u.nanos
	}
	if !ok || seconds > 1<<40 || seconds < -(1<<40) {
		return v, false
	}
	switch t.family {
	case dateFamily:
		v.i += seconds / secondsPerDay
	case timeFamily: // around the clock
		v.i = (v.i + seconds%secondsPerDay*nanosPerSecond + nanos) % nanosPerDay
		if v.i < 0 {
			v.i += nanosPerDay
		}
	default:
		sum := int64(v.n) + nanos
		carry := floorDiv(sum, nanosPerSecond)
		v.i, v.n = v.i+seconds+carry, uint32(sum-carry*nanosPerSecond)
	}
	return v, true
}

// between counts the whole units from a to b.
func (u unit) between(a, b clock) int64 {
	if u.months > 0 {
		months := (b.year-a.year)*12 + int64(b.month-a.month)
		ra, rb := int64(a.day-1)*nanosPerDay+a.nanosOfDay(), int64(b.day-1)*nanosPerDay+b.nanosOfDay()
		switch {
		case months > 0 && rb < ra:
			months--
		case months < 0 && rb > ra:
			months++
		}
		return months / u.months
	}
	seconds, nanos := b.seconds()-a.seconds(), int64(b.nanos)-int64(a.nanos)
	switch {
	case seconds > 0 && nanos < 0:
		seconds, nanos = seconds-1, nanos+nanosPerSecond
	case seconds < 0 && nanos > 0:
		seconds, nanos = seconds+1, nanos-nanosPerSecond
	}
	if u.nanos < nanosPerSecond {
		return seconds*(nanosPerSecond/u.nanos) + nanos/u.nanos
	}
	return seconds / (u.nanos / nanosPerSecond)
}

// part reads one field of a moment, as EXTRACT names it; ok is false for a name that there is not.
func part(name string) (read func(k clock) int64, ok bool) {
	read, ok = parts[name]
	return read, ok
}

var parts = map[string]func(k clock) int64{
	"YEAR":    func(k clock) int64 { return k.year },
	"QUARTER": func(k clock) int64 { return int64(k.month+2) / 3 },
	"MONTH":   func(k clock) int64 { return int64(k.month) },
	"WEEK":    isoWeek,
	"DAY":     func(k clock) int64 { return int64(k.day) },
	"DOY":     func(k clock) int64 { return record.Days(k.year, k.month, k.day) - record.Days(k.year, 1, 1) + 1 },
	"DOW":     func(k clock) int64 { return weekday(k) + 1 }, // 1 is Sunday
	"HOUR":    func(k clock) int64 { return int64(k.hour) },
	"MINUTE":  func(k clock) int64 { return int64(k.minute) },
	"SECOND":  func(k clock) int64 { return int64(k.second) },
}

// weekday is 0 on Sundays.
func weekday(k clock) int64 {
	days := record.Days(k.year, k.month, k.day) + 4 // 1970-01-01 was a Thursday
	return days - floorDiv(days, 7)*7
}

// isoWeek is the week of the year by ISO 8601: the one of its Thursday.
func isoWeek(k clock) int64 {
	days := record.Days(k.year, k.month, k.day)
	thursday := days - (weekday(k)+6)%7 + 3
	year, _, _ := record.Civil(thursday)
	return (thursday-record.Days(year, 1, 1))/7 + 1
}

// intervalText reads the text of INTERVAL '1.5' SECOND, or of other units whole numbers.
func intervalText(text string, u unit) (n, billionths int64, ok bool) {
	whole, frac, has := bytes.Cut([]byte(text), []byte("."))
	n, err := strconv.ParseInt(string(bytes.TrimSpace(whole)), 10, 64)
	if err != nil {
		return 0, 0, false
	}
	if !has {
		return n, 0, true
	}
	nanos, rest := fraction(frac)
	if len(rest) > 0 || len(frac) == 0 || u.nanos != nanosPerSecond {
		return 0, 0, false
	}
	billionths = int64(nanos)
	if text[0] == '-' {
		billionths = -billionths
	}
	return n, billionths, true
}
