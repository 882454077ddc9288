package debeziumfmt

import (
	"strconv"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// Parameters of a field's schema that name the type at the source.
const (
	sourceType   = "__debezium.source.column.type"
	sourceLength = "__debezium.source.column.length"
	sourceScale  = "__debezium.source.column.scale"
)

// appendField appends a column's field as Connect's JSON schemas have it.
func (t *Type) appendField(dst []byte) []byte {
	dst = append(append(append(dst, `{"type":"`...), t.Wire.String()...), '"')
	for i, f := range t.Wire.Fields() {
		dst = append(dst, []string{`,"fields":[`, ","}[min(i, 1)]...)
		dst = append(dst, `{"type":"`+f.Wire+`","optional":`+strconv.FormatBool(f.Optional)+`,"field":"`+f.Name+`"}`...)
	}
	if len(t.Wire.Fields()) > 0 {
		dst = append(dst, ']')
	}
	dst = strconv.AppendBool(append(dst, `,"optional":`...), t.Column.Nullable)
	if t.Logical != "" {
		dst = append(jsonfmt.AppendText(append(dst, `,"name":`...), t.Logical), `,"version":1`...)
	}
	if doc := docs[t.Wire]; doc != "" {
		dst = append(append(append(dst, `,"doc":"`...), doc...), '"')
	}
	if len(t.Parameters()) > 0 {
		dst = t.AppendParameters(append(dst, `,"parameters":`...))
	}
	return append(jsonfmt.AppendText(append(dst, `,"field":`...), t.Column.Name), '}')
}

// Parameter is a name and value beside the schema of a field.
type Parameter struct{ Name, Value string }

// Parameters are what a decoder makes the column of again.
func (t *Type) Parameters() (all []Parameter) {
	if t.IsUnscaled() {
		all = append(all, Parameter{"scale", strconv.Itoa(t.Scale)})
		if t.Column.Precision > 0 {
			all = append(all, Parameter{"connect.decimal.precision", strconv.Itoa(t.Column.Precision)})
		}
	}
	switch {
	case t.form == bits:
		all = append(all, Parameter{"length", strconv.Itoa(t.Column.Length)})
	case t.Logical == nameEnum || t.Logical == nameEnumSet:
		all = append(all, Parameter{"allowed", members(t.Column.Native)})
	}
	if t.Source != "" {
		all = append(all, Parameter{sourceType, t.Source})
	}
	if n := max(t.Column.Length, t.Column.Precision); n > 0 {
		all = append(all, Parameter{sourceLength, strconv.Itoa(n)})
	}
	if t.Column.Scale > 0 {
		all = append(all, Parameter{sourceScale, strconv.Itoa(t.Column.Scale)})
	}
	return all
}

// IsUnscaled tells a decimal of a scale that its schema tells.
func (t *Type) IsUnscaled() bool { return t.form == unscaled }

// AppendParameters appends them as a JSON object.
func (t *Type) AppendParameters(dst []byte) []byte {
	open := len(dst)
	for _, p := range t.Parameters() {
		dst = jsonfmt.AppendText(append(dst, ','), p.Name)
		dst = jsonfmt.AppendText(append(dst, ':'), p.Value)
	}
	return changefmt.CloseObject(dst, open)
}

// appendEnvelopeSchema appends the schema of a table's events.
func (e *Encoder) appendEnvelopeSchema(dst []byte, p *plan, s *record.Schema) []byte {
	name := e.options.FullName(s.Name, p.source.System)
	dst = append(dst, `{"type":"struct","fields":[`...)
	for _, image := range []string{"before", "after"} {
		dst = append(dst, `{"type":"struct","fields":[`...)
		for c := range p.types {
			if c > 0 {
				dst = append(dst, ',')
			}
			dst = p.types[c].appendField(dst)
		}
		dst = jsonfmt.AppendText(append(dst, `],"optional":true,"name":`...), name+".Value")
		dst = append(append(append(dst, `,"field":"`...), image...), `"},`...)
	}
	dst = append(dst, `{"type":"struct","fields":[`...)
	for i, f := range p.source.fields {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":"`+f.Wire+`","optional":`+strconv.FormatBool(f.Optional)...)
		if f.Name == snapshotField {
			dst = append(dst, `,"name":"`+nameEnum+`","version":1,"parameters":{"allowed":"`+snapshotWords+`"},"default":"false"`...)
		}
		dst = append(dst, `,"field":"`+f.Name+`"}`...)
	}
	dst = append(dst, `],"optional":false,"name":"io.debezium.connector.`+connectors[p.source.System]+`.Source","version":1,"field":"source"},`...)
	dst = append(dst, `{"type":"struct","fields":[{"type":"string","optional":false,"field":"id"},{"type":"int64","optional":false,"field":"total_order"},`...)
	dst = append(dst, `{"type":"int64","optional":false,"field":"data_collection_order"}],"optional":true,"name":"event.block","version":1,"field":"transaction"},`...)
	dst = append(dst, `{"type":"string","optional":false,"field":"op"},{"type":"int64","optional":true,"field":"ts_ms"},`...)
	dst = append(dst, `{"type":"int64","optional":true,"field":"ts_us"},{"type":"int64","optional":true,"field":"ts_ns"}`...)
	dst = jsonfmt.AppendText(append(dst, `],"optional":false,"name":`...), name+".Envelope")
	return append(dst, `,"version":1}`...)
}
