package avrofmt_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hamba/avro/v2"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/avrofmt"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

// foreign reads a framed message with hamba's decoder and the registered schema.
func foreign(t *testing.T, r *changes.Registry, framed []byte) map[string]any {
	t.Helper()
	if len(framed) < 5 || framed[0] != 0 {
		t.Fatalf("no frame: %x", framed)
	}
	schema, err := avro.ParseBytesWithCache([]byte(r.Schema(int(binary.BigEndian.Uint32(framed[1:])))), "", &avro.SchemaCache{})
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := avro.Unmarshal(schema, framed[5:], &m); err != nil {
		t.Fatalf("%v in %x", err, framed)
	}
	return m
}

func TestIndependentDecoder(t *testing.T) {
	r := changes.NewRegistry(t, false)
	e := avrofmt.NewEncoder(avrofmt.Options{Options: debeziumfmt.Options{Unsigned: "precise"}}, client(t, r))
	b := rows(changes.Schema(e.Meta()...), false)
	messages := changes.Encode(t, e, b)
	for i, n := 0, 0; i < b.Len(); n++ {
		ev, rows := changefmt.At(b, i, e.Grouping())
		i += rows
		m := foreign(t, r, messages[n].Value)
		source := m["source"].(map[string]any)
		if m["op"] != debeziumfmt.OpName(ev.Op, inner(source["snapshot"]) == "true") || source["db"] != "shop" || inner(source["table"]) != "edges" || inner(source["file"]) != "bin.000001" {
			t.Fatalf("message %d: %v", n, m)
		}
		for side, row := range map[string]record.Row{"before": ev.Before, "after": ev.After} {
			image, there := inner(m[side]).(map[string]any)
			if there != row.Valid() {
				t.Fatalf("message %d, %s: %v", n, side, m[side])
			}
			if there {
				compare(t, row, image)
			}
		}
		if key := foreign(t, r, messages[n].Key); key["id"] != ev.Row().Int64(0) {
			t.Fatalf("key %v", key)
		}
	}
}

// inner takes a value out of the map that names its branch of a union.
func inner(v any) any {
	if m, ok := v.(map[string]any); ok && len(m) == 1 {
		for name, value := range m {
			switch name {
			case "boolean", "int", "long", "float", "double", "string", "bytes", "bytes.decimal", "datasync.shop.edges.Value", "io.debezium.data.VariableScaleDecimal":
				return value
			}
		}
	}
	return v
}

func compare(t *testing.T, r record.Row, image map[string]any) {
	t.Helper()
	for c := range r.Schema().Data {
		name, text := r.Schema().Columns[c].Name, string(r.AppendText(nil, c))
		value := inner(image[name])
		if (value == nil) != (r.Kind(c) == record.Null) {
			t.Fatalf("row %d, column %s: %v", r.Index(), name, value)
		}
		ok := true
		switch v := value.(type) {
		case bool:
			ok = v == r.Bool(c)
		case int:
			ok = int64(v) == r.Date(c) || r.Infinite(c) != 0
		case int64:
			switch r.Kind(c) {
			case record.Int64:
				ok = v == r.Int64(c)
			case record.Time:
				ok = v*1000 == r.Time(c)
			default:
				sec, ns := r.Datetime(c)
				ok = r.Infinite(c) != 0 || time.UnixMicro(v).Equal(time.Unix(sec, int64(ns)))
			}
		case float32:
			ok = math.Float32bits(v) == math.Float32bits(r.Float32(c))
		case float64:
			ok = math.Float64bits(v) == math.Float64bits(r.Float64(c))
		case *big.Rat:
			want, _ := new(big.Rat).SetString(text)
			ok = v.Cmp(want) == 0
		case []byte:
			ok = string(v) == string(r.Bytes(c))
		case string:
			ok = v == string(r.AppendISO(nil, c)) || r.Kind(c) == record.Interval && changes.SameInterval(v, r, c)
		case map[string]any:
			want, _ := new(big.Rat).SetString(text)
			raw := v["value"].([]byte)
			n := new(big.Int).SetBytes(raw)
			if raw[0] >= 0x80 {
				n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(raw))))
			}
			got := new(big.Rat).SetFrac(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v["scale"].(int))), nil))
			ok = got.Cmp(want) == 0
		case nil:
		default:
			t.Fatalf("column %s is a %T", name, value)
		}
		if !ok {
			t.Errorf("row %d, column %s: %v is not %s", r.Index(), name, value, text)
		}
	}
}

