package mysqlkit

import (
	"fmt"
	"math"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Encoder writes rows for some columns of a table, as parameters of a prepared
// statement or as lines of a loaded file. How each column is written is chosen
// once. It is immutable.
//
// What MySQL would store as another value though the session is strict (digits
// after the last, a fraction of seconds, a year of two digits, a number for a
// member of an enum), and what it would refuse without naming the row, is
// refused here: the error names row and column.
type Encoder struct {
	columns []encoded
	types   []byte // of a row's parameters, two bytes each
}

// encoded is one column and how it is written.
type encoded struct {
	name      string
	native    string
	kind      record.Kind
	nullable  bool
	low       int64  // least integer
	high      uint64 // largest integer
	length    int    // most characters of a text, most bytes of binary data; 0: no limit known
	bytes     int    // most bytes of a text in UTF-8; 0: no limit known
	fixed     bool   // CHAR, BINARY
	digits    int    // after the point of a float; -1: as many as it has
	unit      uint32 // what the nanoseconds of a time must be a multiple of
	members   map[string]struct{}
	parameter cellFunc
	field     cellFunc
	whole     wholeFunc
}

// cellFunc appends the value of column at of a row. An error is of class Data.
type cellFunc func(c *encoded, buf []byte, row record.Row, at int) ([]byte, error)

// wholeFunc returns the value of column at of a row where it stands, which is
// the parameter as it is sent. An error is of class Data.
type wholeFunc func(c *encoded, row record.Row, at int) ([]byte, error)

// encoding is how the values of a kind go to a class of columns.
type encoding struct {
	wire      byte // type of the parameter
	flag      byte // 0x80: unsigned
	parameter cellFunc
	field     cellFunc
	whole     wholeFunc // nil: the parameter has a form of its own
}

const unsignedParameter = 0x80

var (
	textEncoding  = encoding{mysql.MYSQL_TYPE_VAR_STRING, 0, textParameter, textField, (*encoded).text}
	bytesEncoding = encoding{mysql.MYSQL_TYPE_BLOB, 0, bytesParameter, bytesField, (*encoded).data}
)

// encodings are all there are, by class and kind.
var encodings = [classes_]map[record.Kind]encoding{
	intClass: {
		record.Int64:  {mysql.MYSQL_TYPE_LONGLONG, 0, intParameter, intField, nil},
		record.Uint64: {mysql.MYSQL_TYPE_LONGLONG, unsignedParameter, uintParameter, uintField, nil},
		record.Bool:   {mysql.MYSQL_TYPE_TINY, 0, boolParameter, boolField, nil},
	},
	yearClass: {record.Int64: {mysql.MYSQL_TYPE_LONGLONG, 0, yearParameter, yearField, nil}},
	bitClass: {
		record.Uint64: {mysql.MYSQL_TYPE_LONGLONG, unsignedParameter, uintParameter, bitsField, nil},
		record.Bool:   {mysql.MYSQL_TYPE_TINY, 0, boolParameter, bitsField, nil},
		record.String: {mysql.MYSQL_TYPE_LONGLONG, unsignedParameter, bitTextParameter, bitTextField, nil},
	},
	floatClass: {record.Float32: {mysql.MYSQL_TYPE_FLOAT, 0, float32Parameter, float32Field, nil}},
	doubleClass: {
		record.Float32: {mysql.MYSQL_TYPE_FLOAT, 0, float32Parameter, float32Field, nil},
		record.Float64: {mysql.MYSQL_TYPE_DOUBLE, 0, float64Parameter, float64Field, nil},
	},
	decimalClass:   {record.Decimal: {mysql.MYSQL_TYPE_NEWDECIMAL, 0, decimalParameter, decimalField, nil}},
	textClass:      {record.String: textEncoding, record.JSON: textEncoding, record.UUID: textEncoding, record.Decimal: textEncoding},
	enumClass:      {record.String: {mysql.MYSQL_TYPE_VAR_STRING, 0, enumParameter, enumField, nil}},
	setClass:       {record.String: {mysql.MYSQL_TYPE_VAR_STRING, 0, setParameter, setField, nil}},
	jsonClass:      {record.JSON: {mysql.MYSQL_TYPE_VAR_STRING, 0, jsonParameter, jsonField, (*encoded).document}},
	uuidClass:      {record.UUID: textEncoding},
	bytesClass:     {record.Bytes: bytesEncoding},
	geometryClass:  {record.Bytes: bytesEncoding},
	dateClass:      {record.Date: {mysql.MYSQL_TYPE_DATE, 0, dateParameter, dateField, nil}},
	datetimeClass:  {record.Datetime: {mysql.MYSQL_TYPE_DATETIME, 0, datetimeParameter, datetimeField, nil}},
	timestampClass: {record.Timestamp: {mysql.MYSQL_TYPE_DATETIME, 0, timestampParameter, timestampField, nil}},
	timeClass:      {record.Time: {mysql.MYSQL_TYPE_TIME, 0, timeParameter, timeField, nil}},
}

// NewEncoder returns the encoder for columns, whose cells are of these kinds,
// as [Target] has said. The error is of class Config.
func NewEncoder(columns []*sqlkit.TableColumn, kinds []record.Kind) (*Encoder, error) {
	e := &Encoder{}
	for i, to := range columns {
		how, known := encodings[classOf(to.Native)][kinds[i]]
		if !known {
			return nil, errclass.With(errclass.Config, fmt.Errorf("column %q of type %s takes no values of kind %s", to.Name, to.Native, kinds[i]))
		}
		c := encoded{name: to.Name, native: to.Native, kind: kinds[i], nullable: to.Nullable, parameter: how.parameter, field: how.field, whole: how.whole}
		c.limits()
		e.columns = append(e.columns, c)
		e.types = append(e.types, how.wire, how.flag)
	}
	return e, nil
}

// limits reads from the type what its columns keep.
func (c *encoded) limits() {
	name, args := typeName(c.native), typeArguments(c.native)
	s := storages[name]
	c.low, c.high, c.digits, c.unit = math.MinInt64, math.MaxUint64, -1, 1
	switch s.class {
	case intClass:
		c.low, c.high = -1<<(s.bits-1), 1<<(s.bits-1)-1
		if isUnsigned(c.native) {
			c.low, c.high = 0, math.MaxUint64>>(64-s.bits)
		}
	case bitClass:
		bits := 1
		if len(args) > 0 {
			bits = args[0]
		}
		c.low, c.high, c.length = 0, math.MaxUint64>>(64-bits), bits
	case floatClass, doubleClass:
		if len(args) == 2 {
			c.digits = args[1]
		}
	case textClass, bytesClass:
		c.length, c.fixed = s.length, name == "char" || name == "binary"
		if s.class == textClass {
			c.length, c.bytes = 0, s.length
		}
		if len(args) == 1 && name != "vector" {
			c.length = args[0]
		}
	case enumClass, setClass:
		c.members = members(c.native)
	case datetimeClass, timestampClass, timeClass:
		c.unit = 1_000_000_000
		if len(args) == 1 {
			for range args[0] {
				c.unit /= 10
			}
		}
	}
}

// null is the fault of a NULL in the column, nil if it takes one. The server
// would number or date some of them.
func (c *encoded) null() error {
	if c.nullable {
		return nil
	}
	return errclass.BadValue(c.name, errclass.Null, "NULL in a column that is NOT NULL")
}

// stranger is the fault of a cell that is not of the kind it was said to be.
func (c *encoded) stranger(kind record.Kind) error {
	return errclass.BadValue(c.name, errclass.Conversion, "a value of kind %s where %s was announced", kind, c.kind)
}

func (c *encoded) bad(reason errclass.Reason, format string, args ...any) error {
	return errclass.BadValue(c.name, reason, format, args...)
}
