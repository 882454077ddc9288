package pgkit

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/datasync-io/datasync/core/record"
)

// Limits of a numeric (src/include/utils/numeric.h).
const (
	maxWhole = 131072
	maxScale = 16383
)

func encodeDecimal(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	return t.appendDecimal(dst, r.Bytes(c))
}

func encodePrintedNumber(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	var text [24]byte
	return t.appendDecimal(dst, r.AppendText(text[:0], c))
}

// appendDecimal appends a decimal number in binary; see decodeNumeric.
func (t *typeInfo) appendDecimal(dst, text []byte) ([]byte, error) {
	n, ok := parseDecimal(text)
	if !ok {
		sign, special := specialSign(text)
		if !special {
			return dst, t.notA(text)
		}
		return binary.BigEndian.AppendUint64(dst, uint64(sign)<<16), nil
	}
	if t.column.Precision > 0 && !n.fits(t.column.Precision, t.column.Scale) || n.point > maxWhole || n.scale() > maxScale {
		return dst, t.overflow(string(text))
	}
	return n.append(dst), nil
}

func specialSign(text []byte) (uint16, bool) {
	switch string(text) {
	case "NaN":
		return numericNaN, true
	case "Infinity":
		return numericInf, true
	case "-Infinity":
		return numericNegInf, true
	}
	return 0, false
}

// decimal is a number in digits, parted by nothing but a point that may stand
// anywhere.
type decimal struct {
	negative        bool
	first, second   []byte // the digits before and after the point as it was written
	point           int    // how many digits stand before the point that counts
	leading, length int    // zeros in front; digits in all
}

func parseDecimal(text []byte) (n decimal, ok bool) {
	b := text
	if len(b) > 0 && (b[0] == '-' || b[0] == '+') {
		n.negative = b[0] == '-'
		b = b[1:]
	}
	n.first, b = digitsOf(b)
	if len(b) > 0 && b[0] == '.' {
		n.second, b = digitsOf(b[1:])
	}
	n.length = len(n.first) + len(n.second)
	n.point = len(n.first)
	if n.length == 0 {
		return n, false
	}
	if len(b) > 1 && b[0]|0x20 == 'e' {
		exp, err := strconv.Atoi(string(b[1:]))
		if err != nil || exp > math.MaxInt32 || exp < math.MinInt32 {
			return n, false
		}
		n.point += exp
		b = nil
	}
	for n.leading < n.length && n.digit(n.leading) == 0 {
		n.leading++
	}
	return n, len(b) == 0
}

func digitsOf(b []byte) (digits, rest []byte) {
	i := 0
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return b[:i], b[i:]
}

// digit returns digit i from the left, 0 beyond both ends.
func (n *decimal) digit(i int) uint16 {
	switch {
	case i < 0 || i >= n.length:
		return 0
	case i < len(n.first):
		return uint16(n.first[i] - '0')
	}
	return uint16(n.second[i-len(n.first)] - '0')
}

// scale is how many digits stand behind the point.
func (n *decimal) scale() int { return max(0, n.length-n.point) }

// fits tells that the number needs no rounding in a numeric(precision, scale);
// a scale below 0 rounds before the point.
func (n *decimal) fits(precision, scale int) bool {
	if n.leading == n.length {
		return true
	}
	last := n.length
	for last > n.leading && n.digit(last-1) == 0 {
		last--
	}
	return n.point-n.leading <= precision-scale && last-n.point <= scale
}

// append appends the digits to the base of 10,000, aligned at the point.
func (n *decimal) append(dst []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0, 0, 0, 0, 0)
	if n.leading == n.length {
		binary.BigEndian.PutUint16(dst[at+6:], uint16(n.scale()))
		return dst
	}
	// The group of the first digit that is not 0; positions count from the point.
	weight := floorDiv(n.point-n.leading-1, 4)
	end := at + 8
	for i := n.point - 4*(weight+1); i < n.length; i += 4 {
		d := n.digit(i)*1000 + n.digit(i+1)*100 + n.digit(i+2)*10 + n.digit(i+3)
		dst = binary.BigEndian.AppendUint16(dst, d)
		if d != 0 {
			end = len(dst)
		}
	}
	dst = dst[:end]
	binary.BigEndian.PutUint16(dst[at:], uint16((end-at-8)/2))
	binary.BigEndian.PutUint16(dst[at+2:], uint16(weight))
	if n.negative {
		binary.BigEndian.PutUint16(dst[at+4:], numericNegative)
	}
	binary.BigEndian.PutUint16(dst[at+6:], uint16(n.scale()))
	return dst
}

func floorDiv(a, b int) int {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// encodeMoney: the amount in the smallest unit, which must be whole.
func encodeMoney(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	var buf [24]byte
	text := buf[:0]
	if r.Kind(c) == record.Decimal {
		text = r.Bytes(c)
	} else {
		text = r.AppendText(text, c)
	}
	n, ok := parseDecimal(text)
	if !ok {
		return dst, t.notA(text)
	}
	if !n.fits(19, t.cents) {
		return dst, t.overflow(string(text))
	}
	if n.leading == n.length {
		return binary.BigEndian.AppendUint64(dst, 0), nil
	}
	var v uint64
	for i := n.leading; i < n.point+t.cents; i++ {
		v = v*10 + uint64(n.digit(i))
	}
	if v > 1<<63 || v == 1<<63 && !n.negative {
		return dst, t.overflow(string(text))
	}
	if n.negative {
		v = -v
	}
	return binary.BigEndian.AppendUint64(dst, v), nil
}
