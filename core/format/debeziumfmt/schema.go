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
	if t.Wire == Variable {
		dst = append(dst, `,"fields":[{"type":"int32","optional":false,"field":"scale"},{"type":"bytes","optional":false,"field":"value"}]`...)
	}
	dst = strconv.AppendBool(append(dst, `,"optional":`...), t.Column.Nullable)
	if t.Logical != "" {
		dst = append(jsonfmt.AppendText(append(dst, `,"name":`...), t.Logical), `,"version":1`...)
	}
	dst = t.appendParameters(dst)
	return append(jsonfmt.AppendText(append(dst, `,"field":`...), t.Column.Name), '}')
}

func (t *Type) appendParameters(dst []byte) []byte {
	open := len(dst)
	put := func(name, value string) {
		dst = jsonfmt.AppendText(append(dst, ','), name)
		dst = jsonfmt.AppendText(append(dst, ':'), value)
	}
	if t.Logical == nameDecimal {
		put("scale", strconv.Itoa(t.Scale))
		if t.Column.Precision > 0 {
			put("connect.decimal.precision", strconv.Itoa(t.Column.Precision))
		}
	}
	if t.Source != "" {
		put(sourceType, t.Source)
	}
	if n := max(t.Column.Length, t.Column.Precision); n > 0 {
		put(sourceLength, strconv.Itoa(n))
	}
	if t.Column.Scale > 0 {
		put(sourceScale, strconv.Itoa(t.Column.Scale))
	}
	if len(dst) == open {
		return dst
	}
	members := string(dst[open+1:])
	return append(append(append(dst[:open], `,"parameters":{`...), members...), '}')
}

// appendEnvelopeSchema appends the schema of a table's events.
func (e *Encoder) appendEnvelopeSchema(dst []byte, p *plan, s *record.Schema) []byte {
	name := e.options.FullName(s.Name)
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
	for i, f := range p.source.fields(s.Name.Schema != "" || p.source.system != changefmt.MySQL) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, `{"type":"`+f.wire+`","optional":`+strconv.FormatBool(f.optional)+`,"field":"`+f.name+`"}`...)
	}
	dst = append(dst, `],"optional":false,"name":"io.debezium.connector.`+connectors[p.source.system]+`.Source","field":"source"},`...)
	dst = append(dst, `{"type":"string","optional":false,"field":"op"},{"type":"int64","optional":true,"field":"ts_ms"},`...)
	dst = append(dst, `{"type":"struct","fields":[{"type":"string","optional":false,"field":"id"},{"type":"int64","optional":false,"field":"total_order"},`...)
	dst = append(dst, `{"type":"int64","optional":false,"field":"data_collection_order"}],"optional":true,"name":"event.block","version":1,"field":"transaction"}`...)
	dst = jsonfmt.AppendText(append(dst, `],"optional":false,"name":`...), name+".Envelope")
	return append(dst, `,"version":1}`...)
}
