package canalfmt_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/format/canalfmt"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

// flatMessage is what Canal's documentation says of a message, and no more.
type flatMessage struct {
	ID        int64                `json:"id"`
	Database  string               `json:"database"`
	Table     string               `json:"table"`
	PKNames   []string             `json:"pkNames"`
	IsDDL     bool                 `json:"isDdl"`
	Type      string               `json:"type"`
	ES        int64                `json:"es"`
	TS        int64                `json:"ts"`
	GTID      string               `json:"gtid"`
	SQL       string               `json:"sql"`
	SQLType   map[string]int       `json:"sqlType"`
	MySQLType map[string]string    `json:"mysqlType"`
	Data      []map[string]*string `json:"data"`
	Old       []map[string]*string `json:"old"`
}

func decode(t *testing.T, text []byte) (m flatMessage) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return m
}

// Somebody else's decoder finds every value of every row.
func TestIndependentDecoder(t *testing.T) {
	e := canalfmt.NewEncoder(canalfmt.Options{})
	b := changes.Batch(changes.Schema(e.Meta()...))
	s := b.Schema()
	messages := changes.Encode(t, e, b)
	for i, n := 0, 0; i < b.Len(); n++ {
		ev, rows := changefmt.At(b, i, e.Grouping())
		i += rows
		m := decode(t, messages[n].Value)
		want := map[record.Op]string{record.Insert: "INSERT", record.UpdateAfter: "UPDATE", record.Delete: "DELETE"}[ev.Op]
		if m.Type != want || m.Database != "shop" || m.Table != "edges" || len(m.Data) != 1 || m.PKNames[0] != "id" || m.IsDDL || m.ID != int64(n+1) || m.TS != changes.Now.UnixMilli() {
			t.Fatalf("message %d: %+v", n, m)
		}
		for c := range s.Data {
			name := s.Columns[c].Name
			if m.SQLType[name] == 0 || m.MySQLType[name] == "" {
				t.Fatalf("column %s has no type", name)
			}
			got, there := m.Data[0][name]
			same(t, ev.Row(), c, got, there)
			if ev.Op == record.UpdateAfter && ev.Before.Valid() {
				was, changed := m.Old[0][name]
				if changed == changefmt.Same(ev.Before, ev.After, c) {
					t.Errorf("message %d, column %s: in old is %t", n, name, changed)
				}
				if changed {
					same(t, ev.Before, c, was, true)
				}
			}
		}
	}
}

func same(t *testing.T, r record.Row, c int, got *string, there bool) {
	t.Helper()
	kind := r.Kind(c)
	if there != (kind != record.Absent) || there && (got == nil) != (kind == record.Null) {
		t.Fatalf("row %d, column %d (%v): there %t, %v", r.Index(), c, kind, there, got)
	}
	if kind <= record.Null {
		return
	}
	ok := true
	switch text := *got; kind {
	case record.Int64, record.Uint64, record.Decimal:
		one, fine := new(big.Rat).SetString(text)
		other, _ := new(big.Rat).SetString(string(r.AppendText(nil, c)))
		ok = fine && one.Cmp(other) == 0
	case record.Bytes:
		var raw []byte
		for _, ch := range text {
			raw = append(raw, byte(ch))
		}
		ok = bytes.Equal(raw, r.Bytes(c))
	case record.String, record.JSON, record.UUID:
		ok = text == string(r.Bytes(c))
	case record.Bool:
		ok = text == "1" == r.Bool(c)
	case record.Timestamp:
		if at, err := time.Parse("2006-01-02 15:04:05.999999999", text); err == nil { // not infinity, nor a year below 0
			sec, ns := r.Timestamp(c)
			ok = at.Unix() == sec && at.Nanosecond() == int(ns)
		}
	}
	if !ok {
		t.Errorf("row %d, column %d: %q is not %s", r.Index(), c, *got, r.AppendText(nil, c))
	}
}

func TestSchemaChange(t *testing.T) {
	e := canalfmt.NewEncoder(canalfmt.Options{})
	changes.SameChange(t, e, canalfmt.NewDecoder(canalfmt.Options{}, nil), false)
	text, _, _ := e.AppendChange(nil, changes.Altered())
	if m := decode(t, text); !m.IsDDL || m.Type != "ALTER" || m.SQL == "" || m.Data != nil {
		t.Errorf("%+v", m)
	}
}

func TestBroken(t *testing.T) {
	e := canalfmt.NewEncoder(canalfmt.Options{})
	good := changes.Encode(t, e, changes.Users())
	changes.Broken(t, canalfmt.NewDecoder(canalfmt.Options{}, nil), good[2].Value,
		`{"type":"INSERT","data":null}`, `{"type":"INSERT","data":[{"id":"x"}],"mysqlType":{"id":"int"}}`, `{"type":"UPDATE","data":[{"id":"1"}],"old":[{"b":"1"}],"mysqlType":{"id":"int"}}`,
		`{"type":"INSERT","data":[{"id":"1","strange":"2"}],"mysqlType":{"id":"int"}}`, `{"type":"INSERT","data":[{"b":"€"}],"mysqlType":{"b":"blob"}}`, `{"type":5}`)
}

// What other writers of the format write.
func TestOthers(t *testing.T) {
	b := record.NewBatch(10, 1000)
	d := canalfmt.NewDecoder(canalfmt.Options{}, []string{"_optime"})
	for _, text := range []string{
		`{"data":[{"id":"1","n":"a"},{"id":"2","n":null}],"database":"d","table":"t","type":"INSERT","es":5,"mysqlType":null,"pkNames":["id"]}`,
		`{"data":null,"type":"QUERY","isDdl":false,"sql":"BEGIN"}`,
	} {
		if change, err := d.Decode(t.Context(), &changefmt.Message{Value: []byte(text)}, b); err != nil || change != nil {
			t.Fatal(change, err)
		}
	}
	if b.Len() != 2 || changes.Spell(b.Row(1), 0) != "string 2" || changes.Spell(b.Row(1), 1) != "null" || changes.Spell(b.Row(0), 2) != "timestamp 1970-01-01 00:00:00.005Z" {
		t.Errorf("%d rows, %s", b.Len(), changes.Spell(b.Row(0), 2))
	}
}

func FuzzDecoder(f *testing.F) {
	changes.Fuzz(f, canalfmt.NewEncoder(canalfmt.Options{}), func() changefmt.Decoder { return canalfmt.NewDecoder(canalfmt.Options{}, nil) })
}
