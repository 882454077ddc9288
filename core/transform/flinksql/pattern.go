package flinksql

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// pattern is a format of Java's SimpleDateFormat, as far as it is numeric:
// y M d H h m s S a, texts in quotes and what is no letter.
type pattern []piece

type piece struct {
	letter byte // 0: text
	width  int
	text   string
}

func parsePattern(format string) (pattern, error) {
	var p pattern
	for i := 0; i < len(format); {
		c := format[i]
		switch {
		case c == '\'':
			end := strings.IndexByte(format[i+1:], '\'')
			if end < 0 {
				return nil, fmt.Errorf("the quote in the format %q has no end", format)
			}
			text := format[i+1 : i+1+end]
			if end == 0 {
				text = "'"
			}
			p = append(p, piece{text: text})
			i += end + 2
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z':
			if !strings.ContainsRune("yMdHhmsSa", rune(c)) {
				return nil, fmt.Errorf("the letter %c of the format %q is not supported: use y M d H h m s S a", c, format)
			}
			n := 1
			for i+n < len(format) && format[i+n] == c {
				n++
			}
			if c == 'M' && n > 2 || c == 'S' && n > 9 {
				return nil, fmt.Errorf("%s in the format %q is not supported", format[i:i+n], format)
			}
			p = append(p, piece{letter: c, width: n})
			i += n
		default:
			p = append(p, piece{text: format[i : i+1]})
			i++
		}
	}
	return p, nil
}

func (p pattern) append(dst []byte, k clock) []byte {
	for _, e := range p {
		n := 0
		switch e.letter {
		case 0:
			dst = append(dst, e.text...)
			continue
		case 'a':
			dst = append(dst, [2]string{"AM", "PM"}[k.hour/12]...)
			continue
		case 'S':
			dst = appendPadded(dst, int(k.nanos)/int(cutTo(e.width)), e.width)
			continue
		case 'y':
			n = int(k.year)
			if e.width == 2 {
				n %= 100
			}
		case 'M':
			n = k.month
		case 'd':
			n = k.day
		case 'H':
			n = k.hour
		case 'h':
			n = (k.hour+11)%12 + 1
		case 'm':
			n = k.minute
		case 's':
			n = k.second
		}
		dst = appendPadded(dst, n, e.width)
	}
	return dst
}

func appendPadded(dst []byte, n, width int) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	var buf [20]byte
	i := len(buf)
	for n > 0 || i == len(buf) {
		i--
		buf[i] = '0' + byte(n%10)
		n /= 10
	}
	for len(buf)-i < width && i > 0 {
		i--
		buf[i] = '0'
	}
	return append(dst, buf[i:]...)
}

// parse reads a text in the format; what the format lacks is that of 1970-01-01T00:00:00.
func (p pattern) parse(b []byte) (clock, bool) {
	k := clock{year: 1970, month: 1, day: 1, hasDate: true, hasTime: true}
	half, twelve := -1, false
	for i, e := range p {
		if e.letter == 0 {
			if !bytes.HasPrefix(b, []byte(e.text)) {
				return k, false
			}
			b = b[len(e.text):]
			continue
		}
		if e.letter == 'a' {
			switch {
			case len(b) >= 2 && bytes.EqualFold(b[:2], []byte("AM")):
				half = 0
			case len(b) >= 2 && bytes.EqualFold(b[:2], []byte("PM")):
				half = 12
			default:
				return k, false
			}
			b = b[2:]
			continue
		}
		most := max(e.width, 2)
		if i+1 < len(p) && p[i+1].letter != 0 { // the next number follows at once
			most = e.width
		} else if e.letter == 'y' {
			most = 4
		}
		if e.letter == 'S' {
			n := len(b)
			k.nanos, b = fraction(b)
			if n == len(b) {
				return k, false
			}
			continue
		}
		n, rest, ok := digits(b, 1, most)
		if !ok {
			return k, false
		}
		b = rest
		switch e.letter {
		case 'y':
			k.year = int64(n)
			if e.width == 2 {
				k.year += 2000
			}
		case 'M':
			k.month = n
		case 'd':
			k.day = n
		case 'h':
			k.hour, twelve = n%12, true
		case 'H':
			k.hour = n
		case 'm':
			k.minute = n
		case 's':
			k.second = n
		}
	}
	if twelve && half > 0 {
		k.hour += half
	}
	if len(b) > 0 || !k.valid() {
		return k, false
	}
	k.days = record.Days(k.year, k.month, k.day)
	return k, true
}