// Rows without envelope: a delete is its key.
func TestFlat(t *testing.T) {
	r := changes.NewRegistry(t, false)
	o := avrofmt.Options{Options: debeziumfmt.Options{Name: "srv", Unsigned: "precise"}, Flat: true}
	c := client(t, r)
	d := avrofmt.NewDecoder(o, c, nil)
	b := record.NewBatch(100, 1<<20)
	for _, m := range changes.Encode(t, avrofmt.NewEncoder(o, c), changes.Users()) {
		if _, err := d.Decode(t.Context(), &changefmt.Message{Topic: changes.Topic, Key: m.Key, Value: m.Value}, b); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for i := range b.Len() {
		row := b.Row(i)
		got = append(got, fmt.Sprint(row.Op(), " ", changes.Spell(row, row.Schema().Index("id")), " ", row.Schema().Name, " ", row.Schema().Data))
	}
	want := []string{"update-after uint64 1 shop.users 10", "update-after uint64 18446744073709551615 shop.users 10", "update-after uint64 2 shop.users 10",
		"delete uint64 2 shop.users 1", "delete uint64 3 shop.users 1", "update-after uint64 4 shop.users 10", "update-after uint64 5 shop.users 10"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if names := r.Subjects(); fmt.Sprint(names) != "[changes-value changes-key]" {
		t.Errorf("subjects %v", names)
	}
}

// The schema of another writer, with Avro's own logical types and types that no
// column has.
func TestForeignSchema(t *testing.T) {
	r := changes.NewRegistry(t, false)
	c := client(t, r)
	text := `{"type":"record","name":"T","fields":[{"name":"at","type":{"type":"long","logicalType":"timestamp-micros"}},{"name":"d","type":{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}},
		{"name":"l","type":{"type":"array","items":"int"}},{"name":"m","type":["null",{"type":"map","values":"string"}]},{"name":"e","type":{"type":"enum","name":"E","symbols":["A","B"]}},
		{"name":"u","type":["null","long","string"]},{"name":"day","type":{"type":"int","logicalType":"date"}},{"name":"f","type":{"type":"fixed","name":"F","size":2}}]}`
	number, err := c.Register(t.Context(), "t-value", registrySchema(text))
	if err != nil {
		t.Fatal(err)
	}
	schema := avro.MustParse(text)
	body, err := avro.Marshal(schema, map[string]any{"at": time.Unix(1_700_000_000, 123456000), "d": big.NewRat(-1234, 100), "l": []int{1, 2}, "m": map[string]any{"map": map[string]any{"k": "v"}}, "e": "B",
		"u": map[string]any{"string": "x"}, "day": time.Unix(86400*3, 0).UTC(), "f": [2]byte{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	d := avrofmt.NewDecoder(avrofmt.Options{}, c, nil)
	b := record.NewBatch(10, 1000)
	framed := append(binary.BigEndian.AppendUint32([]byte{0}, uint32(number)), body...)
	if _, err := d.Decode(t.Context(), &changefmt.Message{Topic: "t", Value: framed}, b); err != nil {
		t.Fatal(err)
	}
	var got []string
	for i := range b.Schema().Columns {
		got = append(got, changes.Spell(b.Row(0), i))
	}
	want := []string{"timestamp 2023-11-14 22:13:20.123456Z", "decimal -12.34", "json [1,2]", `json {"k":"v"}`, "string B", "string x", "date 1970-01-04", "bytes \x01\x02"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for i := range framed {
		if _, err := d.Decode(t.Context(), &changefmt.Message{Topic: "t", Value: framed[:i]}, b); errclass.Of(err) != errclass.Data || b.Len() != 1 {
			t.Fatalf("%d bytes: %v, %d rows", i, err, b.Len())
		}
	}
}

func TestRefused(t *testing.T) {
	c := client(t, changes.NewRegistry(t, false))
	for name, fill := range map[string]func(b *record.Batch){
		"absent": func(b *record.Batch) { b.Absent() }, "beyond long": func(b *record.Batch) { b.Uint64(1 << 63) },
	} {
		s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "c", Kind: record.Uint64, Nullable: true}})
		b := record.NewBatch(1, 1)
		b.Begin(s, record.Insert)
		fill(b)
		e := avrofmt.NewEncoder(avrofmt.Options{}, c)
		if err := e.Register(t.Context(), "t", s, nil); err != nil {
			t.Fatal(err)
		}
		if dst, err := e.AppendValue([]byte("x"), changefmt.Event{Op: record.Insert, After: b.Row(0)}); errclass.Of(err) != errclass.Data || string(dst) != "x" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema of a table's events.
func TestGoldenSchema(t *testing.T) {
	r := changes.NewRegistry(t, false)
	e := avrofmt.NewEncoder(avrofmt.Options{Options: debeziumfmt.Options{Name: "shop"}}, client(t, r))
	s := changes.Users().Schema()
	if err := e.Register(t.Context(), changes.Topic, s, s.Key); err != nil {
		t.Fatal(err)
	}
	got := r.Schema(1) + "\n" + r.Schema(2) + "\n"
	file := filepath.Join("testdata", "schemas.golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if want, err := os.ReadFile(file); err != nil || string(want) != got {
		t.Errorf("%s differs (-update writes it), %v:\n%s", file, err, got)
	}
}

func FuzzDecoder(f *testing.F) {
	r := changes.NewRegistry(f, false)
	c := client(f, r)
	o := avrofmt.Options{Options: debeziumfmt.Options{Unsigned: "precise"}}
	changes.Fuzz(f, avrofmt.NewEncoder(o, c), func() changefmt.Decoder { return avrofmt.NewDecoder(o, c, nil) })
}
