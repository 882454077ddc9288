package binlog

import (
	"math"
	"testing"
	"time"
)

// TestGauges computes what is behind, and how long the server keeps it.
func TestGauges(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	files := []logFile{{"binlog.000007", 1000}, {"binlog.000008", 2000}, {"binlog.000009", 500}}
	read := map[string]func() float64{}
	var g gauges
	g.publish(func(name string, f func() float64, _ ...string) { read[name] = f })
	for _, test := range []struct {
		name               string
		file               string
		offset             uint64
		age                time.Duration
		keeps              int64
		bytes, purge, left float64
	}{
		{"in an old file", "binlog.000007", 400, 50 * time.Minute, 3600, 600 + 2000 + 500, 600, 600},
		{"in the newest", "binlog.000009", 500, 5 * time.Hour, 3600, 0, 3600, math.Inf(1)},
		{"never purged", "binlog.000008", 0, 5 * time.Hour, 0, 2500, math.Inf(1), math.Inf(1)},
	} {
		g.reached(&Position{File: test.file, Offset: test.offset, Time: now.Add(-test.age).UnixMilli()})
		if left := g.measure(files, test.keeps, now); left != test.left {
			t.Errorf("%s: %v seconds left, want %v", test.name, left, test.left)
		}
		for name, want := range map[string]float64{"lagBytes": test.bytes, "purgeSeconds": test.purge, "oldestFile": 7} {
			if got := read[name](); got != want {
				t.Errorf("%s: %s is %v, want %v", test.name, name, got, want)
			}
		}
	}
	g.committed(time.Now().Add(-time.Minute))
	if lag := read["lagSeconds"](); lag < 60 || lag > 120 {
		t.Errorf("lagSeconds is %v", lag)
	}
	g.alive()
	if lag := read["lagSeconds"](); lag != 0 {
		t.Errorf("lagSeconds of a server that has nothing further is %v", lag)
	}
}
