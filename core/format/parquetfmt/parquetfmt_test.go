package parquetfmt_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/parquetfmt"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

func encoder(t testing.TB, s *record.Schema, set parquetfmt.Settings) *parquetfmt.Encoder {
	t.Helper()
	if set.Compress == "" {
		set.Compress = "snappy"
	}
	e, err := parquetfmt.NewEncoder(s, s.Columns[:s.Data], set)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// segment appends the rows of a batch as one segment, in pieces.
func segment(t testing.TB, e *parquetfmt.Encoder, file []byte, b *record.Batch) []byte {
	t.Helper()
	e.Begin(int64(len(file)))
	var err error
	for i := range b.Len() {
		if file, err = e.Append(file, b.Row(i)); err != nil {
			t.Fatalf("row %d: %v", i, err)
		}
		if i%7 == 6 {
			if file, err = e.Settle(file, b.Row(i).Size()*7); err != nil {
				t.Fatal(err)
			}
		}
	}
	file, n, err := e.End(file)
	if err != nil || n != int64(b.Len()) {
		t.Fatalf("ended with %d rows of %d: %v", n, b.Len(), err)
	}
	return file
}

// joined completes the file.
func joined(t testing.TB, file []byte) []byte {
	t.Helper()
	tail, _, err := parquetfmt.Tail(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	return append(file, tail...)
}

// read returns the rows of a file from some row on, spelled canonically.
func read(t testing.TB, data []byte, skip int64) (rows [][]string) {
	t.Helper()
	f, err := parquetfmt.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	columns := f.Columns()
	s := record.NewSchema(record.Name{Table: "t"}, columns)
	all := make([]int, len(columns))
	for i := range all {
		all[i] = i
	}
	r := f.Read(all, 0, len(f.Groups()))
	if err := r.Skip(skip); err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	for {
		if err := r.Next(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		b.Reset("")
		b.Begin(s, record.Insert)
		for i := range columns {
			if err := r.Append(b, i); err != nil {
				t.Fatal(err)
			}
		}
		rows = append(rows, plugintest.Cells(b.Row(0)))
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return rows
}

func cells(b *record.Batch) (rows [][]string) {
	for i := range b.Len() {
		rows = append(rows, plugintest.Cells(b.Row(i)))
	}
	return rows
}

func same(t *testing.T, got, want [][]string) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if !slices.Equal(got[i], want[i]) {
			t.Fatalf("row %d: got %q, want %q", i, got[i], want[i])
		}
	}
}

func TestAllKinds(t *testing.T) {
	s := plugintest.AllKinds("t")
	b := plugintest.Rows(s, 0, 500)
	want := cells(b)
	for _, codec := range []string{"none", "snappy", "gzip", "zstd"} {
		t.Run(codec, func(t *testing.T) {
			e := encoder(t, s, parquetfmt.Settings{Compress: codec, GroupBytes: 4000})
			var file []byte
			for from := 0; from < 500; from += 125 {
				file = segment(t, e, file, plugintest.Rows(s, from, from+125))
			}
			file = joined(t, file)
			same(t, read(t, file, 0), want)
			for _, skip := range []int64{1, 100, 124, 125, 126, 333, 499, 500} {
				same(t, read(t, file, skip), want[skip:])
			}
		})
	}
}

// TestDecimals writes decimals of every size and reads them back.
func TestDecimals(t *testing.T) {
	for _, tt := range []struct {
		precision, scale int
		in, want         string // "": refused
	}{
		{9, 2, "-9999999.99", "-9999999.99"}, {9, 2, "0", "0.00"}, {9, 2, "1.5", "1.50"}, {9, 2, "+1.500000000000000000000000000000000000000000", "1.50"},
		{9, 2, "1.505", ""}, {9, 2, "10000000", ""}, {9, 2, "NaN", ""}, {9, 2, "1e3", "1000.00"}, {9, 2, "15e-1", "1.50"}, {9, 2, "1e99999999", ""}, {9, 2, "1e-9", ""},
		{18, 0, "-999999999999999999", "-999999999999999999"}, {18, 18, "0.000000000000000001", "0.000000000000000001"}, {18, 18, "-0.5", "-0.500000000000000000"},
		{38, 0, "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
		{38, 10, "-9999999999999999999999999999.9999999999", "-9999999999999999999999999999.9999999999"},
		{38, 38, "0.00000000000000000000000000000000000001", "0.00000000000000000000000000000000000001"},
		{38, 0, "10000000000000000000", "10000000000000000000"}, {38, 0, "-10000000000000000001", "-10000000000000000001"}, {38, 0, "18446744073709551616", "18446744073709551616"},
		{38, 0, "100000000000000000000000000000000000000", ""}, {38, 2, "-0.01", "-0.01"}, {38, 0, "999999999999999999999999999999999999999999999999", ""},
		{65, 30, "12345678901234567890123456789012345.123456789012345678901234567890", "12345678901234567890123456789012345.123456789012345678901234567890"},
		{0, 0, "NaN", "NaN"}, {0, 0, "-Infinity", "-Infinity"}, {9, 2, "", ""}, {9, 2, "-", ""}, {9, 2, "1,5", ""},
	} {
		s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "d", Kind: record.Decimal, Precision: tt.precision, Scale: tt.scale}})
		e := encoder(t, s, parquetfmt.Settings{})
		e.Begin(0)
		b := record.NewBatch(0, 0)
		b.Begin(s, record.Insert)
		b.Text(record.Decimal, tt.in)
		_, err := e.Append(nil, b.Row(0))
		if tt.want == "" {
			if errclass.Of(err) != errclass.Data || !strings.Contains(err.Error(), `"d"`) {
				t.Errorf("decimal(%d,%d) %q: got %v, want a data error", tt.precision, tt.scale, tt.in, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("decimal(%d,%d) %q: %v", tt.precision, tt.scale, tt.in, err)
			continue
		}
		file, _, err := e.End(nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, file, 0); len(got) != 1 || got[0][0] != "decimal "+tt.want {
			t.Errorf("decimal(%d,%d) %q: got %q, want %q", tt.precision, tt.scale, tt.in, got, tt.want)
		}
	}
}

// TestRefused gives values that the column cannot hold; the row after is written.
func TestRefused(t *testing.T) {
	for name, tt := range map[string]struct {
		column record.Column
		put    func(*record.Batch)
	}{
		"infinite date":      {record.Column{Kind: record.Date}, func(b *record.Batch) { b.Infinity(record.Date, 1) }},
		"infinite timestamp": {record.Column{Kind: record.Timestamp}, func(b *record.Batch) { b.Infinity(record.Timestamp, -1) }},
		"negative time":      {record.Column{Kind: record.Time}, func(b *record.Batch) { b.Time(-1000) }},
		"long time":          {record.Column{Kind: record.Time}, func(b *record.Batch) { b.Time(86_400_000_000_000) }},
		"time with offset":   {record.Column{Kind: record.Time}, func(b *record.Batch) { b.TimeOffset(0, 60) }},
		"nanoseconds":        {record.Column{Kind: record.Datetime, Scale: 6}, func(b *record.Batch) { b.Datetime(0, 1) }},
		"fine time":          {record.Column{Kind: record.Time}, func(b *record.Batch) { b.Time(1) }},
		"far nanoseconds":    {record.Column{Kind: record.Timestamp, Scale: 9}, func(b *record.Batch) { b.Timestamp(-62135596800, 0) }},
		"broken text":        {record.Column{Kind: record.String}, func(b *record.Batch) { b.Text(record.String, "\xff") }},
		"broken UUID":        {record.Column{Kind: record.UUID}, func(b *record.Batch) { b.Text(record.UUID, "6f9619ff-8b86-4011-b42d-00000000000") }},
		"absent":             {record.Column{Kind: record.Int64}, func(b *record.Batch) { b.Absent() }},
	} {
		t.Run(name, func(t *testing.T) {
			tt.column.Name = "c"
			s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, tt.column})
			b := record.NewBatch(0, 0)
			for i := range 2 {
				b.Begin(s, record.Insert)
				b.Int64(int64(i))
				if i == 0 {
					tt.put(b)
				} else {
					b.Null()
				}
			}
			e := encoder(t, s, parquetfmt.Settings{})
			e.Begin(0)
			_, err := e.Append(nil, b.Row(0))
			if errclass.Of(err) != errclass.Data || errclass.AsBadRow(0, err).Column != "c" {
				t.Errorf("got %v, want a data error of column c", err)
			}
			if _, err := e.Append(nil, b.Row(1)); err != nil {
				t.Fatal(err)
			}
			file, _, err := e.End(nil)
			if err != nil {
				t.Fatal(err)
			}
			same(t, read(t, file, 0), [][]string{{"int64 1", "null"}})
		})
	}
}

