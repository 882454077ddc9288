package binlogkit

import (
	"strconv"

	"github.com/datasync-io/datasync/core/record"
)

// digitBytes is how many bytes so many decimal digits take; nine take four.
var digitBytes = [10]int{0, 1, 1, 2, 2, 3, 3, 4, 4, 4}

func decimalBytes(digits int) int { return digits/9*4 + digitBytes[digits%9] }

// decimal appends a DECIMAL: groups of digits, big endian, those of a negative
// number inverted and the first bit inverted once more.
func (c *column) decimal(v []byte, b *record.Batch) error {
	buf, err := appendDecimal(b.Buffer(), v, int(c.digits), int(c.scale))
	if err != nil {
		return err
	}
	b.Take(record.Decimal, buf)
	return nil
}

func appendDecimal(dst, v []byte, digits, scale int) ([]byte, error) {
	whole := digits - scale
	if whole < 0 || len(v) < decimalBytes(whole)+decimalBytes(scale) || len(v) == 0 {
		return dst, errMalformed
	}
	var mask byte
	if v[0]&0x80 == 0 {
		mask = 0xff
		dst = append(dst, '-')
	}
	first := v[0] ^ 0x80
	group := func(at, size int) uint32 {
		var n uint32
		for i := at; i < at+size; i++ {
			c := v[i]
			if i == 0 {
				c = first
			}
			n = n<<8 | uint32(c^mask)
		}
		return n
	}
	at, begin := 0, len(dst)
	if lead := whole % 9; lead > 0 {
		size := digitBytes[lead]
		if n := group(0, size); n > 0 {
			dst = strconv.AppendUint(dst, uint64(n), 10)
		}
		at = size
	}
	for range whole / 9 {
		n := group(at, 4)
		at += 4
		switch {
		case len(dst) > begin:
			dst = appendDigits(dst, n, 9)
		case n > 0:
			dst = strconv.AppendUint(dst, uint64(n), 10)
		}
	}
	if len(dst) == begin {
		dst = append(dst, '0')
	}
	if scale == 0 {
		return dst, nil
	}
	dst = append(dst, '.')
	for range scale / 9 {
		dst = appendDigits(dst, group(at, 4), 9)
		at += 4
	}
	if rest := scale % 9; rest > 0 {
		dst = appendDigits(dst, group(at, digitBytes[rest]), rest)
	}
	return dst, nil
}

// appendDigits appends n with zeros in front.
func appendDigits(dst []byte, n uint32, digits int) []byte {
	at := len(dst)
	for range digits {
		dst = append(dst, '0')
	}
	for i := len(dst) - 1; i >= at && n > 0; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
	return dst
}
