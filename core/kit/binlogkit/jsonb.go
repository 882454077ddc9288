package binlogkit

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/go-mysql-org/go-mysql/mysql"
)

// Types of values in MySQL's binary form of JSON.
// Format: sql-common/json_binary.h of the MySQL sources.
const (
	jsonSmallObject = iota
	jsonLargeObject
	jsonSmallArray
	jsonLargeArray
	jsonLiteral
	jsonInt16
	jsonUint16
	jsonInt32
	jsonUint32
	jsonInt64
	jsonUint64
	jsonDouble
	jsonString
	jsonOpaque = 15
)

// mostDepth is how deep MySQL lets documents be nested, and a little more.
const mostDepth = 110

// AppendJSON appends the text of a document in MySQL's binary form, as the
// server prints it.
func AppendJSON(dst, doc []byte) ([]byte, error) {
	if len(doc) == 0 { // what an ALTER TABLE IGNORE may leave
		return append(dst, "null"...), nil
	}
	return jsonValue(dst, doc[0], doc[1:], 0)
}

// jsonValue appends a value whose body begins at p.
func jsonValue(dst []byte, kind byte, p []byte, depth int) ([]byte, error) {
	if depth > mostDepth {
		return dst, errMalformed
	}
	switch kind {
	case jsonSmallObject, jsonLargeObject, jsonSmallArray, jsonLargeArray:
		c, err := newContainer(kind, p)
		if err != nil {
			return dst, err
		}
		return c.append(dst, depth)
	case jsonString:
		s, err := jsonBytes(p)
		if err != nil {
			return dst, err
		}
		return appendQuoted(dst, s), nil
	case jsonOpaque:
		if len(p) == 0 {
			return dst, errMalformed
		}
		v, err := jsonBytes(p[1:])
		if err != nil {
			return dst, err
		}
		return appendOpaque(dst, p[0], v)
	}
	return jsonScalar(dst, kind, p)
}

// jsonWidths are the bytes of scalars of fixed length.
var jsonWidths = [...]int{jsonLiteral: 1, jsonInt16: 2, jsonUint16: 2, jsonInt32: 4, jsonUint32: 4, jsonInt64: 8, jsonUint64: 8, jsonDouble: 8}

func jsonScalar(dst []byte, kind byte, p []byte) ([]byte, error) {
	if int(kind) >= len(jsonWidths) || len(p) < jsonWidths[kind] {
		return dst, errMalformed
	}
	switch kind {
	case jsonLiteral:
		if p[0] > 2 {
			return dst, errMalformed
		}
		return append(dst, [...]string{"null", "true", "false"}[p[0]]...), nil
	case jsonInt16:
		return strconv.AppendInt(dst, int64(int16(binary.LittleEndian.Uint16(p))), 10), nil
	case jsonUint16:
		return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint16(p)), 10), nil
	case jsonInt32:
		return strconv.AppendInt(dst, int64(int32(binary.LittleEndian.Uint32(p))), 10), nil
	case jsonUint32:
		return strconv.AppendUint(dst, uint64(binary.LittleEndian.Uint32(p)), 10), nil
	case jsonInt64:
		return strconv.AppendInt(dst, int64(binary.LittleEndian.Uint64(p)), 10), nil
	case jsonUint64:
		return strconv.AppendUint(dst, binary.LittleEndian.Uint64(p), 10), nil
	}
	return appendDouble(dst, math.Float64frombits(binary.LittleEndian.Uint64(p))), nil
}

// container is an object or an array: counts, then entries that say where
// keys and values are.
type container struct {
	p      []byte
	count  int
	object bool
	wide   int // bytes of an offset
}

func newContainer(kind byte, p []byte) (c container, err error) {
	c = container{object: kind <= jsonLargeObject, wide: 2}
	if kind == jsonLargeObject || kind == jsonLargeArray {
		c.wide = 4
	}
	if len(p) < 2*c.wide {
		return c, errMalformed
	}
	size := c.number(p[c.wide:])
	c.count = c.number(p)
	entries := c.count * (1 + c.wide)
	if c.object {
		entries += c.count * (2 + c.wide)
	}
	if size > len(p) || 2*c.wide+entries > size {
		return c, errMalformed
	}
	c.p = p[:size]
	return c, nil
}

func (c *container) number(p []byte) int {
	if c.wide == 2 {
		return int(binary.LittleEndian.Uint16(p))
	}
	return int(binary.LittleEndian.Uint32(p))
}

// key returns the key of a member.
func (c *container) key(i int) ([]byte, error) {
	at := 2*c.wide + i*(2+c.wide)
	from := c.number(c.p[at:])
	size := int(binary.LittleEndian.Uint16(c.p[at+c.wide:]))
	if from+size > len(c.p) {
		return nil, errMalformed
	}
	return c.p[from : from+size], nil
}

// value returns the type and the body of an element. Small ones lie where the
// offset would be.
func (c *container) value(i int) (kind byte, p []byte, err error) {
	at := 2*c.wide + i*(1+c.wide)
	if c.object {
		at += c.count * (2 + c.wide)
	}
	kind = c.p[at]
	switch kind {
	case jsonLiteral, jsonInt16, jsonUint16:
		return kind, c.p[at+1 : at+1+c.wide], nil
	case jsonInt32, jsonUint32:
		if c.wide == 4 {
			return kind, c.p[at+1 : at+1+c.wide], nil
		}
	}
	from := c.number(c.p[at+1:])
	if from >= len(c.p) {
		return 0, nil, errMalformed
	}
	return kind, c.p[from:], nil
}

