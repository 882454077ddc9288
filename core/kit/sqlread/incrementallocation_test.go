package sqlread

import (
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

func TestLocations(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		kind        record.Kind
		text        string
		want, spelt string // "": refused
	}{
		{record.Int64, " -7 ", "-7", "-7"},
		{record.Int64, "+7.50", "7.50", "7.50"},
		{record.Int64, "1e3", "1000", "1000"},
		{record.Int64, "seven", "", ""},
		{record.Uint64, "18446744073709551615", "18446744073709551615", "18446744073709551615"},
		{record.Decimal, "-0.000001", "-0.000001", "-0.000001"},
		{record.Float64, "1e-7", "1e-7", "1e-7"},
		{record.String, "a,b", "a,b", "a,b"},
		{record.Bytes, "0x00FF", "\x00\xff", "0x00ff"},
		{record.Bytes, "xyz", "", ""},
		{record.Date, "2024-02-29", "2024-02-29", "1709136000000"},
		{record.Date, "1709136000", "2024-02-29", "1709136000000"},
		{record.Datetime, "1709172000", "2024-02-29 10:00:00", "1709172000000"},
		{record.Datetime, "1709172000123", "2024-02-29 10:00:00.123", "1709172000123"},
		{record.Datetime, "1709172000123456", "2024-02-29 10:00:00.123456", "1709172000123456"},
		{record.Datetime, "1709172000123456789", "2024-02-29 10:00:00.123456789", "1709172000123456789"},
		{record.Datetime, "2024-02-29 10:00:00.5", "2024-02-29 10:00:00.5", "1709172000500"},
		{record.Datetime, "2024-02-29T10:00:00", "2024-02-29 10:00:00", "1709172000000"},
		{record.Datetime, "1999-12-31", "1999-12-31 00:00:00", "1999-12-31 00:00:00"}, // 12 digits would be refused
		{record.Datetime, "1969-12-31 23:59:59", "1969-12-31 23:59:59", "1969-12-31 23:59:59"},
		{record.Datetime, "20240229", "", ""},
		{record.Datetime, "yesterday", "", ""},
		{record.Timestamp, "2024-02-29 10:00:00", "2024-02-29 02:00:00", "1709172000000"},
		{record.Timestamp, "2024-02-29 10:00:00+01:00", "2024-02-29 09:00:00", "1709197200000"},
		{record.Timestamp, "2024-02-29T10:00:00Z", "2024-02-29 10:00:00", "1709200800000"},
		{record.Any, "42", "42", "42"},
		{record.Any, "007", "007", "007"},
	} {
		f := &sqlkit.TableColumn{Column: record.Column{Name: "c", Kind: tt.kind}}
		v, err := parseLocation(tt.text, f, shanghai)
		if (err == nil) != (tt.want != "") || v.Text != tt.want {
			t.Errorf("%s %q: %q, %v, want %q", tt.kind, tt.text, v.Text, err, tt.want)
			continue
		}
		if err == nil && spellLocation(v, shanghai) != tt.spelt {
			t.Errorf("%s %q: spelled %q, want %q", tt.kind, tt.text, spellLocation(v, shanghai), tt.spelt)
		}
	}
}

// TestLocationsInGaps spells times that a zone skips or has twice so that they
// come back the same.
func TestLocationsInGaps(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	f := &sqlkit.TableColumn{Column: record.Column{Name: "c", Kind: record.Datetime}}
	for _, text := range []string{"2024-03-31 02:30:00", "2024-10-27 02:30:00", "2024-10-27 01:59:59.999"} {
		v := sqlkit.Value{Kind: record.Datetime, Text: text}
		back, err := parseLocation(spellLocation(v, berlin), f, berlin)
		if err != nil || back != v && text != "2024-03-31 02:30:00" {
			t.Errorf("%s: spelled %s, read %q, %v", text, spellLocation(v, berlin), back.Text, err)
		}
	}
	if got := spellLocation(sqlkit.Value{Kind: record.Datetime, Text: "2024-03-31 02:30:00"}, berlin); got != "2024-03-31 02:30:00" {
		t.Errorf("a time that the zone skips is spelled %s", got)
	}
}

