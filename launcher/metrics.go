package launcher

import (
	"cmp"
	"os"
	"time"

	"github.com/datasync-io/datasync/core/metric"
)

// Metrics shows the jobs of a process to Prometheus: give it to all of them as
// Options.Metrics, and let it serve.
type Metrics = metric.Hub

// MetricsServer answers on one address.
type MetricsServer = metric.Server

// NewMetrics returns one without jobs.
func NewMetrics() *Metrics { return metric.NewHub(host()) }

func host() string {
	name, err := os.Hostname()
	if err != nil {
		return "localhost"
	}
	return name
}

// figures is the job as package metric shows it.
func (r *Runner) figures() *metric.Job {
	return &metric.Job{
		Name: r.id, ID: jobID(r.id), Reader: r.pipe.Reader.Name, Writer: r.pipe.Writer.Name, Meter: r.meter,
		Tables: r.tables, Splits: func() (done, all int) {
			s := r.Status()
			return s.SplitsDone, s.Splits
		},
		At: func() (at time.Time) {
			if t := r.tracker.Load(); t != nil {
				at = t.At()
			}
			return at
		},
		SinkFailures: func() int64 {
			if c := r.collected.Load(); c != nil {
				return c.Failures()
			}
			return 0
		},
	}
}

// tables are the counts by table; none before the plan is known.
func (r *Runner) tables() map[string]metric.TableCounts {
	t := r.tracker.Load()
	if t == nil {
		return nil
	}
	all := map[string]metric.TableCounts{}
	for name, c := range t.Tables() {
		all[name] = metric.TableCounts(c)
	}
	return all
}

// show begins to show the job; the function it returns says how the job has
// ended, once its last figures are there.
func (r *Runner) show() (end func(*Result)) {
	if r.o.Metrics != nil {
		r.o.Metrics.Add(r.shown)
	}
	var pusher *metric.Pusher
	if p := r.job.Push(); p != nil {
		pusher = metric.Push(r.shown, host(), metric.PushSettings{URL: p.URL, Group: cmp.Or(p.Job, r.id), Suffix: p.Suffix,
			Labels: p.Group, Interval: p.Interval, Delete: p.Delete, Log: r.o.Log})
	}
	return func(res *Result) {
		r.shown.End(res.State != Failed)
		if pusher != nil {
			pusher.Close()
		}
	}
}
