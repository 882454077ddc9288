package dirty

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/record"
)

// line is one line of a dirty file.
//
// A value is written as its kind says: null for null and absent, true or false
// for a bool, base64 for bytes, and text for everything else, numbers
// included (the text of [record.Row.AppendText]). A text that is no UTF-8 is
// {"base64": "..."}.
type line struct {
	Time     time.Time         `json:"time"`
	Class    string            `json:"class"`  // one of FlinkX's four
	Reason   string            `json:"reason"` // the finer one
	Column   string            `json:"column,omitempty"`
	Error    string            `json:"error"`
	Op       string            `json:"op,omitempty"`
	Linked   bool              `json:"linked,omitempty"`
	AsRead   bool              `json:"asRead,omitempty"`   // refused by a transform: not as it would be written
	Key      map[string]any    `json:"key,omitempty"`      // for people: the values of the key columns
	Position map[string]any    `json:"position,omitempty"` // for people: the values of the metadata columns
	Schema   json.RawMessage   `json:"schema,omitempty"`
	Kinds    []string          `json:"kinds,omitempty"` // of the cells
	Values   []json.RawMessage `json:"values,omitempty"`
	Raw      json.RawMessage   `json:"raw,omitempty"` // input that is no row
}

// schemaLine is a schema in a dirty file.
type schemaLine struct {
	Database string       `json:"database,omitempty"`
	Schema   string       `json:"schema,omitempty"`
	Table    string       `json:"table"`
	Columns  []columnLine `json:"columns"`
	Data     int          `json:"data"`
	Key      []int        `json:"key,omitempty"`
}

type columnLine struct {
	Name      string `json:"name"`
	Kind      string `json:"kind"`
	Native    string `json:"native,omitempty"`
	Length    int    `json:"length,omitempty"`
	Precision int    `json:"precision,omitempty"`
	Scale     int    `json:"scale,omitempty"`
	Nullable  bool   `json:"nullable,omitempty"`
}

func encodeSchema(s *record.Schema) json.RawMessage {
	l := schemaLine{Database: s.Name.Database, Schema: s.Name.Schema, Table: s.Name.Table, Data: s.Data, Key: s.Key}
	for _, c := range s.Columns {
		l.Columns = append(l.Columns, columnLine{
			Name: c.Name, Kind: c.Kind.String(), Native: c.Native,
			Length: c.Length, Precision: c.Precision, Scale: c.Scale, Nullable: c.Nullable,
		})
	}
	return encodeJSON(l)
}

// encodeJSON encodes what cannot fail, without HTML's escapes and without a line's end.
func encodeJSON(v any) json.RawMessage {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func encodeText(b []byte) json.RawMessage {
	if utf8.Valid(b) {
		return encodeJSON(string(b))
	}
	return encodeJSON(map[string]string{"base64": base64.StdEncoding.EncodeToString(b)})
}

func encodeValue(r record.Row, c int) json.RawMessage {
	switch r.Kind(c) {
	case record.Absent, record.Null:
		return json.RawMessage("null")
	case record.Bool:
		return encodeJSON(r.Bool(c))
	case record.Bytes:
		return encodeJSON(base64.StdEncoding.EncodeToString(r.Bytes(c)))
	}
	return encodeText(r.AppendText(nil, c))
}

// values appends the row as a JSON object by column name, for people.
func values(dst []byte, r record.Row) []byte {
	dst = append(dst, '{')
	first := true
	for c, column := range r.Schema().Columns {
		if r.Kind(c) == record.Absent {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(append(append(dst, encodeJSON(column.Name)...), ':'), encodeValue(r, c)...)
	}
	return append(dst, '}')
}

// encode turns a refusal into a line; schema is that of its row, encoded.
func encode(r *Refusal, schema json.RawMessage) json.RawMessage {
	l := line{
		Time: r.Time.UTC(), Class: r.Reason.Group().String(), Reason: r.Reason.String(), Column: r.Column, Error: r.Text,
	}
	if !r.HasRow() {
		l.Raw = encodeText(r.Raw)
		return encodeJSON(l)
	}
	s := r.Row.Schema()
	l.Op, l.Linked, l.AsRead, l.Schema = r.Row.Op().String(), r.Row.Linked(), r.AsRead, schema
	for c := range s.Columns {
		l.Kinds = append(l.Kinds, r.Row.Kind(c).String())
		l.Values = append(l.Values, encodeValue(r.Row, c))
	}
	l.Key, l.Position = map[string]any{}, map[string]any{}
	for _, c := range s.Key {
		l.Key[s.Columns[c].Name] = l.Values[c]
	}
	for c := s.Data; c < len(s.Columns); c++ {
		l.Position[s.Columns[c].Name] = l.Values[c]
	}
	return encodeJSON(l)
}
