package binlog

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
)

// TestGauges computes what is behind, and how long the server keeps it.
func TestGauges(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	files := []logFile{{"binlog.000007", 1000}, {"binlog.000008", 2000}, {"binlog.000009", 500}}
	var g gauges
	for _, test := range []struct {
		name         string
		file         string
		offset       uint64
		age          time.Duration
		keeps        int64
		bytes, purge float64
		near         bool
	}{
		{"in an old file", "binlog.000007", 400, 50 * time.Minute, 3600, 600 + 2000 + 500, 600, true},
		{"in the newest", "binlog.000009", 500, 5 * time.Hour, 3600, 0, 3600, false},
		{"never purged", "binlog.000008", 0, 5 * time.Hour, 0, 2500, math.Inf(1), false},
	} {
		g.reached(&Position{File: test.file, Offset: test.offset, Time: now.Add(-test.age).UnixMilli()})
		want := handover.Kept{Oldest: 7, Behind: test.bytes, Purge: test.purge, Near: test.near, About: []any{"position", test.file}}
		if got := g.measure(files, test.keeps, now); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", test.name, got, want)
		}
	}
}
