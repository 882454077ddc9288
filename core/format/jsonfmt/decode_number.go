package jsonfmt

import (
	"math"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/record"
)

// appendDigits appends a JSON number exactly.
func appendDigits(b *record.Batch, raw string) {
	digits, negative := raw, false
	if raw[0] == '-' {
		digits, negative = raw[1:], true
	}
	if len(digits) > 20 || negative && digits == "0" { // minus zero is kept
		b.Text(record.Decimal, raw)
		return
	}
	var v uint64
	for i := range len(digits) {
		d := uint64(digits[i] - '0')
		if d > 9 || v > (math.MaxUint64-d)/10 {
			b.Text(record.Decimal, raw)
			return
		}
		v = v*10 + d
	}
	switch {
	case negative && v <= 1<<63:
		b.Int64(-int64(v))
	case negative:
		b.Text(record.Decimal, raw)
	case v <= math.MaxInt64:
		b.Int64(int64(v))
	default:
		b.Uint64(v)
	}
}

// unescape appends the content of a valid JSON text; false for half of a
// surrogate pair.
func unescape(dst []byte, s string) ([]byte, bool) {
	for i := 0; i < len(s); {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			i++
			continue
		}
		ch := s[i+1]
		i += 2
		switch ch {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hexRune(s[i : i+4])
			i += 4
			if utf16.IsSurrogate(r) {
				if len(s) < i+6 || s[i] != '\\' || s[i+1] != 'u' {
					return dst, false
				}
				if r = utf16.DecodeRune(r, hexRune(s[i+2:i+6])); r == utf8.RuneError {
					return dst, false
				}
				i += 6
			}
			dst = utf8.AppendRune(dst, r)
		default: // quote, slash, backslash
			dst = append(dst, ch)
		}
	}
	return dst, true
}

func hexRune(s string) rune {
	v, _ := strconv.ParseUint(s, 16, 32) // the text is valid
	return rune(v)
}
