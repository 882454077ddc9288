package mysqlkit

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

func (c *encoded) int(row record.Row, at int) (int64, error) {
	v := row.Int64(at)
	if v < c.low || v > 0 && uint64(v) > c.high {
		return 0, c.bad(errclass.Overflow, "%d is out of range of %s", v, c.native)
	}
	return v, nil
}

func intParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.int(row, at)
	return binary.LittleEndian.AppendUint64(buf, uint64(v)), err
}

func intField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.int(row, at)
	return strconv.AppendInt(buf, v, 10), err
}

func (c *encoded) uint(row record.Row, at int) (uint64, error) {
	v := row.Uint64(at)
	if v > c.high {
		return 0, c.bad(errclass.Overflow, "%d is out of range of %s", v, c.native)
	}
	return v, nil
}

func uintParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.uint(row, at)
	return binary.LittleEndian.AppendUint64(buf, v), err
}

func uintField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.uint(row, at)
	return strconv.AppendUint(buf, v, 10), err
}

func boolParameter(_ *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	return append(buf, byte(truthOf(row, at))), nil
}

func boolField(_ *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	return append(buf, byte('0'+truthOf(row, at))), nil
}

func truthOf(row record.Row, at int) uint64 {
	if row.Bool(at) {
		return 1
	}
	return 0
}

// year refuses what would be read as a year of two digits.
func (c *encoded) year(row record.Row, at int) (int64, error) {
	v := row.Int64(at)
	if v != 0 && (v < 1901 || v > 2155) {
		return 0, c.bad(errclass.Overflow, "%d is out of range of YEAR: 1901 to 2155, or 0", v)
	}
	return v, nil
}

func yearParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.year(row, at)
	return binary.LittleEndian.AppendUint64(buf, uint64(v)), err
}

func yearField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.year(row, at)
	if v == 0 {
		return append(buf, "0000"...), err // 0 alone is 2000
	}
	return strconv.AppendInt(buf, v, 10), err
}

func bitsField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	if row.Kind(at) == record.Bool {
		return appendBits(buf, truthOf(row, at)), nil
	}
	v, err := c.uint(row, at)
	return appendBits(buf, v), err
}

// appendBits appends eight bytes as hex digits.
func appendBits(buf []byte, v uint64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], v)
	return appendHex(buf, raw[:])
}

// bitText reads a text of the digits 0 and 1, which has to have as many as the
// column.
func (c *encoded) bitText(row record.Row, at int) (v uint64, err error) {
	text := row.Bytes(at)
	for _, d := range text {
		if d != '0' && d != '1' {
			return 0, c.bad(errclass.Conversion, "%.80q is no text of bits", text)
		}
		v = v<<1 | uint64(d-'0')
	}
	if len(text) != c.length {
		return 0, c.bad(errclass.Overflow, "%d bits for a column of type %s", len(text), c.native)
	}
	return v, nil
}

func bitTextParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.bitText(row, at)
	return binary.LittleEndian.AppendUint64(buf, v), err
}

func bitTextField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.bitText(row, at)
	return appendBits(buf, v), err
}

// float refuses what MySQL has no value for, and what it would round to the
// digits of a FLOAT(M,D).
func (c *encoded) float(v float64, bits int) error {
	if v-v != 0 {
		return c.bad(errclass.Overflow, "%v cannot be stored", v)
	}
	if c.digits >= 0 {
		power := math.Pow10(c.digits)
		rounded := math.RoundToEven(v*power) / power
		if rounded != v && (bits == 64 || float32(rounded) != float32(v)) {
			return c.bad(errclass.Overflow, "%s has more digits than %s keeps", strconv.FormatFloat(v, 'g', -1, bits), c.native)
		}
	}
	return nil
}

func float32Parameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v := row.Float32(at)
	return binary.LittleEndian.AppendUint32(buf, math.Float32bits(v)), c.float(float64(v), 32)
}

// float32Field spells the value as a float of 64 bits: the server reads one and
// narrows it, which is exact for all of its digits only.
func float32Field(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v := float64(row.Float32(at))
	return strconv.AppendFloat(buf, v, 'e', -1, 64), c.float(v, 32)
}

func float64Parameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v := row.Float64(at)
	return binary.LittleEndian.AppendUint64(buf, math.Float64bits(v)), c.float(v, 64)
}

func float64Field(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v := row.Float64(at)
	return strconv.AppendFloat(buf, v, 'e', -1, 64), c.float(v, 64)
}

// decimal refuses NaN and the infinities.
func (c *encoded) decimal(row record.Row, at int) ([]byte, error) {
	v := row.Bytes(at)
	for _, d := range v {
		if d > '9' && d != 'e' && d != 'E' {
			return nil, c.bad(errclass.Overflow, "%.80s cannot be stored", v)
		}
	}
	return v, nil
}

func decimalParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.decimal(row, at)
	return append(appendLength(buf, len(v)), v...), err
}

func decimalField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.decimal(row, at)
	return append(buf, v...), err
}
