package handover

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"
)

// TestGauges publishes what is noted of a log.
func TestGauges(t *testing.T) {
	read := map[string]func() float64{}
	var g Gauges
	g.Publish(func(name string, f func() float64, _ ...string) { read[name] = f }, "oldestFile")
	for name, f := range read {
		if v := f(); name != "lagSeconds" && !math.IsNaN(v) {
			t.Errorf("%s is %v before anything is known", name, v)
		}
	}
	g.measured(Kept{Oldest: 7, Behind: 100, Purge: 60})
	for name, want := range map[string]float64{"oldestFile": 7, "lagBytes": 100, "purgeSeconds": 60, "lagSeconds": 0} {
		if got := read[name](); got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	g.Committed(time.Now().Add(-time.Minute))
	g.Committed(time.Time{})
	if lag := read["lagSeconds"](); lag < 60 || lag > 120 {
		t.Errorf("lagSeconds is %v", lag)
	}
	if g.Alive(); read["lagSeconds"]() != 0 {
		t.Errorf("lagSeconds of a server that has nothing further is %v", read["lagSeconds"]())
	}
}

// TestWatch warns of a log that is going to be removed, at most every ten minutes.
func TestWatch(t *testing.T) {
	type answer struct {
		kept Kept
		err  error
	}
	var said bytes.Buffer
	answers, tick, done := make(chan answer), make(chan time.Time), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	w := Watch{Warning: "raise it", Log: slog.New(slog.NewTextHandler(&said, nil)), Ask: func(context.Context) (Kept, error) {
		a := <-answers
		return a.kept, a.err
	}}
	var g Gauges
	go func() {
		defer close(done)
		g.keepWatch(ctx, w, tick)
	}()
	start := time.Unix(1_700_000_000, 0)
	for _, one := range []struct {
		after time.Duration
		answer
	}{
		{0, answer{kept: Kept{Purge: math.Inf(1), Near: true}}},
		{time.Second, answer{kept: Kept{Purge: 1800}}}, // as long as it keeps anything
		{2 * time.Second, answer{kept: Kept{Purge: 1700, Near: true, About: []any{"slot", "one"}}}},
		{3 * time.Second, answer{kept: Kept{Purge: 1600, Near: true}}},
		{time.Hour, answer{err: errors.New("gone")}},
		{time.Hour, answer{kept: Kept{Purge: 0, Near: true}}},
	} {
		tick <- start.Add(one.after)
		answers <- one.answer
	}
	cancel()
	<-done
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], "raise it") || !strings.Contains(lines[0], "seconds=1700 slot=one") || !strings.Contains(lines[1], "seconds=0") {
		t.Errorf("it said\n%s", said.String())
	}
}
