package canalfmt_test

import (
	"bytes"
	"testing"

	"github.com/datasync-io/datasync/core/format/canalfmt"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

func TestRoundTrip(t *testing.T) {
	meta := canalfmt.NewEncoder(canalfmt.Options{}).Meta()
	b := changes.Batch(changes.Schema(meta...))
	changes.Trip{
		Encoder: canalfmt.NewEncoder(canalfmt.Options{}), Decoder: canalfmt.NewDecoder(canalfmt.Options{}, meta),
		Want: func(r record.Row, c int) string {
			switch text := string(r.AppendText(nil, c)); r.Kind(c) {
			case record.UUID, record.Interval: // MySQL has no such types
				return "string " + text
			}
			return changes.Spell(r, c)
		},
	}.Run(t, b)
}

// An enum is the number of its place and a set its bits, as the log of MySQL has
// them; both come back as texts, and so do texts that other tools write.
func TestNativeTypes(t *testing.T) {
	e := canalfmt.NewEncoder(canalfmt.Options{})
	b := changes.Natives(e.Meta()...)
	changes.Trip{Encoder: e, Decoder: canalfmt.NewDecoder(canalfmt.Options{}, nil)}.Run(t, b)
	all := changes.Encode(t, e, b)
	for i, want := range []string{`"en":"3","st":"5"`, `"en":"2","st":"2"`} {
		if !bytes.Contains(all[i].Value, []byte(want)) {
			t.Errorf("%s is not in %s", want, all[i].Value)
		}
	}
	for _, want := range []string{`"pt":"point","gm":"geometry"`, `"old":[{"b10":"1023","b64":"18446744073709551615","en":"1","st":"0"`} {
		if !bytes.Contains(all[1].Value, []byte(want)) {
			t.Errorf("%s is not in %s", want, all[1].Value)
		}
	}
	back := record.NewBatch(10, 1000)
	message := bytes.ReplaceAll(all[0].Value, []byte(`"en":"3","st":"5"`), []byte(`"en":"b c","st":"a,b"`))
	if _, err := canalfmt.NewDecoder(canalfmt.Options{}, nil).Decode(t.Context(), &changefmt.Message{Value: message}, back); err != nil {
		t.Fatal(err)
	}
	if en, st := back.Row(0).Bytes(3), back.Row(0).Bytes(4); string(en) != "b c" || string(st) != "a,b" {
		t.Errorf("got %s and %s", en, st)
	}
}

func TestEventNames(t *testing.T) {
	for sql, want := range map[string]string{"create unique index i on t (a)": `"type":"CINDEX"`, "DROP INDEX i ON t": `"type":"DINDEX"`, "CREATE DATABASE `index`": `"type":"QUERY"`} {
		out, _, _ := canalfmt.NewEncoder(canalfmt.Options{}).AppendChange(nil, &record.Change{Kind: record.Other, SQL: sql})
		if !bytes.Contains(out, []byte(want)) {
			t.Errorf("%s is not in %s", want, out)
		}
	}
}
