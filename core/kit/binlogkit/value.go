package binlogkit

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

var errMalformed = errors.New("the event is malformed")

// LengthInt reads a length-encoded integer and returns how many bytes it takes.
func LengthInt(p []byte) (v uint64, used int, err error) {
	if len(p) == 0 {
		return 0, 0, errMalformed
	}
	switch p[0] {
	default:
		return uint64(p[0]), 1, nil
	case 0xfb, 0xff:
		return 0, 0, errMalformed
	case 0xfc:
		used = 3
	case 0xfd:
		used = 4
	case 0xfe:
		used = 9
	}
	if len(p) < used {
		return 0, 0, errMalformed
	}
	return little(p[1:used]), used, nil
}

// op is how a value is read.
type op uint8

const (
	opInt8 op = iota
	opUint8
	opInt16
	opUint16
	opInt24
	opUint24
	opInt32
	opUint32
	opInt64
	opUint64
	opBool
	opYear
	opFloat
	opDouble
	opDecimal
	opBit
	opBitBool
	opDate
	opOldTime // before MySQL 5.6
	opOldDatetime
	opOldTimestamp
	opTime
	opDatetime
	opTimestamp
	opText
	opChar // a text without the spaces at its end
	opBytes
	opBinary // padded with zeros
	opEnum
	opSet
	opJSON
	opUUID
	opAddress
)

// fixed are the types whose values have one length: signed and unsigned.
var fixed = map[byte]struct {
	signed, unsigned op
	width            int
}{
	mysql.MYSQL_TYPE_TINY: {opInt8, opUint8, 1}, mysql.MYSQL_TYPE_SHORT: {opInt16, opUint16, 2}, mysql.MYSQL_TYPE_INT24: {opInt24, opUint24, 3},
	mysql.MYSQL_TYPE_LONG: {opInt32, opUint32, 4}, mysql.MYSQL_TYPE_LONGLONG: {opInt64, opUint64, 8}, mysql.MYSQL_TYPE_YEAR: {opYear, opYear, 1},
	mysql.MYSQL_TYPE_FLOAT: {opFloat, opFloat, 4}, mysql.MYSQL_TYPE_DOUBLE: {opDouble, opDouble, 8},
	mysql.MYSQL_TYPE_DATE: {opDate, opDate, 3}, mysql.MYSQL_TYPE_NEWDATE: {opDate, opDate, 3},
	mysql.MYSQL_TYPE_TIME: {opOldTime, opOldTime, 3}, mysql.MYSQL_TYPE_DATETIME: {opOldDatetime, opOldDatetime, 8}, mysql.MYSQL_TYPE_TIMESTAMP: {opOldTimestamp, opOldTimestamp, 4},
	mysql.MYSQL_TYPE_TIME2: {opTime, opTime, 3}, mysql.MYSQL_TYPE_DATETIME2: {opDatetime, opDatetime, 5}, mysql.MYSQL_TYPE_TIMESTAMP2: {opTimestamp, opTimestamp, 4},
}

// plan says how the values of column i of a table map are read.
func (c *column) plan(e *replication.TableMapEvent, i int, def *Column, kind record.Kind) error {
	wire, meta := typeOf(e, i), e.ColumnMeta[i]
	c.name = def.Name
	if f, ok := fixed[wire]; ok {
		c.op, c.width = f.signed, f.width
		if isUnsigned(def.Type) {
			c.op = f.unsigned
		}
		switch {
		case kind == record.Bool:
			c.op = opBool
		case c.op >= opTime && c.op <= opTimestamp:
			c.scale = uint8(meta)
			c.width += (int(meta) + 1) / 2
		}
		return nil
	}
	switch wire {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		c.op, c.digits, c.scale = opDecimal, uint8(meta>>8), uint8(meta&0xff)
		if c.scale > c.digits {
			return errMalformed
		}
		c.width = decimalBytes(int(c.digits)-int(c.scale)) + decimalBytes(int(c.scale))
		return nil
	case mysql.MYSQL_TYPE_BIT:
		bits := int(meta>>8)*8 + int(meta&0xff)
		if c.op, c.width = opBit, (bits+7)/8; kind == record.Bool {
			c.op = opBitBool
		}
		if c.width > 8 {
			return errMalformed
		}
		return nil
	case mysql.MYSQL_TYPE_ENUM, mysql.MYSQL_TYPE_SET:
		c.op, c.width = opEnum, int(meta&0xff)
		if wire == mysql.MYSQL_TYPE_SET {
			c.op = opSet
		}
		for _, m := range Members(def.Type) {
			c.names = append(c.names, []byte(m))
		}
		if c.width > 8 {
			return errMalformed
		}
		return nil
	}
	return c.planLong(wire, meta, def, kind)
}

