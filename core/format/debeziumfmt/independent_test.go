package debeziumfmt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

// envelope is what Debezium's documentation says of an event of MySQL, and no more.
type envelope struct {
	Before, After map[string]any
	Source        struct {
		Version, Connector, Name string
		TsMs                     int64 `json:"ts_ms"`
		Snapshot, DB             string
		Sequence                 *string
		TsUs                     int64 `json:"ts_us"`
		TsNs                     int64 `json:"ts_ns"`
		Table                    string
		ServerID                 int64 `json:"server_id"`
		GTID, File               *string
		Pos                      int64
		Row                      int32
		Thread                   *int64
		Query                    *string
	}
	Op          string
	TsMs        int64 `json:"ts_ms"`
	TsUs        int64 `json:"ts_us"`
	TsNs        int64 `json:"ts_ns"`
	Transaction *struct{}
}

// field is a field of a schema of Kafka Connect.
type field struct {
	Type, Field, Name string
	Default, Doc      string
	Version           int
	Optional          bool
	Parameters        map[string]string
	Fields            []field
}

func strict(t *testing.T, text []byte, v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
}

// Somebody else's decoder, led by the schema in the message, finds every value
// of every row.
func TestIndependentDecoder(t *testing.T) {
	for name, o := range map[string]debeziumfmt.Options{"precise": {Schemas: true, Unsigned: "precise"}, "string": {Schemas: true, Decimal: "string"}, "double": {Schemas: true, Decimal: "double"}} {
		t.Run(name, func(t *testing.T) {
			e := debeziumfmt.NewEncoder(o)
			b := changes.Batch(changes.Schema(e.Meta()...))
			messages := changes.Encode(t, e, b)
			for i, n := 0, 0; i < b.Len(); n++ {
				ev, rows := changefmt.At(b, i, e.Grouping())
				i += rows
				var m struct {
					Schema  field
					Payload envelope
				}
				strict(t, messages[n].Value, &m)
				p := &m.Payload
				if p.Op != debeziumfmt.OpName(ev.Op, p.Source.Snapshot == "true") || p.Source.DB != "shop" || p.Source.Table != "edges" || p.Source.Connector != "mysql" || *p.Source.File != "bin.000001" || p.TsMs != changes.Now.UnixMilli() {
					t.Fatalf("message %d: %+v", n, p)
				}
				check(t, m.Schema.Fields[0].Fields, ev.Before, p.Before, false)
				check(t, m.Schema.Fields[1].Fields, ev.After, p.After, ev.Before.Valid())
				var key struct {
					Schema  field
					Payload map[string]json.Number
				}
				strict(t, messages[n].Key, &key)
				if id, err := key.Payload["id"].Int64(); err != nil || id != ev.Row().Int64(0) || key.Schema.Fields[0].Field != "id" {
					t.Fatalf("key %+v, %v", key, err)
				}
			}
		})
	}
}

func check(t *testing.T, fields []field, r record.Row, got map[string]any, filled bool) {
	t.Helper()
	if !r.Valid() {
		if got != nil {
			t.Fatalf("a row that is not there: %v", got)
		}
		return
	}
	for c, f := range fields {
		value, there := got[f.Field]
		kind := r.Kind(c)
		if kind == record.Absent {
			if there && value != debeziumfmt.Unavailable && value != base64.StdEncoding.EncodeToString([]byte(debeziumfmt.Unavailable)) && !filled {
				t.Errorf("row %d, column %s: absent came as %v", r.Index(), f.Field, value)
			}
			continue
		}
		if !there || (value == nil) != (kind == record.Null) {
			t.Fatalf("row %d, column %s: %v, %t", r.Index(), f.Field, value, there)
		}
		if value != nil && !equal(t, &f, r, c, value) {
			t.Errorf("row %d, column %s of %s %s: %v is not %s", r.Index(), f.Field, f.Type, f.Name, value, r.AppendText(nil, c))
		}
	}
}

