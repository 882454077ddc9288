package msgfmt_test

import (
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/msgfmt"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/record"
)

// Rows as they are now come back as updates by key, deletes from the key alone.
func TestPlain(t *testing.T) {
	s := msgfmt.Settings{Format: msgfmt.JSON, Key: []string{"id"}, Meta: []string{"_offset"}}
	e, err := msgfmt.NewEncoder(s)
	if err != nil {
		t.Fatal(err)
	}
	d, err := msgfmt.NewDecoder(s)
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(100, 1<<20)
	for i, m := range changes.Encode(t, e, changes.Users()) {
		if _, err := d.Decode(t.Context(), &changefmt.Message{Topic: changes.Topic, Key: m.Key, Value: m.Value, Offset: int64(i)}, b); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for i := range b.Len() {
		r := b.Row(i)
		got = append(got, fmt.Sprintf("%s %s %d", r.Op(), r.AppendText(nil, r.Schema().Index("id")), r.Int64(r.Schema().Index("_offset"))))
	}
	want := []string{"update-after 1 0", "update-after 18446744073709551615 1", "update-after 2 2", "delete 2 3", "delete 3 4", "update-after 4 5", "update-after 5 6"}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q", got)
	}
	for _, m := range []changefmt.Message{{Value: []byte(`{"a":1}`)}, {Value: []byte(`{`)}} {
		if _, err := d.Decode(t.Context(), &m, b); errclass.Of(err) != errclass.Data {
			t.Errorf("%s: %v", m.Value, err)
		}
	}
}

// A row of a batch job is FlinkX's text, a change is not.
func TestFlinkX(t *testing.T) {
	s := record.NewSchema(record.Name{Database: "d", Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}}, 0)
	b := record.NewBatch(10, 1000)
	for _, op := range []record.Op{record.Insert, record.Delete} {
		b.Begin(s, op)
		b.Int64(1)
	}
	for _, tt := range []struct {
		s    msgfmt.Settings
		row  int
		want string
	}{
		{msgfmt.Settings{}, 0, `{"message":"1"}`}, {msgfmt.Settings{Names: []string{"a"}}, 0, `{"a":"1"}`},
		{msgfmt.Settings{}, 1, `{"database":null,"schema":"d","table":"t","ts":7130316800515899393,"primary_key":"id","type":"DELETE","before_id":1}`},
		{msgfmt.Settings{Changes: true}, 0, `{"database":null,"schema":"d","table":"t","ts":7130316800515899393,"primary_key":"id","type":"INSERT","after_id":1}`},
	} {
		tt.s.Format = msgfmt.FlinkX
		e, err := msgfmt.NewEncoder(tt.s)
		if err != nil {
			t.Fatal(err)
		}
		e.Begin(changes.Now)
		ev, _ := changefmt.At(b, tt.row, e.Grouping())
		if got, err := e.AppendValue(nil, ev); err != nil || string(got) != tt.want {
			t.Errorf("got %s, %v, want %s", got, err, tt.want)
		}
	}
}

func TestUnknown(t *testing.T) {
	if _, err := msgfmt.NewEncoder(msgfmt.Settings{Format: "x"}); errclass.Of(err) != errclass.Config {
		t.Error(err)
	}
	for _, format := range []string{"x", msgfmt.Avro, msgfmt.JSONSchema} {
		if _, err := msgfmt.NewDecoder(msgfmt.Settings{Format: format}); errclass.Of(err) != errclass.Config {
			t.Errorf("%s without registry: %v", format, err)
		}
	}
}
