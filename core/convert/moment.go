package convert

import (
	"math"
	"time"

	"github.com/datasync-io/datasync/core/record"
)

const (
	nanosPerSec   = int64(time.Second)
	nanosPerMilli = int64(time.Millisecond)
	secondsPerDay = 86400
)

// moment is a time as some text spells it. What a text does not say is zero.
type moment struct {
	days     int64 // since 1970-01-01
	ns       int64 // of the day, or a duration
	date     bool  // days is given
	clock    bool  // ns is given
	zoned    bool  // an offset is given
	utc      bool  // spelled as Z
	offset   int   // minutes
	infinity int   // 1, -1 or 0
	instant  bool  // days and ns are in UTC whatever the zone: epoch milliseconds
}

// moment reads a text as the pair's options say.
func (p *pair) moment(b []byte) (moment, bool) {
	if p.parser != nil {
		if m, ok := p.parser.parse(b); ok {
			return m, true
		}
		return parseISO(b)
	}
	if p.days && len(b) == len("20060102") {
		if m, ok := parseDay(b); ok {
			return m, true
		}
	}
	if digits, rest := leadingDigits(b); len(rest) == 0 {
		ms, ok := shortInt(digits)
		if !ok {
			return moment{}, false
		}
		return fromMillis(ms, 0), true
	}
	return parseISO(b)
}

// parseDay reads yyyyMMdd.
func parseDay(b []byte) (moment, bool) {
	n, ok := shortInt(b)
	year, month, day := n/10000, int(n/100%100), int(n%100)
	if !ok || n < 0 || !validDate(year, month, day) {
		return moment{}, false
	}
	return moment{days: record.Days(year, month, day), date: true}, true
}

// fromMillis returns the instant of ms and ns since the epoch.
func fromMillis(ms, ns int64) moment {
	sec, rest := floorDiv(ms, 1000)
	days, clock := floorDiv(sec, secondsPerDay)
	return moment{days: days, ns: clock*nanosPerSec + rest*nanosPerMilli + ns, date: true, clock: true, instant: true}
}

func fromSeconds(sec int64, nsec uint32) moment {
	days, clock := floorDiv(sec, secondsPerDay)
	return moment{days: days, ns: clock*nanosPerSec + int64(nsec), date: true, clock: true}
}

func floorDiv(a, b int64) (q, rest int64) {
	q, rest = a/b, a%b
	if rest < 0 {
		q, rest = q-1, rest+b
	}
	return q, rest
}

// seconds returns the moment's wall clock as seconds and nanoseconds.
func (m *moment) seconds() (sec int64, nsec uint32) {
	return m.days*secondsPerDay + m.ns/nanosPerSec, uint32(m.ns % nanosPerSec)
}

// fixed tells that the moment is an instant without asking a zone.
func (m *moment) fixed() bool { return m.zoned || m.instant }

// unix returns the instant, with a wall clock read in zone; false if the zone
// skips it.
func (m *moment) unix(zone *time.Location) (sec int64, nsec uint32, ok bool) {
	sec, nsec = m.seconds()
	if m.fixed() {
		return sec - int64(m.offset)*60, nsec, true
	}
	sec, ok = toUnix(sec, zone)
	return sec, nsec, ok
}

// local returns the wall clock in zone.
func (m *moment) local(zone *time.Location) (sec int64, nsec uint32) {
	sec, nsec = m.seconds()
	if m.fixed() {
		sec = toLocal(sec-int64(m.offset)*60, zone)
	}
	return sec, nsec
}

// toLocal returns what a wall clock in zone shows at an instant, as seconds
// since 1970-01-01T00:00:00 on that clock.
func toLocal(unix int64, zone *time.Location) int64 {
	if zone == time.UTC {
		return unix
	}
	_, offset := time.Unix(unix, 0).In(zone).Zone()
	return unix + int64(offset)
}

// toUnix is the inverse of toLocal; of two instants it takes the earlier.
// false: the zone's clocks skip this reading.
func toUnix(local int64, zone *time.Location) (int64, bool) {
	if zone == time.UTC {
		return local, true
	}
	for _, guess := range [...]int64{local - secondsPerDay, local + secondsPerDay} {
		_, offset := time.Unix(guess, 0).In(zone).Zone()
		if unix := local - int64(offset); toLocal(unix, zone) == local {
			return unix, true
		}
	}
	return 0, false
}

