package pgkit

import (
	"encoding/binary"

	"github.com/datasync-io/datasync/core/record"
)

// Signs of a numeric (src/backend/utils/adt/numeric.c).
const (
	numericPositive = 0x0000
	numericNegative = 0x4000
	numericNaN      = 0xC000
	numericInf      = 0xD000
	numericNegInf   = 0xF000
)

// decodeNumeric: the number of digits to the base of 10,000, the weight of the
// first one, a sign and the decimal digits after the point, in 2 bytes each;
// then the digits in 2 bytes each.
func decodeNumeric(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) < 8 {
		return errMalformed
	}
	n := int(binary.BigEndian.Uint16(v))
	weight := int(int16(binary.BigEndian.Uint16(v[2:])))
	sign := binary.BigEndian.Uint16(v[4:])
	scale := int(binary.BigEndian.Uint16(v[6:]))
	digits := v[8:]
	if len(digits) != 2*n {
		return errMalformed
	}
	buf := b.Buffer()
	switch sign {
	case numericPositive:
	case numericNegative:
		buf = append(buf, '-')
	case numericNaN:
		b.Take(record.Decimal, append(buf, "NaN"...))
		return nil
	case numericInf:
		b.Take(record.Decimal, append(buf, "Infinity"...))
		return nil
	case numericNegInf:
		b.Take(record.Decimal, append(buf, "-Infinity"...))
		return nil
	default:
		return errMalformed
	}
	b.Take(record.Decimal, appendNumeric(buf, digits, weight, scale))
	return nil
}

func appendNumeric(dst, digits []byte, weight, scale int) []byte {
	if weight < 0 {
		dst = append(dst, '0')
	}
	for i := 0; i <= weight; i++ {
		d := digitAt(digits, i)
		if i > 0 {
			dst = appendFour(dst, d, 4)
			continue
		}
		switch {
		case d >= 1000:
			dst = appendFour(dst, d, 4)
		case d >= 100:
			dst = append(dst, '0'+byte(d/100), '0'+byte(d/10%10), '0'+byte(d%10))
		case d >= 10:
			dst = append(dst, '0'+byte(d/10), '0'+byte(d%10))
		default:
			dst = append(dst, '0'+byte(d))
		}
	}
	if scale == 0 {
		return dst
	}
	dst = append(dst, '.')
	for i := weight + 1; scale > 0; i++ {
		dst = appendFour(dst, digitAt(digits, i), min(scale, 4))
		scale -= 4
	}
	return dst
}

// digitAt returns a digit to the base of 10,000; zeros are left out at both ends.
func digitAt(digits []byte, i int) uint16 {
	if i < 0 || 2*i >= len(digits) {
		return 0
	}
	return binary.BigEndian.Uint16(digits[2*i:])
}

// appendFour appends the first n of four decimal digits.
func appendFour(dst []byte, d uint16, n int) []byte {
	four := [4]byte{'0' + byte(d/1000%10), '0' + byte(d/100%10), '0' + byte(d/10%10), '0' + byte(d%10)}
	return append(dst, four[:n]...)
}
