package mysqlkit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

var errMalformed = errors.New("a row of the result is malformed")

// Append appends the first n columns of the row in packet, which is in the
// binary protocol, to the row begun in b. A value that is none, such as a zero
// date, is an error of class Data.
//
// Protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_binary_resultset.html
func (sh *Shape) Append(packet []byte, b *record.Batch, n int) error {
	nulls := 1 + (len(sh.ops)+9)>>3
	if len(packet) < nulls {
		return errMalformed
	}
	bitmap := packet[1:nulls]
	p := packet[nulls:]
	for i, o := range sh.ops[:n] {
		if bitmap[(i+2)>>3]&(1<<((i+2)&7)) != 0 {
			b.Null()
			continue
		}
		size, err := value(o, p, b, sh.zero)
		if err != nil {
			return sh.explain(i, err)
		}
		p = p[size:]
	}
	return nil
}

// Pick appends some columns of the row in packet, ascending, to the row begun
// in b. A zero date is an error whatever the settings say.
func (sh *Shape) Pick(packet []byte, b *record.Batch, columns []int) error {
	nulls := 1 + (len(sh.ops)+9)>>3
	if len(packet) < nulls {
		return errMalformed
	}
	bitmap := packet[1:nulls]
	p := packet[nulls:]
	for i, o := range sh.ops {
		if len(columns) == 0 {
			break
		}
		null := bitmap[(i+2)>>3]&(1<<((i+2)&7)) != 0
		size := 0
		var err error
		switch wanted := columns[0] == i; {
		case null && wanted:
			b.Null()
		case null:
		case wanted:
			size, err = value(o, p, b, false)
		default:
			size, err = extent(o, p)
		}
		if err != nil {
			return sh.explain(i, err)
		}
		p = p[size:]
		if columns[0] == i {
			columns = columns[1:]
		}
	}
	return nil
}

// extent is the length of the value that p begins with.
func extent(o op, p []byte) (int, error) {
	switch {
	case o >= opString:
		at, size, err := length(p)
		return at + size, err
	case o >= opDate && (len(p) == 0 || len(p) <= int(p[0])), o < opDate && len(p) < widths[o]:
		return 0, errMalformed
	case o >= opDate:
		return 1 + int(p[0]), nil
	}
	return widths[o], nil
}

func (sh *Shape) explain(i int, err error) error {
	name := sh.Columns[i].Name
	var v *errclass.Value
	if errors.As(err, &v) {
		return errclass.With(errclass.Data, &errclass.Value{Column: name, Reason: v.Reason, Err: v.Err})
	}
	return fmt.Errorf("column %q: %w", name, err)
}

// value decodes the value that p begins with and returns its length.
func value(o op, p []byte, b *record.Batch, zero bool) (int, error) {
	if o >= opString {
		return lengthEncoded(o, p, b)
	}
	if o >= opDate {
		return temporal(o, p, b, zero)
	}
	width := widths[o]
	if len(p) < width {
		return 0, errMalformed
	}
	switch o {
	case opNull:
		b.Null()
	case opInt8:
		b.Int64(int64(int8(p[0])))
	case opUint8:
		b.Int64(int64(p[0]))
	case opInt16:
		b.Int64(int64(int16(binary.LittleEndian.Uint16(p))))
	case opUint16:
		b.Int64(int64(binary.LittleEndian.Uint16(p)))
	case opInt32:
		b.Int64(int64(int32(binary.LittleEndian.Uint32(p))))
	case opUint32:
		b.Int64(int64(binary.LittleEndian.Uint32(p)))
	case opInt64:
		b.Int64(int64(binary.LittleEndian.Uint64(p)))
	case opUint64:
		b.Uint64(binary.LittleEndian.Uint64(p))
	case opBool:
		b.Bool(p[0] != 0)
	case opFloat:
		b.Float32(math.Float32frombits(binary.LittleEndian.Uint32(p)))
	case opDouble:
		b.Float64(math.Float64frombits(binary.LittleEndian.Uint64(p)))
	}
	return width, nil
}

// widths are the bytes of values of fixed length.
var widths = [...]int{opNull: 0, opInt8: 1, opUint8: 1, opInt16: 2, opUint16: 2, opInt32: 4, opUint32: 4,
	opInt64: 8, opUint64: 8, opBool: 1, opFloat: 4, opDouble: 8}

// lengthEncoded decodes what comes as a length and so many bytes.
func lengthEncoded(o op, p []byte, b *record.Batch) (int, error) {
	at, size, err := length(p)
	if err != nil {
		return 0, err
	}
	v := p[at : at+size]
	switch o {
	case opString:
		b.String(v)
	case opDecimal:
		b.Decimal(v)
	case opBytes:
		b.Bytes(v)
	case opJSON:
		b.JSON(v)
	case opUUID:
		b.UUID(v)
	case opZerofill:
		b.Decimal(trimZeros(v))
	default:
		err = bits(o, v, b)
	}
	return at + size, err
}

// length reads a length-encoded integer that so many bytes follow.
func length(p []byte) (at, size int, err error) {
	if len(p) == 0 {
		return 0, 0, errMalformed
	}
	var n uint64
	switch at = 1; p[0] {
	default:
		n = uint64(p[0])
	case 0xfc:
		at = 3
	case 0xfd:
		at = 4
	case 0xfe:
		at = 9
	case 0xfb, 0xff:
		return 0, 0, errMalformed
	}
	if len(p) < at {
		return 0, 0, errMalformed
	}
	for i := at - 1; i > 0; i-- {
		n = n<<8 | uint64(p[i])
	}
	if n > uint64(len(p)-at) {
		return 0, 0, errMalformed
	}
	return at, int(n), nil
}

// trimZeros cuts the zeros in front of a number off, save the one before a
// point or at the end.
func trimZeros(v []byte) []byte {
	for len(v) > 1 && v[0] == '0' && v[1] != '.' {
		v = v[1:]
	}
	return v
}

func bits(o op, v []byte, b *record.Batch) error {
	if len(v) > 8 {
		return errMalformed
	}
	var n uint64
	for _, c := range v {
		n = n<<8 | uint64(c)
	}
	if o == opBitBool {
		b.Bool(n != 0)
		return nil
	}
	b.Uint64(n)
	return nil
}
