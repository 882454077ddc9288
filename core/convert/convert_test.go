package convert_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// value appends one cell.
type value func(b *record.Batch)

func text(k record.Kind, v string) value { return func(b *record.Batch) { b.Text(k, v) } }
func i64(v int64) value                  { return func(b *record.Batch) { b.Int64(v) } }
func u64(v uint64) value                 { return func(b *record.Batch) { b.Uint64(v) } }
func f64(v float64) value                { return func(b *record.Batch) { b.Float64(v) } }
func f32(v float32) value                { return func(b *record.Batch) { b.Float32(v) } }
func str(v string) value                 { return text(record.String, v) }
func dec(v string) value                 { return text(record.Decimal, v) }
func boolean(v bool) value               { return func(b *record.Batch) { b.Bool(v) } }
func date(days int64) value              { return func(b *record.Batch) { b.Date(days) } }
func clock(ns int64) value               { return func(b *record.Batch) { b.Time(ns) } }
func wall(sec int64, nsec uint32) value  { return func(b *record.Batch) { b.Datetime(sec, nsec) } }
func at(sec int64, nsec uint32) value    { return func(b *record.Batch) { b.Timestamp(sec, nsec) } }
func inf(k record.Kind, s int) value     { return func(b *record.Batch) { b.Infinity(k, s) } }

func one(col record.Column, v value) record.Row {
	b := record.NewBatch(0, 0)
	b.Begin(record.NewSchema(record.Name{}, []record.Column{col}), record.Insert)
	v(b)
	return b.Row(0)
}

// run converts a value and spells the result as kind and text, or as the
// reason of the error.
func run(t testing.TB, v value, to record.Column, opt convert.Options) string {
	t.Helper()
	from := record.Column{Name: "c"}
	from.Kind = one(record.Column{Kind: record.Any}, v).Kind(0)
	to.Name = "c"
	plan, err := convert.Plan(from, to, opt)
	if err != nil {
		if errclass.Of(err) != errclass.Config {
			t.Fatalf("planning %s to %s: %v", from.Kind, to.Kind, err)
		}
		return "no plan"
	}
	out := record.NewBatch(0, 0)
	out.Begin(record.NewSchema(record.Name{}, []record.Column{to}), record.Insert)
	if err := plan(out, one(from, v), 0); err != nil {
		bad := errclass.AsBadRow(0, err)
		if errclass.Of(err) != errclass.Data || bad.Column != "c" {
			t.Fatalf("%s to %s: an error without class or column: %v", from.Kind, to.Kind, err)
		}
		out.Drop()
		return "bad " + bad.Reason.String()
	}
	row := out.Row(0)
	if k := row.Kind(0); to.Kind != record.Any && k != to.Kind && k > record.Null {
		t.Fatalf("%s to %s gave %s", from.Kind, to.Kind, k)
	}
	return string(row.AppendText(nil, 0))
}

type test struct {
	from value
	to   record.Kind
	want string
}

func runAll(t *testing.T, tests []test, opt convert.Options) {
	t.Helper()
	for i, tt := range tests {
		if got := run(t, tt.from, record.Column{Kind: tt.to}, opt); got != tt.want {
			r := one(record.Column{Kind: record.Any}, tt.from)
			t.Errorf("%d: %s %q to %s: got %q, want %q", i, r.Kind(0), r.AppendText(nil, 0), tt.to, got, tt.want)
		}
	}
}

