package dirty_test

import (
	"bytes"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/dirty"
)

// every is a schema with several columns of each kind, a key and metadata.
func every() *record.Schema {
	s := &record.Schema{Name: record.Name{Database: "d", Schema: "s", Table: "t"}, Key: []int{1, 0}}
	for range rowsOfEvery {
		for k := record.Bool; k <= record.Any; k++ {
			s.Columns = append(s.Columns, record.Column{Name: k.String(), Kind: k, Native: "n(1)", Length: 1, Precision: 20, Scale: 3, Nullable: true})
		}
	}
	s.Data = len(s.Columns)
	s.Columns = append(s.Columns, record.Column{Name: "_offset", Kind: record.Int64}, record.Column{Name: "_key", Kind: record.Bytes})
	return s
}

const rowsOfEvery = 3

func fillEvery(b *record.Batch) {
	nan := math.NaN()
	b.Bool(true)
	b.Int64(math.MinInt64)
	b.Uint64(math.MaxUint64)
	b.Float32(math.SmallestNonzeroFloat32)
	b.Float64(math.MaxFloat64)
	b.Decimal([]byte("-12345678901234567890.12345678900"))
	b.String([]byte("zoë <&>\u2028\x00\n\""))
	b.Bytes([]byte{0, 255, '\n'})
	b.Date(-719529)
	b.Time(-3_020_399_123_456_789)
	b.Datetime(-62135596801, 999_999_999)
	b.TimestampOffset(1_700_000_000, 5, -90)
	b.Interval(-14, 3, -1_500_001)
	b.JSON([]byte(`{"a": 1.0}`))
	b.UUID([]byte("123e4567-e89b-12d3-a456-426614174000"))
	b.Uint64(7)

	b.Bool(false)
	b.Int64(0)
	b.Uint64(0)
	b.Float32(float32(nan))
	b.Float64(math.Inf(-1))
	b.Decimal([]byte("NaN"))
	b.String([]byte("a\xff\xfeb"))
	b.Bytes(nil)
	b.Infinity(record.Date, 1)
	b.TimeOffset(90_061_000_000_001, 330)
	b.Infinity(record.Datetime, -1)
	b.Timestamp(0, 0)
	b.Interval(0, 0, 0)
	b.Null()
	b.Absent()
	b.Float32(0.1)

	b.Null()
	b.Int64(1)
	b.Null()
	b.Float32(float32(math.Copysign(0, -1)))
	b.Float64(math.Copysign(0, -1))
	b.Decimal([]byte("1E+400"))
	b.String(nil)
	b.Bytes([]byte("text"))
	b.Date(3_000_000)
	b.Time(0)
	b.Datetime(253402300800, 1)
	b.TimestampOffset(0, 0, 0)
	b.Interval(math.MaxInt32, math.MinInt32, math.MaxInt64)
	b.JSON([]byte("[\"\xff\"]"))
	b.UUID([]byte("not a uuid"))
	b.Null()

	b.Int64(42)
	b.Bytes([]byte("k"))
}

// cells spells a row exactly.
func cells(r record.Row) []string {
	var all []string
	for c := range r.Schema().Columns {
		off, has := r.Offset(c)
		text := r.Kind(c).String() + " " + string(r.AppendText(nil, c))
		if has {
			text += " offset " + time.Duration(off).String()
		}
		all = append(all, text)
	}
	return append(all, r.Op().String())
}

func open(t *testing.T, path string) (*dirty.Collector, *dirty.FileSink) {
	t.Helper()
	f, err := dirty.OpenFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return dirty.New(settings(dirty.Limit{Rows: -1, Percent: -1}, 0, f)), f
}

