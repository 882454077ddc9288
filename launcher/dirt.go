package launcher

import (
	"time"

	"github.com/datasync-io/datasync/dirty"
)

// collector returns where the job's dirty rows go: the file that it names,
// else the log; those of a replay, a file beside the one that is read.
func (r *Runner) collector(restored int64) (*dirty.Collector, error) {
	rows, percent := r.job.DirtyLimit()
	s := dirty.Settings{Limit: dirty.Limit{Rows: rows, Percent: percent}, Restored: restored, Log: r.o.Log, Now: time.Now,
		Read: func() int64 { return r.meter.Total().Read }, Mask: r.job.Scrubber()}
	p := r.job.Properties
	if p.DirtyFailures != nil {
		s.Failures = *p.DirtyFailures
	}
	if r.replay != nil {
		sink, err := dirty.OpenFile(r.replay.Again())
		if err != nil {
			return nil, err
		}
		s.Sinks = append(s.Sinks, sink)
		return dirty.New(s), nil
	}
	path := ""
	if d := r.job.Setting.Dirty; d != nil {
		path = d.Path
	}
	if path == "" || p.DirtyOutput == "log" {
		every := int64(1)
		if p.DirtyLogEvery != nil {
			every = *p.DirtyLogEvery
		}
		s.Sinks = append(s.Sinks, dirty.NewLogSink(r.o.Log, every))
	}
	if path != "" && (p.DirtyOutput == "" || p.DirtyOutput == "file") {
		file, err := dirty.Path(path, r.id)
		if err != nil {
			return nil, err
		}
		sink, err := dirty.OpenFile(file)
		if err != nil {
			return nil, err
		}
		s.Sinks = append(s.Sinks, sink)
	}
	return dirty.New(s), nil
}