func TestNumbers(t *testing.T) {
	const maxInt, minInt = math.MaxInt64, math.MinInt64
	runAll(t, []test{
		{i64(0), record.Bool, "false"}, {i64(-2), record.Bool, "true"}, {u64(2), record.Bool, "true"}, {f64(0), record.Bool, "false"}, {f64(math.NaN()), record.Bool, "bad conversion"},
		{f32(0.5), record.Bool, "true"}, {dec("0.00"), record.Bool, "false"}, {dec("0.01"), record.Bool, "true"}, {dec("NaN"), record.Bool, "bad conversion"},
		{boolean(true), record.Int64, "1"}, {boolean(false), record.Uint64, "0"}, {boolean(true), record.Float64, "1"}, {boolean(true), record.Decimal, "1"}, {boolean(true), record.String, "true"}, {boolean(true), record.Bytes, "true"}, {boolean(true), record.JSON, "true"}, {boolean(true), record.Date, "no plan"},
		{u64(maxInt), record.Int64, "9223372036854775807"}, {u64(maxInt + 1), record.Int64, "bad overflow"}, {i64(-1), record.Uint64, "bad overflow"}, {i64(maxInt), record.Uint64, "9223372036854775807"},
		{f64(-3), record.Int64, "-3"}, {f64(1.5), record.Int64, "bad conversion"}, {f64(math.NaN()), record.Int64, "bad conversion"}, {f64(math.Inf(1)), record.Int64, "bad conversion"}, {f64(1 << 63), record.Int64, "bad overflow"}, {f64(-1 << 63), record.Int64, "-9223372036854775808"}, {f32(1e20), record.Int64, "bad overflow"},
		{f64(-1), record.Uint64, "bad overflow"}, {f64(1 << 63), record.Uint64, "9223372036854775808"}, {f64(1 << 64), record.Uint64, "bad overflow"}, {f64(0.5), record.Uint64, "bad conversion"},
		{dec("12.50"), record.Int64, "bad conversion"}, {dec("12.00"), record.Int64, "12"}, {dec("1.2e1"), record.Int64, "12"}, {dec("1200e-2"), record.Int64, "12"}, {dec("-9223372036854775808"), record.Int64, "-9223372036854775808"}, {dec("9223372036854775808"), record.Int64, "bad overflow"},
		{dec("1e19"), record.Uint64, "10000000000000000000"}, {dec("18446744073709551615"), record.Uint64, "18446744073709551615"}, {dec("18446744073709551616"), record.Uint64, "bad overflow"}, {dec("-1"), record.Uint64, "bad overflow"}, {dec("-0"), record.Uint64, "0"}, {dec("0e99999"), record.Int64, "0"}, {dec("1e99999"), record.Int64, "bad overflow"},
		{i64(1 << 53), record.Float64, "9007199254740992"}, {i64(1<<53 + 1), record.Float64, "bad overflow"}, {i64(1 << 60), record.Float64, "1152921504606847000"}, {i64(minInt), record.Float64, "-9223372036854776000"}, {i64(maxInt), record.Float64, "bad overflow"}, {i64(-5), record.Float32, "-5"},
		{i64(1<<24 + 1), record.Float32, "bad overflow"}, {u64(1 << 63), record.Float32, "9223372000000000000"}, {u64(math.MaxUint64), record.Float64, "bad overflow"},
		{f64(0.1), record.Float32, "0.1"}, {f64(1e300), record.Float32, "bad overflow"}, {f64(math.Inf(-1)), record.Float32, "-Infinity"}, {f32(0.5), record.Float64, "0.5"}, {f32(0.1), record.Float64, "0.10000000149011612"},
		{dec("0.1"), record.Float64, "0.1"}, {dec("1e400"), record.Float64, "bad overflow"}, {dec("NaN"), record.Float64, "NaN"}, {dec("-Infinity"), record.Float32, "-Infinity"}, {dec("1e39"), record.Float32, "bad overflow"},
		{i64(minInt), record.Decimal, "-9223372036854775808"}, {u64(math.MaxUint64), record.Decimal, "18446744073709551615"}, {f64(1e21), record.Decimal, "1000000000000000000000"}, {f64(0.1), record.Decimal, "0.1"}, {f32(0.1), record.Decimal, "0.1"}, {f64(math.NaN()), record.Decimal, "NaN"}, {f64(math.Inf(-1)), record.Decimal, "-Infinity"},
		{i64(5), record.String, "5"}, {f64(0.25), record.String, "0.25"}, {dec("1.50e3"), record.String, "1500"}, {dec("-1.5e-3"), record.String, "-0.0015"}, {dec("1.50"), record.String, "1.50"}, {dec("NaN"), record.String, "NaN"},
		{i64(5), record.JSON, "5"}, {dec("1e2"), record.JSON, "100"}, {dec("NaN"), record.JSON, "bad conversion"}, {f64(math.NaN()), record.JSON, "bad conversion"}, {f32(0.5), record.JSON, "0.5"},
		{i64(5), record.Bytes, "no plan"}, {i64(5), record.UUID, "no plan"}, {i64(5), record.Interval, "no plan"}, {dec("5"), record.Bytes, "no plan"},
	}, convert.Options{})
}

