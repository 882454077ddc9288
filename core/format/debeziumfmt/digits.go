package debeziumfmt

import (
	"math/big"
	"strconv"
	"strings"
)

// digits is a decimal's text, taken apart. The text is borrowed.
type digits struct {
	negative        bool
	whole, fraction []byte
	scale           int // digits behind the point; below 0: zeros before it
	zeros           int // to be added to the digits for that scale
	cut             int // digits of whole and fraction that are not there, all zero
}

// parse reads [+-]digits[.digits][e[+-]digits]; false for anything else.
func (d *digits) parse(text []byte) bool {
	*d = digits{}
	if len(text) > 0 && (text[0] == '-' || text[0] == '+') {
		d.negative, text = text[0] == '-', text[1:]
	}
	d.whole, text = leading(text)
	if len(text) > 0 && text[0] == '.' {
		d.fraction, text = leading(text[1:])
	}
	d.scale = len(d.fraction)
	if len(text) > 0 && text[0]|0x20 == 'e' {
		power, err := strconv.Atoi(string(text[1:]))
		const most = 100_000 // far beyond any database's
		if err != nil || power > most || power < -most {
			return false
		}
		d.scale -= power
		text = nil
	}
	return len(text) == 0 && len(d.whole)+len(d.fraction) > 0
}

func leading(text []byte) (head, rest []byte) {
	i := 0
	for i < len(text) && text[i]-'0' <= 9 {
		i++
	}
	return text[:i], text[i:]
}

// rescale gives the value so many digits behind the point; false if some that
// are not zero would be lost.
func (d *digits) rescale(scale int) bool {
	if d.zeros = scale - d.scale; d.zeros < 0 {
		d.cut, d.zeros = -d.zeros, 0
		n := len(d.whole) + len(d.fraction)
		for i := max(0, n-d.cut); i < n; i++ {
			if d.at(i) != '0' {
				return false
			}
		}
	}
	d.scale = scale
	return true
}

func (d *digits) at(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	return d.fraction[i-len(d.whole)]
}

// appendUnscaled appends all digits as a number, in as few bytes of two's
// complement as hold it, the highest first (java.math.BigInteger.toByteArray).
func (d *digits) appendUnscaled(dst []byte) []byte {
	n := max(0, len(d.whole)+len(d.fraction)-d.cut)
	if n+d.zeros > 18 {
		return d.appendLarge(dst, n)
	}
	var v int64
	for i := range n {
		v = v*10 + int64(d.at(i)-'0')
	}
	v *= tens[d.zeros]
	if d.negative {
		v = -v
	}
	return appendInt(dst, v)
}

var tens = [...]int64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18}

func (d *digits) appendLarge(dst []byte, n int) []byte {
	text := (string(d.whole) + string(d.fraction))[:n] + strings.Repeat("0", d.zeros)
	v, _ := new(big.Int).SetString(text, 10) // digits alone
	if d.negative {
		v.Neg(v)
	}
	return appendBig(dst, v)
}

func appendInt(dst []byte, v int64) []byte {
	n := 1
	for n < 8 && v>>(8*n-1) != 0 && v>>(8*n-1) != -1 {
		n++
	}
	for i := n - 1; i >= 0; i-- {
		dst = append(dst, byte(v>>(8*i)))
	}
	return dst
}

func appendUint(dst []byte, v uint64) []byte {
	if v>>63 != 0 {
		dst = append(dst, 0)
		for i := 7; i >= 0; i-- {
			dst = append(dst, byte(v>>(8*i)))
		}
		return dst
	}
	return appendInt(dst, int64(v))
}

func appendBig(dst []byte, v *big.Int) []byte {
	if v.Sign() >= 0 {
		b := v.Bytes()
		if len(b) == 0 || b[0]&0x80 != 0 {
			dst = append(dst, 0)
		}
		return append(dst, b...)
	}
	b := new(big.Int).Not(v).Bytes() // -v-1, whose complement it is
	if len(b) == 0 || b[0]&0x80 != 0 {
		dst = append(dst, 0xff)
	}
	for _, x := range b {
		dst = append(dst, ^x)
	}
	return dst
}

// AppendDecimal appends the text of an unscaled value in two's complement.
func AppendDecimal(dst, value []byte, scale int) []byte {
	v := new(big.Int).SetBytes(value)
	if len(value) > 0 && value[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(value))))
	}
	if v.Sign() < 0 {
		dst = append(dst, '-')
		v.Neg(v)
	}
	text := v.String()
	if scale <= 0 {
		if v.Sign() == 0 {
			scale = 0
		}
		return append(append(dst, text...), strings.Repeat("0", -scale)...)
	}
	if missing := scale + 1 - len(text); missing > 0 {
		text = strings.Repeat("0", missing) + text
	}
	dst = append(dst, text[:len(text)-scale]...)
	return append(append(dst, '.'), text[len(text)-scale:]...)
}
