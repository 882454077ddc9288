package main

import (
	"math"
	"slices"
	"time"
)

// sample is one run of one program.
type sample struct {
	wall    time.Duration
	cpu     time.Duration // user and system time of the process
	servers time.Duration // the same of the servers meanwhile
	peak    int64         // bytes of memory at most (VmHWM); 0: not measured
	bytes   int64         // moved, where that is not as much as the path's
	allocs  float64       // per row; NaN: not counted
	spread  spread        // of the times of messages; zero: none was timed
}

// median of values, which are left as they are; NaN of none.
func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	s := slices.Sorted(slices.Values(values))
	n := len(s)
	return (s[(n-1)/2] + s[n/2]) / 2
}

// of collects one figure of all samples.
func of(samples []sample, figure func(sample) float64) []float64 {
	out := make([]float64, len(samples))
	for i, s := range samples {
		out[i] = figure(s)
	}
	return out
}

func seconds(s sample) float64       { return s.wall.Seconds() }
func cpuSeconds(s sample) float64    { return s.cpu.Seconds() }
func serverSeconds(s sample) float64 { return s.servers.Seconds() }
func peakBytes(s sample) float64     { return float64(s.peak) }
func allocs(s sample) float64        { return s.allocs }
func p50(s sample) float64           { return float64(s.spread.p50) }
func p99(s sample) float64           { return float64(s.spread.p99) }
func longest(s sample) float64       { return float64(s.spread.max) }
func ownBytes(s sample) float64      { return float64(s.bytes) }

// ratio is how many times as fast as the other program this one was: the
// median over the pairs.
func ratio(ours, other []sample) float64 {
	var r []float64
	for i := range min(len(ours), len(other)) {
		r = append(r, other[i].wall.Seconds()/ours[i].wall.Seconds())
	}
	return median(r)
}

// noise is by which factor two neighbouring runs of one program differ, the
// median; NaN of a single run.
func noise(samples []sample) float64 {
	var r []float64
	for i := 1; i < len(samples); i++ {
		a, b := samples[i-1].wall.Seconds(), samples[i].wall.Seconds()
		r = append(r, max(a, b)/min(a, b))
	}
	return median(r)
}
