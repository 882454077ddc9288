package convert

import (
	"fmt"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/record"
)

// pattern is a compiled date pattern of Java's SimpleDateFormat. S is the
// fraction of a second, as newer Java reads it; fields are range-checked.
type pattern struct {
	items []item
	text  string
}

// item is a field, or a literal if letter is 0.
type item struct {
	letter  byte
	width   int
	literal string
	packed  bool // digits follow at once: the field has exactly width digits
}

const patternLetters = "yuMdHhKkmsSaEZXz"

// compile reads a pattern such as yyyy-MM-dd'T'HH:mm:ss.SSSXXX.
func compile(text string) (*pattern, error) {
	p := &pattern{text: text}
	for i := 0; i < len(text); {
		switch ch := text[i]; {
		case ch == '\'':
			literal, next, err := quotedLiteral(text, i)
			if err != nil {
				return nil, err
			}
			p.literal(literal)
			i = next
		case ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z':
			n := i
			for n < len(text) && text[n] == ch {
				n++
			}
			if !contains(patternLetters, ch) {
				return nil, fmt.Errorf("date pattern %q: letter %c is not supported, known are %s", text, ch, patternLetters)
			}
			p.items = append(p.items, item{letter: ch, width: n - i})
			i = n
		default:
			p.literal(text[i : i+1]) // a byte: letters beyond ASCII are several
			i++
		}
	}
	for i := range p.items {
		it := &p.items[i]
		it.packed = it.letter == 'S' || i+1 < len(p.items) && it.digits() && p.items[i+1].digits()
	}
	return p, nil
}

// CheckPatterns tells what is wrong with the date patterns of a column, and
// which of its keys has it: format or parseFormat.
func CheckPatterns(format, parseFormat string) (key string, err error) {
	if _, err := compile(format); err != nil {
		return "format", err
	}
	_, err = compile(parseFormat)
	return "parseFormat", err
}

func contains(s string, ch byte) bool {
	for i := range len(s) {
		if s[i] == ch {
			return true
		}
	}
	return false
}

func quotedLiteral(text string, i int) (literal string, next int, err error) {
	if i+1 < len(text) && text[i+1] == '\'' {
		return "'", i + 2, nil
	}
	for i++; i < len(text); i++ {
		if text[i] != '\'' {
			literal += text[i : i+1]
			continue
		}
		if i+1 < len(text) && text[i+1] == '\'' {
			literal += "'"
			i++
			continue
		}
		return literal, i + 1, nil
	}
	return "", 0, fmt.Errorf("date pattern %q: a quote is not closed", text)
}

func (p *pattern) literal(s string) {
	if n := len(p.items); n > 0 && p.items[n-1].letter == 0 {
		p.items[n-1].literal += s
		return
	}
	p.items = append(p.items, item{literal: s})
}

// digits tells the fields that are written in digits.
func (it *item) digits() bool {
	switch it.letter {
	case 0, 'a', 'E', 'Z', 'X', 'z':
		return false
	case 'M':
		return it.width < 3
	}
	return true
}

// fields is what a text says, before it makes a moment.
type fields struct {
	year               int64
	month, day         int
	hour, min, sec     int
	ns                 int64
	half               int // 1: AM, 2: PM
	date, clock, zoned bool
	utc                bool
	offset             int
}

// parse reads a text that is in the pattern as a whole.
func (p *pattern) parse(b []byte) (moment, bool) {
	f := fields{year: 1970, month: 1, day: 1}
	for i := range p.items {
		var ok bool
		if b, ok = f.read(&p.items[i], b); !ok {
			return moment{}, false
		}
	}
	if len(b) > 0 || !validDate(f.year, f.month, f.day) {
		return moment{}, false
	}
	switch {
	case f.half == 1 && f.hour == 12:
		f.hour = 0
	case f.half == 2 && f.hour < 12:
		f.hour += 12
	}
	clock := int64(f.hour)*3600 + int64(f.min)*60 + int64(f.sec)
	return moment{days: record.Days(f.year, f.month, f.day), ns: clock*nanosPerSec + f.ns,
		date: f.date, clock: f.clock, zoned: f.zoned, utc: f.utc, offset: f.offset}, true
}