// planLong plans what has its length before it.
func (c *column) planLong(wire byte, meta uint16, def *Column, kind record.Kind) error {
	switch wire {
	case mysql.MYSQL_TYPE_STRING:
		c.prefix, c.width = 1, stringBytes(meta)
		if c.width > 255 {
			c.prefix = 2
		}
	case mysql.MYSQL_TYPE_VARCHAR, mysql.MYSQL_TYPE_VAR_STRING:
		if c.prefix = 1; meta > 255 {
			c.prefix = 2
		}
	case mysql.MYSQL_TYPE_BLOB, mysql.MYSQL_TYPE_GEOMETRY, mysql.MYSQL_TYPE_JSON, mysql.MYSQL_TYPE_VECTOR:
		if c.prefix = uint8(meta); meta < 1 || meta > 4 {
			return errMalformed
		}
	default:
		return fmt.Errorf("its type (%d in the log) is not known", wire)
	}
	switch {
	case kind == record.UUID:
		c.op = opUUID
	case word(def.Type) == "inet6" || word(def.Type) == "inet4":
		c.op = opAddress
	case wire == mysql.MYSQL_TYPE_JSON:
		c.op = opJSON
	case kind == record.Bytes && wire == mysql.MYSQL_TYPE_STRING:
		c.op = opBinary
	case kind == record.Bytes:
		c.op = opBytes
	default:
		c.op = opText
		if wire == mysql.MYSQL_TYPE_STRING {
			c.op = opChar
		}
		var known bool
		if c.text, known = newDecoder(def.Charset); !known {
			return errclass.With(errclass.Config, fmt.Errorf("its character set (%s) is not known: convert the column to utf8mb4, or leave the table out", def.Charset))
		}
	}
	return nil
}

// cut returns the value that p begins with, and what is used up by it.
func (c *column) cut(p []byte) (v []byte, n int, err error) {
	if c.prefix == 0 {
		if len(p) < c.width {
			return nil, 0, errMalformed
		}
		return p[:c.width], c.width, nil
	}
	at := int(c.prefix)
	if len(p) < at {
		return nil, 0, errMalformed
	}
	var size int
	switch at {
	case 1:
		size = int(p[0])
	case 2:
		size = int(binary.LittleEndian.Uint16(p))
	case 3:
		size = int(p[0]) | int(p[1])<<8 | int(p[2])<<16
	default:
		size = int(binary.LittleEndian.Uint32(p))
	}
	if len(p)-at < size {
		return nil, 0, errMalformed
	}
	return p[at : at+size], at + size, nil
}

// append appends a value. After an error of class Data, the value is one that
// is none, nothing was appended.
func (c *column) append(v []byte, b *record.Batch, zero bool) error {
	switch c.op {
	case opInt8:
		b.Int64(int64(int8(v[0])))
	case opUint8:
		b.Int64(int64(v[0]))
	case opInt16:
		b.Int64(int64(int16(binary.LittleEndian.Uint16(v))))
	case opUint16:
		b.Int64(int64(binary.LittleEndian.Uint16(v)))
	case opInt24:
		b.Int64(int64(int32(uint32(v[0])<<8|uint32(v[1])<<16|uint32(v[2])<<24) >> 8))
	case opUint24:
		b.Int64(int64(v[0]) | int64(v[1])<<8 | int64(v[2])<<16)
	case opInt32:
		b.Int64(int64(int32(binary.LittleEndian.Uint32(v))))
	case opUint32:
		b.Int64(int64(binary.LittleEndian.Uint32(v)))
	case opInt64:
		b.Int64(int64(binary.LittleEndian.Uint64(v)))
	case opUint64:
		b.Uint64(binary.LittleEndian.Uint64(v))
	case opBool:
		b.Bool(v[0] != 0)
	case opYear:
		if v[0] == 0 {
			b.Int64(0)
		} else {
			b.Int64(1900 + int64(v[0]))
		}
	case opFloat:
		b.Float32(math.Float32frombits(binary.LittleEndian.Uint32(v)))
	case opDouble:
		b.Float64(math.Float64frombits(binary.LittleEndian.Uint64(v)))
	case opDecimal:
		return c.decimal(v, b)
	case opBit, opBitBool:
		bits(c.op, v, b)
	case opText, opChar, opBytes, opBinary, opEnum, opSet, opJSON, opUUID, opAddress:
		return c.long(v, b)
	default:
		return c.temporal(v, b, zero)
	}
	return nil
}

