package launcher

import (
	"errors"
	"fmt"
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
	Readers    int               // channels that read
	Writers    int               // channels that write
	Guarantee  string            // how often a row arrives when the run is interrupted
	Plan       []plugin.Progress // every split, and how far it durably is
	Report     metric.Report
	Contents   []Content // of a job that runs several elements of job.content, in order
	Err        error
	ExitCode   int
}

// result says how a run has ended; cut tells that it was ended at once.
func (r *Runner) result(c *checkpoint.Checkpoint, err error, cut bool) *Result {
	speed := r.job.Setting.Speed
	res := &Result{Job: r.id, State: Finished, Start: r.start, End: time.Now(), Err: err,
		Readers: speed.Readers(), Writers: speed.Writers(), Guarantee: r.Guarantee()}
	if t := r.tracker.Load(); t != nil {
		res.Plan, _, _ = t.Snapshot()
	} else if c != nil {
		res.Plan = c.Plan
	}
	r.locate(res.Plan)
	res.Report = r.meter.Report()
	if err == nil {
		if left := aside(res.Plan); len(left) > 0 {
			res.State, res.ExitCode, res.Err = Partial, ExitSetAside, without(left, res.Plan)
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
			if left := aside(res.Plan); len(left) > 0 {
				res.ExitCode, res.Err = ExitSetAside, without(left, res.Plan)
			} else if n := leftOut(res.Plan); n > 0 {
				res.ExitCode = ExitSetAside
				tables := "the changes of 1 table are left out since its error"
				if n > 1 {
					tables = fmt.Sprintf("the changes of %d tables are left out since their errors", n)
				}
				res.Err = fmt.Errorf("%s, those of the others are written; %s", tables, r.remedy())
			}
		default:
			res.Err = errclass.With(errclass.Canceled, errors.New("interrupted; its position is saved: -resume goes on from there"))
		}
	}
	return res
}

// without says that something of the plan is left.
func without(left, plan []plugin.Progress) error {
	again := "-resume tries them again"
	if goesOn(plan) {
		again = "the next run tries them again"
	}
	return fmt.Errorf("%d of %d splits were set aside with their errors, all rows of the others are written; %s", len(left), len(plan), again)
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

// leftOut is how many tables are left out of change streams.
func leftOut(plan []plugin.Progress) (n int) {
	for _, p := range plan {
		n += len(p.Aside)
	}
	return n
}

// endless tells a job that has no end, or gets to where it has none.
func endless(plan []plugin.Progress) bool {
	for _, p := range plan {
		if p.Split.Endless || p.Split.Leads {
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
