package flinkxfmt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/flinkxfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

// Somebody else's decoder finds every value of every row, and headers that
// count upwards.
func TestIndependentDecoder(t *testing.T) {
	for name, shape := range map[string]flinkxfmt.Shape{"paving": flinkxfmt.Paving, "nested": flinkxfmt.Nested, "split": flinkxfmt.Split} {
		t.Run(name, func(t *testing.T) {
			e := flinkxfmt.NewEncoder(flinkxfmt.Options{Shape: shape, Worker: 3})
			b := changes.Batch(changes.Schema(e.Meta()...))
			messages := changes.Encode(t, e, b)
			last := int64(0)
			for i, n := 0, 0; i < b.Len(); n++ {
				ev, rows := changefmt.At(b, i, e.Grouping())
				i += rows
				m := object(t, messages[n].Value)
				if shape == flinkxfmt.Nested {
					m = m["message"].(map[string]any)
				}
				ts, err := m["ts"].(json.Number).Int64()
				if err != nil || ts <= last || ts>>22 != changes.Now.UnixMilli() || ts>>12&0x3ff != 3 {
					t.Fatalf("ts %v after %d", m["ts"], last)
				}
				last = ts
				kind := map[record.Op]string{record.Insert: "INSERT", record.UpdateBefore: "UPDATE_BEFORE", record.UpdateAfter: "UPDATE", record.Delete: "DELETE"}[ev.Op]
				if shape == flinkxfmt.Split && ev.Op == record.UpdateAfter {
					kind = "UPDATE_AFTER"
				}
				if m["type"] != kind || m["schema"] != "shop" || m["database"] != nil || m["table"] != "edges" || m["primary_key"] != "id" || !strings.HasPrefix(m["lsn"].(string), "bin.000001/") || len(m["opTime"].(string)) != 13 {
					t.Fatalf("message %d: %v", n, m)
				}
				for c := range b.Schema().Data {
					column := b.Schema().Columns[c].Name
					for side, r := range map[string]record.Row{"before": ev.Before, "after": ev.After} {
						from, key := m, side+"_"+column
						switch {
						case shape == flinkxfmt.Nested:
							from, key = m[side].(map[string]any), column
						case shape == flinkxfmt.Split:
							key = column
							if !r.Valid() {
								continue
							}
						}
						value, there := from[key]
						if !r.Valid() {
							if there {
								t.Fatalf("message %d has %s", n, key)
							}
							continue
						}
						same(t, r, c, value, there)
					}
				}
			}
		})
	}
}

func object(t *testing.T, text []byte) (m map[string]any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

func same(t *testing.T, r record.Row, c int, value any, there bool) {
	t.Helper()
	kind, text := r.Kind(c), string(r.AppendText(nil, c))
	if there != (kind != record.Absent) || there && (value == nil) != (kind == record.Null) {
		t.Fatalf("row %d, column %d (%v): there %t, %v", r.Index(), c, kind, there, value)
	}
	ok := kind <= record.Null
	switch v := value.(type) {
	case bool:
		ok = v == r.Bool(c)
	case json.Number:
		one, fine := new(big.Rat).SetString(v.String())
		other, _ := new(big.Rat).SetString(text)
		ok = fine && one.Cmp(other) == 0
	case string:
		switch kind {
		case record.Bytes:
			raw, err := base64.StdEncoding.DecodeString(v)
			ok = err == nil && bytes.Equal(raw, r.Bytes(c))
		case record.Timestamp:
			ok = v == text || v+"Z" == text
		default:
			ok = v == text
		}
	}
	if !ok {
		t.Errorf("row %d, column %d: %v is not %s", r.Index(), c, value, text)
	}
}

// A millisecond has 4096 numbers; the next ones are of the next.
func TestNumbers(t *testing.T) {
	e := flinkxfmt.NewEncoder(flinkxfmt.Options{})
	e.Begin(changes.Now)
	b := changes.Users()
	last := int64(0)
	for range 3 * 4096 {
		text, err := e.AppendValue(nil, changefmt.Event{Op: record.Insert, After: b.Row(0)})
		if err != nil {
			t.Fatal(err)
		}
		ts, _ := object(t, text)["ts"].(json.Number).Int64()
		if ts <= last || ts>>12&0x3ff != 0 {
			t.Fatalf("%d after %d", ts, last)
		}
		last = ts
	}
	e.Begin(changes.Now.Add(-time.Hour)) // a clock that is set back
	text, _ := e.AppendValue(nil, changefmt.Event{Op: record.Insert, After: b.Row(0)})
	if ts, _ := object(t, text)["ts"].(json.Number).Int64(); ts <= last {
		t.Errorf("%d after %d", ts, last)
	}
}

func TestSchemaChange(t *testing.T) {
	changes.SameChange(t, flinkxfmt.NewEncoder(flinkxfmt.Options{}), flinkxfmt.NewDecoder(nil), false)
}

func TestBroken(t *testing.T) {
	good := changes.Encode(t, flinkxfmt.NewEncoder(flinkxfmt.Options{}), changes.Users())
	changes.Broken(t, flinkxfmt.NewDecoder(nil), good[2].Value, `{"type":"INSERT","table":"t"}`, `{"type":"DELETE","table":"t","primary_key":"id"}`,
		`{"type":"NOPE","table":"t","after_a":1}`, `{"type":"INSERT","table":"t","after_a":1,"after_a":2}`, `{"message":{"type":"INSERT","table":"t","before":{},"after":{}}}`)
}

// A split message cannot hold a column and a header of one name.
func TestCollision(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "type", Kind: record.Int64}})
	b := record.NewBatch(1, 1)
	b.Begin(s, record.Insert)
	b.Int64(1)
	for shape, refused := range map[flinkxfmt.Shape]bool{flinkxfmt.Split: true, flinkxfmt.Paving: false, flinkxfmt.Nested: false} {
		_, err := flinkxfmt.NewEncoder(flinkxfmt.Options{Shape: shape}).AppendValue(nil, changefmt.Event{Op: record.Insert, After: b.Row(0)})
		if (err != nil) != refused || refused && errclass.Of(err) != errclass.Data {
			t.Errorf("shape %d: %v", shape, err)
		}
	}
}

func FuzzDecoder(f *testing.F) {
	changes.Fuzz(f, flinkxfmt.NewEncoder(flinkxfmt.Options{}), func() changefmt.Decoder { return flinkxfmt.NewDecoder(nil) })
}
