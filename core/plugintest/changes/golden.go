package changes

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// Users returns one change of each kind of the table shop.users, as a binary log
// of MySQL has them: a row of the snapshot, an insert, an update, a delete, an
// update of the key, one without the row before.
func Users(meta ...string) *record.Batch {
	s := changefmt.NewSchema(record.Name{Database: "shop", Table: "users"}, []record.Column{
		{Name: "id", Kind: record.Uint64, Native: "bigint unsigned"}, {Name: "name", Kind: record.String, Native: "varchar(20)", Length: 20, Nullable: true},
		{Name: "age", Kind: record.Int64, Native: "tinyint", Nullable: true}, {Name: "balance", Kind: record.Decimal, Native: "decimal(10,2)", Precision: 10, Scale: 2, Nullable: true},
		{Name: "born", Kind: record.Date, Native: "date", Nullable: true}, {Name: "at", Kind: record.Datetime, Native: "datetime(3)", Scale: 3, Nullable: true},
		{Name: "seen", Kind: record.Timestamp, Native: "timestamp(6)", Scale: 6, Nullable: true}, {Name: "photo", Kind: record.Bytes, Native: "blob", Nullable: true},
		{Name: "doc", Kind: record.JSON, Native: "json", Nullable: true}, {Name: "score", Kind: record.Float64, Native: "double", Nullable: true},
	}, []int{0}, meta)
	b := record.NewBatch(100, 1<<20)
	b.Reset("0")
	user(b, s, record.Insert, 1, "first", 0)
	user(b, s, record.Insert, 18446744073709551615, "zoë \"z\"", 1)
	user(b, s, record.UpdateBefore, 2, "b", 2)
	user(b, s, record.UpdateAfter, 2, "B", 2)
	user(b, s, record.Delete, 2, "B", 3)
	user(b, s, record.Delete, 3, "c", 4)
	user(b, s, record.Insert, 4, "c", 4)
	b.Link()
	user(b, s, record.UpdateAfter, 5, "", 5)
	return b
}

func user(b *record.Batch, s *record.Schema, op record.Op, id uint64, name string, n int) {
	b.Begin(s, op)
	b.Uint64(id)
	if name == "" {
		for c := 1; c < s.Data; c++ {
			b.Null()
		}
	} else {
		b.Text(record.String, name)
		b.Int64(-7)
		b.Text(record.Decimal, "-1234.50")
		b.Date(11016)
		b.Datetime(1_700_000_000, 120_000_000)
		b.Timestamp(1_700_000_000, 123_456_000)
		b.Bytes([]byte("\x00\xff\"a"))
		b.Text(record.JSON, `{"a": [1, 2.50]}`)
		b.Float64(0.1)
	}
	for c := s.Data; c < len(s.Columns); c++ {
		switch s.Columns[c].Name {
		case changefmt.Snapshot:
			b.Bool(n == 0)
		case changefmt.Optime:
			b.Timestamp(1_700_000_000+int64(n), 0)
		case changefmt.LSN:
			b.Text(record.String, "bin.000001/000000000000000154")
		case changefmt.GTID:
			b.Text(record.String, "3e11fa47-71ca-11e1-9e33-c80aa9429562:17")
		case changefmt.TxID:
			b.Text(record.String, "17")
		case changefmt.Server:
			b.Int64(223344)
		case changefmt.Thread:
			b.Int64(7)
		case changefmt.RowNo:
			b.Int64(int64(n))
		default:
			b.Null()
		}
	}
}

// Altered is a column added to the table of [Users].
func Altered() *record.Change {
	from := Users().Schema()
	to := *from
	to.Columns = append(append([]record.Column(nil), from.Columns...), record.Column{Name: "mail", Kind: record.String, Native: "varchar(40)", Length: 40, Nullable: true})
	to.Data++
	return &record.Change{Kind: record.Alter, Name: from.Name, From: from, To: &to, SQL: "ALTER TABLE users ADD mail varchar(40)",
		LSN: "bin.000001/000000000000000200", At: time.Unix(1_700_000_009, 0).UTC()}
}

// Golden compares the messages of [Users] and of [Altered] with
// testdata/name.golden, or writes that file.
func Golden(t *testing.T, e changefmt.Encoder, name string, update bool) {
	t.Helper()
	var out bytes.Buffer
	line := func(key, value []byte) {
		for _, part := range [][]byte{key, value} {
			if part == nil {
				part = []byte("~")
			}
			out.Write(part)
			out.WriteByte('\n')
		}
	}
	for _, m := range Encode(t, e, Users(e.Meta()...)) {
		for _, h := range m.Headers {
			out.WriteString(h.Name + ": " + string(h.Value) + "\n")
		}
		line(m.Key, m.Value)
	}
	if text, key, ok := e.AppendChange(nil, Altered()); ok {
		if key < 0 {
			line(nil, text)
		} else {
			line(text[:key], text[key:])
		}
	}
	file := filepath.Join("testdata", name+".golden")
	if update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, out.Bytes()) {
		t.Errorf("%s differs (-update writes it):\n%s", file, out.Bytes())
	}
}

// SameChange fails unless a decoder makes [Altered] of its message again; columns
// tells that the format has the table's columns.
func SameChange(t *testing.T, e changefmt.Encoder, d changefmt.Decoder, columns bool) {
	t.Helper()
	e.Begin(Now)
	want := Altered()
	text, key, ok := e.AppendChange(nil, want)
	if !ok {
		t.Fatal("the format has no event for a schema change")
	}
	key = max(key, 0)
	got, err := d.Decode(t.Context(), &changefmt.Message{Key: text[:key:key], Value: text[key:]}, record.NewBatch(1, 1))
	if err != nil || got == nil {
		t.Fatalf("got %v, %v of %s", got, err, text)
	}
	if got.Kind != want.Kind || got.Name != want.Name || got.SQL != want.SQL {
		t.Errorf("got %v %v %q", got.Kind, got.Name, got.SQL)
	}
	if !got.At.IsZero() && !got.At.Equal(want.At) || got.LSN != "" && got.LSN != want.LSN {
		t.Errorf("at %v, %q", got.At, got.LSN)
	}
	if !columns {
		return
	}
	if got.To == nil || len(got.To.Columns) != len(want.To.Columns) || len(got.To.Key) != 1 || got.To.Key[0] != 0 {
		t.Fatalf("the table came back as %+v", got.To)
	}
	for i, c := range got.To.Columns {
		w := want.To.Columns[i]
		w.Comment = ""
		if c.Name != w.Name || c.Kind != w.Kind || c.Native != w.Native || c.Nullable != w.Nullable {
			t.Errorf("column %+v, want %+v", c, w)
		}
	}
}
