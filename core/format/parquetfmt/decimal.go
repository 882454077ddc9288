package parquetfmt

import (
	"encoding/binary"
	"math/big"
	"math/bits"
	"slices"
	"strconv"
)

// int128 is a magnitude below 10^38 and its sign.
type int128 struct {
	hi, lo   uint64
	negative bool
}

// mulAdd sets n to n*f + d; false if that does not fit 128 bits.
func (n *int128) mulAdd(f, d uint64) bool {
	carry, lo := bits.Mul64(n.lo, f)
	over, hi := bits.Mul64(n.hi, f)
	lo, c := bits.Add64(lo, d, 0)
	hi, c = bits.Add64(hi, carry, c)
	n.hi, n.lo = hi, lo
	return over == 0 && c == 0
}

var powers = func() (p [39]int128) {
	p[0].lo = 1
	for i := 1; i < len(p); i++ {
		p[i] = p[i-1]
		p[i].mulAdd(10, 0)
	}
	return p
}()

// below tells n < 10^digits.
func (n *int128) below(digits int) bool {
	p := powers[digits]
	return n.hi < p.hi || n.hi == p.hi && n.lo < p.lo
}

// parseDecimal reads a decimal's text as its unscaled value: 12.5 with scale 2
// is 1250. fits is false if the value has more digits than precision and scale
// allow, ok if it is no finite number.
func parseDecimal(text []byte, precision, scale int) (n int128, fits, ok bool) {
	i := 0
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		n.negative = text[0] == '-'
		i = 1
	}
	fits = true
	digits, places, zeros, point := 0, 0, 0, false // zeros: behind the point, not yet in n
	for ; i < len(text); i++ {
		ch := text[i]
		if ch == '.' && !point {
			point = true
			continue
		}
		if ch-'0' > 9 {
			break
		}
		digits++
		if point && ch == '0' {
			zeros++
			continue
		}
		for ; zeros > 0; zeros-- {
			places++
			fits = n.mulAdd(10, 0) && fits
		}
		if point {
			places++
		}
		fits = n.mulAdd(10, uint64(ch-'0')) && fits
	}
	if digits == 0 {
		return n, false, false
	}
	exp := 0
	if i < len(text) {
		if ch := text[i]; ch != 'e' && ch != 'E' {
			return n, false, false
		}
		var err error
		if exp, err = strconv.Atoi(string(text[i+1:])); err != nil {
			return n, false, false
		}
	}
	return n, fits && n.shift(scale-places+exp) && n.below(precision), true
}

// shift moves the point by that many digits; false if digits other than 0 get lost.
func (n *int128) shift(by int) bool {
	if n.hi == 0 && n.lo == 0 {
		return true
	}
	fits := true
	for ; by > 0 && fits; by-- {
		fits = n.mulAdd(10, 0)
	}
	for ; by < 0 && fits; by++ {
		hi, rest := n.hi/10, n.hi%10
		lo, rest := bits.Div64(rest, n.lo, 10)
		n.hi, n.lo, fits = hi, lo, rest == 0
	}
	return fits
}

func (n *int128) int64() int64 {
	if n.negative {
		return -int64(n.lo)
	}
	return int64(n.lo)
}

// appendTwos appends the value as 16 bytes, big endian, two's complement.
func (n *int128) appendTwos(dst []byte) []byte {
	hi, lo := n.hi, n.lo
	if n.negative {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
	}
	return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(dst, hi), lo)
}

// appendUnscaled appends a decimal of an integer.
func appendUnscaled(dst []byte, v int64, scale int) []byte {
	start := len(dst)
	dst = strconv.AppendInt(dst, v, 10)
	return point(dst, start, scale)
}

// appendTwosText appends the decimal that big-endian bytes in two's complement stand for.
func appendTwosText(dst, b []byte, scale int) []byte {
	start := len(dst)
	if len(b) <= 8 {
		var v int64
		if len(b) > 0 && b[0] >= 0x80 {
			v = -1
		}
		for _, x := range b {
			v = v<<8 | int64(x)
		}
		return appendUnscaled(dst, v, scale)
	}
	if len(b) == 16 {
		return point(append128(dst, binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])), start, scale)
	}
	v := new(big.Int).SetBytes(b)
	if b[0] >= 0x80 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return point(v.Append(dst, 10), start, scale)
}

// append128 appends an integer of 128 bits in two's complement.
func append128(dst []byte, hi, lo uint64) []byte {
	if int64(hi) < 0 {
		var borrow uint64
		lo, borrow = bits.Sub64(0, lo, 0)
		hi, _ = bits.Sub64(0, hi, borrow)
		dst = append(dst, '-')
	}
	const ten19 = 10_000_000_000_000_000_000
	if hi >= ten19/10 { // beyond 38 digits, but 16 bytes can hold it
		v := new(big.Int).SetUint64(hi)
		return v.Add(v.Lsh(v, 64), new(big.Int).SetUint64(lo)).Append(dst, 10)
	}
	q, rest := bits.Div64(hi, lo, ten19)
	if q == 0 {
		return strconv.AppendUint(dst, rest, 10)
	}
	dst = strconv.AppendUint(dst, q, 10)
	at := len(dst)
	dst = strconv.AppendUint(dst, rest, 10)
	for len(dst)-at < 19 {
		dst = slices.Insert(dst, at, '0')
	}
	return dst
}

// point puts a point before the last digits of dst[start:].
func point(dst []byte, start, scale int) []byte {
	if scale <= 0 {
		return dst
	}
	if dst[start] == '-' {
		start++
	}
	if missing := scale + 1 - (len(dst) - start); missing > 0 {
		for range missing {
			dst = slices.Insert(dst, start, '0')
		}
	}
	return slices.Insert(dst, len(dst)-scale, '.')
}
