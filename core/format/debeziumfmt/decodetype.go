package debeziumfmt

import (
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/record"
)

// logicals are the logical types that a decoder knows: the kind, and how values
// become cells.
var logicals = map[string]struct {
	kind   record.Kind
	form   form
	digits int
}{
	nameJSON: {record.JSON, plain, 0}, nameUUID: {record.UUID, plain, 0}, nameYear: {record.Int64, plain, 0},
	nameDate: {record.Date, days, 0}, nameConnectDate: {record.Date, days, 0},
	nameZonedTime: {record.Time, zoned, 0}, nameZoned: {record.Timestamp, zoned, 0}, nameInterval: {record.Interval, asText, 0},
	"io.debezium.time.IsoDate": {record.Date, asText, 0}, "io.debezium.time.IsoTime": {record.Time, asText, 0}, "io.debezium.time.IsoTimestamp": {record.Datetime, asText, 0},
	"io.debezium.time.Timestamp": {record.Datetime, inSeconds, 3}, "io.debezium.time.MicroTimestamp": {record.Datetime, inSeconds, 6}, "io.debezium.time.NanoTimestamp": {record.Datetime, inSeconds, 9},
	"io.debezium.time.Time": {record.Time, inSeconds, 3}, "io.debezium.time.MicroTime": {record.Time, inSeconds, 6}, "io.debezium.time.NanoTime": {record.Time, inSeconds, 9},
	"org.apache.kafka.connect.data.Timestamp": {record.Datetime, inSeconds, 3}, "org.apache.kafka.connect.data.Time": {record.Time, inSeconds, 3},
	nameDuration: {record.Interval, inSeconds, 6}, nameBits: {record.Uint64, bits, 0}, nameGeometry: {record.Bytes, shape, 0}, namePoint: {record.Bytes, shape, 0},
	nameDecimal: {record.Decimal, unscaled, 0}, nameVariable: {record.Decimal, variable, 0},
	// Avro's own.
	"date": {record.Date, days, 0}, "time-millis": {record.Time, inSeconds, 3}, "time-micros": {record.Time, inSeconds, 6},
	"timestamp-millis": {record.Timestamp, inSeconds, 3}, "timestamp-micros": {record.Timestamp, inSeconds, 6},
	"local-timestamp-millis": {record.Datetime, inSeconds, 3}, "local-timestamp-micros": {record.Datetime, inSeconds, 6},
	"uuid": {record.UUID, plain, 0}, "decimal": {record.Decimal, unscaled, 0},
}

// NewType makes the type of a field again. wire and logical are its schema's,
// parameter returns a parameter of it; binary data in texts is as the options say.
func NewType(o Options, name, wire, logical string, nullable bool, parameter func(string) string) Type {
	t := Type{Logical: logical, Source: parameter(sourceType)}
	t.Column = record.Column{Name: name, Native: t.Source, Nullable: nullable}
	t.Column.Scale = atoi(parameter(sourceScale))
	length := atoi(parameter(sourceLength))
	native, err := convert.ParseType(t.Source)
	hasNative := err == nil
	if l, known := logicals[logical]; known {
		t.Column.Kind, t.form, t.digits = l.kind, l.form, l.digits
	} else {
		t.Column.Kind, t.form = kindOf(wire)
		if hasNative {
			t.refine(native, o.Binary)
		}
	}
	if t.form == bits {
		if length = atoi(parameter("length")); length > 64 {
			t.Column.Kind, t.form = record.Bytes, plain
		}
	}
	if t.form == unscaled {
		t.Scale = atoi(parameter("scale"))
		t.Column.Precision, t.Column.Scale = atoi(parameter("connect.decimal.precision")), t.Scale
		if hasNative && native.Kind == record.Uint64 {
			t.Column.Kind, t.Column.Precision = record.Uint64, 0
		}
	}
	if t.Column.Kind == record.Decimal && t.form != unscaled {
		t.Column.Precision = length
	} else if t.Column.Kind != record.Decimal {
		t.Column.Length = length
	}
	return t
}

// refine uses the type at the source for values whose own type tells less.
func (t *Type) refine(native convert.Type, binary string) {
	text, isText := binaryTexts[binary]
	switch {
	case t.form != plain:
	case t.Column.Kind == record.Int64 && native.Kind == record.Uint64 && native.Bits == 64:
		t.Column.Kind = record.Uint64
	case (t.Column.Kind == record.String || t.Column.Kind == record.Float64) && native.Kind == record.Decimal:
		t.Column.Kind, t.form = record.Decimal, exact
	case t.Column.Kind == record.String && native.Kind == record.Bytes && isText:
		t.Column.Kind, t.form = record.Bytes, text
	case t.Column.Kind == record.String && native.Kind == record.Interval:
		t.Column.Kind, t.form = native.Kind, asText
	}
}

func kindOf(wire string) (record.Kind, form) {
	switch wire {
	case "boolean":
		return record.Bool, plain
	case "int8", "int16", "int32", "int64", "int", "long":
		return record.Int64, plain
	case "float", "float32":
		return record.Float32, plain
	case "double", "float64":
		return record.Float64, plain
	case "string":
		return record.String, plain
	case "bytes":
		return record.Bytes, plain
	}
	return record.Any, mixed // lists, maps and structs are json
}

func atoi(text string) int {
	n, _ := strconv.Atoi(text) // a parameter that is no number says nothing
	return n
}

// fieldType reads a field of a schema as Connect's JSON converter spells it.
func fieldType(o Options, f *gjson.Result) Type {
	parameters := f.Get("parameters")
	return NewType(o, strings.Clone(f.Get("field").Str), f.Get("type").Str, f.Get("name").Str, f.Get("optional").Bool(), func(name string) (value string) {
		parameters.ForEach(func(key, v gjson.Result) bool {
			if key.Str == name {
				value = strings.Clone(v.String())
			}
			return value == ""
		})
		return value
	})
}
