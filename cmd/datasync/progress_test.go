package main

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/launcher"
)

func TestRates(t *testing.T) {
	begin := time.Unix(1_000_000, 0)
	at := func(seconds int) time.Time { return begin.Add(time.Duration(seconds) * time.Second) }
	var r rates
	r.add(at(-1), launcher.Status{State: starting, Written: 0})
	r.add(at(0), launcher.Status{State: "running", Written: 0}) // a resumed job's counts would be there
	if got := r.add(at(1), launcher.Status{Written: 100, WriteBytes: 1000}); got != (pace{100, 1000}) {
		t.Errorf("pace after a second = %v, want 100 rows and 1000 bytes per second", got)
	}
	for s := 2; s <= 20; s++ { // stalled: what was written long ago no longer counts
		if got := r.add(at(s), launcher.Status{Written: 100, WriteBytes: 1000}); s > 6 && got != (pace{}) {
			t.Errorf("pace %d s later = %v, want none", s, got)
		}
	}
	if n := len(r.samples); n > 7 {
		t.Errorf("%d samples kept, want those of %v", n, rateOver)
	}
}

func TestRatesOfAResumedJob(t *testing.T) {
	begin := time.Unix(1_000_000, 0)
	var r rates
	r.add(begin, launcher.Status{State: starting})
	r.add(begin.Add(time.Second), launcher.Status{State: "running", Written: 5000})
	if got := r.add(begin.Add(2*time.Second), launcher.Status{State: "running", Written: 5100}); got.rows != 100 {
		t.Errorf("pace = %v rows/s, want 100: what an earlier run has written is no pace", got.rows)
	}
}

func TestWatchStops(t *testing.T) {
	defer goleak.VerifyNone(t, goleak.IgnoreCurrent())
	shown := make(chan launcher.Status, 100)
	w := watch(0, sampleEvery, func() launcher.Status { return launcher.Status{State: "running"} },
		func(s launcher.Status, _ pace) { shown <- s })
	<-shown
	w.stop()
	for len(shown) > 0 {
		<-shown
	}
	select {
	case <-shown:
		t.Error("shown after stop has returned")
	default:
	}
}

func TestLeft(t *testing.T) {
	tests := []struct {
		status launcher.Status
		rows   float64
		want   time.Duration
	}{
		{launcher.Status{Written: 40, Dirty: 10, Total: 100}, 10, 5 * time.Second},
		{launcher.Status{Written: 40}, 10, 0},
		{launcher.Status{Written: 40, Total: 100}, 0, 0},
		{launcher.Status{Written: 120, Total: 100}, 10, 0},
	}
	for _, tt := range tests {
		if got := (pace{rows: tt.rows}).left(tt.status); got != tt.want {
			t.Errorf("left(%+v) at %v rows/s = %v, want %v", tt.status, tt.rows, got, tt.want)
		}
	}
}

func TestBarSharesTheTerminalWithTheLog(t *testing.T) {
	var screen bytes.Buffer
	out := &console{w: &screen}
	b := &bar{block: out.block()}
	b.show(launcher.Status{Written: 1234567, Dirty: 3}, pace{rows: 5000, bytes: 2e6})
	if text := screen.String(); !strings.Contains(text, "1,234,567 rows  5,000 rows/s  2.0 MB/s  3 dirty") || strings.Contains(text, "\n") {
		t.Errorf("the line reads %q", text)
	}
	screen.Reset()
	b.show(launcher.Status{Written: 500, Total: 1000}, pace{rows: 100})
	if text := screen.String(); !strings.HasPrefix(text, clearLine) || !strings.Contains(text, "50%") || !strings.Contains(text, "5s left") {
		t.Errorf("the line reads %q, want 50%% and 5s left", text)
	}
	screen.Reset()
	b.show(launcher.Status{Written: 2000, Total: 1000}, pace{}) // a total is an estimate
	b.show(launcher.Status{Written: 2500, Total: 3000}, pace{})
	if text := screen.String(); !strings.Contains(text, "83%") {
		t.Errorf("the line reads %q, want 83%%", text)
	}
	screen.Reset()
	if _, err := out.Write([]byte("a log line\n")); err != nil || !strings.HasPrefix(screen.String(), clearLine+"a log line\n") || !strings.Contains(screen.String(), "83%") {
		t.Errorf("the log wrote %q, %v; want the progress line cleared before it and drawn beneath", screen.String(), err)
	}
	screen.Reset()
	if b.block.finish(); screen.String() != clearLine {
		t.Errorf("the end wrote %q", screen.String())
	}
	screen.Reset()
	if _, err := out.Write([]byte("another\n")); err != nil || screen.String() != "another\n" {
		t.Errorf("an empty line was cleared: %q, %v", screen.String(), err)
	}
}