// TestNanos keeps nine digits where the column has them.
func TestNanos(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{
		{Name: "a", Kind: record.Timestamp, Scale: 9}, {Name: "b", Kind: record.Datetime, Scale: 7}, {Name: "c", Kind: record.Time, Scale: 9}, {Name: "d", Kind: record.Datetime},
	})
	b := record.NewBatch(0, 0)
	b.Begin(s, record.Insert)
	b.Timestamp(-1, 999_999_999)
	b.Datetime(1_700_000_000, 123_456_700)
	b.Time(86_399_999_999_999)
	b.Datetime(-62135596800, 1000)
	file := segment(t, encoder(t, s, parquetfmt.Settings{}), nil, b)
	f, err := parquetfmt.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	var scales []int
	for _, c := range f.Columns() {
		scales = append(scales, c.Scale)
	}
	if !slices.Equal(scales, []int{9, 7, 9, 0}) {
		t.Errorf("the scales are %v", scales)
	}
	same(t, read(t, file, 0), [][]string{{"timestamp 1969-12-31 23:59:59.999999999Z", "datetime 2023-11-14 22:13:20.1234567", "time 23:59:59.999999999", "datetime 0001-01-01 00:00:00.000001"}})
}

func TestConverted(t *testing.T) {
	in := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "a", Kind: record.String, Nullable: true}, {Name: "b", Kind: record.Any, Nullable: true}, {Name: "c", Kind: record.Time}})
	out := []record.Column{{Name: "n", Kind: record.Decimal, Precision: 10, Scale: 2}, {Name: "b", Kind: record.Int64}, {Name: "c", Kind: record.String}}
	e, err := parquetfmt.NewEncoder(in, out, parquetfmt.Settings{Compress: "zstd"})
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	for _, text := range []string{"12.5", "x", "-3"} {
		b.Begin(in, record.Insert)
		b.Text(record.String, text)
		b.Text(record.String, "77")
		b.Time(-1)
	}
	b.Begin(in, record.Insert)
	b.Null()
	b.Null()
	b.Time(1)
	e.Begin(0)
	for i := range b.Len() {
		if _, err := e.Append(nil, b.Row(i)); (err != nil) != (i == 1) {
			t.Fatalf("row %d: %v", i, err)
		}
	}
	file, _, err := e.End(nil)
	if err != nil {
		t.Fatal(err)
	}
	same(t, read(t, file, 0), [][]string{{"decimal 12.50", "int64 77", "string -00:00:00.000000001"}, {"decimal -3.00", "int64 77", "string -00:00:00.000000001"}, {"null", "null", "string 00:00:00.000000001"}})
}

