package csvfmt_test

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/format/lines"
	"github.com/datasync-io/datasync/core/record"
)

func decoder(d csvfmt.Dialect, text string) *csvfmt.Decoder {
	return csvfmt.NewDecoder(d, lines.NewScanner(iotest.HalfReader(strings.NewReader(text)), 0, 0, 1<<20))
}

// all decodes a text; a bad record becomes its raw text behind "bad ".
func all(t testing.TB, d *csvfmt.Decoder) (records [][]string) {
	t.Helper()
	for {
		fields, err := d.Next()
		if err == io.EOF {
			return records
		}
		if err != nil {
			if errclass.Of(err) != errclass.Data {
				t.Fatal(err)
			}
			records = append(records, []string{"bad " + string(d.Raw())})
			continue
		}
		var record []string
		for _, f := range fields {
			switch {
			case d.Null(&f):
				record = append(record, "NULL")
			default:
				record = append(record, string(f.Text))
			}
		}
		records = append(records, record)
	}
}

func TestDecode(t *testing.T) {
	comma := csvfmt.Comma()
	for _, tt := range []struct {
		name    string
		dialect csvfmt.Dialect
		text    string
		want    [][]string
	}{
		{"plain", comma, "a,b\r\n1,2\n", [][]string{{"a", "b"}, {"1", "2"}}},
		{"no last line end", comma, "a,b", [][]string{{"a", "b"}}},
		{"NULL and nothing", comma, `a,,""`, [][]string{{"a", "NULL", ""}}},
		{"empty line", comma, "a\n\nb\n", [][]string{{"a"}, {"NULL"}, {"b"}}},
		{"quotes", comma, `"a,b","say ""hi""",c"d` + "\n", [][]string{{"a,b", `say "hi"`, `c"d`}}},
		{"line breaks inside", comma, "1,\"a\r\nb\n\"\"c\"\n2,d\n", [][]string{{"1", "a\r\nb\n\"c"}, {"2", "d"}}},
		{"text behind a quote", comma, "1,\"a\"b\n2,c\n", [][]string{{`bad 1,"a"b`}, {"2", "c"}}},
		{"quote not closed", comma, "1,\"a\n2,c\n3,d\n", [][]string{{`bad 1,"a`}, {"2", "c"}, {"3", "d"}}},
		{"quote not closed in the last line", comma, "1,\"a", [][]string{{`bad 1,"a`}}},
		{"tabs", csvfmt.Tab(), "a,b\t\"c\td\"\n", [][]string{{"a,b", "c\td"}}},
		{"two bytes", csvfmt.Dialect{Delimiter: "||", Quote: '"', Null: `\N`}, "a|b||\"c||d\"||\\N||\"\\N\"||\n", [][]string{{"a|b", "c||d", "NULL", `\N`, ""}}},
		{"no quotes", csvfmt.Dialect{Delimiter: "\x01"}, "\"a\x01b\"\n", [][]string{{`"a`, `b"`}}},
		{"another quote", csvfmt.Dialect{Delimiter: ";", Quote: '\''}, "'a;''b';c\n", [][]string{{"a;'b", "c"}}},
	} {
		got := all(t, decoder(tt.dialect, tt.text))
		if !slices.EqualFunc(got, tt.want, slices.Equal[[]string]) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestTooLong(t *testing.T) {
	d := csvfmt.NewDecoder(csvfmt.Comma(), lines.NewScanner(strings.NewReader("a\n"+strings.Repeat("x", 500)+"\nb,\"c\n"+strings.Repeat("y", 99)+"\n"), 0, 0, 100))
	for i, want := range []errclass.Reason{errclass.Other, errclass.TooLarge, errclass.Conversion, errclass.Other} {
		_, err := d.Next()
		if got := errclass.AsBadRow(0, err).Reason; (err == nil) != (want == errclass.Other) || got != want {
			t.Errorf("record %d: %v, want %v", i, err, want)
		}
	}
}

func TestUnescape(t *testing.T) {
	for text, want := range map[string]string{
		",": ",", `\t`: "\t", `\001`: "\x01", `\x02`: "\x02", `\u0001`: "\x01", `\\`: `\`, `\0`: "\x00", `\q`: `\q`, `\`: `\`, `a\tb`: "a\tb", `\N`: `\N`, `|`: "|",
	} {
		if got := csvfmt.Unescape(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, bad := range []csvfmt.Dialect{{}, {Delimiter: "\n"}, {Delimiter: ",", Quote: '\n'}, {Delimiter: `"`, Quote: '"'}, {Delimiter: ",", Null: "a,"}, {Delimiter: ",", Quote: '"', Null: `"`}, {Delimiter: ",", Quote: 0xff}} {
		if bad.Check() == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	for _, good := range []csvfmt.Dialect{csvfmt.Comma(), csvfmt.Tab(), {Delimiter: "||"}, {Delimiter: ",", Null: `\N`}} {
		if err := good.Check(); err != nil {
			t.Errorf("%+v: %v", good, err)
		}
	}
}

// rows makes one row of texts; an empty last one is NULL.
func rows(fields []string, null bool) *record.Batch {
	columns := make([]record.Column, len(fields))
	for i := range columns {
		columns[i] = record.Column{Name: "c", Kind: record.String}
	}
	b := record.NewBatch(0, 0)
	b.Begin(record.NewSchema(record.Name{}, columns), record.Insert)
	for i, f := range fields {
		if null && i == len(fields)-1 {
			b.Null()
			continue
		}
		b.Text(record.String, f)
	}
	return b
}

// FuzzRoundTrip writes texts and reads them back, in any dialect.
func FuzzRoundTrip(f *testing.F) {
	f.Add(",", `"`, "", "a", "b,c", false)
	f.Add("||", `'`, `\N`, "a|", `\N`, true)
	f.Add("-", ``, "", "a\"", "b", false)
	f.Add("aab", ``, "", "aab", "a", false)
	f.Fuzz(func(t *testing.T, delimiter, quote, null, one, two string, last bool) {
		d := csvfmt.Dialect{Delimiter: delimiter, Null: null}
		if quote != "" {
			d.Quote = quote[0]
		}
		if d.Check() != nil {
			t.Skip()
		}
		line, err := csvfmt.NewEncoder(d).AppendRow(nil, rows([]string{one, two}, last).Row(0))
		if err != nil {
			if d.Quote != 0 {
				t.Fatalf("refused although there are quotes: %v", err)
			}
			t.Skip()
		}
		if last {
			two = "NULL"
		}
		if d.Quote == 0 && null == "" { // nothing at all means both
			if one == "" {
				one = "NULL"
			}
			if two == "" {
				two = "NULL"
			}
		}
		got := all(t, decoder(d, string(line)))
		if len(got) != 1 || !slices.Equal(got[0], []string{one, two}) {
			t.Fatalf("%+v: %q came back as %q through %q", d, []string{one, two}, got, line)
		}
	})
}

// FuzzDecode compares with encoding/csv wherever that takes the text.
func FuzzDecode(f *testing.F) {
	f.Add("a,b\n\"c\",\"d\"\"e\n\"\n")
	f.Add("a\r\n\r\n\"\r\n\",b\r")
	f.Fuzz(func(t *testing.T, text string) {
		std := csv.NewReader(strings.NewReader(text))
		std.FieldsPerRecord = -1
		want, err := std.ReadAll()
		got := all(t, decoder(csvfmt.Dialect{Delimiter: ",", Quote: '"', Null: "\x00none"}, text))
		if err != nil {
			return
		}
		got = slices.DeleteFunc(got, func(r []string) bool { return len(r) == 1 && r[0] == "" })
		want = slices.DeleteFunc(want, func(r []string) bool { return len(r) == 1 && r[0] == "" })
		for _, r := range got {
			for i := range r { // which encoding/csv does
				r[i] = strings.ReplaceAll(r[i], "\r\n", "\n")
			}
		}
		if !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Fatalf("%q: got %q, encoding/csv %q", text, got, want)
		}
	})
}

func TestAbsentIsRefused(t *testing.T) {
	b := record.NewBatch(0, 0)
	b.Begin(record.NewSchema(record.Name{}, []record.Column{{Name: "gone", Kind: record.Int64}}), record.Insert)
	b.Absent()
	dst, err := csvfmt.NewEncoder(csvfmt.Comma()).AppendRow([]byte("x"), b.Row(0))
	var v *errclass.Value
	if !errors.As(err, &v) || v.Column != "gone" || string(dst) != "x" {
		t.Errorf("got %q, %v", dst, err)
	}
}

func TestEncodeAllocatesNothing(t *testing.T) {
	b := record.NewBatch(0, 0)
	b.Begin(record.NewSchema(record.Name{}, []record.Column{{Kind: record.Int64}, {Kind: record.String}, {Kind: record.Bytes}, {Kind: record.Datetime}, {Kind: record.Decimal}, {Kind: record.Float64}}), record.Insert)
	b.Int64(-5)
	b.Text(record.String, `a "quoted" text`)
	b.Text(record.Bytes, "bytes")
	b.Datetime(1, 2)
	b.Text(record.Decimal, "1.50")
	b.Float64(0.25)
	for _, d := range []csvfmt.Dialect{csvfmt.Comma(), {Delimiter: "\t", Quote: '"', Null: `\N`}} {
		e, dst := csvfmt.NewEncoder(d), make([]byte, 0, 1<<10)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := e.AppendRow(dst, b.Row(0)); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%+v: %v allocations per row", d, n)
		}
	}
}

const benchLine = "1234567,a name of some length,2024-01-02 03:04:05,12.50,true,another text,-42,,0.125,the end\n"

func BenchmarkDecode(b *testing.B) {
	text := bytes.Repeat([]byte(benchLine), 1000)
	b.Run("csvfmt", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(benchLine)))
		for n := 0; n < b.N; n += 1000 {
			d := csvfmt.NewDecoder(csvfmt.Comma(), lines.NewScanner(bytes.NewReader(text), 0, 0, 1<<20))
			for {
				if _, err := d.Next(); err != nil {
					break
				}
			}
		}
	})
	b.Run("encoding", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(benchLine)))
		for n := 0; n < b.N; n += 1000 {
			r := csv.NewReader(bytes.NewReader(text))
			r.ReuseRecord = true
			for {
				if _, err := r.Read(); err != nil {
					break
				}
			}
		}
	})
}