func TestRowsComeBackExactly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new", "d.jsonl")
	c, _ := open(t, path)
	in := record.NewBatch(0, 0)
	s := every()
	for _, op := range []record.Op{record.Insert, record.UpdateBefore, record.UpdateAfter, record.Delete} {
		in.Begin(s, op)
		fillEvery(in)
	}
	in.Begin(s, record.Insert)
	fillEvery(in)
	in.Link()
	for i := range in.Len() {
		if err := c.Reject(t.Context(), in.Row(i), nil, errclass.BadValue("date", errclass.Overflow, "too late")); err != nil {
			t.Fatal(err)
		}
	}
	for _, raw := range []string{"1,2\n", "\xff\x00"} {
		if err := c.Reject(t.Context(), record.Row{}, []byte(raw), errBad); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}

	entries := readAll(t, path)
	if len(entries) != in.Len()+2 {
		t.Fatalf("%d entries", len(entries))
	}
	out := record.NewBatch(0, 0)
	for i, e := range entries[:in.Len()] {
		if err := e.AppendTo(out); err != nil {
			t.Fatal(err)
		}
		if got, want := cells(out.Row(i)), cells(in.Row(i)); !reflect.DeepEqual(got, want) {
			t.Errorf("row %d:\ngot  %q\nwant %q", i, got, want)
		}
		if e.Class != "conversion" || e.Reason != "overflow" || e.Column != "date" || e.Error != "too late" || !e.Time.Equal(time.Unix(1, 5)) {
			t.Errorf("entry %+v", e)
		}
		if e.Schema != entries[0].Schema {
			t.Error("the schema is not interned")
		}
	}
	if !reflect.DeepEqual(entries[0].Schema, s) {
		t.Errorf("schema %+v, want %+v", entries[0].Schema, s)
	}
	if out.Row(3).Linked() || !out.Row(4).Linked() {
		t.Error("the link is lost")
	}
	if string(entries[5].Raw) != "1,2\n" || string(entries[6].Raw) != "\xff\x00" || entries[5].Schema != nil {
		t.Errorf("raw %q and %q", entries[5].Raw, entries[6].Raw)
	}
}

func readAll(t *testing.T, path string) []*dirty.Entry {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []*dirty.Entry
	r := dirty.NewReader(bytes.NewReader(data))
	for {
		e, err := r.Next()
		switch {
		case err == io.EOF:
			return all
		case errors.Is(err, dirty.ErrTorn):
		case err != nil:
			t.Fatal(err)
		default:
			all = append(all, e)
		}
	}
}

func TestLineIsForPeopleToo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.jsonl")
	c, _ := open(t, path)
	s := &record.Schema{Name: record.Name{Table: "t"}, Columns: []record.Column{{Name: "id", Kind: record.Int64}, {Name: "_offset", Kind: record.Int64}}, Data: 1, Key: []int{0}}
	b := record.NewBatch(0, 0)
	b.Begin(s, record.Insert)
	b.Int64(7)
	b.Int64(42)
	if err := c.Reject(t.Context(), b.Row(0), nil, errors.New("a <b> password=hush")); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"time":"1970-01-01T00:00:01.000000005Z","class":"other","reason":"other","error":"a <b> password=******","op":"insert",` +
		`"key":{"id":"7"},"position":{"_offset":"42"},` +
		`"schema":{"table":"t","columns":[{"name":"id","kind":"int64"},{"name":"_offset","kind":"int64"}],"data":1,"key":[0]},` +
		`"kinds":["int64","int64"],"values":["7","42"]}` + "\n"
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestFlushMakesRowsReadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.jsonl")
	c, _ := open(t, path)
	for i := range 3 {
		if err := c.Reject(t.Context(), userRow(uint64(i), "a"), nil, errBad); err != nil {
			t.Fatal(err)
		}
		if err := c.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := len(readAll(t, path)); n != i+1 {
			t.Fatalf("%d rows after Flush, want %d", n, i+1)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestAppendsAfterTornLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.jsonl")
	for range 2 {
		c, _ := open(t, path)
		if err := c.Reject(t.Context(), userRow(1, "a"), nil, errBad); err != nil {
			t.Fatal(err)
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(`{"time":"2024`); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(readAll(t, path)); n != 2 {
		t.Errorf("%d rows, want 2", n)
	}
}

