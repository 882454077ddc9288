package jsonfmt_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// encoder is what both formats are.
type encoder interface {
	AppendRow(dst []byte, r record.Row) ([]byte, error)
}

func schema(kinds ...record.Kind) *record.Schema {
	columns := make([]record.Column, len(kinds))
	for i, k := range kinds {
		columns[i] = record.Column{Name: "c" + string(rune('0'+i)), Kind: k}
	}
	return record.NewSchema(record.Name{Table: "t"}, columns)
}

// one returns a row of one column "c0" that fill appends.
func one(kind record.Kind, scale int, fill func(b *record.Batch)) record.Row {
	s := schema(kind)
	s.Columns[0].Scale = scale
	b := record.NewBatch(0, 0)
	b.Begin(s, record.Insert)
	fill(b)
	return b.Row(0)
}

var values = []struct {
	name   string
	kind   record.Kind
	scale  int
	fill   func(b *record.Batch)
	typed  string // value of the typed object
	flinkx string // value of the object of texts
}{
	{"null", record.Int64, 0, (*record.Batch).Null, `null`, `null`},
	{"bool", record.Bool, 0, func(b *record.Batch) { b.Bool(true) }, `true`, `"true"`},
	{"int64", record.Int64, 0, func(b *record.Batch) { b.Int64(math.MinInt64) }, `-9223372036854775808`, `"-9223372036854775808"`},
	{"uint64", record.Uint64, 0, func(b *record.Batch) { b.Uint64(math.MaxUint64) }, `18446744073709551615`, `"18446744073709551615"`},
	{"float32", record.Float32, 0, func(b *record.Batch) { b.Float32(0.1) }, `0.1`, `"0.1"`},
	{"float32 beyond ten million", record.Float32, 0, func(b *record.Batch) { b.Float32(16777216) }, `16777216`, `"16777216"`},
	{"float64 small", record.Float64, 0, func(b *record.Batch) { b.Float64(5e-324) }, `5e-324`, `"5e-324"`},
	{"float64 large", record.Float64, 0, func(b *record.Batch) { b.Float64(-1e300) }, `-1e+300`, `"-1e+300"`},
	{"NaN", record.Float64, 0, func(b *record.Batch) { b.Float64(math.NaN()) }, `"NaN"`, `"NaN"`},
	{"infinite float", record.Float32, 0, func(b *record.Batch) { b.Float32(float32(math.Inf(-1))) }, `"-Infinity"`, `"-Infinity"`},
	{"decimal", record.Decimal, 0, func(b *record.Batch) { b.Decimal([]byte("-12.50")) }, `-12.50`, `"-12.50"`},
	{"decimal of 65 digits", record.Decimal, 0, func(b *record.Batch) { b.Decimal([]byte(strings.Repeat("9", 35) + "." + strings.Repeat("9", 30))) },
		strings.Repeat("9", 35) + "." + strings.Repeat("9", 30), `"` + strings.Repeat("9", 35) + "." + strings.Repeat("9", 30) + `"`},
	{"decimal with exponent", record.Decimal, 0, func(b *record.Batch) { b.Decimal([]byte("+1.5E+10")) }, `1.5E+10`, `"+1.5E+10"`},
	{"decimal NaN", record.Decimal, 0, func(b *record.Batch) { b.Decimal([]byte("NaN")) }, `"NaN"`, `"NaN"`},
	{"decimal infinite", record.Decimal, 0, func(b *record.Batch) { b.Decimal([]byte("-Infinity")) }, `"-Infinity"`, `"-Infinity"`},
	{"decimal zeros before", record.Decimal, 0, func(b *record.Batch) { b.Decimal([]byte("-007.10")) }, `-7.10`, `"-007.10"`},
	{"decimal bare point", record.Decimal, 0, func(b *record.Batch) { b.Decimal([]byte(".5")) }, `0.5`, `".5"`},
	{"string", record.String, 0, func(b *record.Batch) { b.String([]byte("zoë \U0001F600")) }, `"zoë 😀"`, `"zoë 😀"`},
	{"string with escapes", record.String, 0, func(b *record.Batch) { b.String([]byte("a\"b\\c\n\x00\x1f</x>&\u2028")) },
		`"a\"b\\c\n\u0000\u001f</x>&` + "\u2028" + `"`, `"a\"b\\c\n\u0000\u001f</x>&` + "\u2028" + `"`},
	{"empty string", record.String, 0, func(b *record.Batch) { b.String(nil) }, `""`, `""`},
	{"bytes", record.Bytes, 0, func(b *record.Batch) { b.Bytes([]byte("ab?")) }, `"YWI/"`, `"ab?"`},
	{"date", record.Date, 0, func(b *record.Batch) { b.Date(19675) }, `"2023-11-14"`, `"2023-11-14"`},
	{"date BC", record.Date, 0, func(b *record.Batch) { b.Date(-719529) }, `"-0001-12-31"`, `"-0001-12-31"`},
	{"time", record.Time, 0, func(b *record.Batch) { b.Time(-3_020_399_000_000_000) }, `"-838:59:59"`, `"-838:59:59"`},
	{"datetime", record.Datetime, 3, func(b *record.Batch) { b.Datetime(1_700_000_000, 0) }, `"2023-11-14T22:13:20.000"`, `"2023-11-14 22:13:20.000"`},
	{"timestamp", record.Timestamp, 0, func(b *record.Batch) { b.Timestamp(1_700_000_000, 5000) }, `"2023-11-14T22:13:20.000005Z"`, `"2023-11-15 06:13:20.000005"`},
	{"timestamp with offset", record.Timestamp, 0, func(b *record.Batch) { b.TimestampOffset(1_700_000_000, 0, -90) },
		`"2023-11-14T20:43:20-01:30"`, `"2023-11-15 06:13:20"`},
	{"infinite timestamp", record.Timestamp, 0, func(b *record.Batch) { b.Infinity(record.Timestamp, 1) }, `"infinity"`, `"infinity"`},
	{"interval", record.Interval, 0, func(b *record.Batch) { b.Interval(14, -3, -1_500_000) }, `"P14M-3DT-1.5S"`, `"P14M-3DT-1.5S"`},
	{"json", record.JSON, 0, func(b *record.Batch) { b.JSON([]byte(`{"a": [1, "x"]}`)) }, `{"a": [1, "x"]}`, `"{\"a\": [1, \"x\"]}"`},
	{"json of several lines", record.JSON, 0, func(b *record.Batch) { b.JSON([]byte("[1,\r\n\"\\n\"]")) }, `[1,  "\n"]`, `"[1,\r\n\"\\n\"]"`},
	{"uuid", record.UUID, 0, func(b *record.Batch) { b.UUID([]byte("123e4567-e89b-12d3-a456-426614174000")) },
		`"123e4567-e89b-12d3-a456-426614174000"`, `"123e4567-e89b-12d3-a456-426614174000"`},
	{"any", record.Any, 0, func(b *record.Batch) { b.Int64(7) }, `7`, `"7"`},
}

