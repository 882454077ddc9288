package launcher

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/metric"
)

// Series is all that a job file asks for, ready to run, once: its pipelines,
// one after the other, with one result and one limit of bad rows. Each has its
// own state and hooks; speed and number of channels hold for the one that runs.
type Series struct {
	job     *job.Job
	runners []*Runner
	begun   atomic.Int32 // so many pipelines have begun
	start   time.Time
}

// NewSeries builds the plugins of all of the job's pipelines and, of those that
// do not run, finds the faults; see [New]. A pipeline that is not whole, of a job
// that was read with faults, is left out.
func NewSeries(j *job.Job, o Options) (*Series, error) {
	if len(j.Pipelines) == 0 {
		return nil, noPipeline()
	}
	s := &Series{job: j}
	var errs []error
	for i, pipe := range j.Pipelines {
		if !complete(pipe) {
			continue
		}
		r, err := newRunner(j, pipe, o)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		r.mustEnd = i < len(j.Pipelines)-1
		s.runners = append(s.runners, r)
	}
	for _, pipe := range j.Idle {
		if !complete(pipe) {
			continue
		}
		r, err := newRunner(j, pipe, o)
		if err == nil {
			err = r.close()
		}
		errs = append(errs, err)
	}
	if len(s.runners)+len(errs) == 0 {
		errs = append(errs, noPipeline())
	}
	if err := config.Join(errs...); err != nil {
		for _, r := range s.runners {
			_ = r.close() // it was never opened
		}
		return nil, err
	}
	return s, nil
}

// complete tells that there is enough of a pipeline to look for its plugins'
// own faults; what is missing was said when the file was read.
func complete(p job.Pipeline) bool {
	return p.Reader.Parameter != nil && p.Writer.Parameter != nil && p.Reader.Name != "" && p.Writer.Name != ""
}

// Run runs the pipelines; see [Runner.Run]. After a failed one the others run
// all the same, after an interrupted one they do not.
func (s *Series) Run(ctx, stop context.Context) *Result {
	s.start = time.Now()
	if len(s.runners) == 1 {
		s.begun.Store(1)
		return s.runners[0].Run(ctx, stop)
	}
	finished := s.finished(ctx)
	var (
		results []*Result
		so      metric.Counts // of the pipelines so far
	)
	for i, r := range s.runners {
		if i < len(finished) {
			r.o.Log.Info("left out: this part of the unfinished run has finished", "job", r.id)
			results = append(results, &Result{Job: r.id, State: Finished, Start: s.start, End: s.start, Err: r.close()})
			so.Add(finished[i])
			continue
		}
		if i > 0 && (ctx.Err() != nil || stop.Err() != nil) {
			err := errors.Join(errors.New("not begun: the job was interrupted before"), r.close())
			results = append(results, &Result{Job: r.id, State: Interrupted, ExitCode: ExitInterrupted, Start: s.start, End: time.Now(), Err: err})
			continue
		}
		s.begun.Store(int32(i + 1))
		r.earlier = so
		results = append(results, r.Run(ctx, stop))
		so.Add(r.meter.Total())
	}
	return s.together(results)
}

// finished returns the counts of the pipelines that a resumed run leaves out, as
// they have finished: those before one that has not.
func (s *Series) finished(ctx context.Context) (counts []metric.Counts) {
	for _, r := range s.runners {
		if !r.o.Resume && !s.job.Setting.Restore.IsRestore {
			return nil
		}
		c, err := r.store.Load(ctx, r.id)
		switch {
		case err != nil || c == nil:
			return nil
		case c.Unfinished() || !c.AfterDone:
			return counts
		}
		counts = append(counts, metric.Counts(c.Counters))
	}
	return nil
}