func TestEmptyFileIsRemoved(t *testing.T) {
	path := filepath.Join(t.TempDir(), "d.jsonl")
	c, _ := open(t, path)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("got %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, _ = open(t, path)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("somebody else's file is gone: %v", err)
	}
}

func TestPath(t *testing.T) {
	dir := t.TempDir()
	for _, tt := range []struct{ path, want string }{
		{dir, dir + "/job.jsonl"},
		{dir + "/new", dir + "/new/job.jsonl"},
		{dir + "/new.d/", dir + "/new.d/job.jsonl"},
		{dir + "/a.jsonl", dir + "/a.jsonl"},
		{"file://" + dir + "/a.txt", dir + "/a.txt"},
	} {
		if got, err := dirty.Path(tt.path, "job"); err != nil || got != tt.want {
			t.Errorf("%s: %s and %v, want %s", tt.path, got, err, tt.want)
		}
	}
	if got, err := dirty.Path(dir, "a/b"); err != nil || got != dir+"/a_b.jsonl" {
		t.Errorf("got %s and %v", got, err)
	}
	if _, err := dirty.Path("hdfs://ns/dirty", "job"); errclass.Of(err) != errclass.Config {
		t.Errorf("got %v", err)
	}
}

func TestBadLines(t *testing.T) {
	const schema = `"schema":{"table":"t","columns":[{"name":"a","kind":"int64"}],"data":1}`
	for _, tt := range []struct{ line, want string }{
		{`{"op":"insert",` + schema + `,"kinds":["int64"],"values":[]}`, "1 columns, 1 kinds and 0 values"},
		{`{"op":"upsert",` + schema + `,"kinds":["int64"],"values":["1"]}`, `unknown op "upsert"`},
		{`{"op":"insert",` + schema + `,"kinds":["int65"],"values":["1"]}`, `unknown kind "int65"`},
		{`{"op":"insert","schema":{"columns":[{"kind":"x"}]},"kinds":["int64"],"values":["1"]}`, `unknown kind "x"`},
		{`{"op":"insert","schema":{"columns":[],"data":1}}`, "1 data columns of 0"},
		{`{"op":"insert","schema":{"columns":[],"key":[0]}}`, "key column 0 of 0"},
		{`{`, "not complete"},
	} {
		_, err := dirty.NewReader(strings.NewReader(tt.line + "\n")).Next()
		if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "line 1") {
			t.Errorf("%s: got %v, want %s", tt.line, err, tt.want)
		}
	}
	for _, value := range []string{`"x"`, `1.5`, `"99999999999999999999"`, `[1]`, `true`} {
		e, err := dirty.NewReader(strings.NewReader(`{"op":"insert",` + schema + `,"kinds":["int64"],"values":[` + value + `]}`)).Next()
		if err != nil {
			t.Fatal(err)
		}
		b := record.NewBatch(0, 0)
		if err := e.AppendTo(b); err == nil || b.Len() != 0 {
			t.Errorf("%s: got %v and %d rows", value, err, b.Len())
		}
	}
}

// FuzzReader checks that no file makes the reader panic.
func FuzzReader(f *testing.F) {
	f.Add(`{"op":"insert","schema":{"table":"t","columns":[{"name":"a","kind":"any"}],"data":1},"kinds":["timestamp"],"values":["2024-01-01 00:00:00Z"]}`)
	f.Add(`{"raw":{"base64":"AA=="}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r := dirty.NewReader(strings.NewReader(text))
		for {
			e, err := r.Next()
			if errors.Is(err, dirty.ErrTorn) {
				continue
			}
			if err != nil {
				return
			}
			b := record.NewBatch(0, 0)
			if e.AppendTo(b) == nil && b.Len() == 1 {
				_ = cells(b.Row(0))
			}
		}
	})
}