func TestValues(t *testing.T) {
	shanghai := time.FixedZone("CST", 8*3600)
	for _, v := range values {
		t.Run(v.name, func(t *testing.T) {
			r := one(v.kind, v.scale, v.fill)
			check(t, jsonfmt.NewEncoder(), r, `{"c0":`+v.typed+`}`)
			check(t, jsonfmt.NewFlinkX([]string{"c0"}, shanghai), r, `{"c0":`+v.flinkx+`}`)
		})
	}
}

func check(t *testing.T, e encoder, r record.Row, want string) {
	t.Helper()
	got, err := e.AppendRow([]byte("before"), r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("before"+want, string(got)); diff != "" {
		t.Errorf("%T (-want +got):\n%s", e, diff)
	}
	if !json.Valid(got[len("before"):]) {
		t.Errorf("%T: invalid JSON: %s", e, got)
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name   string
		kind   record.Kind
		fill   func(b *record.Batch)
		e      encoder
		reason errclass.Reason
	}{
		{"text that is not UTF-8", record.String, func(b *record.Batch) { b.String([]byte("ab\xff")) }, jsonfmt.NewEncoder(), errclass.Encoding},
		{"text that ends amid a character", record.String, func(b *record.Batch) { b.String([]byte("12345678\xe2\x82")) }, jsonfmt.NewEncoder(), errclass.Encoding},
		{"binary as text", record.Bytes, func(b *record.Batch) { b.Bytes([]byte{0xff}) }, jsonfmt.NewFlinkX([]string{"c0"}, time.UTC), errclass.Encoding},
		{"binary in a message", record.Bytes, func(b *record.Batch) { b.Bytes([]byte{0xff}) }, jsonfmt.NewFlinkX(nil, time.UTC), errclass.Encoding},
		{"broken json", record.JSON, func(b *record.Batch) { b.JSON([]byte(`{"a":`)) }, jsonfmt.NewEncoder(), errclass.Conversion},
		{"json that is not UTF-8", record.JSON, func(b *record.Batch) { b.JSON([]byte("\"\xff\"")) }, jsonfmt.NewEncoder(), errclass.Encoding},
		{"decimal that is none", record.Decimal, func(b *record.Batch) { b.Decimal([]byte("1e")) }, jsonfmt.NewEncoder(), errclass.Conversion},
		{"empty decimal", record.Decimal, func(b *record.Batch) { b.Decimal(nil) }, jsonfmt.NewEncoder(), errclass.Conversion},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := tt.e.AppendRow([]byte("before"), one(tt.kind, 0, tt.fill))
			var bad *errclass.Value
			if !errors.As(err, &bad) || bad.Column != "c0" || bad.Reason != tt.reason || errclass.Of(err) != errclass.Data {
				t.Errorf("got error %v, want a data error of column c0 for reason %v", err, tt.reason)
			}
			if string(got) != "before" {
				t.Errorf("got %q left behind", got)
			}
		})
	}
}

