package maxwellfmt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"testing"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/maxwellfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

// message is what Maxwell's documentation says of one, and no more.
type message struct {
	Database, Table, Type, Position, GTID string
	TS, XID                               int64
	PrimaryKeyColumns                     []string `json:"primary_key_columns"`
	Data, Old                             map[string]any
}

// Somebody else's decoder finds every value of every row.
func TestIndependentDecoder(t *testing.T) {
	e := maxwellfmt.NewEncoder(maxwellfmt.Options{})
	b := changes.Batch(changes.Schema(e.Meta()...))
	s := b.Schema()
	messages := changes.Encode(t, e, b)
	for i, n := 0, 0; i < b.Len(); n++ {
		ev, rows := changefmt.At(b, i, e.Grouping())
		i += rows
		var m message
		d := json.NewDecoder(bytes.NewReader(messages[n].Value))
		d.UseNumber()
		d.DisallowUnknownFields()
		if err := d.Decode(&m); err != nil {
			t.Fatalf("%v in %s", err, messages[n].Value)
		}
		want := map[record.Op]string{record.Insert: "insert", record.UpdateAfter: "update", record.Delete: "delete"}[ev.Op]
		if m.Type != want && m.Type != "bootstrap-"+want || m.Database != "shop" || m.Table != "edges" || m.XID < 700 || m.TS < 1_700_000_000 || m.Position[:11] != "bin.000001:" {
			t.Fatalf("message %d: %+v", n, m)
		}
		for c := range s.Data {
			name := s.Columns[c].Name
			value, there := m.Data[name]
			same(t, ev.Row(), c, value, there)
			if ev.Op == record.UpdateAfter && ev.Before.Valid() {
				was, changed := m.Old[name]
				if changed == changefmt.Same(ev.Before, ev.After, c) {
					t.Errorf("message %d, column %s: in old is %t", n, name, changed)
				}
				if changed {
					same(t, ev.Before, c, was, true)
				}
			}
		}
		var key map[string]any
		if err := json.Unmarshal(messages[n].Key, &key); err != nil || len(key) != 3 || key["pk.id"] == nil {
			t.Fatalf("key %s: %v", messages[n].Key, err)
		}
	}
}

func same(t *testing.T, r record.Row, c int, value any, there bool) {
	t.Helper()
	kind, text := r.Kind(c), string(r.AppendText(nil, c))
	if there != (kind != record.Absent) || there && kind != record.JSON && (value == nil) != (kind == record.Null) {
		t.Fatalf("row %d, column %d (%v): there %t, %v", r.Index(), c, kind, there, value)
	}
	if kind <= record.Null {
		return
	}
	var ok bool
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
	default:
		ok = kind == record.JSON
	}
	if !ok {
		t.Errorf("row %d, column %d: %v is not %s", r.Index(), c, value, text)
	}
}

func TestSchemaChange(t *testing.T) {
	changes.SameChange(t, maxwellfmt.NewEncoder(maxwellfmt.Options{}), maxwellfmt.NewDecoder(nil), true)
}

func TestBroken(t *testing.T) {
	good := changes.Encode(t, maxwellfmt.NewEncoder(maxwellfmt.Options{}), changes.Users())
	changes.Broken(t, maxwellfmt.NewDecoder(nil), good[2].Value, `{"type":"insert"}`, `{"type":"update","data":{"a":1},"old":{"b":2}}`, `{"type":7,"data":{}}`)
}

func FuzzDecoder(f *testing.F) {
	changes.Fuzz(f, maxwellfmt.NewEncoder(maxwellfmt.Options{}), func() changefmt.Decoder { return maxwellfmt.NewDecoder(nil) })
}