func (c container) append(dst []byte, depth int) ([]byte, error) {
	open, shut := byte('['), byte(']')
	if c.object {
		open, shut = '{', '}'
	}
	dst = append(dst, open)
	for i := range c.count {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if c.object {
			key, err := c.key(i)
			if err != nil {
				return dst, err
			}
			dst = append(appendQuoted(dst, key), ": "...)
		}
		kind, p, err := c.value(i)
		if err == nil {
			dst, err = jsonValue(dst, kind, p, depth+1)
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, shut), nil
}

// jsonBytes reads a length, seven bits a byte, and what follows it.
func jsonBytes(p []byte) ([]byte, error) {
	size, shift := uint64(0), 0
	for i, c := range p {
		size |= uint64(c&0x7f) << shift
		if shift += 7; c&0x80 != 0 {
			if shift > 28 {
				break
			}
			continue
		}
		if size > uint64(len(p)-i-1) {
			break
		}
		return p[i+1 : i+1+int(size)], nil
	}
	return nil, errMalformed
}

// appendOpaque appends a value of an SQL type: numbers and times as such, the
// rest with its type's number.
func appendOpaque(dst []byte, kind byte, v []byte) ([]byte, error) {
	switch kind {
	case mysql.MYSQL_TYPE_NEWDECIMAL:
		if len(v) < 2 || v[1] > v[0] {
			return dst, errMalformed
		}
		return appendDecimal(dst, v[2:], int(v[0]), int(v[1]))
	case mysql.MYSQL_TYPE_DATE, mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP, mysql.MYSQL_TYPE_TIME:
		if len(v) < 8 {
			return dst, errMalformed
		}
		return append(appendMoment(append(dst, '"'), kind, int64(binary.LittleEndian.Uint64(v))), '"'), nil
	}
	dst = strconv.AppendUint(append(dst, `"base64:type`...), uint64(kind), 10)
	dst = append(dst, ':')
	return append(base64.StdEncoding.AppendEncode(dst, v), '"'), nil
}

// appendMoment appends a date or time in the server's packed form: bits of a
// second's fraction, then of the clock, then of the day.
func appendMoment(dst []byte, kind byte, n int64) []byte {
	if n < 0 {
		dst, n = append(dst, '-'), -n
	}
	micros, whole := n&(1<<24-1), n>>24
	if kind == mysql.MYSQL_TYPE_TIME {
		dst = appendClock(dst, whole>>12&0x3ff, whole)
	} else {
		ym := whole >> 22
		dst = appendDigits(dst, uint32(ym/13), 4)
		dst = appendDigits(append(dst, '-'), uint32(ym%13), 2)
		dst = appendDigits(append(dst, '-'), uint32(whole>>17&31), 2)
		if kind == mysql.MYSQL_TYPE_DATE {
			return dst
		}
		dst = appendClock(append(dst, ' '), whole>>12&31, whole)
	}
	return appendDigits(append(dst, '.'), uint32(micros), 6)
}

func appendClock(dst []byte, hours, whole int64) []byte {
	if hours > 99 {
		dst = strconv.AppendInt(dst, hours, 10)
	} else {
		dst = appendDigits(dst, uint32(hours), 2)
	}
	dst = appendDigits(append(dst, ':'), uint32(whole>>6&63), 2)
	return appendDigits(append(dst, ':'), uint32(whole&63), 2)
}

// appendDouble appends a number as MySQL prints it: plain digits between 1e-15
// and 1e15, with a point in any case.
func appendDouble(dst []byte, v float64) []byte {
	var room [32]byte
	digits := strconv.AppendFloat(room[:0], v, 'e', -1, 64)
	exponent, err := strconv.Atoi(string(digits[indexByte(digits, 'e')+1:]))
	if err != nil { // infinite, or no number: the server stores neither
		return append(dst, "null"...)
	}
	if v == 0 || exponent >= -15 && exponent < 15 {
		at := len(dst)
		dst = strconv.AppendFloat(dst, v, 'f', -1, 64)
		if indexByte(dst[at:], '.') < 0 {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	dst = append(append(dst, digits[:indexByte(digits, 'e')]...), 'e')
	return strconv.AppendInt(dst, int64(exponent), 10)
}

func indexByte(s []byte, c byte) int {
	for i := range s {
		if s[i] == c {
			return i
		}
	}
	return -1
}

// appendQuoted appends a text in quotes, escaped as MySQL does.
func appendQuoted(dst, s []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	from := 0
	for i, c := range s {
		if c >= 0x20 && c != '"' && c != '\\' {
			continue
		}
		dst = append(dst, s[from:i]...)
		from = i + 1
		switch c {
		case '"', '\\':
			dst = append(dst, '\\', c)
		case '\b':
			dst = append(dst, '\\', 'b')
		case '\f':
			dst = append(dst, '\\', 'f')
		case '\n':
			dst = append(dst, '\\', 'n')
		case '\r':
			dst = append(dst, '\\', 'r')
		case '\t':
			dst = append(dst, '\\', 't')
		default:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		}
	}
	return append(append(dst, s[from:]...), '"')
}