func TestTexts(t *testing.T) {
	runAll(t, []test{
		{str("TRUE"), record.Bool, "true"}, {str("f"), record.Bool, "false"}, {str("Yes"), record.Bool, "true"}, {str("off"), record.Bool, "false"}, {str("0"), record.Bool, "false"}, {str("-7"), record.Bool, "true"}, {str("abc"), record.Bool, "bad conversion"}, {str(""), record.Bool, "bad conversion"}, {str("1.5"), record.Bool, "bad conversion"}, {str("99999999999999999999"), record.Bool, "true"},
		{str("12"), record.Int64, "12"}, {str("+12"), record.Int64, "12"}, {str("-0"), record.Int64, "0"}, {str("12.0"), record.Int64, "12"}, {str("1e3"), record.Int64, "1000"}, {str("9223372036854775807"), record.Int64, "9223372036854775807"}, {str("9223372036854775808"), record.Int64, "bad overflow"},
		{str("-9223372036854775808"), record.Int64, "-9223372036854775808"}, {str("-9223372036854775809"), record.Int64, "bad overflow"}, {str("0000000000000000000000012"), record.Int64, "12"},
		{str(""), record.Int64, "bad conversion"}, {str(" 1"), record.Int64, "bad conversion"}, {str("1 "), record.Int64, "bad conversion"}, {str("1_000"), record.Int64, "bad conversion"}, {str("0x10"), record.Int64, "bad conversion"}, {str("-"), record.Int64, "bad conversion"}, {str("."), record.Int64, "bad conversion"}, {str("1e"), record.Int64, "bad conversion"}, {str("NaN"), record.Int64, "bad conversion"}, {str("12.5"), record.Int64, "bad conversion"}, {str("１"), record.Int64, "bad conversion"},
		{str("18446744073709551615"), record.Uint64, "18446744073709551615"}, {str("-1"), record.Uint64, "bad overflow"},
		{str("0.1"), record.Float64, "0.1"}, {str("nan"), record.Float64, "NaN"}, {str("-inf"), record.Float64, "-Infinity"}, {str("Infinity"), record.Float32, "Infinity"}, {str("1e999"), record.Float64, "bad overflow"}, {str("0x1p4"), record.Float64, "bad conversion"}, {str("1e-999"), record.Float64, "0"}, {str(""), record.Float64, "bad conversion"}, {str("1e39"), record.Float32, "bad overflow"},
		{str("12.50"), record.Decimal, "12.50"}, {str("+.5"), record.Decimal, "0.5"}, {str("5."), record.Decimal, "5"}, {str("007.10"), record.Decimal, "7.10"}, {str("-00.0"), record.Decimal, "-0.0"}, {str("1.5e3"), record.Decimal, "1500"}, {str("15e-4"), record.Decimal, "0.0015"}, {str("1e999999"), record.Decimal, "bad conversion"}, {str("NAN"), record.Decimal, "NaN"}, {str("1,5"), record.Decimal, "bad conversion"},
		{str("ä"), record.Bytes, "ä"}, {text(record.Bytes, "ä"), record.String, "ä"}, {text(record.Bytes, "\xff"), record.String, "bad encoding"}, {text(record.Bytes, "5"), record.Int64, "no plan"}, {text(record.Bytes, "5"), record.Date, "no plan"},
		{str(`{"a":1}`), record.JSON, `{"a":1}`}, {str(`{a}`), record.JSON, "bad conversion"}, {text(record.JSON, `[1]`), record.String, `[1]`}, {text(record.JSON, `12.0`), record.Int64, `12`}, {text(record.JSON, `"12"`), record.Int64, `bad conversion`}, {text(record.JSON, `true`), record.Bool, `true`}, {text(record.JSON, `1`), record.Date, "no plan"}, {text(record.JSON, `[1]`), record.Bytes, `[1]`},
		{str("6F9619FF-8B86-4011-B42D-00C04FC964FF"), record.UUID, "6f9619ff-8b86-4011-b42d-00c04fc964ff"}, {str("{6f9619ff-8b86-4011-b42d-00c04fc964ff}"), record.UUID, "6f9619ff-8b86-4011-b42d-00c04fc964ff"}, {str("6f9619ff8b864011b42d00c04fc964ff"), record.UUID, "6f9619ff-8b86-4011-b42d-00c04fc964ff"}, {str("6f9619ff-8b86"), record.UUID, "bad conversion"}, {str("6f9619ff-8b86-4011-b42d-00c04fc964fg"), record.UUID, "bad conversion"},
		{text(record.UUID, "61626364-6566-6768-696a-6b6c6d6e6f70"), record.Bytes, "abcdefghijklmnop"}, {text(record.Bytes, "abcdefghijklmnop"), record.UUID, "61626364-6566-6768-696a-6b6c6d6e6f70"}, {text(record.Bytes, "abc"), record.UUID, "bad conversion"}, {text(record.UUID, "61626364-6566-6768-696a-6b6c6d6e6f70"), record.JSON, `"61626364-6566-6768-696a-6b6c6d6e6f70"`},
		{str("P1Y2M3W4DT5H6M7.5S"), record.Interval, "P14M25DT18367.5S"}, {str("P-1M-2DT-3.000001S"), record.Interval, "P-1M-2DT-3.000001S"}, {str("PT0.5S"), record.Interval, "P0M0DT0.5S"}, {str("P1D1M"), record.Interval, "bad conversion"}, {str("P"), record.Interval, "bad conversion"}, {str("PT"), record.Interval, "bad conversion"}, {str("1D"), record.Interval, "bad conversion"}, {str("PT1.0000001S"), record.Interval, "bad conversion"}, {str("P9999999999D"), record.Interval, "bad conversion"},
		{func(b *record.Batch) { b.Interval(14, -3, 1) }, record.String, "P14M-3DT0.000001S"}, {func(b *record.Batch) { b.Interval(14, -3, 1) }, record.Time, "no plan"},
	}, convert.Options{})
}

