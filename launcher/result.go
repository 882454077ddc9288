package launcher

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/metric"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/dirty"
)

// States of a job that has ended.
const (
	Finished    = "finished"
	Partial     = "finished in part" // something was set aside
	Failed      = "failed"
	Interrupted = "interrupted" // a bounded job that was told to stop; its state is stored
	Drained     = "drained"     // an endless job that was told to stop
)

// Exit codes, by what a job's end means to whoever started it.
const (
	ExitOK          = 0
	ExitFailed      = 1
	ExitConfig      = 2
	ExitDirty       = 3
	ExitPosition    = 4
	ExitTransient   = 5
	ExitSetAside    = 6
	ExitInterrupted = 130
)

// Result is how a job has ended.
type Result struct {
	Job        string
	State      string
	Start, End time.Time
	Plan       []plugin.Progress // every split, and how far it durably is
	Report     metric.Report
	Err        error
	ExitCode   int
}

// result says how a run has ended; cut tells that it was ended at once.
func (r *Runner) result(c *checkpoint.Checkpoint, err error, cut bool) *Result {
	res := &Result{Job: r.id, State: Finished, Start: r.start, End: time.Now(), Err: err}
	if t := r.tracker.Load(); t != nil {
		res.Plan, _, _ = t.Snapshot()
	} else if c != nil {
		res.Plan = c.Plan
	}
	r.locate(res.Plan)
	res.Report = r.meter.Report()
	if err == nil {
		if left := aside(res.Plan); len(left) > 0 {
			res.State, res.ExitCode = Partial, ExitSetAside
			res.Err = fmt.Errorf("%d of %d splits were set aside with their errors, all rows of the others are written; -resume tries them again", len(left), len(res.Plan))
		}
		return res
	}
	res.State, res.ExitCode = Failed, exitCode(err)
	if res.ExitCode == ExitInterrupted {
		res.State = Interrupted
		switch {
		case cut:
			res.Err = errclass.With(errclass.Canceled, errors.New("ended at once; the position saved last holds: -resume goes on from there"))
			if endless(res.Plan) {
				res.ExitCode = ExitTransient
			}
		case endless(res.Plan):
			res.State, res.ExitCode, res.Err = Drained, ExitOK, nil
		default:
			res.Err = errclass.With(errclass.Canceled, errors.New("interrupted; its position is saved: -resume goes on from there"))
		}
	}
	return res
}

// aside are the splits that were set aside.
func aside(plan []plugin.Progress) []plugin.Progress {
	var left []plugin.Progress
	for _, p := range plan {
		if p.Err != "" && !p.Done {
			left = append(left, p)
		}
	}
	return left
}

func endless(plan []plugin.Progress) bool {
	for _, p := range plan {
		if p.Split.Endless {
			return true
		}
	}
	return false
}

func exitCode(err error) int {
	if errors.Is(err, dirty.ErrLimit) {
		return ExitDirty
	}
	switch errclass.Of(err) {
	case errclass.Config:
		return ExitConfig
	case errclass.PositionLost, errclass.Fenced:
		return ExitPosition
	case errclass.Transient:
		return ExitTransient
	case errclass.Canceled:
		return ExitInterrupted
	}
	return ExitFailed
}

// WriteText writes FlinkX's block of accumulators and how the job has ended.
func (r *Result) WriteText(w io.Writer) error {
	if err := r.Report.WriteText(w); err != nil {
		return err
	}
	for _, p := range aside(r.Plan) {
		if _, err := fmt.Fprintf(w, "set aside: %s\n", p.Err); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(w, "job %s %s in %s\n", r.Job, r.State, r.End.Sub(r.Start).Round(time.Millisecond))
	return err
}

// position is a split of the report.
type position struct {
	Split string          `json:"split"`
	At    json.RawMessage `json:"at,omitempty"`
	Done  bool            `json:"done"`
	Error string          `json:"error,omitempty"`
}

// WriteJSON writes the result as one JSON object and a line end.
func (r *Result) WriteJSON(w io.Writer) error {
	out := struct {
		Job       string         `json:"job"`
		State     string         `json:"state"`
		ExitCode  int            `json:"exitCode"`
		Error     string         `json:"error,omitempty"`
		Start     time.Time      `json:"start"`
		End       time.Time      `json:"end"`
		Plan      []plugin.Split `json:"plan"`
		Positions []position     `json:"positions"`
		metric.Report
	}{Job: r.Job, State: r.State, ExitCode: r.ExitCode, Start: r.Start, End: r.End, Plan: []plugin.Split{}, Positions: []position{}, Report: r.Report}
	if r.Err != nil {
		out.Error = r.Err.Error()
	}
	for _, p := range r.Plan {
		out.Plan = append(out.Plan, p.Split)
		var shown struct {
			At json.RawMessage `json:"at"`
		}
		_ = json.Unmarshal(p.Position, &shown) // a split that has not begun has none
		out.Positions = append(out.Positions, position{Split: p.Split.ID, At: shown.At, Done: p.Done, Error: p.Err})
	}
	return json.NewEncoder(w).Encode(out)
}