func TestShapes(t *testing.T) {
	s := schema(record.Int64, record.String, record.Int64)
	s.Columns[1].Name, s.Columns[2].Name, s.Data = `na"me`, "_ts", 2
	b := record.NewBatch(0, 0)
	row := func(fill ...func()) record.Row {
		b.Begin(s, record.Insert)
		for _, f := range fill {
			f()
		}
		return b.Row(b.Len() - 1)
	}
	full := row(func() { b.Int64(1) }, func() { b.String([]byte("a,b")) }, func() { b.Int64(99) })
	rest := row(b.Absent, func() { b.String([]byte(`"`)) }, b.Null)
	none := row(b.Absent, b.Absent, b.Absent)
	empty := record.NewSchema(record.Name{Table: "none"}, nil)
	b.Begin(empty, record.Insert)
	zero := b.Row(b.Len() - 1)

	typed, named, joined := jsonfmt.NewEncoder(), jsonfmt.NewFlinkX([]string{"x", "y", "z"}, time.UTC), jsonfmt.NewFlinkX([]string{"x"}, time.UTC)
	for _, tt := range []struct {
		name string
		e    encoder
		r    record.Row
		want string
	}{
		{"metadata is left out", typed, full, `{"c0":1,"na\"me":"a,b"}`},
		{"absent is left out", typed, rest, `{"na\"me":"\""}`},
		{"all absent", typed, none, `{}`},
		{"no columns", typed, zero, `{}`},
		{"names of the job", named, full, `{"x":"1","y":"a,b"}`},
		{"absent under a name", named, rest, `{"y":"\""}`},
		{"all absent under names", named, none, `{}`},
		{"too few names", joined, full, `{"message":"1,a,b"}`},
		{"null in a message", joined, rest, `{"message":"null,\""}`},
		{"empty message", joined, zero, `{"message":""}`},
		{"the first schema again", typed, full, `{"c0":1,"na\"me":"a,b"}`},
	} {
		t.Run(tt.name, func(t *testing.T) { check(t, tt.e, tt.r, tt.want) })
	}
}

