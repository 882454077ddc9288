package convert

// number is a decimal's text taken apart: ±whole.fraction × 10^exp.
type number struct {
	negative        bool
	whole, fraction []byte // digits
	exp             int
}

const maxExponent = 200_000 // beyond what any database's decimal has

// scan takes a decimal apart: [+-]digits[.digits][e[+-]digits], with a digit
// before or after the point.
func scan(b []byte) (n number, ok bool) {
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		n.negative = b[0] == '-'
		b = b[1:]
	}
	n.whole, b = leadingDigits(b)
	if len(b) > 0 && b[0] == '.' {
		n.fraction, b = leadingDigits(b[1:])
	}
	if len(n.whole)+len(n.fraction) == 0 {
		return n, false
	}
	if len(b) == 0 {
		return n, true
	}
	if b[0] != 'e' && b[0] != 'E' || len(b) == 1 {
		return n, false
	}
	n.exp, ok = exponent(b[1:])
	return n, ok
}

func leadingDigits(b []byte) (digits, rest []byte) {
	i := 0
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	return b[:i], b[i:]
}

func exponent(b []byte) (exp int, ok bool) {
	sign := 1
	if b[0] == '+' || b[0] == '-' {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	digits, rest := leadingDigits(b)
	if len(digits) == 0 || len(rest) > 0 {
		return 0, false
	}
	for _, d := range digits {
		exp = exp*10 + int(d-'0')
		if exp > maxExponent {
			return 0, false
		}
	}
	return sign * exp, true
}

// digit returns the i-th digit of whole and fraction together, 0 beyond them.
func (n *number) digit(i int) byte {
	switch {
	case i < 0:
		return 0
	case i < len(n.whole):
		return n.whole[i] - '0'
	case i-len(n.whole) < len(n.fraction):
		return n.fraction[i-len(n.whole)] - '0'
	}
	return 0
}

// count is the number of digits, point how many of them stand before the
// decimal point; it may be negative or beyond count.
func (n *number) count() int { return len(n.whole) + len(n.fraction) }
func (n *number) point() int { return len(n.whole) + n.exp }

// magnitude returns the absolute value if it is a whole number of 64 bits.
func (n *number) magnitude() (v uint64, whole, fits bool) {
	point := n.point()
	for i := max(point, 0); i < n.count(); i++ {
		if n.digit(i) != 0 {
			return 0, false, true
		}
	}
	const cutoff = (1<<64 - 1) / 10
	for i := range max(point, 0) {
		if v > cutoff {
			return 0, true, false
		}
		d := uint64(n.digit(i))
		if v == 0 && i >= n.count() {
			break // nothing but zeros
		}
		if v *= 10; v+d < v {
			return 0, true, false
		}
		v += d
	}
	return v, true, true
}

// fits tells whether the number has at most scale digits after the point and
// precision-scale before it; zeros at the ends do not count.
func (n *number) fits(precision, scale int) bool {
	first, last := 0, n.count()-1
	for first <= last && n.digit(first) == 0 {
		first++
	}
	for last >= first && n.digit(last) == 0 {
		last--
	}
	if first > last {
		return true
	}
	return n.point()-first <= precision-scale && last-n.point() < scale
}

// appendPlain appends the number without an exponent, as JSON would write it,
// with the digits that it has.
func (n *number) appendPlain(dst []byte) []byte {
	if n.negative {
		dst = append(dst, '-')
	}
	point, first := n.point(), 0
	for first < point-1 && n.digit(first) == 0 {
		first++
	}
	if point <= 0 {
		dst = append(dst, '0')
	}
	for i := first; i < point; i++ {
		dst = append(dst, '0'+n.digit(i))
	}
	if point >= n.count() {
		return dst
	}
	dst = append(dst, '.')
	for i := point; i < n.count(); i++ {
		dst = append(dst, '0'+n.digit(i))
	}
	return dst
}

// plain tells whether the number's own text is what appendPlain would write.
func (n *number) plain(b []byte) bool {
	return n.exp == 0 && b[0] != '+' && len(n.whole) > 0 && (len(n.whole) == 1 || n.whole[0] != '0') && b[len(b)-1] != '.'
}

// special returns the canonical text of NaN and the infinities, "" for all else.
func special(b []byte) string {
	sign := ""
	rest := b
	if len(rest) > 0 && (rest[0] == '-' || rest[0] == '+') {
		if rest[0] == '-' {
			sign = "-"
		}
		rest = rest[1:]
	}
	switch {
	case equalFold(b, "nan"):
		return "NaN"
	case equalFold(rest, "infinity") || equalFold(rest, "inf"):
		if sign != "" {
			return "-Infinity"
		}
		return "Infinity"
	}
	return ""
}

// equalFold compares with a word in lower case ASCII.
func equalFold(b []byte, word string) bool {
	if len(b) != len(word) {
		return false
	}
	for i := range b {
		c := b[i]
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}
