package mssqlkit

import "strconv"

// decimalForm is a decimal's precision and scale. It is for one goroutine.
type decimalForm struct {
	precision, scale int
	digits           []byte // of the value being looked at
}

// appendPlain appends a decimal, in plain or scientific notation, in plain
// notation with no more digits than it needs: what the driver reads. fault
// says what is wrong with it, "" if nothing is: the value would not be the same.
func (f *decimalForm) appendPlain(dst, v []byte) (out []byte, fault string) {
	at := len(dst)
	digits, point, exponent, fault := f.take(v)
	if fault != "" {
		return dst, fault
	}
	if len(v) > 0 && v[0] == '-' {
		dst = append(dst, '-')
	}
	// digits[:point] stand before the decimal point once the exponent is applied.
	point += exponent
	start := 0
	for start < len(digits) && digits[start] == '0' {
		start++
	}
	end := len(digits)
	for end > start && digits[end-1] == '0' {
		end--
	}
	if start == end {
		return append(dst[:at], '0'), ""
	}
	if point-start > f.precision-f.scale || end-point > f.scale {
		if point-start > f.precision-f.scale {
			return dst[:at], "does not fit"
		}
		return dst[:at], "has more digits after the point than"
	}
	if point <= start {
		dst = append(dst, '0', '.')
		for range start - point {
			dst = append(dst, '0')
		}
		return append(dst, digits[start:end]...), ""
	}
	for i := start; i < max(point, end); i++ {
		if i == point {
			dst = append(dst, '.')
		}
		if i < len(digits) {
			dst = append(dst, digits[i])
		} else {
			dst = append(dst, '0')
		}
	}
	return dst, ""
}

// take cuts a decimal into its digits, without sign and point, how many
// of them stand before the point, and its exponent.
func (f *decimalForm) take(v []byte) (digits []byte, point, exponent int, fault string) {
	if len(v) > 0 && (v[0] == '-' || v[0] == '+') {
		v = v[1:]
	}
	digits, point = f.digits[:0], -1
	defer func() { f.digits = digits[:0] }()
	for i, c := range v {
		switch {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case c == '.' && point < 0:
			point = len(digits)
		case (c == 'e' || c == 'E') && len(digits) > 0:
			n, err := strconv.Atoi(string(v[i+1:]))
			if err != nil || n > 1000 || n < -1000 {
				return digits, 0, 0, "does not fit"
			}
			exponent = n
			if point < 0 {
				point = len(digits)
			}
			return digits, point, exponent, ""
		default:
			return digits, 0, 0, "is no number for"
		}
	}
	if len(digits) == 0 {
		return digits, 0, 0, "is no number for"
	}
	if point < 0 {
		point = len(digits)
	}
	return digits, point, 0, ""
}
