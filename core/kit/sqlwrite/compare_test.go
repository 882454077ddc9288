package sqlwrite

import (
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

func TestNarrowerColumns(t *testing.T) {
	text := func(length int) record.Column { return record.Column{Kind: record.String, Length: length} }
	at := func(scale int) record.Column { return record.Column{Kind: record.Datetime, Scale: scale} }
	for _, tt := range []struct {
		from, to record.Column
		want     string
	}{
		{text(0), text(255), "string -> string: those longer than 255 are refused"},
		{text(256), text(255), "string -> string: those longer than 255 are refused"},
		{text(255), text(255), ""},
		{text(0), text(1<<24 - 1), "string -> string: those longer than 16777215 are refused"},
		{text(0), text(1<<30 - 1), ""}, // LONGTEXT: no row has as much
		{record.Column{Kind: record.Any}, text(0), ""},
		{record.Column{Kind: record.Any}, record.Column{Kind: record.Int64}, "any -> int64: those that are no int64 are refused"},
		{at(6), at(3), "datetime -> datetime: those with more than 3 digits of a second's fraction are refused"},
		{at(6), at(6), ""},
	} {
		if got := narrower(nil, &tt.from, &sqlkit.TableColumn{Column: tt.to}, &tt.to, 0); got != tt.want {
			t.Errorf("%v into %v: %q, want %q", tt.from, tt.to, got, tt.want)
		}
	}
}

func TestZonesWhoseClocksAreSetBack(t *testing.T) {
	for name, want := range map[string]bool{"UTC": false, "America/New_York": true, "Europe/Berlin": true, "Australia/Sydney": true, "Asia/Tokyo": false, "Asia/Kolkata": false} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := setsBack(zone); got != want {
			t.Errorf("%s: %t, want %t", name, got, want)
		}
	}
}