type inner struct {
	A int32   `parquet:"a"`
	B *string `parquet:"b,optional"`
}

type deep struct {
	Items []string `parquet:"items,list"`
}

type outer struct {
	ID     int64            `parquet:"id"`
	List   []int64          `parquet:"list,list"`
	Plain  []string         `parquet:"plain"`
	Group  inner            `parquet:"group"`
	Maybe  *inner           `parquet:"maybe,optional"`
	Groups []inner          `parquet:"groups,list"`
	Map    map[string]int32 `parquet:"map"`
	Deep   []deep           `parquet:"deep,list"`
	Last   uint32           `parquet:"last"`
}

// TestNested reads what the library itself writes from Go values.
func TestNested(t *testing.T) {
	b := "x\"y"
	in := []outer{
		{ID: 1, List: []int64{1, 2, 3}, Plain: []string{"a", "b"}, Group: inner{1, &b}, Maybe: &inner{2, nil}, Groups: []inner{{1, nil}, {2, &b}}, Map: map[string]int32{"k": 7}, Deep: []deep{{[]string{"a", "b"}}, {}, {[]string{"c"}}}, Last: 4294967295},
		{ID: 2},
		{ID: 3, List: []int64{}, Groups: []inner{{3, nil}}, Plain: []string{""}, Last: 5},
	}
	var file bytes.Buffer
	w := parquet.NewGenericWriter[outer](&file, parquet.PageBufferSize(16))
	for range 200 {
		if _, err := w.Write(in); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows := read(t, file.Bytes(), 0)
	if len(rows) != 600 {
		t.Fatalf("got %d rows", len(rows))
	}
	want := [][]string{
		{"int64 1", `json [1,2,3]`, `json ["a","b"]`, `json {"a":1,"b":"x\"y"}`, `json {"a":2,"b":null}`, `json [{"a":1,"b":null},{"a":2,"b":"x\"y"}]`, `json {"k":7}`, `json [{"items":["a","b"]},{"items":[]},{"items":["c"]}]`, "uint64 4294967295"},
		{"int64 2", `json []`, `json []`, `json {"a":0,"b":null}`, `null`, `json []`, `json {}`, `json []`, "uint64 0"},
		{"int64 3", `json []`, `json [""]`, `json {"a":0,"b":null}`, `null`, `json [{"a":3,"b":null}]`, `json {}`, `json []`, "uint64 5"},
	}
	for i, row := range rows {
		if !slices.Equal(row, want[i%3]) {
			t.Fatalf("row %d: got %q, want %q", i, row, want[i%3])
		}
	}
	same(t, read(t, file.Bytes(), 451), rows[451:])
}

func TestTailOfNothing(t *testing.T) {
	s := plugintest.Kinds("t", record.String)
	file := segment(t, encoder(t, s, parquetfmt.Settings{}), nil, record.NewBatch(0, 0))
	if tail, rows, err := parquetfmt.Tail(bytes.NewReader(file), int64(len(file))); tail != nil || rows != 0 || err != nil {
		t.Errorf("an empty file: %q, %d, %v", tail, rows, err)
	}
	same(t, read(t, file, 0), nil)
	for _, text := range []string{"", "PAR1", strings.Repeat("PAR1", 100)} {
		if _, _, err := parquetfmt.Tail(strings.NewReader(text), int64(len(text))); err == nil {
			t.Errorf("%q has a tail", text)
		}
	}
}

func FuzzOpen(f *testing.F) {
	s := plugintest.AllKinds("t")
	f.Add(joined(f, segment(f, encoder(f, s, parquetfmt.Settings{}), nil, plugintest.Rows(s, 0, 20))))
	f.Add([]byte("PAR1PAR1"))
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := parquetfmt.Open(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		columns := file.Columns()
		s := record.NewSchema(record.Name{}, columns)
		all := make([]int, len(columns))
		for i := range all {
			all[i] = i
		}
		r := file.Read(all, 0, len(file.Groups()))
		b := record.NewBatch(0, 0)
		for range 100 {
			if r.Next() != nil {
				break
			}
			b.Reset("")
			b.Begin(s, record.Insert)
			for i := range columns {
				if err := r.Append(b, i); err != nil {
					b.Drop()
					break
				}
			}
		}
		_ = r.Close()
	})
}

