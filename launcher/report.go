package launcher

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/metric"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/dustin/go-humanize/english"
)

// positionsShown is how many splits a report for people names.
const positionsShown = 20

// WriteText writes FlinkX's block of accumulators, then the plan, how far each
// split is, where the time went and how the job has ended.
func (r *Result) WriteText(w io.Writer) error {
	if err := r.Report.WriteText(w); err != nil {
		return err
	}
	var b strings.Builder
	for _, p := range aside(r.Plan) {
		fmt.Fprintf(&b, "set aside: %s\n", p.Err)
	}
	for _, p := range r.Plan {
		for _, t := range leftOutOf(p) {
			fmt.Fprintf(&b, "left out: %s\n", t)
		}
	}
	fmt.Fprintf(&b, "plan: %s, %d reading and %d writing channels, %s\n", english.Plural(len(r.Plan), "split", ""), r.Readers, r.Writers, r.Guarantee)
	for i, p := range r.Plan {
		if i == positionsShown {
			fmt.Fprintf(&b, "  and %d more, see -report json\n", len(r.Plan)-i)
			break
		}
		fmt.Fprintf(&b, "  split %s: %s\n", p.Split.ID, standing(p))
	}
	for _, c := range r.Contents {
		fmt.Fprintf(&b, "content[%d]: %s, %d read, %d written, %d errors\n", c.Index, c.State, c.Read, c.Written, c.Errors)
	}
	if stage, share := r.Report.Bottleneck(); stage != "" {
		fmt.Fprintf(&b, "bottleneck: %s %.0f%%\n", stage, share*100)
	}
	fmt.Fprintf(&b, "job %s %s in %s, from %s to %s\n", r.Job, r.State, r.End.Sub(r.Start).Round(time.Millisecond),
		r.Start.Format(time.RFC3339), r.End.Format(time.RFC3339))
	_, err := io.WriteString(w, b.String())
	return err
}

// standing says in a few words how far a split is.
func standing(p plugin.Progress) string {
	at := string(reached(p))
	switch {
	case p.Err != "" && !p.Done:
		return "set aside"
	case p.Done && at == "":
		return "done"
	case p.Done:
		return "done, at " + at
	case at != "":
		return "at " + at
	case p.Begun:
		return "begun"
	}
	return "at its start"
}

// reached is the member "at" of a split's position; nil where there is none.
func reached(p plugin.Progress) json.RawMessage {
	var shown struct {
		At json.RawMessage `json:"at"`
	}
	_ = json.Unmarshal(p.Position, &shown) // a split that has not begun has none
	return shown.At
}

// position is a split of the report.
type position struct {
	Split string          `json:"split"`
	At    json.RawMessage `json:"at,omitempty"`
	Done  bool            `json:"done"`
	Error string          `json:"error,omitempty"`

	LeftOut []leftOutTable `json:"leftOut,omitempty"`
}

func positionOf(p plugin.Progress) position {
	return position{Split: p.Split.ID, At: reached(p), Done: p.Done, Error: p.Err, LeftOut: leftOutOf(p)}
}

// leftOutTable is a table whose changes are left out of a split.
type leftOutTable struct {
	Table string          `json:"table"`
	From  json.RawMessage `json:"from,omitempty"` // as At of a position
	Error string          `json:"error"`
}

func (t leftOutTable) String() string {
	return fmt.Sprintf("table %s, from %s: %s", t.Table, cmp.Or(string(t.From), "the start"), t.Error)
}

func leftOutOf(p plugin.Progress) (tables []leftOutTable) {
	for _, t := range p.Aside {
		tables = append(tables, leftOutTable{t.Table.String(), reached(plugin.Progress{Position: t.Position}), t.Err})
	}
	return tables
}

// bottleneck is the stage that takes the most time.
type bottleneck struct {
	Stage string  `json:"stage"`
	Share float64 `json:"share"` // of the channels' time, from 0 to 1
}

// report is a result in JSON.
type report struct {
	Job        string         `json:"job"`
	State      string         `json:"state"`
	ExitCode   int            `json:"exitCode"`
	Error      string         `json:"error,omitempty"`
	Start      time.Time      `json:"start"`
	End        time.Time      `json:"end"`
	Duration   float64        `json:"duration"` // in seconds
	Guarantee  string         `json:"guarantee"`
	Channels   channels       `json:"channels"`
	Plan       []plugin.Split `json:"plan"`
	Positions  []position     `json:"positions"`
	Contents   []Content      `json:"contents,omitempty"`
	Bottleneck *bottleneck    `json:"bottleneck,omitempty"`
	metric.Report
}

type channels struct {
	Readers int `json:"readers"`
	Writers int `json:"writers"`
}

// WriteJSON writes the result as one JSON object and a line end.
func (r *Result) WriteJSON(w io.Writer) error {
	out := report{
		Job: r.Job, State: r.State, ExitCode: r.ExitCode, Start: r.Start, End: r.End, Duration: r.End.Sub(r.Start).Seconds(),
		Guarantee: r.Guarantee, Channels: channels{r.Readers, r.Writers}, Plan: []plugin.Split{}, Positions: []position{}, Contents: r.Contents, Report: r.Report,
	}
	if r.Err != nil {
		out.Error = r.Err.Error()
	}
	if stage, share := r.Report.Bottleneck(); stage != "" {
		out.Bottleneck = &bottleneck{stage, share}
	}
	for _, p := range r.Plan {
		out.Plan = append(out.Plan, p.Split)
		out.Positions = append(out.Positions, positionOf(p))
	}
	return json.NewEncoder(w).Encode(out)
}