func TestMaybeEqual(t *testing.T) {
	for _, tt := range []struct {
		ka   record.Kind
		a    string
		kb   record.Kind
		b    string
		want bool
	}{
		{record.Int64, "1", record.Int64, "1", true},
		{record.Int64, "1", record.Int64, "2", false},
		{record.Int64, "1", record.Float64, "1.0", true},
		{record.Decimal, "1.0", record.Decimal, "1.00", true},
		{record.Decimal, "1.0", record.Decimal, "1.01", false},
		{record.Float64, "0", record.Float64, "-0", true},
		{record.String, "a", record.String, "A", true},
		{record.String, "a ", record.String, "a", true},
		{record.String, "a-1", record.String, "a1", true},
		{record.String, "a1", record.String, "a2", false},
		{record.String, "é", record.String, "e", true},
		{record.String, "1é", record.String, "2e", false},
		{record.String, "1", record.Int64, "1", false},
		{record.Datetime, "2024-01-01 00:00:00", record.Datetime, "2024-01-01 00:00:01", false},
		{record.Timestamp, "2024-01-01 00:00:00", record.Timestamp, "2024-01-01 00:00:01", false},
		{record.Timestamp, "2024-01-01 10:00:00+08:00", record.Timestamp, "2024-01-01 02:00:00+00:00", true},
		{record.Bytes, "\x01", record.Bytes, "\x01\x00", true},
		{record.Bytes, "\x01", record.Bytes, "\x02", false},
	} {
		if got := maybeEqual(tt.ka, []byte(tt.a), tt.kb, []byte(tt.b)); got != tt.want {
			t.Errorf("%s %q and %s %q: %v", tt.ka, tt.a, tt.kb, tt.b, got)
		}
	}
}

func TestIsLarger(t *testing.T) {
	for _, tt := range []struct {
		kind record.Kind
		a, b string
		want bool
	}{
		{record.Int64, "10", "9", true},
		{record.Int64, "9", "9", false},
		{record.Decimal, "-1.5", "-2", true},
		{record.Datetime, "2024-01-01 00:00:00.5", "2024-01-01 00:00:00", true},
		{record.Datetime, "2024-01-01 00:00:00", "2024-01-01 00:00:00.5", false},
		{record.Datetime, "2024-01-02 00:00:00", "2024-01-01 23:00:00", true},
		{record.Date, "-0044-03-15", "-0045-03-15", false},
		{record.Date, "10000-01-01", "9999-01-01", false}, // not told, and no harm
		{record.String, "v10", "v9", false},
		{record.String, "v10", "v09", true},
		{record.String, "b", "a", false},
		{record.Bytes, "\x01", "\x00\xff", true},
		{record.Timestamp, "2024-01-01 11:00:00+08:00", "2024-01-01 10:00:00+00:00", false},
		{record.UUID, "b", "a", false}, // SQL Server sorts from the end
	} {
		if got := isLarger(sqlkit.Value{Kind: tt.kind, Text: tt.a}, sqlkit.Value{Kind: tt.kind, Text: tt.b}); got != tt.want {
			t.Errorf("%s %q after %q: %v", tt.kind, tt.a, tt.b, got)
		}
	}
}

// BenchmarkCursor takes note of rows whose increment values differ, tie in
// fours, or are remembered as a window.
func BenchmarkCursor(b *testing.B) {
	for name, tt := range map[string]struct {
		tie    int
		window bool
	}{"distinct": {1, false}, "ties": {4, false}, "window": {1, true}} {
		b.Run(name, func(b *testing.B) {
			const rows = 1 << 16
			ids := make([]identity, rows)
			for i := range ids {
				ids[i] = modelRow{1_000_000 + i/tt.tie, i}.identity()
			}
			c := &cursor{limit: rememberedRows, cursorShape: cursorShape{keyed: true, sorted: true,
				columns: []sqlkit.KeyColumn{{Name: "v", Kind: record.Int64}, {Name: "k", Kind: record.Int64}}}}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if i%rows == 0 {
					c.start(tt.window)
				}
				c.see(ids[i%rows])
			}
		})
	}
}
