package convert_test

import (
	"math"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/record"
)

// FuzzText converts a text to every kind and what came out back to text and
// again: the second time must give the same, and nothing may panic.
func FuzzText(f *testing.F) {
	for _, seed := range []string{"12.50", "-1e3", "2024-02-29T23:59:59.123456789+05:30", "-838:59:59", "P1Y2M3DT4H5M6.5S", "true", "1704110400000", "infinity", "6f9619ff-8b86-4011-b42d-00c04fc964ff", "[1]", "+10000-01-01", "NaN", "00012"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, v string) {
		for to := record.Bool; to < record.Any; to++ {
			first := run(t, str(v), record.Column{Kind: to}, convert.Options{})
			if strings.HasPrefix(first, "bad ") || to == record.String || to == record.Bytes || to == record.JSON {
				continue
			}
			if again := run(t, str(first), record.Column{Kind: to}, convert.Options{}); again != first {
				t.Fatalf("%q became the %s %q, and that %q", v, to, first, again)
			}
		}
	})
}

// FuzzDecimal compares with math/big.
func FuzzDecimal(f *testing.F) {
	f.Add("12.50")
	f.Add("-.5e-3")
	f.Add("18446744073709551616")
	f.Fuzz(func(t *testing.T, v string) {
		got := run(t, str(v), record.Column{Kind: record.Decimal}, convert.Options{})
		if strings.HasPrefix(got, "bad ") || len(got) > 400 || strings.ContainsAny(got, "Ny") {
			return
		}
		want, ok := new(big.Rat).SetString(v)
		have, ok2 := new(big.Rat).SetString(got)
		if !ok || !ok2 || want.Cmp(have) != 0 {
			t.Fatalf("%q became %q", v, got)
		}
		integer := run(t, str(v), record.Column{Kind: record.Int64}, convert.Options{})
		switch {
		case !want.IsInt():
			if integer != "bad conversion" {
				t.Fatalf("%q became the integer %q", v, integer)
			}
		case !want.Num().IsInt64():
			if integer != "bad overflow" {
				t.Fatalf("%q became the integer %q", v, integer)
			}
		case integer != want.Num().String():
			t.Fatalf("%q became the integer %q", v, integer)
		}
	})
}

// FuzzMillis converts epoch milliseconds to times and back, in a zone.
func FuzzMillis(f *testing.F) {
	zone := time.FixedZone("", -5*3600)
	f.Add(int64(0))
	f.Add(int64(-1))
	f.Add(int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, ms int64) {
		for _, k := range []record.Kind{record.Timestamp, record.Datetime} {
			opt := convert.Options{Zone: zone}
			out := record.NewBatch(0, 0)
			col := record.Column{Name: "c", Kind: k}
			plan, err := convert.Plan(record.Column{Kind: record.Int64}, col, opt)
			if err != nil {
				t.Fatal(err)
			}
			out.Begin(record.NewSchema(record.Name{}, []record.Column{col}), record.Insert)
			if err := plan(out, one(record.Column{Kind: record.Int64}, i64(ms)), 0); err != nil {
				t.Fatal(err)
			}
			back := run(t, func(b *record.Batch) { b.Copy(out.Row(0), 0) }, record.Column{Kind: record.Int64}, opt)
			if want := string(one(record.Column{Kind: record.Int64}, i64(ms)).AppendText(nil, 0)); back != want && (back != "bad overflow" || ms < math.MaxInt64-1e9 && ms > math.MinInt64+1e9) {
				t.Fatalf("%s milliseconds came back from %s as %s", want, k, back)
			}
		}
	})
}

// FuzzPattern compiles anything and uses what compiles.
func FuzzPattern(f *testing.F) {
	f.Add("yyyy-MM-dd HH:mm:ss.SSS", "2024-01-02 03:04:05.678")
	f.Add("EEE, d MMM yy h:mm a z", "Tue, 2 Jan 24 3:04 AM GMT+1")
	f.Fuzz(func(t *testing.T, format, v string) {
		for _, to := range []record.Kind{record.Date, record.Time, record.Datetime, record.Timestamp, record.String} {
			run(t, str(v), record.Column{Kind: to}, convert.Options{Format: format})
		}
		run(t, at(1704110400, 5), record.Column{Kind: record.String}, convert.Options{Format: format})
	})
}

func BenchmarkText(b *testing.B) {
	for _, bm := range []struct {
		name, text string
		to         record.Column
		opt        convert.Options
	}{
		{"int", "1234567", record.Column{Kind: record.Int64}, convert.Options{}},
		{"float", "1234.567", record.Column{Kind: record.Float64}, convert.Options{}},
		{"decimal", "1234.50", record.Column{Kind: record.Decimal, Precision: 10, Scale: 2}, convert.Options{}},
		{"datetime", "2024-01-02 03:04:05.678", record.Column{Kind: record.Datetime}, convert.Options{}},
		{"timestamp", "2024-01-02T03:04:05.678+08:00", record.Column{Kind: record.Timestamp}, convert.Options{}},
		{"pattern", "02/01/2024 03:04:05", record.Column{Kind: record.Datetime}, convert.Options{Format: "dd/MM/yyyy HH:mm:ss"}},
		{"uuid", "6f9619ff-8b86-4011-b42d-00c04fc964ff", record.Column{Kind: record.UUID}, convert.Options{}},
		{"copy", "some text", record.Column{Kind: record.String}, convert.Options{}},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			plan, err := convert.Plan(record.Column{Kind: record.String}, bm.to, bm.opt)
			if err != nil {
				b.Fatal(err)
			}
			in := one(record.Column{Kind: record.String}, str(bm.text))
			s, out := record.NewSchema(record.Name{}, []record.Column{bm.to}), record.NewBatch(0, 0)
			for b.Loop() {
				if out.Full() {
					out.Reset("")
				}
				out.Begin(s, record.Insert)
				if err := plan(out, in, 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
