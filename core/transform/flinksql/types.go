package flinksql

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/record"
)

// family is what values of a type have in common.
type family uint8

const (
	nullFamily family = iota // of a literal NULL
	boolFamily
	intFamily
	decimalFamily
	floatFamily
	textFamily
	bytesFamily
	dateFamily
	timeFamily
	datetimeFamily // TIMESTAMP: a wall clock
	instantFamily  // TIMESTAMP_LTZ
	opaqueFamily   // can only be handed on: intervals
)

// typ is the type of an expression.
type typ struct {
	family    family
	bits      int  // of an integer: 8 to 64; of a float: 32 or 64
	length    int  // of a text; 0: any
	padded    bool // CHAR(n): filled up with blanks
	precision int  // of a decimal; 0: as many digits as there are
	scale     int  // of a decimal; of times: digits of a second's fraction
}

var (
	nullType     = typ{}
	boolType     = typ{family: boolFamily}
	intType      = typ{family: intFamily, bits: 32}
	bigintType   = typ{family: intFamily, bits: 64}
	doubleType   = typ{family: floatFamily, bits: 64}
	numberType   = typ{family: decimalFamily} // without bounds
	textType     = typ{family: textFamily}
	bytesType    = typ{family: bytesFamily}
	dateType     = typ{family: dateFamily}
	timeType     = typ{family: timeFamily}
	datetimeType = typ{family: datetimeFamily}
	instantType  = typ{family: instantFamily}
)

// ofKind tells the families of columns. A value of kind any is used as its
// text, and so are JSON and UUID.
var ofKind = map[record.Kind]family{
	record.Bool: boolFamily, record.Int64: intFamily, record.Uint64: decimalFamily, record.Float32: floatFamily, record.Float64: floatFamily,
	record.Decimal: decimalFamily, record.String: textFamily, record.Bytes: bytesFamily, record.Date: dateFamily, record.Time: timeFamily,
	record.Datetime: datetimeFamily, record.Timestamp: instantFamily, record.Interval: opaqueFamily, record.JSON: textFamily,
	record.UUID: textFamily, record.Any: textFamily, record.Null: nullFamily,
}

func ofColumn(c record.Column) typ {
	t := typ{family: ofKind[c.Kind]}
	switch c.Kind {
	case record.Int64:
		t.bits = 64
	case record.Uint64:
		t.precision = 20
	case record.Float32:
		t.bits = 32
	case record.Float64:
		t.bits = 64
	case record.Decimal:
		if c.Precision > 0 && c.Precision <= maxPrecision && c.Scale >= 0 && c.Scale <= c.Precision {
			t.precision, t.scale = c.Precision, c.Scale
		}
	case record.String:
		t.length = c.Length
	case record.Time, record.Datetime, record.Timestamp:
		t.scale = c.Scale
	}
	return t
}

var toKind = [...]record.Kind{nullFamily: record.String, boolFamily: record.Bool, intFamily: record.Int64, decimalFamily: record.Decimal,
	floatFamily: record.Float64, textFamily: record.String, bytesFamily: record.Bytes, dateFamily: record.Date, timeFamily: record.Time,
	datetimeFamily: record.Datetime, instantFamily: record.Timestamp, opaqueFamily: record.Interval}

// column is the column of a result.
func (t typ) column(name string) record.Column {
	c := record.Column{Name: name, Kind: toKind[t.family], Length: t.length, Precision: t.precision, Scale: t.scale, Nullable: true}
	if t.family == floatFamily && t.bits == 32 {
		c.Kind = record.Float32
	}
	return c
}

var familyNames = [...]string{"NULL", "BOOLEAN", "", "DECIMAL", "", "STRING", "BYTES", "DATE", "TIME", "TIMESTAMP", "TIMESTAMP_LTZ", "INTERVAL"}

// String spells the type as Flink does.
func (t typ) String() string {
	switch {
	case t.family == intFamily:
		return map[int]string{8: "TINYINT", 16: "SMALLINT", 32: "INT", 64: "BIGINT"}[t.bits]
	case t.family == floatFamily && t.bits == 32:
		return "FLOAT"
	case t.family == floatFamily:
		return "DOUBLE"
	case t.family == decimalFamily && t.precision > 0:
		return fmt.Sprintf("DECIMAL(%d, %d)", t.precision, t.scale)
	case t.family == textFamily && t.length > 0:
		return fmt.Sprintf("VARCHAR(%d)", t.length)
	}
	return familyNames[t.family]
}