// equal reads a value as its schema says.
func equal(t *testing.T, f *field, r record.Row, c int, value any) bool {
	t.Helper()
	text := string(r.AppendText(nil, c))
	number := func() int64 {
		n, err := value.(json.Number).Int64()
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	rational := func(s string) *big.Rat {
		v, ok := new(big.Rat).SetString(s)
		if !ok {
			t.Fatalf("%q is no number", s)
		}
		return v
	}
	unscaled := func(coded any, scale int64) *big.Rat {
		raw, err := base64.StdEncoding.DecodeString(coded.(string))
		if err != nil {
			t.Fatal(err)
		}
		v := new(big.Int).SetBytes(raw)
		if raw[0] >= 0x80 {
			v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
		}
		return new(big.Rat).SetFrac(v, new(big.Int).Exp(big.NewInt(10), big.NewInt(scale), nil))
	}
	switch f.Name {
	case "org.apache.kafka.connect.data.Decimal":
		return unscaled(value, 0).Cmp(rational(text)) == 0 && f.Parameters["scale"] == "0"
	case "io.debezium.data.VariableScaleDecimal":
		v := value.(map[string]any)
		scale, _ := v["scale"].(json.Number).Int64()
		return unscaled(v["value"], scale).Cmp(rational(text)) == 0
	case "io.debezium.time.Date":
		return r.Infinite(c) != 0 && (number() == 1<<31-1 || number() == -1<<31) || time.Unix(number()*86400, 0).UTC().Unix() == r.Date(c)*86400
	case "io.debezium.time.MicroTime":
		return number()*1000 == r.Time(c)
	case "io.debezium.time.MicroTimestamp":
		sec, ns := r.Datetime(c)
		return r.Infinite(c) != 0 || time.UnixMicro(number()).Equal(time.Unix(sec, int64(ns)))
	case "io.debezium.time.Interval":
		return changes.SameInterval(value.(string), r, c)
	case "io.debezium.time.ZonedTimestamp":
		at, err := time.Parse(time.RFC3339Nano, value.(string))
		sec, ns := r.Timestamp(c)
		return err != nil && (r.Infinite(c) != 0 || sec < -62135596800) || err == nil && at.Equal(time.Unix(sec, int64(ns)))
	}
	switch v := value.(type) {
	case bool:
		return f.Type == "boolean" && v == r.Bool(c)
	case json.Number:
		if !slices.Contains([]string{"int64", "float", "double"}, f.Type) {
			t.Errorf("a number of type %s", f.Type)
		}
		return rational(v.String()).Cmp(rational(text)) == 0
	case string:
		if f.Type == "bytes" {
			raw, err := base64.StdEncoding.DecodeString(v)
			return err == nil && bytes.Equal(raw, r.Bytes(c))
		}
		return v == text
	}
	return false
}

func TestSchemaChange(t *testing.T) {
	for _, o := range []debeziumfmt.Options{{}, {Schemas: true}} {
		changes.SameChange(t, debeziumfmt.NewEncoder(o), debeziumfmt.NewDecoder(o, nil, nil), true)
	}
}

func TestBroken(t *testing.T) {
	for _, o := range []debeziumfmt.Options{{}, {Schemas: true}} {
		good := changes.Encode(t, debeziumfmt.NewEncoder(o), changes.Users())
		changes.Broken(t, debeziumfmt.NewDecoder(o, nil, nil), good[2].Value,
			`{"op":"x","after":{}}`, `{"op":"c","after":null}`, `{"op":"d","before":null,"after":{"id":1}}`, `{"op":"c","after":5}`,
			`{"schema":{"fields":[]},"payload":{"op":"c","after":{"id":1}}}`,
			`{"schema":{"fields":[{"field":"after","fields":[{"field":"d","type":"int32","name":"io.debezium.time.Date"}]}]},"payload":{"op":"c","after":{"d":"x"}}}`,
			`{"schema":{"fields":[{"field":"after","fields":[{"field":"d","type":"bytes"}]}]},"payload":{"op":"c","after":{"d":"%"}}}`,
			`{"schema":{"fields":[{"field":"after","fields":[{"field":"d","type":"struct","name":"io.debezium.data.VariableScaleDecimal"}]}]},"payload":{"op":"c","after":{"d":{"scale":-2000000000,"value":"AQ=="}}}}`,
			`{"schema":{"fields":[{"field":"after","fields":[{"field":"d","type":"int32"}]}]},"payload":{"op":"c","after":{"e":1}}}`)
	}
}

// What a type cannot hold is refused with the column's name, never rounded.
func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		o      debeziumfmt.Options
		column record.Column
		put    func(b *record.Batch)
	}{
		{"microseconds in milliseconds", debeziumfmt.Options{Time: "connect"}, record.Column{Kind: record.Datetime, Scale: 6}, func(b *record.Batch) { b.Datetime(0, 1000) }},
		{"nanoseconds in microseconds", debeziumfmt.Options{}, record.Column{Kind: record.Time, Scale: 6}, func(b *record.Batch) { b.Time(1) }},
		{"more digits than the scale", debeziumfmt.Options{Decimal: "precise"}, record.Column{Kind: record.Decimal, Precision: 10, Scale: 2}, func(b *record.Batch) { b.Text(record.Decimal, "1.001") }},
		{"NaN as digits", debeziumfmt.Options{Decimal: "precise"}, record.Column{Kind: record.Decimal}, func(b *record.Batch) { b.Text(record.Decimal, "NaN") }},
		{"an offset that no type keeps", debeziumfmt.Options{}, record.Column{Kind: record.Time}, func(b *record.Batch) { b.TimeOffset(0, 60) }},
		{"a day beyond 32 bits", debeziumfmt.Options{}, record.Column{Kind: record.Date}, func(b *record.Batch) { b.Date(1 << 40) }},
		{"broken text", debeziumfmt.Options{}, record.Column{Kind: record.String}, func(b *record.Batch) { b.Text(record.String, "\xff") }},
	} {
		tt.column.Name = "c"
		s := record.NewSchema(record.Name{Table: "t"}, []record.Column{tt.column})
		b := record.NewBatch(1, 100)
		b.Begin(s, record.Insert)
		tt.put(b)
		dst, err := debeziumfmt.NewEncoder(tt.o).AppendValue([]byte("x"), changefmt.Event{Op: record.Insert, After: b.Row(0)})
		if err == nil || string(dst) != "x" || !bytes.Contains([]byte(err.Error()), []byte(`"c"`)) {
			t.Errorf("%s: got %v and %q, want an error that names the column", tt.name, err, dst)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	o := debeziumfmt.Options{Schemas: true}
	changes.Fuzz(f, debeziumfmt.NewEncoder(o), func() changefmt.Decoder { return debeziumfmt.NewDecoder(o, nil, nil) })
}

func FuzzPlainDecoder(f *testing.F) {
	o := debeziumfmt.Options{}
	columns := changes.Users().Schema().Columns
	changes.Fuzz(f, debeziumfmt.NewEncoder(o), func() changefmt.Decoder { return debeziumfmt.NewDecoder(o, columns, nil) })
}

// Values whose type only MySQL's name of it tells stand as Debezium's
// documentation has them.
func TestNativeTypes(t *testing.T) {
	e := debeziumfmt.NewEncoder(debeziumfmt.Options{Name: "srv", Schemas: true})
	var m struct {
		Schema  field
		Payload envelope
	}
	strict(t, changes.Encode(t, e, changes.Natives(e.Meta()...))[0].Value, &m)
	values := map[string]any{
		"id": json.Number("1"), "b10": "AwI=", "b64": "AwIAAAAAAAA=", "en": "it's, ü", "st": "a,ü",
		"pt": map[string]any{"x": json.Number("1"), "y": json.Number("-2.5"), "wkb": "AQEAAAAAAAAAAADwPwAAAAAAAATA", "srid": nil},
		"gm": map[string]any{"wkb": "AQIAAAACAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAPA/AAAAAAAA8D8=", "srid": json.Number("4326")},
	}
	if !reflect.DeepEqual(m.Payload.After, values) {
		t.Errorf("got %v, want %v", m.Payload.After, values)
	}
	source := m.Payload.Source
	if source.ServerID != 1 || source.Row != 1 || source.Thread == nil || *source.Thread != 1 || source.TsUs != 1_700_000_000_123_456 || source.TsNs != 1_700_000_000_123_456_789 {
		t.Errorf("got source %+v", source)
	}
	for _, f := range m.Schema.Fields[1].Fields {
		var parts []string
		for _, part := range f.Fields {
			parts = append(parts, part.Type+" "+part.Field)
		}
		got := fmt.Sprint(f.Type, " ", f.Name, " ", f.Parameters["length"], f.Parameters["allowed"], parts)
		if want := map[string]string{
			"id": "int64  []", "b10": "bytes io.debezium.data.Bits 10[]", "b64": "bytes io.debezium.data.Bits 64[]",
			"en": `string io.debezium.data.Enum a,b c,it's\, ü[]`, "st": "string io.debezium.data.EnumSet a,b,ü[]",
			"pt": "struct io.debezium.data.geometry.Point [double x double y bytes wkb int32 srid]",
			"gm": "struct io.debezium.data.geometry.Geometry [bytes wkb int32 srid]",
		}[f.Field]; got != want {
			t.Errorf("%s: got %s, want %s", f.Field, got, want)
		}
	}
}

// An event of PostgreSQL names what Debezium's connector for it names.
func TestPostgreSQL(t *testing.T) {
	e := debeziumfmt.NewEncoder(debeziumfmt.Options{Name: "srv", Schemas: true})
	s := changefmt.NewSchema(record.Name{Database: "shop", Schema: "public", Table: "t"}, []record.Column{
		{Name: "id", Kind: record.Int64, Native: "integer"}, {Name: "m", Kind: record.Decimal, Native: "money", Scale: 2, Nullable: true},
		{Name: "iv", Kind: record.Interval, Native: "interval", Nullable: true}, {Name: "x", Kind: record.String, Native: "xml", Nullable: true}}, []int{0}, []string{changefmt.LSN})
	b := record.NewBatch(1, 1000)
	b.Begin(s, record.Insert)
	b.Int64(1)
	b.Text(record.Decimal, "12.34")
	b.Interval(14, 3, 14706_789_000)
	b.Text(record.String, "<a/>")
	b.Text(record.String, "00000000/01CCAE48")
	all := changes.Encode(t, e, b)
	for _, want := range []string{
		`"after":{"id":1,"m":"BNI=","iv":"P1Y2M3DT4H5M6.789S","x":"<a/>"}`, `"sequence":"[null,\"30191176\"]"`, `"name":"srv.public.t.Value"`, `"name":"io.debezium.data.Xml"`,
		`"name":"srv.public.t.Envelope"`,
	} {
		if !bytes.Contains(all[0].Value, []byte(want)) {
			t.Errorf("%s is not in %s", want, all[0].Value)
		}
	}
	if want := `"name":"srv.public.t.Key"`; !bytes.Contains(all[0].Key, []byte(want)) {
		t.Errorf("%s is not in %s", want, all[0].Key)
	}
	e = debeziumfmt.NewEncoder(debeziumfmt.Options{Interval: debeziumfmt.IntervalNumeric})
	if all, want := changes.Encode(t, e, b), `"iv":37091106789000`; !bytes.Contains(all[0].Value, []byte(want)) {
		t.Errorf("%s is not in %s", want, all[0].Value)
	}
}
