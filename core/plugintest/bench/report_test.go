package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"
)

// twoPrograms is a path without programs: each run is told beforehand.
func twoPrograms(ours, theirs []sample) *path {
	play := func(s []sample) func(context.Context) (sample, error) {
		return func(context.Context) (sample, error) {
			next := s[0]
			s = s[1:]
			return next, nil
		}
	}
	return &path{
		name:    "a to b",
		prepare: func(context.Context) (size, error) { return size{1_000_000, 100_000_000}, nil },
		ours:    contender{"ours", play(ours)},
		native:  []native{{contender{"theirs", play(theirs)}, 1.5}},
		targets: []target{milliseconds(1500)},
	}
}

func TestMeasureAndReport(t *testing.T) {
	p := twoPrograms(runs(9999, 1000, 2000, 1000), runs(1, 2000, 2000, 1000))
	r, err := p.measure(t.Context(), 3)
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := r.Lines[0], r.Lines[1]
	if ours.RowsPerSec != 1e6 || ours.MBPerSec != 100 || theirs.Ratio != 1 || ours.Noise != 2 {
		t.Errorf("got %+v and %+v", ours, theirs)
	}
	if !ours.Targets[0].Met || theirs.Targets[0].Met {
		t.Errorf("targets: %+v, %+v", ours.Targets, theirs.Targets)
	}
	var table, list bytes.Buffer
	if err := errors.Join(writeTable(&table, []result{r}), writeJSON(&list, []result{r})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a to b", "1,000,000", "≤ 1500 ms: met", "ratio ≥ 1.50: MISSED (1)"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, table.String())
		}
	}
	var back []struct{ Lines []map[string]any }
	if err := json.Unmarshal(list.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if l := back[0].Lines; l[0]["ratio"] != nil || l[1]["ratio"] != 1.0 || l[0]["rowsPerSecond"] != 1e6 {
		t.Errorf("got %v", l)
	}
}

func TestMeasureStopsAtAnError(t *testing.T) {
	p := twoPrograms(runs(1), nil)
	p.native[0].run = func(context.Context) (sample, error) { return sample{}, errors.New("broken") }
	if _, err := p.measure(t.Context(), 3); err == nil || !strings.Contains(err.Error(), "theirs: broken") {
		t.Errorf("got %v", err)
	}
}

func TestReportOfTimes(t *testing.T) {
	timed := runs(30)
	timed[0].spread = spread{30 * time.Millisecond, 200 * time.Millisecond, time.Second}
	p := &path{name: "commit to consumer", targets: []target{within("p99", 150*time.Millisecond, func(s spread) time.Duration { return s.p99 })}}
	r := p.result(size{rows: 50_000}, []contender{{name: "ours"}}, [][]sample{timed}, math.NaN())
	var table, list bytes.Buffer
	if err := errors.Join(writeTable(&table, []result{r}), writeJSON(&list, []result{r})); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"30, 200, 1000 ms", "p99 ≤ 150 ms: MISSED (200)"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("no %q in\n%s", want, table.String())
		}
	}
	if want := `"p99Milliseconds": 200`; !strings.Contains(list.String(), want) {
		t.Errorf("no %s in\n%s", want, list.String())
	}
}
