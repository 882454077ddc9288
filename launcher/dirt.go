package launcher

import (
	"context"
	"errors"
	"time"

	"github.com/datasync-io/datasync/dirty"
)

// collector returns where the job's dirty rows go.
func (r *Runner) collector(ctx context.Context, restored int64) (*dirty.Collector, error) {
	rows, percent := r.job.DirtyLimit()
	s := dirty.Settings{Limit: dirty.Limit{Rows: rows, Percent: percent}, Restored: r.earlier.Errors() + restored, Log: r.o.Log, Now: time.Now,
		Read: func() int64 { return r.earlier.Read + r.meter.Total().Read }, Mask: r.job.Scrubber()}
	if n := r.job.Properties.DirtyFailures; n != nil {
		s.Failures = *n
	}
	sinks, err := r.dirtySinks(ctx)
	if err != nil {
		for _, sink := range sinks {
			err = errors.Join(err, sink.Close())
		}
		return nil, err
	}
	s.Sinks = sinks
	return dirty.New(s), nil
}

// lastLook applies the limit when all rows of the job have been read: those of
// the pipelines behind this one may yet make the share of bad ones small.
func (r *Runner) lastLook(c *dirty.Collector) error {
	if r.mustEnd {
		return nil
	}
	return c.End()
}

// dirtySinks opens the table and the file that the job names for dirty rows,
// else the log; those of a replay go to a file beside the one that is read. With
// an error it returns those that are open.
func (r *Runner) dirtySinks(ctx context.Context) (sinks []dirty.Sink, err error) {
	if r.replay != nil {
		return appendSink(sinks, func() (dirty.Sink, error) { return dirty.OpenFile(r.replay.Again()) })
	}
	p, path := r.job.Properties, ""
	if d := r.job.Setting.Dirty; d != nil {
		path = d.Path
	}
	if path == "" && r.dirtyTable == nil || p.DirtyOutput == "log" {
		every := int64(1)
		if p.DirtyLogEvery != nil {
			every = *p.DirtyLogEvery
		}
		sinks = append(sinks, dirty.NewLogSink(r.o.Log, every))
	}
	if r.dirtyTable != nil {
		if sinks, err = appendSink(sinks, func() (dirty.Sink, error) { return r.openDirtyTable(ctx) }); err != nil {
			return sinks, err
		}
	}
	if path != "" && (p.DirtyOutput == "" || p.DirtyOutput == "file") {
		return appendSink(sinks, func() (dirty.Sink, error) {
			file, err := dirty.Path(path, r.id)
			if err != nil {
				return nil, err
			}
			return dirty.OpenFile(file)
		})
	}
	return sinks, nil
}

func appendSink(sinks []dirty.Sink, open func() (dirty.Sink, error)) ([]dirty.Sink, error) {
	sink, err := open()
	if err != nil {
		return sinks, err
	}
	return append(sinks, sink), nil
}
