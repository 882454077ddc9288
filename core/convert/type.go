package convert

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Type is what the text of a type says.
type Type struct {
	Kind                     record.Kind
	Bits                     int // of integers and floats: 8, 16, 24, 32, 64; 0 for all else
	Length, Precision, Scale int // as in record.Column
	Text                     string
}

// Column returns a nullable column of the type.
func (t Type) Column(name string) record.Column {
	return record.Column{Name: name, Kind: t.Kind, Native: t.Text, Length: t.Length, Precision: t.Precision, Scale: t.Scale, Nullable: true}
}

// Options returns opt with the type's size of integers.
func (t Type) Options(opt Options) Options {
	opt.Bits = 0
	if t.Kind == record.Int64 || t.Kind == record.Uint64 {
		opt.Bits = t.Bits
	}
	return opt
}

// named is what a type name means before its arguments.
type named struct {
	kind record.Kind
	bits int
	args uint8
}

const (
	noArgs    uint8 = iota // arguments such as a display width mean nothing
	length                 // (n)
	precision              // (p,s)
	scale                  // (s): digits of a fraction of seconds
)

// names holds the type names of job files: FlinkX's own of all generations and
// the column types of MySQL, PostgreSQL and SQL Server. Where systems disagree
// the wider meaning counts.
var names = map[string]named{
	"BOOLEAN": {record.Bool, 0, noArgs}, "BOOL": {record.Bool, 0, noArgs},
	"BYTE": {record.Int64, 8, noArgs}, "TINYINT": {record.Int64, 8, noArgs}, "INT8": {record.Int64, 64, noArgs},
	"SHORT": {record.Int64, 16, noArgs}, "SMALLINT": {record.Int64, 16, noArgs}, "INT16": {record.Int64, 16, noArgs},
	"INT2": {record.Int64, 16, noArgs}, "SMALLSERIAL": {record.Int64, 16, noArgs}, "YEAR": {record.Int64, 16, noArgs},
	"MEDIUMINT": {record.Int64, 24, noArgs}, "INT24": {record.Int64, 24, noArgs},
	"INT": {record.Int64, 32, noArgs}, "INTEGER": {record.Int64, 32, noArgs}, "INT32": {record.Int64, 32, noArgs},
	"INT4": {record.Int64, 32, noArgs}, "SERIAL": {record.Int64, 32, noArgs}, "INT IDENTITY": {record.Int64, 32, noArgs},
	"BIGINT": {record.Int64, 64, noArgs}, "LONG": {record.Int64, 64, noArgs}, "INT64": {record.Int64, 64, noArgs},
	"BIGSERIAL": {record.Int64, 64, noArgs}, "SERIAL8": {record.Int64, 64, noArgs}, "OID": {record.Int64, 64, noArgs}, "ID": {record.Int64, 64, noArgs},
	"UINT8": {record.Uint64, 8, noArgs}, "UINT16": {record.Uint64, 16, noArgs}, "UINT32": {record.Uint64, 32, noArgs}, "UINT64": {record.Uint64, 64, noArgs},
	"FLOAT": {record.Float32, 32, noArgs}, "REAL": {record.Float32, 32, noArgs}, "FLOAT4": {record.Float32, 32, noArgs}, "FLOAT32": {record.Float32, 32, noArgs}, "SMALLFLOAT": {record.Float32, 32, noArgs},
	"DOUBLE": {record.Float64, 64, noArgs}, "DOUBLE PRECISION": {record.Float64, 64, noArgs}, "DOUBLEPRECISION": {record.Float64, 64, noArgs}, "FLOAT8": {record.Float64, 64, noArgs}, "FLOAT64": {record.Float64, 64, noArgs},
	"DECIMAL": {record.Decimal, 0, precision}, "NUMERIC": {record.Decimal, 0, precision}, "NUMBER": {record.Decimal, 0, precision},
	"DEC": {record.Decimal, 0, precision}, "DECFLOAT": {record.Decimal, 0, noArgs}, "BIGDECIMAL": {record.Decimal, 0, precision}, "BIGINTEGER": {record.Decimal, 0, precision},
	"MONEY": {record.Decimal, 0, noArgs}, "SMALLMONEY": {record.Decimal, 0, noArgs},
	"STRING": {record.String, 0, length}, "VARCHAR": {record.String, 0, length}, "VARCHAR2": {record.String, 0, length},
	"NVARCHAR": {record.String, 0, length}, "NVARCHAR2": {record.String, 0, length}, "CHAR": {record.String, 0, length},
	"CHARACTER": {record.String, 0, length}, "CHARACTER VARYING": {record.String, 0, length}, "CHARACTER_VARYING": {record.String, 0, length},
	"BPCHAR": {record.String, 0, length}, "NCHAR": {record.String, 0, length}, "NAME": {record.String, 0, length},
	"TEXT": {record.String, 0, length}, "NTEXT": {record.String, 0, length}, "TINYTEXT": {record.String, 0, length},
	"MEDIUMTEXT": {record.String, 0, length}, "LONGTEXT": {record.String, 0, length}, "CLOB": {record.String, 0, length},
	"KEYWORD": {record.String, 0, length}, "ENUM": {record.String, 0, noArgs}, "SET": {record.String, 0, noArgs}, "XML": {record.String, 0, noArgs}, "POINT": {record.String, 0, noArgs},
	"LONGVARCHAR": {record.String, 0, length}, "LONGNVARCHAR": {record.String, 0, length}, "LONGVARBINARY": {record.Bytes, 0, length}, "ROWVERSION": {record.Bytes, 0, noArgs},
	"BINARY": {record.Bytes, 0, length}, "VARBINARY": {record.Bytes, 0, length}, "BYTES": {record.Bytes, 0, length}, "BYTEA": {record.Bytes, 0, length},
	"BLOB": {record.Bytes, 0, length}, "TINYBLOB": {record.Bytes, 0, length}, "MEDIUMBLOB": {record.Bytes, 0, length},
	"LONGBLOB": {record.Bytes, 0, length}, "IMAGE": {record.Bytes, 0, length}, "RAW": {record.Bytes, 0, length}, "GEOMETRY": {record.Bytes, 0, noArgs}, "BIT": {record.Bytes, 0, length},
	"DATE": {record.Date, 0, noArgs},
	"TIME": {record.Time, 0, scale}, "TIMETZ": {record.Time, 0, scale}, "TIME WITH TIME ZONE": {record.Time, 0, scale}, "TIME WITHOUT TIME ZONE": {record.Time, 0, scale},
	"DATETIME": {record.Datetime, 0, scale}, "DATETIME2": {record.Datetime, 0, scale}, "SMALLDATETIME": {record.Datetime, 0, scale},
	"TIMESTAMP WITHOUT TIME ZONE": {record.Datetime, 0, scale},
	"TIMESTAMP":                   {record.Timestamp, 0, scale}, "TIMESTAMPTZ": {record.Timestamp, 0, scale}, "TIMESTAMP WITH TIME ZONE": {record.Timestamp, 0, scale},
	"TIMESTAMP WITH LOCAL TIME ZONE": {record.Timestamp, 0, scale}, "TIMESTAMP_LTZ": {record.Timestamp, 0, scale}, "DATETIMEOFFSET": {record.Timestamp, 0, scale},
	"INTERVAL": {record.Interval, 0, noArgs},
	"JSON":     {record.JSON, 0, noArgs}, "JSONB": {record.JSON, 0, noArgs}, "ARRAY": {record.JSON, 0, noArgs}, "MAP": {record.JSON, 0, noArgs},
	"ROW": {record.JSON, 0, noArgs}, "OBJECT": {record.JSON, 0, noArgs},
	"UUID": {record.UUID, 0, noArgs}, "UNIQUEIDENTIFIER": {record.UUID, 0, noArgs},
	"ANY": {record.Any, 0, noArgs},
}

