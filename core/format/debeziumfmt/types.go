package debeziumfmt

import (
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// Wire is a type of Kafka Connect.
type Wire uint8

const (
	Boolean Wire = iota
	Int16
	Int32
	Int64
	Float32
	Float64
	String
	Bytes
	Variable // a struct of scale and value: a decimal whose scale is the value's own
	Geometry // a struct of a shape's binary text and the number of its coordinates
	Point    // the same with the point's coordinates
	Mixed    // any of JSON's types, without schema; else a string
)

var wireNames = [...]string{"boolean", "int16", "int32", "int64", "float", "double", "string", "bytes", "struct", "struct", "struct", "string"}

// String returns the type's name in Connect's JSON schemas.
func (w Wire) String() string { return wireNames[w] }

// form is how a cell becomes a value of its wire type.
type form uint8

const (
	plain    form = iota // the kind's own: booleans, integers, floats, texts, bytes
	unsigned             // 64 bits in a signed integer, or beyond
	days
	inSeconds // a fraction of seconds, digits of it
	zoned     // ISO 8601 with its zone
	asText    // the canonical text
	exact     // a decimal's text
	number    // a decimal's text as a number
	unscaled  // a decimal's digits without the point, two's complement
	variable  // the same with its scale
	bits      // a number's bytes, the lowest one first
	shape     // MySQL's spatial values: four bytes that number the coordinates, and a binary text
	micros    // an interval's microseconds
	base64Text
	urlText
	hexText
	mixed
)

// Logical names of schemas.
const (
	nameDecimal   = "org.apache.kafka.connect.data.Decimal"
	nameVariable  = "io.debezium.data.VariableScaleDecimal"
	nameJSON      = "io.debezium.data.Json"
	nameUUID      = "io.debezium.data.Uuid"
	nameYear      = "io.debezium.time.Year"
	nameDate      = "io.debezium.time.Date"
	nameZonedTime = "io.debezium.time.ZonedTime"
	nameZoned     = "io.debezium.time.ZonedTimestamp"
	nameInterval  = "io.debezium.time.Interval"
	nameDuration  = "io.debezium.time.MicroDuration"
	nameBits      = "io.debezium.data.Bits"
	nameEnum      = "io.debezium.data.Enum"
	nameEnumSet   = "io.debezium.data.EnumSet"
	nameGeometry  = "io.debezium.data.geometry.Geometry"
	namePoint     = "io.debezium.data.geometry.Point"
)

// Type is how a column's values are written.
type Type struct {
	Column  record.Column
	Wire    Wire
	Logical string // name of the schema; "": none
	Scale   int    // of a Decimal
	Source  string // the type at the source, where a decoder needs it
	form    form
	digits  int // of inSeconds
}

// Types plans the columns of a table.
func Types(columns []record.Column, o Options) []Type {
	o = o.complete()
	types := make([]Type, len(columns))
	for i, c := range columns {
		t := &types[i]
		t.Column, t.Source = c, c.Native
		t.plan(&o)
	}
	return types
}

func (t *Type) set(w Wire, f form, logical string) { t.Wire, t.form, t.Logical = w, f, logical }

func (t *Type) plan(o *Options) {
	c := &t.Column
	switch c.Kind {
	case record.Bool:
		t.set(Boolean, plain, "")
	case record.Int64:
		t.integer()
	case record.Uint64:
		t.unsigned(o)
	case record.Float32:
		t.set(Float32, plain, "")
	case record.Float64:
		t.set(Float64, plain, "")
	case record.Decimal:
		t.decimal(o)
	case record.Bytes:
		t.binary(o)
	case record.Date, record.Time, record.Datetime:
		t.moment(o)
	case record.Timestamp:
		t.set(String, zoned, nameZoned)
	case record.Interval:
		if t.set(String, asText, nameInterval); o.Interval == IntervalNumeric {
			t.set(Int64, micros, nameDuration)
		}
	case record.JSON:
		t.set(String, plain, nameJSON)
	case record.UUID:
		t.set(String, plain, nameUUID)
	case record.Any:
		t.set(Mixed, mixed, "")
	default:
		t.set(String, plain, textNames[changefmt.BaseType(c.Native)])
	}
}

// textNames are the logical types of texts by the type at the source.
var textNames = map[string]string{"enum": nameEnum, "set": nameEnumSet, "xml": "io.debezium.data.Xml", "ltree": "io.debezium.data.Ltree", "tsvector": "io.debezium.data.TsVector"}

// members are the values of an enum or set as Debezium's schemas list them.
func members(native string) string {
	all := changefmt.EnumMembers(native)
	for i, v := range all {
		all[i] = strings.ReplaceAll(strings.ReplaceAll(v, `\`, `\\`), ",", `\,`)
	}
	return strings.Join(all, ",")
}

// integer chooses the size that the source's type has.
func (t *Type) integer() {
	t.set(Int64, plain, "")
	if strings.EqualFold(t.Column.Native, "year") {
		t.set(Int32, plain, nameYear)
		return
	}
	native, err := convert.ParseType(t.Column.Native)
	if err != nil || native.Bits == 0 {
		return
	}
	bits := native.Bits
	if native.Kind == record.Uint64 {
		bits++ // one more than fits
	}
	switch {
	case bits <= 16:
		t.Wire = Int16
	case bits <= 32:
		t.Wire = Int32
	}
}

func (t *Type) unsigned(o *Options) {
	if changefmt.BaseType(t.Column.Native) == "bit" && t.Column.Length > 1 {
		t.set(Bytes, bits, nameBits)
		return
	}
	t.set(Int64, unsigned, "")
	if o.Unsigned == UnsignedPrecise {
		t.set(Bytes, unscaled, nameDecimal)
	}
	if t.Source == "" {
		t.Source = "bigint unsigned"
	}
}

func (t *Type) decimal(o *Options) {
	switch {
	case o.Decimal == DecimalString:
		t.set(String, exact, "")
	case o.Decimal == DecimalDouble:
		t.set(Float64, number, "")
	case t.Column.Precision > 0 || changefmt.BaseType(t.Column.Native) == "money":
		t.set(Bytes, unscaled, nameDecimal)
		t.Scale = t.Column.Scale
		return
	default:
		t.set(Variable, variable, nameVariable)
		return
	}
	if t.Source == "" {
		t.Source = "decimal"
	}
}

// spatial are MySQL's types of shapes beside point.
var spatial = []string{"geometry", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geomcollection", "geometrycollection"}

// binaryTexts are the modes in which binary data is a text.
var binaryTexts = map[string]form{BinaryBase64: base64Text, BinaryURLSafe: urlText, BinaryHex: hexText}

func (t *Type) binary(o *Options) {
	switch name := changefmt.BaseType(t.Column.Native); {
	case name == "point":
		t.set(Point, shape, namePoint)
		return
	case slices.Contains(spatial, name):
		t.set(Geometry, shape, nameGeometry)
		return
	}
	f, text := binaryTexts[o.Binary]
	if !text {
		t.set(Bytes, plain, "")
		return
	}
	t.set(String, f, "")
	if t.Source == "" {
		t.Source = "varbinary"
	}
}

// unit is a precision of times without a zone: the digits of its fraction, and
// the logical types.
type unit struct {
	digits        int
	moment, clock string
}

var units = []unit{
	{3, "io.debezium.time.Timestamp", "io.debezium.time.Time"},
	{6, "io.debezium.time.MicroTimestamp", "io.debezium.time.MicroTime"},
	{9, "io.debezium.time.NanoTimestamp", "io.debezium.time.NanoTime"},
	{3, "org.apache.kafka.connect.data.Timestamp", "org.apache.kafka.connect.data.Time"},
}

const nameConnectDate = "org.apache.kafka.connect.data.Date"

func (t *Type) moment(o *Options) {
	c := &t.Column
	if c.Kind == record.Date {
		t.set(Int32, days, nameDate)
		if o.Time == TimeConnect {
			t.Logical = nameConnectDate
		}
		return
	}
	if c.Kind == record.Time && isZoned(c.Native) {
		t.set(String, zoned, nameZonedTime)
		return
	}
	digits := fraction(c)
	least := 0
	if o.Time == TimeAdaptiveMicro && c.Kind == record.Time {
		least = 1
	}
	i := len(units) - 1
	if o.Time != TimeConnect {
		i = max(least, min(slices.IndexFunc(units, func(u unit) bool { return digits <= u.digits }), 2))
	}
	u := &units[i]
	t.digits = u.digits
	t.set(Int64, inSeconds, u.moment)
	if c.Kind == record.Time {
		t.Logical = u.clock
		if u.digits == 3 {
			t.Wire = Int32
		}
	}
}

// isZoned tells types of times of day that have an offset.
func isZoned(native string) bool {
	lower := strings.ToLower(native)
	return strings.Contains(lower, "with time zone") || strings.Contains(lower, "timetz")
}

// fraction is how many digits of a second a column has, six where that is not
// known: a type that is spelled without them has none in MySQL and SQL Server,
// six in PostgreSQL.
func fraction(c *record.Column) int {
	if c.Scale > 0 {
		return c.Scale
	}
	switch native := strings.ToLower(c.Native); {
	case strings.Contains(native, "(0)"), native == "datetime", native == "smalldatetime", native == "time":
		return 0
	}
	return 6
}
