package jsonschemafmt

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
)

// jsonTypes are the types of JSON for those of Connect, and how Confluent calls
// the latter.
var jsonTypes = map[debeziumfmt.Wire][2]string{
	debeziumfmt.Boolean: {"boolean", "boolean"}, debeziumfmt.Int16: {"integer", "int16"}, debeziumfmt.Int32: {"integer", "int32"}, debeziumfmt.Int64: {"integer", "int64"},
	debeziumfmt.Float32: {"number", "float32"}, debeziumfmt.Float64: {"number", "float64"}, debeziumfmt.String: {"string", "string"}, debeziumfmt.Bytes: {"string", "bytes"},
}

// structTypes are the types of the fields of structs.
var structTypes = map[string]string{"int32": `"type":"integer","connect.type":"int32"`, "bytes": `"type":"string","connect.type":"bytes"`, "double": `"type":"number","connect.type":"float64"`}

// appendRow appends the schema of a row of these columns.
func appendRow(dst []byte, title string, types []debeziumfmt.Type, columns []int) []byte {
	dst = jsonfmt.AppendText(append(dst, `{"type":"object","title":`...), title)
	dst = append(dst, `,"properties":{`...)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(jsonfmt.AppendText(dst, types[c].Column.Name), ':')
		dst = appendColumn(dst, &types[c], i)
	}
	return append(dst, '}', '}')
}

func appendColumn(dst []byte, t *debeziumfmt.Type, index int) []byte {
	dst = strconv.AppendInt(append(dst, `{"connect.index":`...), int64(index), 10)
	if t.Wire == debeziumfmt.Mixed {
		return append(dst, '}')
	}
	if t.Column.Nullable {
		dst = append(dst, `,"oneOf":[{"type":"null"},{`...)
	} else {
		dst = append(dst, ',')
	}
	names := jsonTypes[t.Wire]
	switch t.Wire {
	case debeziumfmt.Variable, debeziumfmt.Geometry, debeziumfmt.Point:
		dst = append(dst, `"type":"object","properties":{`...)
		for i, f := range t.Wire.Fields() {
			kind := structTypes[f.Wire]
			if f.Optional {
				kind = `"oneOf":[{"type":"null"},{` + kind + `}]`
			}
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `"`+f.Name+`":{"connect.index":`+strconv.Itoa(i)+`,`+kind+`}`...)
		}
		dst = append(dst, '}')
	case debeziumfmt.Float32, debeziumfmt.Float64: // NaN and infinities are texts
		dst = append(dst, `"type":["number","string"],"connect.type":"`+names[1]+`"`...)
	default:
		dst = append(dst, `"type":"`+names[0]+`","connect.type":"`+names[1]+`"`...)
	}
	if t.Logical != "" {
		dst = append(jsonfmt.AppendText(append(dst, `,"title":`...), t.Logical), `,"connect.version":1`...)
	}
	if len(t.Parameters()) > 0 {
		dst = t.AppendParameters(append(dst, `,"connect.parameters":`...))
	}
	if t.Column.Nullable {
		dst = append(dst, '}', ']')
	}
	return append(dst, '}')
}

// envelope is the schema of an event.
func envelope(full string, types []debeziumfmt.Type, columns []int, source *debeziumfmt.Source) string {
	dst := jsonfmt.AppendText([]byte(`{"type":"object","title":`), full+".Envelope")
	dst = append(dst, `,"properties":{`...)
	for i, image := range []string{"before", "after"} {
		dst = append(dst, `"`+image+`":{"connect.index":`+strconv.Itoa(i)+`,"oneOf":[{"type":"null"},`...)
		dst = append(appendRow(dst, full+".Value", types, columns), `]},`...)
	}
	dst = append(dst, `"source":{"connect.index":2,"type":"object","title":"io.debezium.connector.`+debeziumfmt.ConnectorOf(source.System)+`.Source","properties":{`...)
	for i, f := range source.Fields() {
		if i > 0 {
			dst = append(dst, ',')
		}
		kind := `"type":"string"`
		if f.Wire != "string" {
			kind = `"type":"integer","connect.type":"` + f.Wire + `"`
		}
		if f.Optional {
			kind = `"oneOf":[{"type":"null"},{` + kind + `}]`
		}
		dst = append(dst, `"`+f.Name+`":{"connect.index":`+strconv.Itoa(i)+`,`+kind+`}`...)
	}
	dst = append(dst, `}},"transaction":{"connect.index":3,"oneOf":[{"type":"null"},{"type":"object","title":"event.block","properties":{"id":{"connect.index":0,"type":"string"},`+
		`"total_order":{"connect.index":1,"type":"integer","connect.type":"int64"},"data_collection_order":{"connect.index":2,"type":"integer","connect.type":"int64"}}}]},`+
		`"op":{"connect.index":4,"type":"string"}`...)
	for i, name := range []string{"ts_ms", "ts_us", "ts_ns"} {
		dst = append(dst, `,"`+name+`":{"connect.index":`+strconv.Itoa(5+i)+`,"oneOf":[{"type":"null"},{"type":"integer","connect.type":"int64"}]}`...)
	}
	return string(append(dst, '}', '}'))
}

// member returns a member of an object, whatever characters are in its name.
func member(v gjson.Result, name string) (found gjson.Result) {
	v.ForEach(func(key, value gjson.Result) bool {
		if key.Str == name {
			found = value
		}
		return !found.Exists()
	})
	return found
}

// optional returns the schema beside null, if there is one.
func optional(v gjson.Result) (inner gjson.Result, nullable bool) {
	inner = v
	for _, one := range member(v, "oneOf").Array() {
		if member(one, "type").Str == "null" {
			nullable = true
		} else {
			inner = one
		}
	}
	return inner, nullable
}

// rowOf returns the schema of the rows, and whether they stand in an envelope.
func rowOf(root gjson.Result) (row gjson.Result, wrapped bool) {
	properties := member(root, "properties")
	after, _ := optional(member(properties, "after"))
	if member(properties, "op").Exists() && member(after, "properties").Exists() {
		return after, true
	}
	return root, false
}

// typesOf reads the columns of a row's schema.
func typesOf(o debeziumfmt.Options, row gjson.Result) []debeziumfmt.Type {
	type indexed struct {
		at int64
		debeziumfmt.Type
	}
	var all []indexed
	member(row, "properties").ForEach(func(name, v gjson.Result) bool {
		inner, nullable := optional(v)
		parameters := member(inner, "connect.parameters")
		wire := member(inner, "connect.type").Str
		if wire == "" {
			wire = plainTypes[member(inner, "type").Str]
		}
		t := debeziumfmt.NewType(o, strings.Clone(name.Str), wire, strings.Clone(member(inner, "title").Str), nullable || wire == "", func(name string) string {
			return strings.Clone(member(parameters, name).String())
		})
		all = append(all, indexed{member(v, "connect.index").Int(), t})
		return true
	})
	slices.SortStableFunc(all, func(a, b indexed) int { return cmp.Compare(a.at, b.at) })
	types := make([]debeziumfmt.Type, len(all))
	for i := range all {
		types[i] = all[i].Type
	}
	return types
}

// plainTypes are the types of schemas that do not speak of Connect.
var plainTypes = map[string]string{"string": "string", "boolean": "boolean"}
