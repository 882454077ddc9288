package canalfmt

import (
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// Types of java.sql.Types.
const (
	sqlBit       = -7
	sqlTinyint   = -6
	sqlBigint    = -5
	sqlChar      = 1
	sqlDecimal   = 3
	sqlInteger   = 4
	sqlSmallint  = 5
	sqlReal      = 7
	sqlDouble    = 8
	sqlVarchar   = 12
	sqlDate      = 91
	sqlTime      = 92
	sqlTimestamp = 93
	sqlBlob      = 2004
	sqlClob      = 2005
)

// mysqlType is a type of MySQL: Canal's number of it, the kinds whose texts are
// its own, the first one that a decoder gives.
type mysqlType struct {
	sql, unsigned int
	kinds         []record.Kind
}

var (
	integers = []record.Kind{record.Int64, record.Bool}
	texts    = []record.Kind{record.String}
	blobs    = []record.Kind{record.Bytes}
)

var mysqlTypes = map[string]mysqlType{
	"bit":     {sqlBit, sqlBit, []record.Kind{record.Uint64, record.Bool}},
	"tinyint": {sqlTinyint, sqlSmallint, integers}, "smallint": {sqlSmallint, sqlInteger, integers},
	"mediumint": {sqlInteger, sqlInteger, integers}, "int": {sqlInteger, sqlBigint, integers}, "integer": {sqlInteger, sqlBigint, integers},
	"bigint": {sqlBigint, sqlDecimal, []record.Kind{record.Int64, record.Uint64}},
	"year":   {sqlVarchar, sqlVarchar, []record.Kind{record.Int64}},
	"float":  {sqlReal, sqlReal, []record.Kind{record.Float32}}, "double": {sqlDouble, sqlDouble, []record.Kind{record.Float64}},
	"decimal": {sqlDecimal, sqlDecimal, []record.Kind{record.Decimal}},
	"date":    {sqlDate, sqlDate, []record.Kind{record.Date}}, "time": {sqlTime, sqlTime, []record.Kind{record.Time}},
	"datetime": {sqlTimestamp, sqlTimestamp, []record.Kind{record.Datetime}}, "timestamp": {sqlTimestamp, sqlTimestamp, []record.Kind{record.Timestamp}},
	"char": {sqlChar, sqlChar, texts}, "varchar": {sqlVarchar, sqlVarchar, texts},
	"tinytext": {sqlClob, sqlClob, texts}, "text": {sqlClob, sqlClob, texts}, "mediumtext": {sqlClob, sqlClob, texts}, "longtext": {sqlClob, sqlClob, texts},
	"enum": {sqlInteger, sqlInteger, texts}, "set": {sqlBit, sqlBit, texts},
	"binary": {sqlBlob, sqlBlob, blobs}, "varbinary": {sqlBlob, sqlBlob, blobs},
	"tinyblob": {sqlBlob, sqlBlob, blobs}, "blob": {sqlBlob, sqlBlob, blobs}, "mediumblob": {sqlBlob, sqlBlob, blobs}, "longblob": {sqlBlob, sqlBlob, blobs},
	"geometry": {sqlBlob, sqlBlob, blobs}, "point": {sqlBlob, sqlBlob, blobs}, "linestring": {sqlBlob, sqlBlob, blobs}, "polygon": {sqlBlob, sqlBlob, blobs},
	"multipoint": {sqlBlob, sqlBlob, blobs}, "multilinestring": {sqlBlob, sqlBlob, blobs}, "multipolygon": {sqlBlob, sqlBlob, blobs},
	"geomcollection": {sqlBlob, sqlBlob, blobs}, "geometrycollection": {sqlBlob, sqlBlob, blobs}, "json": {sqlVarchar, sqlVarchar, []record.Kind{record.JSON}},
}

// nearest are the types of columns that have none of MySQL's; %n is the length,
// %d the digits of a second.
var nearest = map[record.Kind]string{
	record.Bool: "bit(1)", record.Int64: "bigint", record.Uint64: "bigint unsigned", record.Float32: "float", record.Float64: "double",
	record.Date: "date", record.Time: "time", record.Datetime: "datetime", record.Timestamp: "timestamp",
	record.Bytes: "longblob", record.JSON: "json", record.UUID: "char(36)", record.Interval: "varchar(64)",
}

// maxVarchar is what a varchar holds in four bytes a character.
const maxVarchar = 16383

// typeOf returns the type of a column and its number.
func typeOf(c *record.Column) (text string, sql int) {
	name, unsigned := baseType(c.Native)
	if t, known := mysqlTypes[name]; known && slices.Contains(t.kinds, c.Kind) && (c.Kind != record.Timestamp || !strings.Contains(c.Native, "zone")) {
		if unsigned {
			return c.Native, t.unsigned
		}
		return c.Native, t.sql
	}
	switch {
	case c.Kind == record.Decimal && c.Precision > 0:
		text = "decimal(" + strconv.Itoa(c.Precision) + "," + strconv.Itoa(c.Scale) + ")"
	case c.Kind == record.Decimal:
		text = "decimal"
	case c.Kind == record.String && c.Length > 0 && c.Length <= maxVarchar:
		text = "varchar(" + strconv.Itoa(c.Length) + ")"
	default:
		text = nearest[c.Kind]
	}
	switch c.Kind {
	case record.Time, record.Datetime, record.Timestamp:
		if c.Scale > 0 {
			text += "(" + strconv.Itoa(c.Scale) + ")"
		}
	}
	if text == "" {
		text = "longtext"
	}
	name, unsigned = baseType(text)
	if unsigned {
		return text, mysqlTypes[name].unsigned
	}
	return text, mysqlTypes[name].sql
}

// baseType cuts what stands behind the name of a type.
func baseType(native string) (name string, unsigned bool) {
	lower := strings.ToLower(native)
	unsigned = strings.Contains(lower, "unsigned")
	if end := strings.IndexAny(lower, "( "); end >= 0 {
		return lower[:end], unsigned
	}
	return lower, unsigned
}

// columnOf makes a column of a type's text.
func columnOf(name, native string) record.Column {
	c := record.Column{Name: name, Native: native, Nullable: true, Kind: record.Any}
	base, unsigned := baseType(native)
	t, known := mysqlTypes[base]
	if !known {
		c.Kind = record.String
		return c
	}
	c.Kind = t.kinds[0]
	first, second := arguments(native)
	switch {
	case base == "bit" && first <= 1:
		c.Kind = record.Bool
	case base == "bigint" && unsigned:
		c.Kind = record.Uint64
	case c.Kind == record.Decimal:
		c.Precision, c.Scale = first, second
	case c.Kind == record.Time || c.Kind == record.Datetime || c.Kind == record.Timestamp:
		c.Scale = first
	case (c.Kind == record.String || c.Kind == record.Bytes) && base != "enum" && base != "set":
		c.Length = first
	}
	return c
}

// arguments reads the numbers in parentheses.
func arguments(native string) (first, second int) {
	_, rest, ok := strings.Cut(native, "(")
	if !ok {
		return 0, 0
	}
	inside, _, _ := strings.Cut(rest, ")")
	one, two, _ := strings.Cut(inside, ",")
	first, _ = strconv.Atoi(strings.TrimSpace(one)) // the values of an enum are no numbers
	second, _ = strconv.Atoi(strings.TrimSpace(two))
	return first, second
}
