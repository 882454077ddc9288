package jsonfmt

import (
	"math"
	"strconv"
)

// tens are the powers of ten that AppendShort tries.
var tens = [...]float64{1, 10, 100, 1000, 10000}

// AppendShort appends a float that has at most four digits behind the point,
// as most in a database have, at a third of the general way's cost; false if v
// is none. Both write the same: of the decimals with at most 15 digits, a float64
// is nearest to one only (DBL_DIG).
func AppendShort(dst []byte, v float64) ([]byte, bool) {
	abs := math.Abs(v)
	if !(abs > 0 && abs < 1e9) { // -0, NaN
		return dst, false
	}
	for places, ten := range tens {
		n := math.Floor(abs*ten + 0.5)
		if n/ten != abs {
			continue
		}
		if v < 0 {
			dst = append(dst, '-')
		}
		whole := uint64(n) / uint64(ten)
		dst = strconv.AppendUint(dst, whole, 10)
		if places == 0 {
			return dst, true
		}
		dst = append(dst, '.')
		rest := uint64(n) - whole*uint64(ten)
		for d := uint64(ten) / 10; d > 0; d /= 10 {
			dst = append(dst, '0'+byte(rest/d))
			rest %= d
		}
		return dst, true
	}
	return dst, false
}

// appendNumber appends a decimal's text as an exact JSON number (RFC 8259,
// section 6): what JSON does not allow around the digits (a plus sign, leading
// zeros, a bare point) is straightened, no digit is changed. NaN and infinities
// become strings. false if text is none of these.
func appendNumber(dst, text []byte) ([]byte, bool) {
	if plain(text) {
		return append(dst, text...), true
	}
	switch string(text) {
	case "NaN", "Infinity", "-Infinity":
		return append(append(append(dst, '"'), text...), '"'), true
	}
	rest := text
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		if rest[0] == '-' {
			dst = append(dst, '-')
		}
		rest = rest[1:]
	}
	whole, rest := digits(rest)
	var fraction []byte
	if len(rest) > 0 && rest[0] == '.' {
		fraction, rest = digits(rest[1:])
	}
	if len(whole)+len(fraction) == 0 {
		return dst, false
	}
	for len(whole) > 1 && whole[0] == '0' {
		whole = whole[1:]
	}
	if len(whole) == 0 {
		dst = append(dst, '0')
	}
	dst = append(dst, whole...)
	if len(fraction) > 0 {
		dst = append(append(dst, '.'), fraction...)
	}
	return appendExponent(dst, rest)
}

// plain tells the usual case: digits without leading zero, perhaps a minus
// sign before and a point amid them.
func plain(text []byte) bool {
	if len(text) > 0 && text[0] == '-' {
		text = text[1:]
	}
	whole, rest := digits(text)
	if len(whole) == 0 || whole[0] == '0' && len(whole) > 1 {
		return false
	}
	if len(rest) == 0 {
		return true
	}
	fraction, after := digits(rest[1:])
	return rest[0] == '.' && len(fraction) > 0 && len(after) == 0
}

// digits splits text behind its leading digits.
func digits(text []byte) (head, rest []byte) {
	i := 0
	for i < len(text) && text[i]-'0' <= 9 {
		i++
	}
	return text[:i], text[i:]
}

// appendExponent appends what stands behind the digits: nothing or an exponent.
func appendExponent(dst, text []byte) ([]byte, bool) {
	if len(text) == 0 {
		return dst, true
	}
	if text[0] != 'e' && text[0] != 'E' {
		return dst, false
	}
	sign := text[1:]
	if len(sign) > 0 && (sign[0] == '-' || sign[0] == '+') {
		sign = sign[1:]
	}
	power, rest := digits(sign)
	return append(dst, text...), len(power) > 0 && len(rest) == 0
}