// together makes one result of all.
func (s *Series) together(results []*Result) *Result {
	speed := s.job.Setting.Speed
	all := &Result{Job: s.job.Identity, Start: s.start, End: time.Now(), Readers: speed.Readers(), Writers: speed.Writers(), Guarantee: s.Guarantee()}
	var (
		parts []metric.Part
		errs  []error
	)
	for i, r := range results {
		if at := s.runners[i].pipe.Index; r.Err != nil {
			errs = append(errs, fmt.Errorf("job.content[%d]: %w", at, r.Err))
		}
		if i == 0 || Worst(all.ExitCode, r.ExitCode) != all.ExitCode {
			all.State, all.ExitCode = r.State, r.ExitCode
		}
		for _, p := range r.Plan {
			p.Split.ID = fmt.Sprintf("content[%d]/%s", s.runners[i].pipe.Index, p.Split.ID)
			all.Plan = append(all.Plan, p)
		}
		parts = append(parts, metric.Part{Report: r.Report, Took: r.End.Sub(r.Start)})
		all.Contents = append(all.Contents, contentOf(s.runners[i], r))
	}
	all.Report, all.Err = metric.Merge(parts), errors.Join(errs...)
	return all
}

// severity is the order in which exit codes of several pipelines, or jobs, count.
var severity = []int{ExitFailed, ExitPosition, ExitConfig, ExitDirty, ExitSetAside, ExitTransient, ExitInterrupted, ExitOK}

// Worst returns the exit code that counts of two; one that is none of ours
// counts as failed.
func Worst(a, b int) int {
	for _, code := range severity {
		if a == code || b == code {
			return code
		}
	}
	return ExitFailed
}

// Status returns how far the job is. It may be called at any time, by any goroutine.
func (s *Series) Status() Status {
	all := s.runners[0].Status()
	for i, r := range s.runners[1:] {
		one := r.Status()
		all.Read, all.Written, all.Dirty = all.Read+one.Read, all.Written+one.Written, all.Dirty+one.Dirty
		all.ReadBytes, all.WriteBytes = all.ReadBytes+one.ReadBytes, all.WriteBytes+one.WriteBytes
		all.Splits, all.SplitsDone = all.Splits+one.Splits, all.SplitsDone+one.SplitsDone
		all.Endless = all.Endless || one.Endless
		all.Total = 0 // what has not begun is not counted
		if int(s.begun.Load()) == i+2 {
			all.State, all.Channels = one.State, one.Channels
			maps.Copy(all.Shares, one.Shares)
		}
	}
	return all
}

// Title returns the name of the job as its report has it, and its two ends.
func (s *Series) Title() (job, reader, writer string) {
	r := s.runners[0]
	return r.id, r.pipe.Reader.Name, r.pipe.Writer.Name
}

// Tables returns the tables of the pipeline that runs; see [Runner.Tables].
func (s *Series) Tables() []Table { return s.runners[max(0, s.begun.Load()-1)].Tables() }

// Guarantee says how often a row arrives when a run is interrupted and resumed.
func (s *Series) Guarantee() string {
	var all []string
	for _, r := range s.runners {
		text := r.Guarantee()
		if len(s.runners) > 1 {
			text = fmt.Sprintf("content[%d]: %s", r.pipe.Index, text)
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// Preview prints the first rows of each pipeline; see [Runner.Preview].
func (s *Series) Preview(ctx context.Context, o PreviewOptions, out io.Writer) error {
	return s.each(func(r *Runner) error { return r.Preview(ctx, o, out) })
}

// Probe connects to the ends of each pipeline; see [Runner.Probe].
func (s *Series) Probe(ctx context.Context) error {
	return s.each(func(r *Runner) error { return r.Probe(ctx) })
}

func (s *Series) each(f func(*Runner) error) error {
	var errs []error
	for _, r := range s.runners {
		err := f(r)
		if err != nil && len(s.runners) > 1 {
			err = fmt.Errorf("job.content[%d]: %w", r.pipe.Index, err)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// Close releases what a series that is not run holds.
func (s *Series) Close() error { return s.each((*Runner).close) }

func noPipeline() error {
	return errclass.With(errclass.Config, errors.New("job.content: the job has no reader and writer"))
}