// TestForeign reads files that Apache Arrow's C++ library wrote.
func TestForeign(t *testing.T) {
	for name, want := range map[string][][]string{
		"arrow": {
			{"int64 -1", "uint64 18446744073709551615", "decimal 1.250", "decimal -1" + strings.Repeat("0", 50), "datetime 2024-01-01 00:00:00.000001", "timestamp 2024-01-01 00:00:00.000001Z", "datetime 1970-01-01 00:00:00.000000001", "time 00:00:00.001", "date 1970-01-01", "bytes \x00\xff", "string a", "json [[1],[]]", `json {"a":1,"b":{"c":"x"}}`, `json {"k":1}`, "null"},
			slices.Repeat([]string{"null"}, 15),
			{"int64 3", "uint64 0", "decimal -99999999999999999.999", "decimal 1" + strings.Repeat("0", 59), "datetime 0001-01-01 00:00:00.000000", "timestamp 1969-12-31 23:59:59.999999Z", "datetime 1969-12-31 23:59:59.999999999", "time 23:59:59.999", "date 0001-01-01", "bytes ", "string ", "json []", `json {"a":null,"b":null}`, `json {}`, "null"},
		},
		"int96": {{"int64 -1", "timestamp 1970-01-01 00:00:00.000000001Z"}, {"null", "null"}, {"int64 3", "timestamp 1969-12-31 23:59:59.999999999Z"}},
	} {
		data, err := os.ReadFile(filepath.Join("testdata", name+".parquet"))
		if err != nil {
			t.Fatal(err)
		}
		same(t, read(t, data, 0), want)
		same(t, read(t, data, 2), want[2:])
	}
}
