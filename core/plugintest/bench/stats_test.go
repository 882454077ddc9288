package main

import (
	"math"
	"testing"
	"time"
)

func runs(milliseconds ...int) []sample {
	var out []sample
	for _, ms := range milliseconds {
		out = append(out, sample{wall: time.Duration(ms) * time.Millisecond})
	}
	return out
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{[]float64{3}, 3}, {[]float64{5, 1, 3}, 3}, {[]float64{4, 1, 3, 2}, 2.5}} {
		if got := median(tt.values); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.values, got, tt.want)
		}
	}
	if got := median(nil); !math.IsNaN(got) {
		t.Errorf("of nothing: %v, want NaN", got)
	}
}

func TestRatioIsOfPairs(t *testing.T) {
	// Everything is slower in the second half: the ratio of the medians would be 1.
	if got := ratio(runs(10, 10, 40), runs(20, 20, 80)); got != 2 {
		t.Errorf("ratio %v, want 2", got)
	}
}

func TestNoise(t *testing.T) {
	if got := noise(runs(10, 20, 10, 11)); got != 2 {
		t.Errorf("noise %v, want 2", got)
	}
	if got := noise(runs(10)); !math.IsNaN(got) {
		t.Errorf("noise of one run: %v, want NaN", got)
	}
}

func TestParseBench(t *testing.T) {
	const out = `goos: linux
BenchmarkPump-2   	43245234	        26.75 ns/op	       0 B/op	       1 allocs/op
PASS
`
	s, err := parseBench(out, "BenchmarkPump")
	if err != nil || s.wall != time.Duration(26.75*microRows) || s.allocs != 1 {
		t.Errorf("got %+v, %v", s, err)
	}
	if _, err := parseBench("PASS\n", "BenchmarkPump"); err == nil {
		t.Error("no result is no error")
	}
}

func TestSpread(t *testing.T) {
	var times []time.Duration
	for n := range 101 {
		times = append(times, time.Duration(100-n)*time.Millisecond)
	}
	if s := spreadOf(times); s != (spread{50 * time.Millisecond, 99 * time.Millisecond, 100 * time.Millisecond}) {
		t.Errorf("got %+v", s)
	}
	if s := spreadOf(nil); s != (spread{}) {
		t.Errorf("of nothing: %+v", s)
	}
}
