package mssqlkit

import (
	"strconv"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/datasync-io/datasync/core/record"
)

// family is how the values of a type are sent and stored.
type family uint8

const (
	unknownFamily family = iota
	bitFamily
	intFamily     // of [typeOf.bits]
	realFamily    // 32 bits
	floatFamily   // 64 bits
	decimalFamily // and money
	moneyFamily
	charFamily  // single-byte texts, in a code page
	ncharFamily // UTF-16
	binaryFamily
	dateFamily
	timeFamily
	datetimeFamily // thirds of a hundredth of a second, from 1753 on
	smalldatetimeFamily
	datetime2Family
	offsetFamily
	uuidFamily
	variantFamily
	versionFamily // rowversion: the server writes it
)

// typeOf is what a type's name means.
type typeOf struct {
	family family
	kind   record.Kind
	bits   int  // of integers; tinyint has no sign
	max    bool // a text or binary without a limit of its own
}

// types are the system types. What is not here, a type of the CLR, is binary.
var types = map[string]typeOf{
	"bit":              {bitFamily, record.Bool, 0, false},
	"tinyint":          {intFamily, record.Int64, 8, false},
	"smallint":         {intFamily, record.Int64, 16, false},
	"int":              {intFamily, record.Int64, 32, false},
	"bigint":           {intFamily, record.Int64, 64, false},
	"real":             {realFamily, record.Float32, 0, false},
	"float":            {floatFamily, record.Float64, 0, false},
	"decimal":          {decimalFamily, record.Decimal, 0, false},
	"numeric":          {decimalFamily, record.Decimal, 0, false},
	"money":            {moneyFamily, record.Decimal, 64, false},
	"smallmoney":       {moneyFamily, record.Decimal, 32, false},
	"char":             {charFamily, record.String, 0, false},
	"varchar":          {charFamily, record.String, 0, false},
	"text":             {charFamily, record.String, 0, true},
	"nchar":            {ncharFamily, record.String, 0, false},
	"nvarchar":         {ncharFamily, record.String, 0, false},
	"ntext":            {ncharFamily, record.String, 0, true},
	"sysname":          {ncharFamily, record.String, 0, false},
	"xml":              {ncharFamily, record.String, 0, true},
	"json":             {ncharFamily, record.JSON, 0, true},
	"vector":           {ncharFamily, record.JSON, 0, true},
	"binary":           {binaryFamily, record.Bytes, 0, false},
	"varbinary":        {binaryFamily, record.Bytes, 0, false},
	"image":            {binaryFamily, record.Bytes, 0, true},
	"timestamp":        {versionFamily, record.Bytes, 0, false},
	"rowversion":       {versionFamily, record.Bytes, 0, false},
	"date":             {dateFamily, record.Date, 0, false},
	"time":             {timeFamily, record.Time, 0, false},
	"datetime":         {datetimeFamily, record.Datetime, 0, false},
	"smalldatetime":    {smalldatetimeFamily, record.Datetime, 0, false},
	"datetime2":        {datetime2Family, record.Datetime, 0, false},
	"datetimeoffset":   {offsetFamily, record.Timestamp, 0, false},
	"uniqueidentifier": {uuidFamily, record.UUID, 0, false},
	"sql_variant":      {variantFamily, record.Any, 0, false},
}

// TypeName is the name of a native type without its arguments, in lower case.
func TypeName(native string) string {
	name, _, _ := strings.Cut(native, "(")
	return strings.ToLower(strings.TrimSpace(name))
}

// typed finds what a native type means.
func typed(native string) typeOf {
	if t, ok := types[TypeName(native)]; ok {
		return t
	}
	return typeOf{binaryFamily, record.Bytes, 0, true} // hierarchyid, geography, geometry and users' own
}

// arguments reads (18,4), (20) and (max).
func arguments(native string) (args []int, unlimited bool) {
	_, rest, ok := strings.Cut(native, "(")
	if !ok {
		return nil, false
	}
	rest, _, _ = strings.Cut(rest, ")")
	for _, part := range strings.Split(rest, ",") {
		part = strings.TrimSpace(part)
		if strings.EqualFold(part, "max") {
			return nil, true
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, false
		}
		args = append(args, n)
	}
	return args, false
}

// Column describes a column of a native type, such as "decimal(18,4)".
func Column(name, native string, nullable bool) record.Column {
	t := typed(native)
	c := record.Column{Name: name, Kind: t.kind, Native: native, Nullable: nullable}
	args, _ := arguments(native)
	arg := func(i, missing int) int {
		if i < len(args) {
			return args[i]
		}
		return missing
	}
	switch t.family {
	case decimalFamily:
		c.Precision, c.Scale = arg(0, 18), arg(1, 0)
	case moneyFamily:
		c.Precision, c.Scale = map[int]int{64: 19, 32: 10}[t.bits], 4
	case charFamily, ncharFamily, binaryFamily:
		c.Length = arg(0, 0)
		if TypeName(native) == "sysname" {
			c.Length = 128
		}
	case versionFamily:
		c.Length = 8
	case timeFamily, datetime2Family, offsetFamily:
		c.Scale = arg(0, 7)
	case datetimeFamily:
		c.Scale = 3
	}
	return c
}

// wireColumn describes a column of a result by what the driver knows of it.
func wireColumn(rows *mssql.Rows, i int) record.Column {
	native := strings.ToLower(rows.ColumnTypeDatabaseTypeName(i))
	precision, scale, exact := rows.ColumnTypePrecisionScale(i)
	switch typed(native).family {
	case decimalFamily:
		native += "(" + strconv.FormatInt(precision, 10) + "," + strconv.FormatInt(scale, 10) + ")"
	case timeFamily, datetime2Family, offsetFamily:
		if exact {
			native += "(" + strconv.FormatInt(scale, 10) + ")"
		}
	}
	nullable, _ := rows.ColumnTypeNullable(i)
	return Column(rows.Columns()[i], native, nullable)
}

// sorts tells that a condition compares the values of a type with a literal as
// ORDER BY sorts them. Not so single-byte texts of the old SQL_ collations,
// which sort by other rules than the Unicode literal that they are compared
// with; binaries, which are compared without their trailing zeros; instants,
// whose offset does not count; and reals, which are compared as floats. Texts
// that differ may compare as equal, which is the reader's to know.
func sorts(native, collation string) bool {
	switch t := typed(native); t.family {
	case intFamily, floatFamily, decimalFamily, moneyFamily, dateFamily, timeFamily, datetimeFamily, smalldatetimeFamily,
		datetime2Family, uuidFamily, versionFamily:
		return true
	case binaryFamily:
		return TypeName(native) == "binary"
	case charFamily:
		return !t.max && !strings.HasPrefix(strings.ToUpper(collation), "SQL_")
	case ncharFamily:
		return !t.max
	}
	return false
}
