package main

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// writeTable prints a line per contender; ratios stand with the native tools.
func writeTable(w io.Writer, results []result) error {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Format.Header = text.FormatDefault
	style.Options = table.Options{SeparateHeader: true}
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	t.AppendHeader(table.Row{"path", "program", "rows/s", "MB/s", "allocs/row", "CPU s/M rows", "servers", "peak MiB", "ratio", "A/A", "targets"})
	columns := make([]table.ColumnConfig, 0, 8)
	for n := 3; n <= 10; n++ {
		columns = append(columns, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(columns)
	for _, r := range results {
		for i, l := range r.Lines {
			name := r.Path
			if i > 0 {
				name = ""
			}
			t.AppendRow(table.Row{name, l.Name, speed(l), positive(l.MBPerSec, 1), number(l.Allocs, 4), positive(l.CPU, 2), positive(l.Servers, 2), positive(l.Peak/(1<<20), 1), number(l.Ratio, 2), number(l.Noise, 2), verdicts(l.Targets)})
		}
	}
	_, err := io.WriteString(w, t.Render()+"\n")
	return err
}

// speed is rows per second, or the time of a single row, or the times of messages.
func speed(l line) string {
	if s := l.spread; s.p50 > 0 {
		return fmt.Sprintf("%.0f, %.0f, %.0f ms", milli(s.p50), milli(s.p99), milli(s.max))
	}
	if l.Rows == 1 {
		return fmt.Sprintf("%.0f ms", l.Seconds*1000)
	}
	return humanize.Comma(int64(l.RowsPerSec))
}

func number(v float64, digits int) string {
	if math.IsNaN(v) {
		return ""
	}
	return fmt.Sprintf("%.*f", digits, v)
}

func positive(v float64, digits int) string {
	if v <= 0 {
		return ""
	}
	return number(v, digits)
}

func verdicts(checks []check) string {
	texts := make([]string, len(checks))
	for i, c := range checks {
		texts[i] = c.Text + ": met"
		if !c.Met {
			texts[i] = fmt.Sprintf("%s: MISSED (%.3g)", c.Text, c.Got)
		}
	}
	return strings.Join(texts, "; ")
}

// writeJSON prints an array of paths; a figure that was not measured is null.
func writeJSON(w io.Writer, results []result) error {
	if results == nil {
		results = []result{}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(results)
}

// MarshalJSON writes NaN, which JSON does not have, as null.
func (l line) MarshalJSON() ([]byte, error) {
	optional := func(v float64) *float64 {
		if math.IsNaN(v) {
			return nil
		}
		return &v
	}
	timed := func(d time.Duration) *float64 {
		if l.spread.p50 == 0 {
			return nil
		}
		return optional(milli(d))
	}
	type plain line
	return json.Marshal(struct {
		plain
		Allocs *float64 `json:"allocationsPerRow"`
		CPU    *float64 `json:"cpuSecondsPerMillionRows"`
		Server *float64 `json:"serverSecondsPerMillionRows"`
		MB     *float64 `json:"mbPerSecond"`
		Peak   *float64 `json:"peakBytes"`
		Noise  *float64 `json:"aa"`
		Ratio  *float64 `json:"ratio"`
		P50    *float64 `json:"p50Milliseconds,omitempty"`
		P99    *float64 `json:"p99Milliseconds,omitempty"`
		Max    *float64 `json:"maxMilliseconds,omitempty"`
	}{plain(l), optional(l.Allocs), optional(l.CPU), optional(l.Servers), optional(l.MBPerSec), optional(l.Peak), optional(l.Noise), optional(l.Ratio),
		timed(l.spread.p50), timed(l.spread.p99), timed(l.spread.max)})
}
