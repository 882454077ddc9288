package pgkit_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

func TestLiterals(t *testing.T) {
	for _, tt := range []struct {
		kind       record.Kind
		text, want string
	}{
		{record.Int64, "-5", "-5"},
		{record.Decimal, "NaN", "'NaN'"},
		{record.Float64, "-Infinity", "'-Infinity'"},
		{record.String, `it's \`, `'it''s \'`},
		{record.Bytes, "\x00\xff", `'\x00ff'::bytea`},
		{record.Date, "2024-02-29", "'2024-02-29'"},
		{record.Date, "0000-12-31", "'0001-12-31 BC'"},
		{record.Date, "-4712-01-01", "'4713-01-01 BC'"},
		{record.Date, "+5874897-12-31", "'5874897-12-31'"},
		{record.Date, "-infinity", "'-infinity'"},
		{record.Timestamp, "-0043-03-15 12:00:00Z", "'0044-03-15 12:00:00+00 BC'"},
		{record.Timestamp, "2024-03-31 02:30:00.5Z", "'2024-03-31 02:30:00.5Z'"},
	} {
		if got := pgkit.Dialect.Literal(sqlkit.Value{Kind: tt.kind, Text: tt.text}); got != tt.want {
			t.Errorf("%v %q is %s, want %s", tt.kind, tt.text, got, tt.want)
		}
	}
}