func TestSeveralJobsHaveALineEach(t *testing.T) {
	var screen bytes.Buffer
	out := &console{w: &screen, width: func() int { return 40 }}
	a := &bar{block: out.block(), name: "orders"}
	b := &bar{block: out.block(), name: "users", channels: true}
	a.show(launcher.Status{State: "running", Written: 10}, pace{})
	screen.Reset()
	b.show(launcher.Status{State: "running", Written: 30, Channels: []launcher.Channel{{Written: 20}, {Written: 10}}}, pace{})
	lines := strings.Split(strings.TrimPrefix(screen.String(), clearLine), "\n")
	if len(lines) != 4 || !strings.HasPrefix(lines[0], "orders  ") || !strings.HasPrefix(lines[1], "users  ") ||
		!strings.HasPrefix(lines[2], "  channel 0 |██████    | 20 rows") || !strings.HasPrefix(lines[3], "  channel 1 |███       | 10 rows") {
		t.Errorf("the lines read %q", lines)
	}
	for _, line := range lines {
		if n := len([]rune(line)); n >= 40 {
			t.Errorf("a line of %d characters would wrap: %q", n, line)
		}
	}
	screen.Reset()
	a.block.finish()
	if want := clearLine + strings.Repeat(lineUp+clearLine, 3); !strings.HasPrefix(screen.String(), want) || strings.Contains(screen.String(), "orders") {
		t.Errorf("the end of one wrote %q", screen.String())
	}
}

func TestSeveralTablesHaveALineEach(t *testing.T) {
	var screen bytes.Buffer
	tables := []launcher.Table{{Name: "shop.customers", Read: 10}, {Name: "shop.orders", Read: 20, Written: 5, Errors: 2}}
	out := &console{w: &screen}
	b := &bar{block: out.block(), channels: true, tables: func() []launcher.Table { return tables }}
	s := launcher.Status{State: "running", Read: 30, Written: 28, Channels: []launcher.Channel{{Written: 30}}}
	b.show(s, pace{})
	lines := strings.Split(screen.String(), "\n")
	if len(lines) != 3 || lines[1] != "  shop.customers |███       | 10 rows  0 rows/s" || lines[2] != "  shop.orders |██████    | 20 rows  0 rows/s  2 dirty" {
		t.Errorf("the lines read %q", lines)
	}
	begin := time.Now()
	tables = nil
	for n := range 40 {
		tables = append(tables, launcher.Table{Name: fmt.Sprintf("t%02d", n), Read: 10})
	}
	b.lines(s, begin)
	for _, n := range []int{7, 30} {
		tables[n].Read += 100
	}
	all := b.lines(s, begin.Add(time.Second))
	text := strings.Join(all, "\n")
	if len(all) != tablesShown+1 || all[tablesShown] != "  and 24 more tables" || !strings.Contains(text, "  t07 |██████████| 110 rows  100 rows/s") || !strings.Contains(text, "  t30 |") {
		t.Errorf("the lines read %q", all)
	}
	tables = tables[:1]
	if all := b.lines(s, begin.Add(2*time.Second)); len(all) != 1 || !strings.HasPrefix(all[0], "  channel 0 |") {
		t.Errorf("of one table, the lines read %q", all)
	}
}