func TestTimes(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	const noon = 1704110400 // 2024-01-01T12:00:00Z
	runAll(t, []test{
		{i64(0), record.Date, "1970-01-01"}, {i64(-28_800_001), record.Date, "1969-12-31"}, {i64(noon * 1000), record.Timestamp, "2024-01-01 12:00:00Z"}, {i64(noon*1000 + 5), record.Datetime, "2024-01-01 20:00:00.005"}, {i64(0), record.Time, "08:00:00"}, {i64(math.MinInt64), record.Timestamp, "-292275055-05-16 16:47:04.192Z"},
		{u64(math.MaxUint64), record.Timestamp, "bad overflow"}, {dec("1.5"), record.Timestamp, "1970-01-01 00:00:00.0015Z"}, {dec("-0.000001"), record.Timestamp, "1969-12-31 23:59:59.999999999Z"}, {dec("0.0000001"), record.Timestamp, "bad overflow"}, {dec("1e17"), record.Timestamp, "+3170843-11-07 09:46:40Z"}, {f64(1.5), record.Timestamp, "bad conversion"}, {f64(1000), record.Timestamp, "1970-01-01 00:00:01Z"}, {dec("NaN"), record.Date, "bad conversion"},
		{at(noon, 5_000_000), record.Int64, "1704110400005"}, {at(noon, 5_000_001), record.Int64, "bad conversion"}, {at(noon, 5_000_100), record.Decimal, "1704110400005.0001"}, {at(-1, 999_999_000), record.Decimal, "-0.001"}, {at(-1, 999_000_000), record.Int64, "-1"}, {wall(noon, 0), record.Int64, "1704081600000"}, {at(1<<60, 0), record.Int64, "bad overflow"},
		{date(19723), record.Int64, "19723"}, {date(-1), record.Decimal, "-1"}, {inf(record.Date, 1), record.Int64, "bad conversion"}, {inf(record.Timestamp, -1), record.Decimal, "bad conversion"}, {clock(1_500_000_000), record.Int64, "1500"}, {clock(-1_000_000), record.Int64, "-1"}, {clock(1), record.Int64, "bad conversion"}, {clock(1), record.Decimal, "0.000001"}, {date(1), record.Float64, "no plan"}, {date(1), record.Bool, "no plan"},
		{at(noon, 1), record.Datetime, "2024-01-01 20:00:00.000000001"}, {wall(noon, 1), record.Timestamp, "2024-01-01 04:00:00.000000001Z"}, {date(19723), record.Datetime, "2024-01-01 00:00:00"}, {date(19723), record.Timestamp, "2023-12-31 16:00:00Z"}, {at(noon+5*3600, 0), record.Date, "2024-01-02"}, {wall(noon, 0), record.Date, "2024-01-01"}, {wall(-1, 0), record.Date, "1969-12-31"}, {at(noon, 7), record.Time, "20:00:00.000000007"}, {wall(noon, 7), record.Time, "12:00:00.000000007"},
		{date(1), record.Time, "no plan"}, {clock(1), record.Date, "no plan"}, {clock(1), record.Timestamp, "no plan"}, {inf(record.Timestamp, 1), record.Date, "infinity"}, {inf(record.Date, -1), record.Timestamp, "-infinity"}, {inf(record.Datetime, 1), record.Time, "bad conversion"}, {inf(record.Timestamp, 1), record.String, "infinity"},
		{str("2024-02-29"), record.Date, "2024-02-29"}, {str("2023-02-29"), record.Date, "bad conversion"}, {str("2024-13-01"), record.Date, "bad conversion"}, {str("2024-1-1"), record.Date, "bad conversion"}, {str("2024-02-29 23:59:59"), record.Date, "2024-02-29"}, {str("-0001-12-31"), record.Date, "-0001-12-31"}, {str("+10000-01-01"), record.Date, "+10000-01-01"}, {str("infinity"), record.Date, "infinity"}, {str("-Infinity"), record.Timestamp, "-infinity"}, {str("infinity"), record.Time, "bad conversion"}, {str("10:00:00"), record.Date, "bad conversion"}, {str("20240229"), record.Date, "1970-01-01"},
		{str("2024-01-01 12:00:00"), record.Datetime, "2024-01-01 12:00:00"}, {str("2024-01-01T12:00:00.123456789"), record.Datetime, "2024-01-01 12:00:00.123456789"}, {str("2024-01-01T12:00:00.1234567891"), record.Datetime, "bad conversion"}, {str("2024-01-01T12:00"), record.Datetime, "2024-01-01 12:00:00"}, {str("2024-01-01"), record.Datetime, "2024-01-01 00:00:00"}, {str("2024-01-01T12:00:00Z"), record.Datetime, "2024-01-01 20:00:00"}, {str("2024-01-01T24:00:00"), record.Datetime, "bad conversion"}, {str("2024-01-01T12:60:00"), record.Datetime, "bad conversion"}, {str(""), record.Datetime, "bad conversion"}, {str("1704110400000"), record.Datetime, "2024-01-01 20:00:00"}, {str("0"), record.Timestamp, "1970-01-01 00:00:00Z"}, {str("99999999999999999999"), record.Timestamp, "bad conversion"},
		{str("2024-01-01 12:00:00"), record.Timestamp, "2024-01-01 04:00:00Z"}, {str("2024-01-01 12:00:00+00"), record.Timestamp, "2024-01-01 12:00:00+00:00"}, {str("2024-01-01 12:00:00 -0330"), record.Timestamp, "2024-01-01 12:00:00-03:30"}, {str("2024-01-01T12:00:00z"), record.Timestamp, "2024-01-01 12:00:00Z"}, {str("2024-01-01T12:00:00+25"), record.Timestamp, "bad conversion"}, {str("2024-01-01T12:00:00X"), record.Timestamp, "bad conversion"},
		{str("-838:59:59.5"), record.Time, "-838:59:59.5"}, {str("12:30"), record.Time, "12:30:00"}, {str("10:00:00+08"), record.Time, "10:00:00+08:00"}, {str("2024-01-01 10:00:00"), record.Time, "10:00:00"}, {str("2024-01-01"), record.Time, "bad conversion"}, {str("9999999999999:00:00"), record.Time, "bad conversion"}, {str("+1:00"), record.Time, "bad conversion"},
		{date(19723), record.String, "2024-01-01"}, {at(noon, 0), record.JSON, `"2024-01-01 12:00:00Z"`}, {clock(3_600_000_000_000), record.String, "01:00:00"}, {date(1), record.Bytes, "no plan"}, {date(1), record.UUID, "no plan"},
	}, convert.Options{Zone: shanghai})
}

