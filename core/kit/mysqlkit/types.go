package mysqlkit

import (
	"strconv"
	"strings"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// op is how one value of the binary protocol is decoded.
type op uint8

const (
	opNone op = iota
	opNull
	opInt8
	opUint8
	opInt16
	opUint16
	opInt32
	opUint32
	opInt64
	opUint64
	opBool // a tinyint
	opFloat
	opDouble
	opDate
	opDatetime
	opTimestamp
	opTime
	opString
	opBytes
	opDecimal
	opZerofill // a decimal with zeros in front
	opJSON
	opUUID
	opBit
	opBitBool // bit(1)
)

const binaryCharset = 63

// wireType is how a type of the wire is read, by its number there.
type wireType struct {
	signed, unsigned op
	kind             record.Kind // of the signed form
	native           string
}

// wireTypes are all types of the protocol; what is not here is read as text or
// bytes by its character set.
var wireTypes = map[uint8]wireType{
	mysql.MYSQL_TYPE_NULL:       {opNull, opNull, record.String, "null"},
	mysql.MYSQL_TYPE_TINY:       {opInt8, opUint8, record.Int64, "tinyint"},
	mysql.MYSQL_TYPE_SHORT:      {opInt16, opUint16, record.Int64, "smallint"},
	mysql.MYSQL_TYPE_YEAR:       {opInt16, opUint16, record.Int64, "year"},
	mysql.MYSQL_TYPE_INT24:      {opInt32, opUint32, record.Int64, "mediumint"},
	mysql.MYSQL_TYPE_LONG:       {opInt32, opUint32, record.Int64, "int"},
	mysql.MYSQL_TYPE_LONGLONG:   {opInt64, opUint64, record.Int64, "bigint"},
	mysql.MYSQL_TYPE_FLOAT:      {opFloat, opFloat, record.Float32, "float"},
	mysql.MYSQL_TYPE_DOUBLE:     {opDouble, opDouble, record.Float64, "double"},
	mysql.MYSQL_TYPE_DECIMAL:    {opDecimal, opDecimal, record.Decimal, "decimal"},
	mysql.MYSQL_TYPE_NEWDECIMAL: {opDecimal, opDecimal, record.Decimal, "decimal"},
	mysql.MYSQL_TYPE_DATE:       {opDate, opDate, record.Date, "date"},
	mysql.MYSQL_TYPE_NEWDATE:    {opDate, opDate, record.Date, "date"},
	mysql.MYSQL_TYPE_DATETIME:   {opDatetime, opDatetime, record.Datetime, "datetime"},
	mysql.MYSQL_TYPE_TIMESTAMP:  {opTimestamp, opTimestamp, record.Timestamp, "timestamp"},
	mysql.MYSQL_TYPE_TIME:       {opTime, opTime, record.Time, "time"},
	mysql.MYSQL_TYPE_BIT:        {opBit, opBit, record.Uint64, "bit"},
	mysql.MYSQL_TYPE_JSON:       {opJSON, opJSON, record.JSON, "json"},
	mysql.MYSQL_TYPE_GEOMETRY:   {opBytes, opBytes, record.Bytes, "geometry"},
	mysql.MYSQL_TYPE_VECTOR:     {opBytes, opBytes, record.Bytes, "vector"},
	mysql.MYSQL_TYPE_ENUM:       {opString, opString, record.String, "enum"},
	mysql.MYSQL_TYPE_SET:        {opString, opString, record.String, "set"},
}

// typed says how a field of a result is read, and describes it as a column.
// native is the type as the table's definition spells it, "" if it has none.
func (s *Settings) typed(f *mysql.Field, native string) (op, record.Column) {
	c := record.Column{Name: string(f.Name), Native: native, Nullable: f.Flag&mysql.NOT_NULL_FLAG == 0}
	t, known := wireTypes[f.Type]
	if !known {
		t = textType(f, native)
	} else if native != "" && contradicts(t, native) {
		native, c.Native = "", ""
	}
	o := t.signed
	c.Kind = t.kind
	if f.Flag&mysql.UNSIGNED_FLAG != 0 {
		o = t.unsigned
		if o == opUint64 {
			c.Kind = record.Uint64
		}
	}
	switch {
	case o == opDecimal && f.Flag&mysql.ZEROFILL_FLAG != 0:
		o = opZerofill
	case o == opBit && f.ColumnLength == 1:
		o, c.Kind = opBitBool, record.Bool
	case o == opInt8 && s.TinyIntBool && f.ColumnLength == 1:
		o, c.Kind = opBool, record.Bool
	}
	if native == "" {
		c.Native = t.native
		if f.Flag&mysql.UNSIGNED_FLAG != 0 && known && t.native != "year" {
			c.Native += " unsigned"
		}
	}
	measure(&c, f)
	return o, c
}

// textType tells texts from binary data.
func textType(f *mysql.Field, native string) wireType {
	switch {
	case f.Flag&mysql.ENUM_FLAG != 0:
		return wireTypes[mysql.MYSQL_TYPE_ENUM]
	case f.Flag&mysql.SET_FLAG != 0:
		return wireTypes[mysql.MYSQL_TYPE_SET]
	case strings.EqualFold(native, "uuid"):
		return wireType{opUUID, opUUID, record.UUID, "uuid"}
	case f.Charset == binaryCharset && !isAddress(native):
		return wireType{opBytes, opBytes, record.Bytes, "varbinary"}
	}
	return wireType{opString, opString, record.String, "varchar"}
}

// isAddress tells MariaDB's network addresses, which come as text.
func isAddress(native string) bool {
	return strings.EqualFold(native, "inet4") || strings.EqualFold(native, "inet6")
}

// measure sets length, precision and scale.
func measure(c *record.Column, f *mysql.Field) {
	switch c.Kind {
	case record.Decimal:
		c.Scale = int(f.Decimal)
		c.Precision = int(f.ColumnLength)
		if c.Scale > 0 {
			c.Precision--
		}
		if f.Flag&mysql.UNSIGNED_FLAG == 0 {
			c.Precision--
		}
	case record.Time, record.Datetime, record.Timestamp:
		if f.Decimal <= 6 {
			c.Scale = int(f.Decimal)
		}
	case record.String:
		c.Length = int(f.ColumnLength / 4) // in characters; utf8mb4 takes four bytes each
	case record.Bytes:
		c.Length = int(f.ColumnLength)
	case record.Uint64:
		if f.Type == mysql.MYSQL_TYPE_BIT {
			c.Length = int(f.ColumnLength)
		}
	}
	if n, ok := declaredLength(c); ok {
		c.Length = n
	}
}

// declaredLength reads the length of "varchar(20)", which the wire does not
// give for every server.
func declaredLength(c *record.Column) (int, bool) {
	if c.Kind != record.String && c.Kind != record.Bytes {
		return 0, false
	}
	_, rest, ok := strings.Cut(c.Native, "(")
	digits, _, closed := strings.Cut(rest, ")")
	if !ok || !closed {
		return 0, false
	}
	n, err := strconv.Atoi(digits)
	return n, err == nil
}

// contradicts tells that a field is not of the type that its table's definition
// spells as native: the column was changed since. Only types that the wire has a
// number of their own for are compared.
func contradicts(t wireType, native string) bool {
	switch t.signed {
	case opString, opBytes, opJSON, opUUID, opNull:
		return false
	}
	word := strings.ToLower(native)
	if i := strings.IndexAny(word, "( "); i >= 0 {
		word = word[:i]
	}
	return word != t.native
}

// Shape is how the rows of one result are read. It is immutable.
type Shape struct {
	Columns []record.Column
	fields  []*mysql.Field
	ops     []op
	zero    bool // zero dates are NULL
}

// NewShape makes the shape of a result with these fields. natives are the
// types as the table spells them, "" where they are not known.
func (s *Settings) NewShape(fields []*mysql.Field, natives []string) *Shape {
	sh := &Shape{fields: fields, ops: make([]op, len(fields)), Columns: make([]record.Column, len(fields)), zero: s.ZeroDateNull}
	for i, f := range fields {
		sh.ops[i], sh.Columns[i] = s.typed(f, natives[i])
	}
	return sh
}

// Sorts tells that a condition compares the values of column i as ORDER BY
// sorts them: those of ENUM and SET are sorted by number and compared as text.
func (sh *Shape) Sorts(i int) bool {
	return sqlkit.CanResumeBy(sh.Columns[i].Kind) && sh.fields[i].Flag&(mysql.ENUM_FLAG|mysql.SET_FLAG) == 0
}