func (f *fields) read(it *item, b []byte) (rest []byte, ok bool) {
	switch it.letter {
	case 0:
		if len(b) < len(it.literal) || string(b[:len(it.literal)]) != it.literal {
			return nil, false
		}
		return b[len(it.literal):], true
	case 'a':
		f.half = 1 + name(b, halves[:])
		if f.half == 0 {
			return nil, false
		}
		return b[2:], true
	case 'E':
		return readName(b, weekdays[:], nil)
	case 'Z', 'X', 'z':
		return f.readZone(b)
	case 'M':
		if it.width >= 3 {
			f.date = true
			return readName(b, months[:], &f.month)
		}
	case 'S':
		f.clock = true
		if len(b) < it.width {
			return nil, false
		}
		digits, _ := leadingDigits(b[:it.width])
		f.ns, ok = fraction(digits)
		return b[it.width:], ok && len(digits) == it.width
	}
	return f.readNumber(it, b)
}

func (f *fields) readNumber(it *item, b []byte) (rest []byte, ok bool) {
	most := 2
	if it.letter == 'y' || it.letter == 'u' {
		most = 9
	}
	if it.packed {
		most = it.width
	}
	digits, _ := leadingDigits(b[:min(most, len(b))])
	if len(digits) == 0 || it.packed && len(digits) < most {
		return nil, false
	}
	v, _ := shortInt(digits)
	n := int(v)
	switch it.letter {
	case 'y', 'u':
		if it.width == 2 && len(digits) == 2 { // POSIX: 69-99 are 19xx
			if v += 1900; n < 69 {
				v += 100
			}
		}
		f.year, f.date, ok = v, true, true
	case 'M':
		f.month, f.date, ok = n, true, true
	case 'd':
		f.day, f.date, ok = n, true, true
	case 'H':
		f.hour, f.clock, ok = n, true, n < 24
	case 'k':
		f.hour, f.clock, ok = n%24, true, n >= 1 && n <= 24
	case 'h':
		f.hour, f.clock, ok = n%12, true, n >= 1 && n <= 12
	case 'K':
		f.hour, f.clock, ok = n, true, n < 12
	case 'm':
		f.min, f.clock, ok = n, true, n < 60
	case 's':
		f.sec, f.clock, ok = n, true, n < 60
	}
	return b[len(digits):], ok
}

func (f *fields) readZone(b []byte) (rest []byte, ok bool) {
	f.zoned = true
	for _, word := range [...]string{"GMT", "UTC"} {
		if len(b) >= 3 && string(b[:3]) == word {
			if b = b[3:]; len(b) == 0 || b[0] != '+' && b[0] != '-' {
				f.utc = true
				return b, true
			}
		}
	}
	if len(b) > 0 && b[0] == 'Z' {
		f.utc = true
		return b[1:], true
	}
	for _, n := range [...]int{6, 5, 3} { // +08:00, +0800, +08
		if len(b) >= n {
			if f.offset, ok = parseOffset(b[:n]); ok {
				return b[n:], true
			}
		}
	}
	return nil, false
}

var (
	halves   = [...]string{"am", "pm"}
	weekdays = [...]string{"sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"}
	months   = [...]string{"january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"}
)

// name returns the index of the name that b begins with, or -1.
func name(b []byte, names []string) int {
	for i, n := range names {
		if len(b) >= len(n) && equalFold(b[:len(n)], n) {
			return i
		}
	}
	return -1
}

