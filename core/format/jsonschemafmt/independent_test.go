package jsonschemafmt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/jsonschemafmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

var update = flag.Bool("update", false, "write the golden files anew")

// property is a part of a JSON schema as Confluent's converter writes it.
type property struct {
	Type       any                 `json:"type"`
	Title      string              `json:"title"`
	Index      *int                `json:"connect.index"`
	Connect    string              `json:"connect.type"`
	Version    int                 `json:"connect.version"`
	Parameters map[string]string   `json:"connect.parameters"`
	OneOf      []property          `json:"oneOf"`
	Properties map[string]property `json:"properties"`
}

func (p property) some() property {
	if len(p.OneOf) == 2 {
		return p.OneOf[1]
	}
	return p
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

// Somebody else's decoder, led by the registered schema, finds numbers, texts and
// bytes of every row.
func TestIndependentDecoder(t *testing.T) {
	r := changes.NewRegistry(t, false)
	e := jsonschemafmt.NewEncoder(jsonschemafmt.Options{Options: debeziumfmt.Options{Unsigned: "precise"}}, client(t, r))
	b := changes.Batch(changes.Schema(e.Meta()...))
	messages := changes.Encode(t, e, b)
	for i, n := 0, 0; i < b.Len(); n++ {
		ev, rows := changefmt.At(b, i, e.Grouping())
		i += rows
		framed := messages[n].Value
		var schema property
		strict(t, []byte(r.Schema(int(binary.BigEndian.Uint32(framed[1:])))), &schema)
		var m struct {
			Before, After, Source map[string]any
			Op                    string
			TsMs                  int64 `json:"ts_ms"`
			TsUs                  int64 `json:"ts_us"`
			TsNs                  int64 `json:"ts_ns"`
			Transaction           any
		}
		strict(t, framed[5:], &m)
		if ev.After.Valid() {
			compare(t, schema.Properties["after"].some(), ev.After, m.After)
		} else {
			compare(t, schema.Properties["before"].some(), ev.Before, m.Before)
		}
	}
}

func compare(t *testing.T, schema property, r record.Row, image map[string]any) {
	t.Helper()
	for c := range r.Schema().Data {
		name, text := r.Schema().Columns[c].Name, string(r.AppendText(nil, c))
		p := schema.Properties[name]
		if p.Index == nil || *p.Index != c {
			t.Fatalf("column %s at %v, want %d", name, p.Index, c)
		}
		value := image[name]
		if r.Kind(c) == record.Absent || value == nil {
			if (value == nil) != (r.Kind(c) <= record.Null) && r.Kind(c) != record.Absent {
				t.Fatalf("row %d, column %s: %v", r.Index(), name, value)
			}
			continue
		}
		ok := true
		switch p = p.some(); p.Connect + " " + p.Title {
		case "boolean ":
			ok = value == r.Bool(c)
		case "int64 ", "float32 ", "float64 ":
			if v, is := value.(json.Number); is {
				one, _ := new(big.Rat).SetString(v.String())
				other, _ := new(big.Rat).SetString(text)
				ok = one.Cmp(other) == 0
			} else {
				ok = value == text // NaN, infinities
			}
		case "string ", "string io.debezium.data.Uuid", "string io.debezium.data.Json":
			ok = value == text
		case "string io.debezium.time.Interval":
			ok = changes.SameInterval(value.(string), r, c)
		case "bytes ":
			ok = value == base64.StdEncoding.EncodeToString(r.Bytes(c))
		case "bytes org.apache.kafka.connect.data.Decimal":
			raw, err := base64.StdEncoding.DecodeString(value.(string))
			ok = err == nil && new(big.Int).SetBytes(raw).String() == text
		}
		if !ok {
			t.Errorf("row %d, column %s: %v is not %s", r.Index(), name, value, text)
		}
	}
}

// Rows without envelope: a delete is its key.
func TestFlat(t *testing.T) {
	c := client(t, changes.NewRegistry(t, false))
	o := jsonschemafmt.Options{Options: debeziumfmt.Options{Name: "srv"}, Flat: true}
	d := jsonschemafmt.NewDecoder(o, c, nil)
	b := record.NewBatch(100, 1<<20)
	for _, m := range changes.Encode(t, jsonschemafmt.NewEncoder(o, c), changes.Users()) {
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
}

func TestBroken(t *testing.T) {
	c := client(t, changes.NewRegistry(t, false))
	e := jsonschemafmt.NewEncoder(jsonschemafmt.Options{}, c)
	good := changes.Encode(t, e, changes.Users())[0].Value
	d := jsonschemafmt.NewDecoder(jsonschemafmt.Options{}, c, nil)
	b := record.NewBatch(10, 1000)
	for i := range good {
		if _, err := d.Decode(t.Context(), &changefmt.Message{Value: good[:i]}, b); errclass.Of(err) != errclass.Data || b.Len() != 0 {
			t.Fatalf("%d bytes: %v, %d rows", i, err, b.Len())
		}
	}
	if _, err := d.Decode(t.Context(), &changefmt.Message{Value: []byte("\x00\x00\x00\x00\x63{}")}, b); errclass.Of(err) != errclass.Data {
		t.Errorf("a schema that nobody knows: %v", err)
	}
}

// The schemas of a table.
func TestGoldenSchema(t *testing.T) {
	r := changes.NewRegistry(t, false)
	e := jsonschemafmt.NewEncoder(jsonschemafmt.Options{Options: debeziumfmt.Options{Name: "shop"}}, client(t, r))
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