func bits(o op, v []byte, b *record.Batch) {
	var n uint64
	for _, c := range v {
		n = n<<8 | uint64(c)
	}
	if o == opBitBool {
		b.Bool(n != 0)
		return
	}
	b.Uint64(n)
}

// long appends what is kept in the arena.
func (c *column) long(v []byte, b *record.Batch) error {
	switch c.op {
	case opText, opChar:
		return c.string(v, b)
	case opBytes:
		b.Bytes(v)
	case opBinary:
		buf := append(b.Buffer(), v...)
		for range c.width - len(v) { // the log has them cut off
			buf = append(buf, 0)
		}
		b.Take(record.Bytes, buf)
	case opEnum:
		return c.enum(v, b)
	case opSet:
		return c.set(v, b)
	case opJSON:
		buf, err := AppendJSON(b.Buffer(), v)
		if err != nil {
			return err
		}
		b.Take(record.JSON, buf)
	case opUUID:
		return uuid(v, b)
	case opAddress:
		return address(v, b, c.width)
	}
	return nil
}

func (c *column) string(v []byte, b *record.Batch) error {
	if c.text == nil {
		if c.op == opChar {
			v = bytes.TrimRight(v, " ")
		}
		b.String(v)
		return nil
	}
	start := len(b.Buffer())
	buf, err := c.text.append(b.Buffer(), v)
	if err != nil {
		return errclass.BadValue(c.name, errclass.Encoding, "%q is no text of its character set", v)
	}
	if c.op == opChar {
		for len(buf) > start && buf[len(buf)-1] == ' ' {
			buf = buf[:len(buf)-1]
		}
	}
	b.Take(record.String, buf)
	return nil
}

func little(v []byte) (n uint64) {
	for i := len(v) - 1; i >= 0; i-- {
		n = n<<8 | uint64(v[i])
	}
	return n
}

func (c *column) enum(v []byte, b *record.Batch) error {
	switch n := little(v); {
	case n == 0: // what is stored for a value that is none
		b.String(nil)
	case n > uint64(len(c.names)):
		return fmt.Errorf("column %q: its value is number %d of %d: %w", c.name, n, len(c.names), errMalformed)
	default:
		b.String(c.names[n-1])
	}
	return nil
}

func (c *column) set(v []byte, b *record.Batch) error {
	n := little(v)
	if len(c.names) < 64 && n>>len(c.names) != 0 {
		return fmt.Errorf("column %q: its value has more members than the %d that are known: %w", c.name, len(c.names), errMalformed)
	}
	buf := b.Buffer()
	first := true
	for i := 0; n != 0; i, n = i+1, n>>1 {
		if n&1 == 0 {
			continue
		}
		if !first {
			buf = append(buf, ',')
		}
		first = false
		buf = append(buf, c.names[i]...)
	}
	b.Take(record.String, buf)
	return nil
}

// uuid appends MariaDB's UUID. Those of the versions 1 to 5 are stored with
// their parts in reverse order, so that they sort by time.
func uuid(v []byte, b *record.Batch) error {
	var u [16]byte
	copy(u[:], v) // zeros at the end are cut off
	if len(v) > 16 {
		return errMalformed
	}
	if u[8] > 0 && u[8] < 0x80 {
		u = [16]byte{u[12], u[13], u[14], u[15], u[10], u[11], u[8], u[9], u[6], u[7], u[0], u[1], u[2], u[3], u[4], u[5]}
	}
	const hex = "0123456789abcdef"
	buf := b.Buffer()
	for i, x := range u {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			buf = append(buf, '-')
		}
		buf = append(buf, hex[x>>4], hex[x&15])
	}
	b.Take(record.UUID, buf)
	return nil
}

// address appends MariaDB's network addresses as text.
func address(v []byte, b *record.Batch, width int) error {
	var raw [16]byte
	if len(v) > width || width != 4 && width != 16 {
		return errMalformed
	}
	copy(raw[:], v)
	a, _ := netip.AddrFromSlice(raw[:width])
	b.Take(record.String, a.AppendTo(b.Buffer()))
	return nil
}
