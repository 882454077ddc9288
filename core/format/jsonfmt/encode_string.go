package jsonfmt

import (
	"encoding/binary"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// special tells whether one of the eight bytes of w may need an escape or a
// look at its encoding: a control character, a quote, a backslash or anything
// beyond ASCII. It may be wrong in saying yes, never in saying no.
func special(w uint64) bool {
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return (w|(w-ones*0x20)|(quote-ones)|(slash-ones))&highs != 0
}

// escapes holds for each byte how it is written inside a JSON string: 0 as it
// is, 'u' as \u00XX, anything else as a backslash and that letter.
var escapes = func() (t [256]byte) {
	for c := range 0x20 {
		t[c] = 'u'
	}
	t['\b'], t['\f'], t['\n'], t['\r'], t['\t'] = 'b', 'f', 'n', 'r', 't'
	t['"'], t['\\'] = '"', '\\'
	return t
}()

const hex = "0123456789abcdef"

// appendString appends s as a JSON string; false if s is not UTF-8.
func appendString(dst, s []byte) ([]byte, bool) {
	dst = append(dst, '"')
	dst, ok := appendEscaped(dst, s)
	return append(dst, '"'), ok
}

// appendEscaped appends s as the inside of a JSON string; false if s is not UTF-8.
func appendEscaped(dst, s []byte) ([]byte, bool) {
	i := 0
	for ; i+8 <= len(s); i += 8 {
		if special(binary.LittleEndian.Uint64(s[i:])) {
			return appendSlowly(dst, s, i)
		}
	}
	for ; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || escapes[c] != 0 {
			return appendSlowly(dst, s, i)
		}
	}
	return append(dst, s...), true
}

// appendSlowly is appendEscaped of s, of which the first i bytes are plain.
func appendSlowly(dst, s []byte, i int) ([]byte, bool) {
	if !utf8.Valid(s[i:]) {
		return dst, false
	}
	done := 0
	for ; i < len(s); i++ {
		c := s[i]
		if escapes[c] == 0 {
			continue
		}
		dst = append(dst, s[done:i]...)
		done = i + 1
		if escapes[c] == 'u' {
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xf])
		} else {
			dst = append(dst, '\\', escapes[c])
		}
	}
	return append(dst, s[done:]...), true
}

// AppendText appends s as a JSON string; broken UTF-8 becomes U+FFFD.
func AppendText(dst []byte, s string) []byte {
	start := len(dst)
	dst, ok := appendString(dst, []byte(s))
	if !ok {
		dst, _ = appendString(dst[:start], []byte(string([]rune(s))))
	}
	return dst
}