// parseISO reads dates, times and both: [±]YYYY-MM-DD, [-]HH:MM[:SS[.f]],
// with T or a blank in between and a point or a comma before up to nine digits,
// then Z or an offset ([ ]±HH, ±HHMM, ±HH:MM); infinity.
func parseISO(b []byte) (moment, bool) {
	var m moment
	if len(b) == 0 {
		return m, false
	}
	if b[len(b)-1] == 'y' || b[len(b)-1] == 'Y' {
		return infinite(b)
	}
	negative, body := false, b
	if b[0] == '-' || b[0] == '+' {
		negative, body = b[0] == '-', b[1:]
	}
	head, rest := leadingDigits(body)
	if len(rest) == 0 || len(head) == 0 || len(head) > 12 {
		return m, false
	}
	var ok bool
	switch rest[0] {
	case '-':
		if rest, ok = m.parseDate(head, rest, negative); !ok {
			return m, false
		}
		if len(rest) == 0 {
			return m, true
		}
		if rest[0] != 'T' && rest[0] != 't' && rest[0] != ' ' {
			return m, false
		}
		if head, rest = leadingDigits(rest[1:]); len(head) != 2 {
			return m, false
		}
		if rest, ok = m.parseClock(head, rest); !ok || m.ns >= secondsPerDay*nanosPerSec {
			return m, false
		}
	case ':':
		if b[0] == '+' {
			return m, false
		}
		if rest, ok = m.parseClock(head, rest); !ok {
			return m, false
		}
		if negative {
			m.ns = -m.ns
		}
	default:
		return m, false
	}
	return m, m.parseZone(rest)
}

func infinite(b []byte) (m moment, ok bool) {
	switch special(b) {
	case "Infinity":
		m.infinity = 1
	case "-Infinity":
		m.infinity = -1
	}
	return m, m.infinity != 0
}

func (m *moment) parseDate(year, rest []byte, negative bool) ([]byte, bool) {
	if len(year) < 4 || len(rest) < 6 || rest[3] != '-' {
		return nil, false
	}
	y, ok1 := shortInt(year)
	mo, ok2 := two(rest[1:])
	d, ok3 := two(rest[4:])
	if negative {
		y = -y
	}
	m.date = true
	m.days = record.Days(y, mo, d)
	return rest[6:], ok1 && ok2 && ok3 && y < maxYear && y > -maxYear && validDate(y, mo, d)
}

const maxYear = 1_000_000_000 // far beyond any database's calendar, and safe in arithmetic on seconds

func validDate(year int64, month, day int) bool {
	if month < 1 || month > 12 || day < 1 || day > 31 {
		return false
	}
	return day <= 28 || day <= daysIn(year, month)
}

func daysIn(year int64, month int) int {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

func two(b []byte) (int, bool) {
	hi, lo := b[0]-'0', b[1]-'0'
	return int(hi)*10 + int(lo), hi <= 9 && lo <= 9
}

// parseClock reads ":MM[:SS[.f]]" after the hours.
func (m *moment) parseClock(hours, b []byte) (rest []byte, ok bool) {
	h, ok := shortInt(hours)
	if !ok || h > math.MaxInt64/(3601*nanosPerSec) || len(b) < 3 || b[0] != ':' {
		return nil, false
	}
	mi, ok := two(b[1:])
	if !ok || mi > 59 {
		return nil, false
	}
	m.clock = true
	m.ns = (h*3600 + int64(mi)*60) * nanosPerSec
	b = b[3:]
	if len(b) < 3 || b[0] != ':' {
		return b, true
	}
	s, ok := two(b[1:])
	if !ok || s > 59 {
		return nil, false
	}
	m.ns += int64(s) * nanosPerSec
	if b = b[3:]; len(b) == 0 || b[0] != '.' && b[0] != ',' {
		return b, true
	}
	digits, rest := leadingDigits(b[1:])
	ns, ok := fraction(digits)
	m.ns += ns
	return rest, ok
}

// fraction reads the digits after the point as nanoseconds; more than nine
// must be zeros.
func fraction(digits []byte) (ns int64, ok bool) {
	if len(digits) == 0 {
		return 0, false
	}
	for i := range 9 {
		ns *= 10
		if i < len(digits) {
			ns += int64(digits[i] - '0')
		}
	}
	for i := 9; i < len(digits); i++ {
		if digits[i] != '0' {
			return 0, false
		}
	}
	return ns, true
}

// parseZone reads "", Z, or [ ]±HH[[:]MM].
func (m *moment) parseZone(b []byte) bool {
	if len(b) == 0 {
		return true
	}
	if len(b) == 1 && (b[0] == 'Z' || b[0] == 'z') {
		m.zoned, m.utc = true, true
		return true
	}
	if b[0] == ' ' {
		b = b[1:]
	}
	var ok bool
	m.offset, ok = parseOffset(b)
	m.zoned = ok
	return ok
}

// parseOffset reads ±HH[[:]MM] as minutes.
func parseOffset(b []byte) (minutes int, ok bool) {
	if len(b) < 3 || b[0] != '+' && b[0] != '-' {
		return 0, false
	}
	h, ok := two(b[1:])
	mi := 0
	if rest := b[3:]; ok && len(rest) > 0 {
		if rest[0] == ':' {
			rest = rest[1:]
		}
		if len(rest) != 2 {
			return 0, false
		}
		mi, ok = two(rest)
	}
	if minutes = h*60 + mi; b[0] == '-' {
		minutes = -minutes
	}
	return minutes, ok && h <= 18 && mi < 60
}
