package launcher

import (
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/metric"
)

// Status is how far a job is.
type Status struct {
	State                 string // "starting" or "running"
	Read, Written, Dirty  int64  // rows, those of the run that is gone on with included
	ReadBytes, WriteBytes int64
	Total                 int64 // rows the input has; 0: unknown
	Splits, SplitsDone    int
	Endless               bool               // it ends when it is told to
	Start                 time.Time          // zero before Run
	Shares                map[string]float64 // of time: read, limit, transform, write
	Channels              []Channel          // in this process's run
}

// Channel is what one channel has done.
type Channel struct{ Read, Written, Dirty, ReadBytes, WriteBytes int64 }

// Table is what became of the rows of one table, those of the run that is gone on
// with included.
type Table struct {
	Name                  string
	Read, Written, Errors int64
}

// Tables returns the tables that rows came from so far, by name. It may be called
// at any time, by any goroutine.
func (r *Runner) Tables() []Table {
	var all []Table
	for name, n := range r.tables() {
		all = append(all, Table{name, n.Read, n.Written, n.Errors})
	}
	slices.SortFunc(all, func(a, b Table) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Status returns how far the job is. It may be called at any time, by any goroutine.
func (r *Runner) Status() Status {
	total := r.meter.Total()
	s := Status{State: "starting", Read: total.Read, Written: total.Written, Dirty: total.Errors(),
		ReadBytes: total.ReadBytes, WriteBytes: total.WriteBytes, Total: r.total.Load(), Shares: map[string]float64{}}
	for stage, share := range r.meter.Shares() {
		s.Shares[metric.Stage(stage).String()] = share
	}
	for _, c := range r.meter.Channels() {
		s.Channels = append(s.Channels, Channel{Read: c.Read, Written: c.Written, Dirty: c.Errors(), ReadBytes: c.ReadBytes, WriteBytes: c.WriteBytes})
	}
	t := r.tracker.Load()
	if t == nil {
		return s
	}
	s.State, s.Start = "running", r.start
	plan, _, _ := t.Snapshot()
	s.Splits, s.Endless = len(plan), endless(plan)
	for _, p := range plan {
		if p.Done {
			s.SplitsDone++
		}
	}
	return s
}