func TestDaysOfEightDigits(t *testing.T) {
	for _, tt := range []struct {
		text string
		to   record.Kind
		want string
	}{
		{"20260102", record.Date, "2026-01-02"}, {"20260102", record.Datetime, "2026-01-02 00:00:00"}, {"20260102", record.Timestamp, "2026-01-02 00:00:00Z"},
		{"86400000", record.Date, "1970-01-02"}, // no day of a calendar
		{"1767322800000", record.Date, "2026-01-02"}, {"2026-1-2", record.Date, "bad conversion"}, {"-2026012", record.Date, "bad conversion"},
	} {
		if got := run(t, str(tt.text), record.Column{Kind: tt.to}, convert.Options{Days: true}); got != tt.want {
			t.Errorf("%q to %s: got %q, want %q", tt.text, tt.to, got, tt.want)
		}
	}
	if got := run(t, str("20260102"), record.Column{Kind: record.Date}, convert.Options{}); got != "1970-01-01" {
		t.Errorf("without: %q", got)
	}
}

func TestZoneThatSkips(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	runAll(t, []test{
		{str("2024-03-31 02:30:00"), record.Timestamp, "bad conversion"},
		{str("2024-03-31 01:59:59"), record.Timestamp, "2024-03-31 00:59:59Z"},
		{str("2024-03-31 03:00:00"), record.Timestamp, "2024-03-31 01:00:00Z"},
		{str("2024-10-27 02:30:00"), record.Timestamp, "2024-10-27 00:30:00Z"}, // of two the earlier
		{str("2024-03-31 02:30:00"), record.Datetime, "2024-03-31 02:30:00"},
	}, convert.Options{Zone: berlin})
}