func (t typ) numeric() bool {
	return t.family == intFamily || t.family == decimalFamily || t.family == floatFamily
}

func (t typ) temporal() bool { return t.family >= dateFamily && t.family <= instantFamily }

// typeNames are Flink's types, and DATETIME.
var typeNames = map[string]typ{
	"CHAR": {family: textFamily, length: 1, padded: true}, "VARCHAR": {family: textFamily}, "STRING": textType, "BOOLEAN": boolType,
	"CHARACTER": {family: textFamily, length: 1, padded: true}, "CHARACTER VARYING": textType,
	"DECIMAL": {family: decimalFamily, precision: 10}, "DEC": {family: decimalFamily, precision: 10}, "NUMERIC": {family: decimalFamily, precision: 10},
	"TINYINT": {family: intFamily, bits: 8}, "SMALLINT": {family: intFamily, bits: 16}, "INT": intType, "INTEGER": intType, "BIGINT": bigintType,
	"FLOAT": {family: floatFamily, bits: 32}, "DOUBLE": doubleType, "DOUBLE PRECISION": doubleType,
	"DATE": dateType, "TIME": timeType, "TIME WITHOUT TIME ZONE": timeType,
	"TIMESTAMP": {family: datetimeFamily, scale: 6}, "TIMESTAMP WITHOUT TIME ZONE": {family: datetimeFamily, scale: 6}, "DATETIME": {family: datetimeFamily, scale: 6},
	"TIMESTAMP_LTZ": {family: instantFamily, scale: 6}, "TIMESTAMP WITH LOCAL TIME ZONE": {family: instantFamily, scale: 6},
	"BYTES": bytesType, "VARBINARY": bytesType, "BINARY": bytesType, "BINARY VARYING": bytesType,
}

var typeText = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^\s*([A-Za-z_]+(?:\s+[A-Za-z]+)*?)\s*(?:\(\s*(\d+)\s*(?:,\s*(\d+)\s*)?\))?((?:\s+[A-Za-z]+)*)\s*$`)
})

// parseType reads a type of CAST.
func parseType(text string) (typ, error) {
	m := typeText().FindStringSubmatch(text)
	if m == nil {
		return typ{}, fmt.Errorf("CAST to %s is not supported", text)
	}
	name := strings.ToUpper(strings.Join(strings.Fields(m[1]+" "+m[4]), " "))
	t, ok := typeNames[name]
	if !ok {
		return typ{}, fmt.Errorf("CAST to %s is not supported: use BOOLEAN, TINYINT, SMALLINT, INT, BIGINT, DECIMAL(p, s), FLOAT, DOUBLE, CHAR(n), VARCHAR(n), STRING, BYTES, DATE, TIME, TIMESTAMP(p) or TIMESTAMP_LTZ(p)", text)
	}
	if m[2] == "" {
		return t, nil
	}
	n, err := strconv.Atoi(m[2])
	if err != nil {
		return typ{}, fmt.Errorf("CAST to %s: %s is out of range", text, m[2])
	}
	scale, _ := strconv.Atoi(m[3])
	switch t.family {
	case decimalFamily:
		if n < 1 || n > maxPrecision || scale > n {
			return typ{}, fmt.Errorf("CAST to %s: the precision is from 1 to %d and the scale at most the precision", text, maxPrecision)
		}
		t.precision, t.scale = n, scale
	case textFamily, bytesFamily:
		if n < 1 || m[3] != "" || name == "STRING" {
			return typ{}, fmt.Errorf("CAST to %s is not a type", text)
		}
		t.length = n
	case timeFamily, datetimeFamily, instantFamily:
		if n > 9 || m[3] != "" {
			return typ{}, fmt.Errorf("CAST to %s: a second has at most 9 digits", text)
		}
		t.scale = n
	default:
		return typ{}, fmt.Errorf("CAST to %s: %s takes no length", text, name)
	}
	return t, nil
}
