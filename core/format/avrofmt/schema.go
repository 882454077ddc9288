package avrofmt

import (
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// primitives are the types of Avro for those of Connect.
var primitives = map[debeziumfmt.Wire]string{
	debeziumfmt.Boolean: "boolean", debeziumfmt.Int16: "int", debeziumfmt.Int32: "int", debeziumfmt.Int64: "long",
	debeziumfmt.Float32: "float", debeziumfmt.Float64: "double", debeziumfmt.String: "string", debeziumfmt.Bytes: "bytes",
}

// mixedTypes is the union of a column of kind any; the branches are numbered in
// this order.
const mixedTypes = `["null","boolean","long","double","bytes","string"]`

const (
	mixedNull = iota
	mixedBool
	mixedLong
	mixedDouble
	mixedBytes
	mixedString
)

const variableName = "io.debezium.data.VariableScaleDecimal"

// structFields are Avro's types of the fields of structs.
var structFields = map[string]string{"int32": "int", "bytes": "bytes", "double": "double"}

// writer makes the text of a schema.
type schemaWriter struct {
	text  []byte
	named map[string]bool // records that were described, by their full names
}

func (w *schemaWriter) raw(parts ...string) {
	for _, p := range parts {
		w.text = append(w.text, p...)
	}
}

func (w *schemaWriter) quote(text string) { w.text = jsonfmt.AppendText(w.text, text) }

// record describes a record of the columns.
func (w *schemaWriter) record(name, namespace string, types []debeziumfmt.Type, columns []int) {
	w.raw(`{"type":"record","name":"`, name, `"`)
	if namespace != "" {
		w.raw(`,"namespace":`)
		w.quote(namespace)
	}
	w.raw(`,"fields":[`)
	for i, c := range columns {
		if i > 0 {
			w.raw(",")
		}
		w.field(&types[c])
	}
	w.raw("]}")
}

func (w *schemaWriter) field(t *debeziumfmt.Type) {
	name := avroName(t.Column.Name)
	w.raw(`{"name":"`, name, `","type":`)
	switch {
	case t.Wire == debeziumfmt.Mixed:
		w.raw(mixedTypes, `,"default":null`)
	case t.Column.Nullable:
		w.raw(`["null",`)
		w.value(t)
		w.raw(`],"default":null`)
	default:
		w.value(t)
	}
	if name != t.Column.Name {
		w.raw(`,"sourceName":`)
		w.quote(t.Column.Name)
	}
	if len(t.Parameters()) > 0 {
		w.raw(`,"connect.parameters":`)
		w.text = t.AppendParameters(w.text)
	}
	w.raw("}")
}

func (w *schemaWriter) value(t *debeziumfmt.Type) {
	if fields := t.Wire.Fields(); len(fields) > 0 {
		w.structure(t.Logical, fields)
		return
	}
	w.raw(`{"type":"`, primitives[t.Wire], `"`)
	if t.Wire == debeziumfmt.Int16 {
		w.raw(`,"connect.type":"int16"`)
	}
	if t.Logical != "" {
		w.raw(`,"connect.version":1,"connect.name":`)
		w.quote(t.Logical)
	}
	if precision := t.Column.Precision; t.IsUnscaled() {
		if t.Column.Kind == record.Uint64 {
			precision = 20
		}
		w.raw(`,"scale":`, strconv.Itoa(t.Scale), `,"precision":`, strconv.Itoa(max(precision, t.Scale)), `,"logicalType":"decimal"`)
	}
	w.raw("}")
}

// structure describes the record of a struct's type, once.
func (w *schemaWriter) structure(full string, fields []debeziumfmt.SourceField) {
	if w.named[full] {
		w.quote(full)
		return
	}
	if w.named == nil {
		w.named = map[string]bool{}
	}
	w.named[full] = true
	dot := strings.LastIndexByte(full, '.')
	w.raw(`{"type":"record","name":"`, full[dot+1:], `","namespace":"`, full[:dot], `","fields":[`)
	for i, f := range fields {
		if i > 0 {
			w.raw(",")
		}
		w.raw(`{"name":"`, f.Name, `","type":`)
		if f.Optional {
			w.raw(`["null","`, structFields[f.Wire], `"],"default":null}`)
		} else {
			w.raw(`"`, structFields[f.Wire], `"}`)
		}
	}
	w.raw(`],"connect.version":1,"connect.name":"`, full, `"}`)
}

// rowSchema is that of a row, or of a key.
func rowSchema(name, namespace string, types []debeziumfmt.Type, columns []int) string {
	var w schemaWriter
	w.record(name, namespace, types, columns)
	return string(w.text)
}

// envelopeSchema is that of an event.
func envelopeSchema(namespace string, types []debeziumfmt.Type, columns []int, source *debeziumfmt.Source) string {
	var w schemaWriter
	w.raw(`{"type":"record","name":"Envelope","namespace":`)
	w.quote(namespace)
	w.raw(`,"fields":[{"name":"before","type":["null",`)
	w.record("Value", "", types, columns)
	w.raw(`],"default":null},{"name":"after","type":["null","Value"],"default":null},{"name":"source","type":{"type":"record","name":"Source","namespace":"io.debezium.connector.`,
		debeziumfmt.ConnectorOf(source.System), `","fields":[`)
	for i, f := range source.Fields() {
		if i > 0 {
			w.raw(",")
		}
		w.raw(`{"name":"`, f.Name, `","type":`)
		if f.Optional {
			w.raw(`["null","`, sourceTypes[f.Wire], `"],"default":null}`)
		} else {
			w.raw(`"`, sourceTypes[f.Wire], `"}`)
		}
	}
	w.raw(`],"connect.version":1,"connect.name":"io.debezium.connector.`, debeziumfmt.ConnectorOf(source.System), `.Source"}},{"name":"transaction","type":["null",{"type":"record","name":"block","namespace":"event","fields":[`,
		`{"name":"id","type":"string"},{"name":"total_order","type":"long"},{"name":"data_collection_order","type":"long"}],"connect.version":1,"connect.name":"event.block"}],"default":null},`,
		`{"name":"op","type":"string"}`)
	for _, name := range []string{"ts_ms", "ts_us", "ts_ns"} {
		w.raw(`,{"name":"`, name, `","type":["null","long"],"default":null}`)
	}
	w.raw(`],"connect.version":1,"connect.name":`)
	w.quote(namespace + ".Envelope")
	w.raw("}")
	return string(w.text)
}

var sourceTypes = map[string]string{"string": "string", "int64": "long", "int32": "int"}

// avroName replaces what a name of Avro may not have.
func avroName(name string) string {
	var out strings.Builder
	for i, r := range name {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		digit := r >= '0' && r <= '9'
		switch {
		case letter, digit && i > 0:
			out.WriteRune(r)
		case digit:
			out.WriteByte('_')
			out.WriteRune(r)
		default:
			out.WriteByte('_')
		}
	}
	if out.Len() == 0 {
		return "_"
	}
	return out.String()
}

// namespaceOf makes a namespace of a table's full name.
func namespaceOf(full string) string {
	parts := strings.Split(full, ".")
	for i, p := range parts {
		parts[i] = avroName(p)
	}
	return strings.Join(parts, ".")
}
