package main

import (
	"context"
	"fmt"
	"math"
	"time"
)

// path is a way that rows go, measured with datasync and with native tools.
type path struct {
	name string
	ours contender
	// allocations per row of a run inside this program; nil: those of the samples.
	allocs  func(ctx context.Context) (float64, error)
	native  []native
	targets []target
	// prepare makes what all contenders need and gives the rows and the bytes at
	// the destination that each run moves.
	prepare func(ctx context.Context) (size, error)
}

// size is what one run moves.
type size struct {
	rows  int
	bytes int64 // 0: not shown
}

// contender is a program; run does its work once.
type contender struct {
	name string
	run  func(ctx context.Context) (sample, error)
}

// native is a tool to compare with.
type native struct {
	contender
	least float64 // how many times as fast datasync shall be; 0: no target
}

// target is a bound for one figure of datasync's own.
type target struct {
	what string // as it is shown, with its unit
	most float64
	of   func(r *line) float64
}

// line is what is shown of one contender.
type line struct {
	Name       string  `json:"name"`
	Rows       int     `json:"rows"`
	Runs       int     `json:"runs"`
	Seconds    float64 `json:"seconds"`
	RowsPerSec float64 `json:"rowsPerSecond"`
	MBPerSec   float64 `json:"mbPerSecond"`
	Allocs     float64 `json:"allocationsPerRow"`
	CPU        float64 `json:"cpuSecondsPerMillionRows"`
	Servers    float64 `json:"serverSecondsPerMillionRows"`
	Peak       float64 `json:"peakBytes"`
	Noise      float64 `json:"aa"`
	Ratio      float64 `json:"ratio"` // of datasync's speed to this one's
	Targets    []check `json:"targets,omitempty"`

	spread spread // of the times of messages; zero: none was timed
}

// check is a target and whether it was met.
type check struct {
	Text string  `json:"target"`
	Got  float64 `json:"measured"`
	Met  bool    `json:"met"`
}

// result is a measured path: datasync first, then the native tools.
type result struct {
	Path  string `json:"path"`
	Lines []line `json:"lines"`
}

// measure runs the contenders in turn, so many times each, after one round that
// does not count: it fills the caches.
func (p *path) measure(ctx context.Context, pairs int) (result, error) {
	var moved size
	if p.prepare != nil {
		var err error
		if moved, err = p.prepare(ctx); err != nil {
			return result{}, err
		}
	}
	all := []contender{p.ours}
	for _, n := range p.native {
		all = append(all, n.contender)
	}
	samples := make([][]sample, len(all))
	for round := range pairs + 1 {
		for i, c := range all {
			s, err := c.run(ctx)
			if err != nil {
				return result{}, fmt.Errorf("running %s: %w", c.name, err)
			}
			if round > 0 {
				samples[i] = append(samples[i], s)
			}
		}
	}
	perRow := median(of(samples[0], allocs))
	if p.allocs != nil {
		var err error
		if perRow, err = p.allocs(ctx); err != nil {
			return result{}, fmt.Errorf("counting allocations: %w", err)
		}
	}
	return p.result(moved, all, samples, perRow), nil
}

func (p *path) result(moved size, all []contender, samples [][]sample, perRow float64) result {
	r := result{Path: p.name}
	for i, c := range all {
		l := newLine(c.name, moved, samples[i])
		if i == 0 {
			l.Allocs = perRow
			for _, t := range p.targets {
				got := t.of(&l)
				l.Targets = append(l.Targets, check{t.what, got, got <= t.most})
			}
		} else {
			l.Ratio = ratio(samples[0], samples[i])
			if least := p.native[i-1].least; least > 0 {
				l.Targets = append(l.Targets, check{fmt.Sprintf("ratio ≥ %.2f", least), l.Ratio, l.Ratio >= least})
			}
		}
		r.Lines = append(r.Lines, l)
	}
	return r
}

func newLine(name string, moved size, samples []sample) line {
	l := line{Name: name, Rows: moved.rows, Runs: len(samples), Allocs: math.NaN(), Ratio: math.NaN(), Noise: noise(samples)}
	l.Seconds = median(of(samples, seconds))
	rows := float64(max(moved.rows, 1))
	l.RowsPerSec = rows / l.Seconds
	bytes := float64(moved.bytes)
	if own := median(of(samples, ownBytes)); own > 0 {
		bytes = own
	}
	l.MBPerSec = bytes / l.Seconds / 1e6
	if moved.rows > 1 {
		l.CPU = median(of(samples, cpuSeconds)) / rows * 1e6
		l.Servers = median(of(samples, serverSeconds)) / rows * 1e6
	}
	l.Peak = median(of(samples, peakBytes))
	l.spread = spread{time.Duration(median(of(samples, p50))), time.Duration(median(of(samples, p99))), time.Duration(median(of(samples, longest)))}
	return l
}

// Targets of the figures that are datasync's own.

func nanoseconds(most float64) target {
	return target{fmt.Sprintf("≤ %.0f ns/row", most), most, func(l *line) float64 { return l.Seconds / float64(l.Rows) * 1e9 }}
}

func noAllocations() target {
	return target{"0 allocs/row", 0, func(l *line) float64 { return l.Allocs }}
}

func cpuPerMillion(most float64) target {
	return target{fmt.Sprintf("CPU ≤ %.1f µs/row", most), most, func(l *line) float64 { return l.CPU }}
}

func peakMiB(most float64) target {
	return target{fmt.Sprintf("peak ≤ %.0f MiB", most), most, func(l *line) float64 { return l.Peak / (1 << 20) }}
}

func milliseconds(most float64) target {
	return target{fmt.Sprintf("≤ %.0f ms", most), most, func(l *line) float64 { return l.Seconds * 1000 }}
}