func TestArray(t *testing.T) {
	s := schema(record.Int64, record.String, record.Int64, record.String)
	b := record.NewBatch(0, 0)
	b.Begin(s, record.Insert)
	b.Int64(1)
	b.String([]byte(`"`))
	b.Absent()
	b.String([]byte("\xff"))
	got, err := jsonfmt.AppendArray([]byte("key"), b.Row(0), []int{1, 0, 2})
	if want := `key["\"",1,null]`; err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if got, err := jsonfmt.AppendArray([]byte("key"), b.Row(0), []int{0, 3}); errclass.Of(err) != errclass.Data || string(got) != "key" {
		t.Errorf("got %s, %v for a text that is not UTF-8", got, err)
	}
}

func TestManySchemas(t *testing.T) {
	e := jsonfmt.NewEncoder()
	for range 1000 {
		check(t, e, one(record.Int64, 0, func(b *record.Batch) { b.Int64(1) }), `{"c0":1}`)
	}
}

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain text of some length", "a\"b", "\x00\x1f\x7f", "zoë", "\xff", "1234567\\", "12345678\xe2\x82\xac9"} {
		f.Add([]byte(s))
	}
	e, x, m := jsonfmt.NewEncoder(), jsonfmt.NewFlinkX([]string{"c0"}, time.UTC), jsonfmt.NewFlinkX(nil, time.UTC)
	f.Fuzz(func(t *testing.T, s []byte) {
		r := one(record.String, 0, func(b *record.Batch) { b.String(s) })
		for _, e := range []encoder{e, x, m} {
			out, err := e.AppendRow(nil, r)
			if (err == nil) != utf8.Valid(s) {
				t.Fatalf("%T of %q: %v", e, s, err)
			}
			if err != nil {
				continue
			}
			var got map[string]string
			if err := json.Unmarshal(out, &got); err != nil || got["c0"]+got["message"] != string(s) {
				t.Fatalf("%T of %q: %q, %v", e, s, out, err)
			}
		}
		r = one(record.Bytes, 0, func(b *record.Batch) { b.Bytes(s) })
		out, err := e.AppendRow(nil, r)
		if want := `{"c0":"` + base64.StdEncoding.EncodeToString(s) + `"}`; err != nil || string(out) != want {
			t.Fatalf("bytes %q: %s, %v", s, out, err)
		}
	})
}

func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-0", "00.10", "1e5", "1E-07", "+.5", "5.", ".", "-", "1e", "1e+", "NaN", "Infinity", "1.2.3", "0x1", "--1"} {
		f.Add([]byte(s))
	}
	e := jsonfmt.NewEncoder()
	f.Fuzz(func(t *testing.T, s []byte) {
		out, err := e.AppendRow(nil, one(record.Decimal, 0, func(b *record.Batch) { b.Decimal(s) }))
		if json.Valid(s) && (len(s) > 0 && (s[0] == '-' || s[0]-'0' <= 9)) && bytes.Equal(bytes.TrimSpace(s), s) {
			if want := `{"c0":` + string(s) + `}`; err != nil || string(out) != want {
				t.Fatalf("%q is a JSON number and became %q, %v", s, out, err)
			}
		}
		if err != nil {
			return
		}
		decoder := json.NewDecoder(bytes.NewReader(out))
		decoder.UseNumber()
		var got struct{ C0 any }
		if err := decoder.Decode(&got); err != nil {
			t.Fatalf("%q became %q: %v", s, out, err)
		}
		number, ok := got.C0.(json.Number)
		if !ok {
			return
		}
		if a, b := strings.Trim(string(s), "+"), string(number); significant(a) != significant(b) {
			t.Fatalf("%q became %q", a, b)
		}
	})
}

// significant returns the digits of a number that leading zeros do not count among.
func significant(s string) string {
	s = strings.ToLower(s)
	head, tail, _ := strings.Cut(s, "e")
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(head, "-"), ".")
	return strings.TrimLeft(whole, "0") + "." + fraction + "e" + tail
}
