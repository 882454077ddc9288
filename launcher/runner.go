package launcher

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/metric"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/core/transform"
	"github.com/datasync-io/datasync/dirty"
)

// Runner is a job that is ready to run, once.
type Runner struct {
	job   *job.Job
	pipe  job.Pipeline
	o     Options
	id    string // under which the state is kept
	store *checkpoint.FileStore
	meter *metric.Meter

	reader plugin.Reader
	writer plugin.Writer
	replay *dirty.Replay // the reader, of a job that writes dirty rows again
	listed bool          // of such a job: its own reader lists columns

	dirtyTable plugin.Writer // of the table for dirty rows; nil: there is none

	shown     *metric.Job
	start     time.Time
	total     atomic.Int64
	collected atomic.Pointer[dirty.Collector]
	plan      transform.Plan // what is done with the rows between reader and writer
	failures  *pump.Rate     // of setting.restart; nil: not given
	mustEnd   bool           // something runs after it
	earlier   metric.Counts  // of the pipelines before it: the limit of bad rows is the job's

	tracker atomic.Pointer[checkpoint.Tracker] // once the plan is known
}

// New builds the plugins that the job's first pipeline names; it never dials.
// Its error joins all faults of the plugins' parameters and is of class Config.
func New(j *job.Job, o Options) (*Runner, error) {
	if len(j.Pipelines) == 0 {
		return nil, noPipeline()
	}
	return newRunner(j, j.Pipelines[0], o)
}

func newRunner(j *job.Job, pipe job.Pipeline, o Options) (*Runner, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Zone == nil {
		o.Zone = time.Local
	}
	r := &Runner{job: j, pipe: pipe, o: o, store: checkpoint.NewFileStore(o.StateDir).Masked(j.Scrubber())}
	r.id = j.PipelineIdentity(r.pipe)
	if s := j.Restart(); s != nil {
		r.failures = pump.NewRate(s.FailureRate, s.FailureInterval)
	}
	speed := j.Setting.Speed
	r.meter = metric.New(max(speed.Readers(), speed.Writers()), time.Now)
	r.shown = r.figures()
	if err := config.Join(r.build(), r.buildDirtyTable()); err != nil {
		return nil, err
	}
	if err := r.combined(); err != nil {
		return nil, err
	}
	return r, nil
}

// build builds what is done with the rows, and both plugins.
func (r *Runner) build() error {
	if r.o.Replay != "" {
		return r.buildReplay()
	}
	transformErr := r.buildTransform()
	writerErr := r.buildWriter()
	readerErr := r.buildReader()
	return config.Join(config.Join(readerErr, writerErr), transformErr)
}

func (r *Runner) env(name string) plugin.Env {
	return plugin.Env{Log: r.o.Log.With("plugin", name), Job: r.id, Dialect: r.job.Dialect.String(), Zone: r.o.Zone,
		Gauge: func(figure string, read func() float64, labels ...string) {
			r.shown.Gauge(figure, read, append([]string{"plugin", name}, labels...)...)
		}}
}

func (r *Runner) buildWriter() error {
	op := r.pipe.Writer
	info, err := r.o.Registry.Writer(op.Plugin)
	if err != nil {
		return unknownPlugin(op, "writer", r.writerNames())
	}
	env := r.env(op.Name)
	env.Folder = filepath.Join(r.store.Dir(r.id), "writer")
	env.Named = r.named()
	r.writer, err = info.New(env, op.Parameter)
	return err
}

// named tells that the job lists neither the reader's columns nor those of a
// query: then a writer knows them by name alone.
func (r *Runner) named() bool {
	if r.replay != nil {
		return !r.listed
	}
	if r.plan.Query != nil && r.plan.Query.Lists() {
		return false
	}
	list := r.pipe.Reader.Parameter.Node().Member("column")
	if list == nil || list.Kind() != config.ListKind {
		return list.Unset() || list.Text() == "*"
	}
	items := list.Items()
	return len(items) == 0 || len(items) == 1 && items[0].Text() == "*"
}

// buildReader comes after buildWriter, which says what metadata it wants.
func (r *Runner) buildReader() error {
	op := r.pipe.Reader
	info, err := r.o.Registry.Reader(op.Plugin)
	if err != nil {
		return unknownPlugin(op, "reader", r.readerNames())
	}
	env := r.env(op.Name)
	env.Folder = filepath.Join(r.store.Dir(r.id), "reader")
	if user, ok := r.writer.(plugin.MetaUser); ok {
		env.Meta = user.Meta()
	}
	r.reader, err = info.New(env, op.Parameter)
	return err
}

// close ends the plugins.
func (r *Runner) close() error {
	r.shown.Release() // what the plugins publish reads what is closed now
	var err error
	if r.dirtyTable != nil {
		err = r.dirtyTable.Close()
	}
	return errors.Join(r.reader.Close(), r.writer.Close(), err)
}

const exactlyOnce = "exactly once"

// Guarantee says how often a row arrives when a run is interrupted and resumed.
func (r *Runner) Guarantee() string {
	_, prepares := r.writer.(plugin.Committer)
	_, keeps := r.writer.(plugin.Ledger)
	switch {
	case prepares || keeps:
		return exactlyOnce
	case r.idempotent():
		return "at least once, and a row that comes twice changes nothing"
	}
	return "at least once, in the order of each split"
}

// title names the job's two ends for people.
func (r *Runner) title() string {
	return fmt.Sprintf("%s -> %s", r.pipe.Reader.Name, r.pipe.Writer.Name)
}

// probe checks both ends before anything is planned.
func (r *Runner) probe(ctx context.Context) error {
	var errs []error
	for _, end := range []struct {
		name string
		any
	}{{r.pipe.Reader.Name, r.reader}, {r.pipe.Writer.Name, r.writer}, {theDirtyTable, r.dirtyTable}} {
		if p, ok := end.any.(plugin.Prober); ok {
			if err := p.Probe(ctx); err != nil {
				errs = append(errs, fmt.Errorf("%s: %w", end.name, err))
			}
		}
	}
	return errors.Join(errs...)
}
