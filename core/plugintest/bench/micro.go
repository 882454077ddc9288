package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// microRows is what the figures of a Go benchmark are scaled to.
const microRows = 1_000_000

func microPaths() []path {
	return []path{
		microPath("record fill and scan", "./core/record", "BenchmarkFillAndScanTwoInt64", 20),
		microPath("pump", "./core/pump", "BenchmarkPump", 30),
	}
}

// microPath is a Go benchmark one operation of which is one row.
func microPath(name, pkg, bench string, most float64) path {
	return path{
		name:    name,
		prepare: func(context.Context) (size, error) { return size{rows: microRows}, nil },
		ours:    contender{bench, func(ctx context.Context) (sample, error) { return goBench(ctx, pkg, bench) }},
		targets: []target{nanoseconds(most), noAllocations()},
	}
}

// goBench runs a benchmark once.
func goBench(ctx context.Context, pkg, bench string) (sample, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run", "^$", "-bench", "^"+bench+"$", "-benchmem", pkg)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return sample{}, fmt.Errorf("%w: %s", err, tail(string(out)))
	}
	return parseBench(string(out), bench)
}

// parseBench reads a result line: name, count, then pairs of value and unit.
// Format: https://go.dev/design/14313-benchmark-format
func parseBench(out, bench string) (sample, error) {
	var s sample
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		if len(f) < 4 || !strings.HasPrefix(f[0], bench) {
			continue
		}
		for i := 2; i+1 < len(f); i += 2 {
			v, err := strconv.ParseFloat(f[i], 64)
			if err != nil {
				return sample{}, fmt.Errorf("reading %q: %w", line, err)
			}
			switch f[i+1] {
			case "ns/op":
				s.wall = time.Duration(v * microRows)
			case "allocs/op":
				s.allocs = v
			}
		}
	}
	if s.wall == 0 {
		return sample{}, errors.New("the benchmark printed no result")
	}
	return s, nil
}
