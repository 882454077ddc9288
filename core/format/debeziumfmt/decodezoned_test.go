package debeziumfmt_test

import (
	"math"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/record"
)

// TestTimesWithoutSchema reads times of messages that do not say what they are: a
// number is one without a zone, in the unit of its digits, and nothing else.
func TestTimesWithoutSchema(t *testing.T) {
	for _, tt := range []struct {
		column     record.Column
		value      string
		want, says string
	}{
		{record.Column{Kind: record.Datetime, Scale: 6}, "1704067200123456", "2024-01-01 00:00:00.123456", ""},
		{record.Column{Kind: record.Datetime, Scale: 3}, "1704067200123", "2024-01-01 00:00:00.123", ""},
		{record.Column{Kind: record.Timestamp, Scale: 6}, `"2024-01-01T00:00:00.123456Z"`, "2024-01-01 00:00:00.123456Z", ""},
		{record.Column{Kind: record.Timestamp, Scale: 6}, "1704067200123456", "", "datetime(6)"},
		{record.Column{Kind: record.Timestamp}, "1704067200123", "", "datetime(6)"},
	} {
		tt.column.Name = "at"
		d := debeziumfmt.NewDecoder(debeziumfmt.Options{}, []record.Column{tt.column}, nil)
		b := record.NewBatch(1, math.MaxInt)
		_, err := d.Decode(t.Context(), &changefmt.Message{Value: []byte(`{"op":"c","after":{"at":` + tt.value + `},"source":{"table":"t"}}`)}, b)
		switch {
		case tt.says != "":
			if err == nil || !strings.Contains(err.Error(), tt.says) || errclass.Of(err) != errclass.Data {
				t.Errorf("%s as %v: got %v, want %q", tt.value, tt.column.Kind, err, tt.says)
			}
		case err != nil:
			t.Errorf("%s as %v: %v", tt.value, tt.column.Kind, err)
		default:
			if got := string(b.Row(0).AppendText(nil, 0)); got != tt.want {
				t.Errorf("%s as %v: got %s, want %s", tt.value, tt.column.Kind, got, tt.want)
			}
		}
	}
}
