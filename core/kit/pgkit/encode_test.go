package pgkit_test

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// cellTests are cells of other systems and what PostgreSQL makes of them.
var cellTests = []struct {
	typ    string
	put    func(b *record.Batch)
	want   string          // as PostgreSQL prints it
	reason errclass.Reason // of what is refused with a text that holds want
	bad    bool
}{
	{typ: "smallint", put: func(b *record.Batch) { b.Uint64(32767) }, want: "32767"},
	{typ: "smallint", put: func(b *record.Batch) { b.Int64(32768) }, bad: true, reason: errclass.Overflow, want: "32768 does not fit a smallint"},
	{typ: "integer", put: func(b *record.Batch) { b.Int64(-1 << 32) }, bad: true, reason: errclass.Overflow, want: "does not fit a integer"},
	{typ: "bigint", put: func(b *record.Batch) { b.Uint64(math.MaxUint64) }, bad: true, reason: errclass.Overflow, want: "18446744073709551615"},
	{typ: "oid", put: func(b *record.Batch) { b.Int64(-1) }, bad: true, reason: errclass.Overflow, want: "-1"},
	{typ: "bigint", put: func(b *record.Batch) { b.String([]byte("5")) }, bad: true, reason: errclass.Conversion, want: "kind string"},
	{typ: "numeric", put: func(b *record.Batch) { b.Uint64(math.MaxUint64) }, want: "18446744073709551615"},
	{typ: "numeric", put: func(b *record.Batch) { b.Decimal([]byte("-1.50e+3")) }, want: "-1500"},
	{typ: "numeric", put: func(b *record.Batch) { b.Decimal([]byte("12e-7")) }, want: "0.0000012"},
	{typ: "numeric", put: func(b *record.Batch) { b.Decimal([]byte("-0.00")) }, want: "0.00"},
	{typ: "numeric", put: func(b *record.Batch) { b.Decimal([]byte("1x")) }, bad: true, reason: errclass.Conversion, want: `"1x" is no numeric`},
	{typ: "numeric", put: func(b *record.Batch) { b.Decimal([]byte("1e200000")) }, bad: true, reason: errclass.Overflow, want: "1e200000"},
	{typ: "numeric(4,1)", put: func(b *record.Batch) { b.Decimal([]byte("0123.400")) }, want: "123.4"},
	{typ: "numeric(4,1)", put: func(b *record.Batch) { b.Decimal([]byte("1234")) }, bad: true, reason: errclass.Overflow, want: "numeric(4,1)"},
	{typ: "numeric(4,1)", put: func(b *record.Batch) { b.Decimal([]byte("1.25")) }, bad: true, reason: errclass.Overflow, want: "numeric(4,1)"},
	{typ: "money", put: func(b *record.Batch) { b.Decimal([]byte("-1.5")) }, want: "-$1.50"},
	{typ: "money", put: func(b *record.Batch) { b.Decimal([]byte("0.005")) }, bad: true, reason: errclass.Overflow, want: "0.005"},
	{typ: "double precision", put: func(b *record.Batch) { b.Float32(0.5) }, want: "0.5"},
	{typ: "text", put: func(b *record.Batch) { b.String([]byte("a\x00b")) }, bad: true, reason: errclass.Encoding, want: "NUL at byte 1"},
	{typ: "text", put: func(b *record.Batch) { b.String([]byte("a\xff")) }, bad: true, reason: errclass.Encoding, want: "no UTF-8"},
	{typ: "text", put: func(b *record.Batch) { b.Bytes([]byte("a")) }, bad: true, reason: errclass.Conversion, want: "kind bytes"},
	{typ: "text", put: func(b *record.Batch) { b.Datetime(-62135596801, 0) }, want: "0000-12-31 23:59:59"},
	{typ: "text", put: func(b *record.Batch) { b.Bool(true) }, want: "true"},
	{typ: "varchar(3)", put: func(b *record.Batch) { b.String([]byte("éée")) }, want: "éée"},
	{typ: "varchar(3)", put: func(b *record.Batch) { b.String([]byte("abc ")) }, bad: true, reason: errclass.Overflow, want: "4 characters do not fit"},
	{typ: "char(3)", put: func(b *record.Batch) { b.Int64(1234) }, bad: true, reason: errclass.Overflow, want: "4 characters do not fit"},
	{typ: "uuid", put: func(b *record.Batch) { b.String([]byte("A0EEBC999C0B4EF8BB6D6BB9BD380A11")) }, want: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
	{typ: "uuid", put: func(b *record.Batch) { b.UUID([]byte("a0")) }, bad: true, reason: errclass.Conversion, want: `"a0" is no uuid`},
	{typ: "jsonb", put: func(b *record.Batch) { b.String([]byte(`[1]`)) }, want: "[1]"},
	{typ: "bit(4)", put: func(b *record.Batch) { b.Uint64(5) }, want: "0101"},
	{typ: "bit(4)", put: func(b *record.Batch) { b.Uint64(16) }, bad: true, reason: errclass.Overflow, want: "16 does not fit"},
	{typ: "bit(70)", put: func(b *record.Batch) { b.Uint64(1 << 63) }, want: "000000" + "1" + strings.Repeat("0", 63)},
	{typ: "bit varying", put: func(b *record.Batch) { b.Uint64(5) }, want: "101"},
	{typ: "bit", put: func(b *record.Batch) { b.Bool(true) }, want: "1"},
	{typ: "bit(4)", put: func(b *record.Batch) { b.String([]byte("101")) }, bad: true, reason: errclass.Overflow, want: "3 bits do not fit"},
	{typ: "bit(4)", put: func(b *record.Batch) { b.String([]byte("102x")) }, bad: true, reason: errclass.Conversion, want: "102x"},
	{typ: "date", put: func(b *record.Batch) { b.Date(-3000000) }, bad: true, reason: errclass.Overflow, want: "does not fit a date"},
	{typ: "timestamp", put: func(b *record.Batch) { b.Datetime(0, 123456000) }, want: "1970-01-01 00:00:00.123456"},
	{typ: "timestamp", put: func(b *record.Batch) { b.Datetime(0, 123456001) }, bad: true, reason: errclass.Overflow, want: "more than 6 digits"},
	{typ: "timestamp(3)", put: func(b *record.Batch) { b.Datetime(0, 123400000) }, bad: true, reason: errclass.Overflow, want: "more than 3 digits"},
	{typ: "timestamp", put: func(b *record.Batch) { b.Datetime(1<<50, 0) }, bad: true, reason: errclass.Overflow, want: "does not fit"},
	{typ: "timestamptz", put: func(b *record.Batch) { b.TimestampOffset(0, 0, 120) }, want: "1970-01-01 00:00:00+00"},
	{typ: "time", put: func(b *record.Batch) { b.Time(-1e9) }, bad: true, reason: errclass.Overflow, want: "-00:00:01"},
	{typ: "time", put: func(b *record.Batch) { b.TimeOffset(0, 60) }, bad: true, reason: errclass.Conversion, want: "offset"},
	{typ: "timetz", put: func(b *record.Batch) { b.Time(3600e9) }, want: "01:00:00+00"},
	{typ: "interval", put: func(b *record.Batch) { b.Time(-838*3600e9 - 59e9) }, want: "-838:00:59"},
	{typ: "interval(0)", put: func(b *record.Batch) { b.Interval(0, 0, 500000) }, bad: true, reason: errclass.Overflow, want: "more than 0 digits"},
	{typ: "int[]", put: func(b *record.Batch) { b.String([]byte("{1,\x00}")) }, bad: true, reason: errclass.Encoding, want: "NUL"},
	{typ: "int[]", put: func(b *record.Batch) { b.Bytes([]byte("{1}")) }, bad: true, reason: errclass.Conversion, want: "kind bytes"},
	{typ: "inet", put: func(b *record.Batch) { b.String([]byte("::1")) }, want: "::1"},
	{typ: "text", put: func(b *record.Batch) { b.Absent() }, bad: true, reason: errclass.Other, want: "says nothing"},
}

func TestCells(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	c := dial(t, settings(t, db.URL(), hasty))
	for i, tt := range cellTests {
		for _, beside := range []string{"", ", x int[]"} {
			table := fmt.Sprintf("c%d_%d", i, len(beside))
			if err := c.Exec(t.Context(), "CREATE TABLE "+table+" (v "+tt.typ+beside+")"); err != nil {
				t.Fatal(err)
			}
			columns := []record.Column{{Name: "v", Kind: record.Any}}
			names := []string{"v"}
			if beside != "" {
				columns, names = append(columns, record.Column{Name: "x", Kind: record.String}), append(names, "x")
			}
			b := record.NewBatch(0, 0)
			b.Begin(record.NewSchema(record.Name{}, columns), record.Insert)
			tt.put(b)
			if beside != "" {
				b.Null()
			}
			_, err := write(c, table, names, b)
			var v *errclass.Value
			switch {
			case tt.bad && (!errors.As(err, &v) || v.Column != "v" || v.Reason != tt.reason || errclass.Of(err) != errclass.Data || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("%s%s: got %v, want %v with %q", tt.typ, beside, err, tt.reason, tt.want)
			case !tt.bad && err != nil:
				t.Errorf("%s%s: %v", tt.typ, beside, err)
			case !tt.bad:
				if got := ask(t, c, "SELECT v FROM "+table); got != tt.want {
					t.Errorf("%s%s: wrote %q, want %q", tt.typ, beside, got, tt.want)
				}
			}
		}
	}
}

func TestTarget(t *testing.T) {
	for _, tt := range []struct {
		from   record.Kind
		native string
		kind   record.Kind
		want   record.Kind
		bits   int
	}{
		{record.String, "smallint", record.Int64, record.Int64, 16},
		{record.Uint64, "integer", record.Int64, record.Int64, 32},
		{record.Uint64, "bit(8)", record.String, record.Uint64, 0},
		{record.String, "bit(8)", record.String, record.String, 0},
		{record.Time, "interval", record.Interval, record.Time, 0},
		{record.Int64, "text", record.String, record.String, 0},
	} {
		to := sqlkit.TableColumn{Column: record.Column{Name: "c", Kind: tt.kind, Native: tt.native}}
		if column, bits := pgkit.Target(&record.Column{Kind: tt.from}, &to); column.Kind != tt.want || bits != tt.bits || column.Name != "c" {
			t.Errorf("%v into %s: %v with %d bits", tt.from, tt.native, column.Kind, bits)
		}
	}
}

// FuzzDecimal compares what is sent for a number with what arithmetic says.
func FuzzDecimal(f *testing.F) {
	for _, s := range []string{"0", "-0.0001", "123456789.987654321", "1e10", "-9.9e-30", "00012.3400", ".5", "5.", "1e", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		wire, ok := pgkit.EncodeDecimal([]byte(text))
		if !ok {
			return
		}
		got := pgkit.DecodeDecimal(wire)
		want, ok := new(big.Rat).SetString(text)
		if !ok {
			if text != "NaN" && text != "Infinity" && text != "-Infinity" {
				t.Fatalf("%q is no number and was sent as %s", text, got)
			}
			return
		}
		back, ok := new(big.Rat).SetString(got)
		if !ok || back.Cmp(want) != 0 {
			t.Errorf("%q is read back as %q", text, got)
		}
	})
}

// FuzzRow decodes any bytes: nothing but an error may come of it.
func FuzzRow(f *testing.F) {
	f.Add([]byte("\x00\x02\x00\x00\x00\x04\x00\x00\x00\x01\xff\xff\xff\xff"))
	f.Fuzz(func(_ *testing.T, row []byte) {
		for _, d := range pgkit.Decoders() {
			var b record.Batch
			b.Begin(record.NewSchema(record.Name{}, d.Columns()), record.Insert)
			if d.Append(&b, row, len(d.Columns())) != nil {
				b.Drop()
			}
			b.Begin(record.NewSchema(record.Name{}, d.Columns()[:1]), record.Insert)
			if d.Pick(&b, row, []int{0}) != nil {
				b.Drop()
			}
			d.Raw(row, len(d.Columns()))
		}
	})
}