func TestPatterns(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	for _, tt := range []struct {
		format string
		text   string
		to     record.Kind
		want   string
	}{
		{"yyyy-MM-dd HH:mm:ss", "2024-01-02 03:04:05", record.Datetime, "2024-01-02 03:04:05"},
		{"yyyy/M/d H:m", "2024/1/2 3:4", record.Datetime, "2024-01-02 03:04:00"},
		{"yyyyMMddHHmmss", "20240102030405", record.Datetime, "2024-01-02 03:04:05"},
		{"yyyyMMddHHmmssSSS", "20240102030405678", record.Datetime, "2024-01-02 03:04:05.678"},
		{"yyyyMMdd", "20240102", record.Date, "2024-01-02"},
		{"yyyyMMdd", "2024010", record.Date, "bad conversion"},
		{"yyyyMMdd", "2024-01-02", record.Date, "2024-01-02"}, // ISO is always understood
		{"dd.MM.yy", "02.01.24", record.Date, "2024-01-02"},
		{"dd.MM.yy", "02.01.69", record.Date, "1969-01-02"},
		{"dd/MM/yyyy", "31/02/2024", record.Date, "bad conversion"},
		{"d MMM yyyy", "2 Jan 2024", record.Date, "2024-01-02"},
		{"EEE, d MMMM yyyy hh:mm a", "Tue, 2 january 2024 12:30 AM", record.Datetime, "2024-01-02 00:30:00"},
		{"hh:mm a", "01:30 pm", record.Time, "13:30:00"},
		{"K:mm a", "0:30 PM", record.Time, "12:30:00"},
		{"kk:mm", "24:30", record.Time, "00:30:00"},
		{"HH:mm", "25:00", record.Time, "25:00:00"}, // as ISO, which knows durations
		{"yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "2024-01-02T03:04:05.678+01:00", record.Timestamp, "2024-01-02 03:04:05.678+01:00"},
		{"yyyy-MM-dd'T'HH:mm:ssZ", "2024-01-02T03:04:05+0100", record.Datetime, "2024-01-02 04:04:05"},
		{"yyyy-MM-dd HH:mm:ss z", "2024-01-02 03:04:05 GMT+01:00", record.Timestamp, "2024-01-02 03:04:05+01:00"},
		{"yyyy-MM-dd HH:mm:ss z", "2024-01-02 03:04:05 UTC", record.Timestamp, "2024-01-02 03:04:05Z"},
		{"yyyy-MM-dd", "2024-01-02", record.Timestamp, "2024-01-01 22:00:00Z"},
		{"h 'o''clock' a", "3 o'clock PM", record.Time, "15:00:00"},
		{"MM-dd-yyyy", "01-02-2024", record.String, "2024-01-02 00:00:00"},
		{"MM-dd-yyyy", "nonsense", record.String, "bad conversion"},
		{"yyyy", "2024", record.Date, "2024-01-01"},
		{"yyyy年MM月dd日", "2024年01月02日", record.Date, "2024-01-02"},
		{"yyyy年M月d日 HH时", "2024年1月2日 03时", record.Datetime, "2024-01-02 03:00:00"},
	} {
		if got := run(t, str(tt.text), record.Column{Kind: tt.to}, convert.Options{Format: tt.format, Zone: zone}); got != tt.want {
			t.Errorf("%q by %q to %s: got %q, want %q", tt.text, tt.format, tt.to, got, tt.want)
		}
	}
	instant := at(1704164645, 678_900_000) // 2024-01-02T03:04:05.6789Z
	for format, want := range map[string]string{
		"yyyy-MM-dd HH:mm:ss": "2024-01-02 05:04:05", "yy/M/d h:mm a": "24/1/2 5:04 AM", "HH:mm:ss.SSSSSS": "05:04:05.678900", "yyyyMMddHHmmssSSS": "20240102050405678",
		"EEEE, dd MMM yyyy": "Tuesday, 02 Jan 2024", "EEE MMMM": "Tue January", "XXX": "+02:00", "XX": "+0200", "X": "+02", "Z": "+0200", "z": "GMT+02:00", "kk KK": "05 05", "''yyyy''": "'2024'", "yyyy年MM月dd日": "2024年01月02日",
	} {
		if got := run(t, instant, record.Column{Kind: record.String}, convert.Options{Format: format, Zone: zone}); got != want {
			t.Errorf("writing by %q: got %q, want %q", format, got, want)
		}
	}
	if got := run(t, str("02.01.2024"), record.Column{Kind: record.String}, convert.Options{ParseFormat: "dd.MM.yyyy", Format: "yyyy/MM/dd"}); got != "2024/01/02" {
		t.Errorf("from one pattern to another: %q", got)
	}
	for _, bad := range []string{"yyyy-QQ", "'open", "bb"} {
		if got := run(t, str("x"), record.Column{Kind: record.Date}, convert.Options{Format: bad}); got != "no plan" {
			t.Errorf("pattern %q was taken: %s", bad, got)
		}
	}
}

func TestBits(t *testing.T) {
	for _, tt := range []struct {
		v    value
		to   record.Kind
		bits int
		want string
	}{
		{i64(127), record.Int64, 8, "127"}, {i64(128), record.Int64, 8, "bad overflow"}, {i64(-129), record.Int64, 8, "bad overflow"}, {str("-128"), record.Int64, 8, "-128"},
		{i64(1 << 31), record.Int64, 32, "bad overflow"}, {i64(8388607), record.Int64, 24, "8388607"}, {i64(8388608), record.Int64, 24, "bad overflow"}, {i64(math.MinInt64), record.Int64, 64, "-9223372036854775808"},
		{u64(256), record.Uint64, 8, "bad overflow"}, {i64(255), record.Uint64, 8, "255"}, {u64(math.MaxUint64), record.Uint64, 64, "18446744073709551615"}, {date(40000), record.Int64, 16, "bad overflow"},
	} {
		if got := run(t, tt.v, record.Column{Kind: tt.to}, convert.Options{Bits: tt.bits}); got != tt.want {
			t.Errorf("%d bits: got %q, want %q", tt.bits, got, tt.want)
		}
	}
}

func TestPrecision(t *testing.T) {
	to := record.Column{Kind: record.Decimal, Precision: 5, Scale: 2}
	for text, want := range map[string]string{
		"123.45": "123.45", "123.450": "123.450", "000123.45": "123.45", "1234.5": "bad overflow", "1.234": "bad overflow", "-999.99": "-999.99", "0": "0", "1e2": "100", "1e3": "bad overflow", "0.01": "0.01", "0.001": "bad overflow", "NaN": "NaN",
	} {
		for _, v := range []value{str(text), dec(text)} {
			if got := run(t, v, to, convert.Options{}); got != want {
				t.Errorf("%s: got %q, want %q", text, got, want)
			}
		}
	}
	for v, want := range map[int64]string{999: "999", 1000: "bad overflow"} {
		if got := run(t, i64(v), to, convert.Options{}); got != want {
			t.Errorf("%d: got %q, want %q", v, got, want)
		}
	}
}

// TestEveryPair converts every kind to every kind, planned and from any, and
// checks that both agree and that nothing panics.
func TestEveryPair(t *testing.T) {
	values := []value{boolean(true), i64(5), u64(5), f32(0.5), f64(0.25), dec("1.5"), str("2024-01-01"), text(record.Bytes, "x"), date(1), clock(1), wall(1, 1), at(1, 1),
		func(b *record.Batch) { b.Interval(1, 2, 3) }, text(record.JSON, "1"), text(record.UUID, "6f9619ff-8b86-4011-b42d-00c04fc964ff")}
	for _, v := range values {
		kind := one(record.Column{Kind: record.Any}, v).Kind(0)
		for to := record.Bool; to <= record.Any; to++ {
			got := run(t, v, record.Column{Kind: to}, convert.Options{})
			plan, err := convert.Plan(record.Column{Name: "c", Kind: record.Any}, record.Column{Name: "c", Kind: to}, convert.Options{})
			if err != nil {
				t.Fatalf("planning any to %s: %v", to, err)
			}
			out := record.NewBatch(0, 0)
			out.Begin(record.NewSchema(record.Name{}, []record.Column{{Kind: to}}), record.Insert)
			err = plan(out, one(record.Column{Kind: record.Any}, v), 0)
			switch {
			case err != nil && !strings.HasPrefix(got, "bad") && got != "no plan":
				t.Errorf("%s to %s: %q planned, %v from any", kind, to, got, err)
			case err == nil && string(out.Row(0).AppendText(nil, 0)) != got:
				t.Errorf("%s to %s: %q planned, %q from any", kind, to, got, out.Row(0).AppendText(nil, 0))
			}
			if kind == to && got != string(one(record.Column{Kind: record.Any}, v).AppendText(nil, 0)) {
				t.Errorf("%s to itself gave %q", kind, got)
			}
		}
	}
}

func TestAbsentAndNullStay(t *testing.T) {
	plan, err := convert.Plan(record.Column{Kind: record.String}, record.Column{Kind: record.Int64}, convert.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for kind, v := range map[record.Kind]value{record.Null: (*record.Batch).Null, record.Absent: (*record.Batch).Absent} {
		out := record.NewBatch(0, 0)
		out.Begin(record.NewSchema(record.Name{}, []record.Column{{Kind: record.Int64}}), record.Insert)
		if err := plan(out, one(record.Column{Kind: record.String}, v), 0); err != nil || out.Row(0).Kind(0) != kind {
			t.Errorf("%s became %s, %v", kind, out.Row(0).Kind(0), err)
		}
	}
}

// TestISO8601 reads the forms in which other programs write an instant.
func TestISO8601(t *testing.T) {
	for text, want := range map[string]string{
		"2024-01-02T03:04:05.123456789Z": "2024-01-02 03:04:05.123456789Z", "2024-01-02 03:04:05.123456789+00": "2024-01-02 03:04:05.123456789+00:00",
		"2024-01-02T03:04:05.1+05:30": "2024-01-02 03:04:05.1+05:30", "2024-01-02 03:04:05.000001-0330": "2024-01-02 03:04:05.000001-03:30",
		"2024-01-02T03:04Z": "2024-01-02 03:04:00Z", "2024-01-02t03:04:05z": "2024-01-02 03:04:05Z", "2024-01-02T03:04:05,25+01": "2024-01-02 03:04:05.25+01:00",
		"2024-01-02T03:04:05.1234567890Z": "2024-01-02 03:04:05.123456789Z", "2024-01-02 03:04:05 +00": "2024-01-02 03:04:05+00:00", "2024-01-02": "2024-01-02 00:00:00Z",
		"2024-01-02T03:04:05.1234567891Z": "bad conversion", "2024-01-02T03:04:05.Z": "bad conversion", "2024-01-02T03:04:60Z": "bad conversion", "2024-02-30T00:00:00Z": "bad conversion",
		"2024-01-02T03:04:05+0": "bad conversion", "2024-01-02T03:04:05+00:": "bad conversion", "2024-01-02T24:00:00Z": "bad conversion", "2024-01-02TZ": "bad conversion",
	} {
		if got := run(t, str(text), record.Column{Kind: record.Timestamp}, convert.Options{}); got != want {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