// readName reads a name or its first three letters; into, if there, gets its
// number, from 1.
func readName(b []byte, names []string, into *int) (rest []byte, ok bool) {
	i := name(b, names)
	n := 3
	if i >= 0 {
		n = len(names[i])
	} else {
		for j, full := range names {
			if len(b) >= 3 && equalFold(b[:3], full[:3]) {
				i = j
			}
		}
	}
	if i < 0 {
		return nil, false
	}
	if into != nil {
		*into = i + 1
	}
	return b[n:], true
}

// append writes a moment in the pattern; an instant as the zone's wall clock.
func (p *pattern) append(dst []byte, m moment, zone *time.Location) []byte {
	sec, nsec := m.local(zone)
	offset := 0
	if contains(p.text, 'Z') || contains(p.text, 'X') || contains(p.text, 'z') {
		if unix, _, ok := m.unix(zone); ok {
			offset = int(sec-unix) / 60
		}
	}
	days, clock := floorDiv(sec, secondsPerDay)
	year, month, day := record.Civil(days)
	hour := int(clock / 3600)
	for i := range p.items {
		it := &p.items[i]
		switch it.letter {
		case 0:
			dst = append(dst, it.literal...)
		case 'y', 'u':
			if it.width == 2 {
				year = (year%100 + 100) % 100
			}
			dst = appendPadded(dst, year, it.width)
		case 'M':
			dst = appendMonth(dst, month, it.width)
		case 'd':
			dst = appendPadded(dst, int64(day), it.width)
		case 'H':
			dst = appendPadded(dst, int64(hour), it.width)
		case 'k':
			dst = appendPadded(dst, int64((hour+23)%24+1), it.width)
		case 'h':
			dst = appendPadded(dst, int64((hour+11)%12+1), it.width)
		case 'K':
			dst = appendPadded(dst, int64(hour%12), it.width)
		case 'm':
			dst = appendPadded(dst, clock/60%60, it.width)
		case 's':
			dst = appendPadded(dst, clock%60, it.width)
		case 'S':
			dst = appendFraction(dst, nsec, it.width)
		case 'a':
			dst = append(dst, [...]string{"AM", "PM"}[hour/12]...)
		case 'E':
			_, weekday := floorDiv(days+4, 7)
			dst = appendName(dst, weekdays[weekday], it.width)
		default:
			dst = appendZone(dst, it, offset)
		}
	}
	return dst
}

func appendPadded(dst []byte, v int64, width int) []byte {
	if v < 0 {
		dst, v = append(dst, '-'), -v
	}
	for limit, n := int64(10), 1; n < width; n, limit = n+1, limit*10 {
		if v < limit {
			for range width - n {
				dst = append(dst, '0')
			}
			break
		}
	}
	return strconv.AppendInt(dst, v, 10)
}

func appendMonth(dst []byte, month, width int) []byte {
	if width < 3 {
		return appendPadded(dst, int64(month), width)
	}
	return appendName(dst, months[month-1], width)
}

func appendName(dst []byte, name string, width int) []byte {
	if width <= 3 {
		name = name[:3]
	}
	return append(append(dst, name[0]-'a'+'A'), name[1:]...)
}

func appendFraction(dst []byte, nsec uint32, width int) []byte {
	for div := uint32(nanosPerSec / 10); width > 0; width-- {
		if div == 0 {
			dst = append(dst, '0')
			continue
		}
		dst = append(dst, '0'+byte(nsec/div%10))
		div /= 10
	}
	return dst
}

func appendZone(dst []byte, it *item, minutes int) []byte {
	if it.letter == 'X' && minutes == 0 {
		return append(dst, 'Z')
	}
	if it.letter == 'z' {
		if dst = append(dst, "GMT"...); minutes == 0 {
			return dst
		}
	}
	at := len(dst)
	dst = record.AppendOffset(dst, minutes)
	switch {
	case it.letter == 'X' && it.width == 1:
		if minutes%60 == 0 {
			return dst[:at+3]
		}
		fallthrough
	case it.letter == 'Z' || it.letter == 'X' && it.width == 2:
		copy(dst[at+3:], dst[at+4:])
		return dst[:len(dst)-1]
	}
	return dst
}