// ParseType reads a type text such as "bigint unsigned", "decimal(10, 2)",
// "timestamp(3) with time zone" or "int[]", in any case. A name that nobody
// knows is an error of class Config.
func ParseType(text string) (Type, error) {
	name, args, err := takeApart(text)
	if err != nil {
		return Type{}, err
	}
	t := Type{Text: strings.TrimSpace(text)}
	if strings.HasSuffix(name, "[]") || len(name) > 1 && name[0] == '_' {
		t.Kind = record.JSON
		return t, nil
	}
	unsigned := false
	for _, word := range []string{" ZEROFILL", " UNSIGNED"} {
		if cut, ok := strings.CutSuffix(name, word); ok {
			name, unsigned = cut, true
		}
	}
	if cut, ok := strings.CutPrefix(name, "UNSIGNED "); ok {
		name, unsigned = cut, true
	}
	n, known := names[name]
	if !known {
		return Type{}, errclass.With(errclass.Config, fmt.Errorf("unknown type %q; known are int, bigint, double, decimal(p,s), string, boolean, date, time, datetime, timestamp, binary, json, uuid and what databases call them", text))
	}
	t.Kind, t.Bits = n.kind, n.bits
	if unsigned && n.kind == record.Int64 {
		t.Kind = record.Uint64
	}
	return t.arguments(n, args)
}

func (t Type) arguments(n named, args []int) (Type, error) {
	if len(args) == 0 {
		return t, nil
	}
	switch n.args {
	case length:
		t.Length = args[0]
	case scale:
		t.Scale = args[0]
	case precision:
		t.Precision = args[0]
		if len(args) > 1 {
			t.Scale = args[1]
		}
		if t.Precision < 1 || t.Scale > t.Precision {
			return Type{}, errclass.With(errclass.Config, fmt.Errorf("type %q: the precision must be at least 1 and not below the scale", t.Text))
		}
	}
	return t, nil
}

// takeApart returns the name in upper case with single blanks and the numbers
// in parentheses; <...> and NOT NULL are cut.
func takeApart(text string) (name string, args []int, err error) {
	upper := strings.ToUpper(text)
	if i := strings.IndexByte(upper, '<'); i >= 0 {
		upper = upper[:i]
	}
	if open := strings.IndexByte(upper, '('); open >= 0 {
		end := strings.LastIndexByte(upper, ')')
		if end < open {
			return "", nil, errclass.With(errclass.Config, fmt.Errorf("type %q: a parenthesis is not closed", text))
		}
		for _, arg := range strings.Split(upper[open+1:end], ",") {
			n, err := strconv.Atoi(strings.TrimSpace(arg))
			if err != nil {
				args = nil // varchar(max), enum('a','b')
				break
			}
			args = append(args, n)
		}
		upper = upper[:open] + " " + upper[end+1:]
	}
	words := strings.Fields(upper)
	name = strings.TrimSuffix(strings.Join(words, " "), " NOT NULL")
	return strings.Replace(name, " []", "[]", 1), args, nil
}
