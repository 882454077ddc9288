package launcher

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/limit"
	"github.com/datasync-io/datasync/core/metric"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/dirty"
)

// Run moves the job's rows and returns how that ended. When stop ends it stops
// reading, makes durable and stores what it has, and ends; when ctx ends it
// ends at once. It may be called once.
func (r *Runner) Run(ctx, stop context.Context) *Result {
	r.start = time.Now()
	end := r.show()
	c, err := r.run(ctx, stop)
	r.meter.End()
	if err := r.close(); err != nil { // what had to be durable is
		r.o.Log.Warn("closing", "error", err)
	}
	res := r.result(c, err, ctx.Err() != nil)
	end(res)
	return res
}

func (r *Runner) run(ctx, stop context.Context) (c *checkpoint.Checkpoint, err error) {
	unlock, err := r.store.Lock(ctx, r.id)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	early, cancel := context.WithCancel(ctx) // until rows move there is nothing to drain
	defer cancel()
	defer context.AfterFunc(stop, cancel)()
	for _, step := range []func() error{
		func() error { return r.probe(early) },
		func() error {
			if c, err = r.begin(early); err != nil {
				return err
			}
			return r.ends(c)
		},
		func() error {
			if c.Finished {
				return nil
			}
			if err := r.columnsFit(early, !c.Started); err != nil {
				return err
			}
			return r.shape(early, c)
		},
	} {
		if err := r.retry().Do(early, r.o.Log, "starting", step); err != nil {
			return c, err
		}
	}
	if c.Finished {
		r.o.Log.Info("the last run had moved all rows but not run its last step: doing that now")
		return c, r.after(ctx, c)
	}
	var collector *dirty.Collector
	if err := r.retry().Do(early, r.o.Log, "starting", func() (err error) {
		collector, err = r.collector(early, c.Counters.Errors())
		return err
	}); err != nil {
		return c, err
	}
	r.collected.Store(collector)
	c, err = r.moveOn(ctx, stop, early, c, collector)
	return c, errors.Join(err, collector.Close())
}

// ends refuses a plan without an end where something is to run after it.
func (r *Runner) ends(c *checkpoint.Checkpoint) error {
	if !r.mustEnd || !endless(c.Plan) {
		return nil
	}
	return errclass.With(errclass.Config, errors.New("it never ends, and what stands behind it in job.content would never run: make each of them a job of its own"))
}

// shape shows the writer what is going to come. A table that does not fit is
// set aside in the plan where there are others.
func (r *Runner) shape(ctx context.Context, c *checkpoint.Checkpoint) error {
	s, wants := r.writer.(plugin.Shaper)
	d, knows := r.reader.(plugin.Describer)
	if !knows || !wants && r.plan.Empty() {
		return nil
	}
	schemas, err := d.Describe(ctx)
	if err != nil {
		return fmt.Errorf("describing the input: %w", err)
	}
	if schemas, err = r.transformed(schemas); err != nil || !wants {
		return err
	}
	return r.withoutTables(c.Plan, s.Shape(ctx, schemas), func(split int, why error) { c.Plan[split].Err = why.Error() })
}

// move runs pump and coordinator until all rows are durable, then ends the run.
func (r *Runner) move(ctx, stop, early context.Context, c *checkpoint.Checkpoint, collector *dirty.Collector) error {
	r.meter.Restore(metric.Counts(c.Counters))
	committer, _ := r.writer.(plugin.Committer)
	var tracker *checkpoint.Tracker
	var coordinator *checkpoint.Coordinator
	queue := pump.NewQueue(c.Plan, r.more(func() (*checkpoint.Tracker, *checkpoint.Coordinator) { return tracker, coordinator }))
	tracker = checkpoint.NewTracker(c.Counters, c.Tokens, queue.Done)
	tracker.RestoreTables(c.Tables)
	tracker.Add(c.Plan)
	coordinator = checkpoint.NewCoordinator(r.store, c, tracker, committer, collector.Flush, r.o.Log)
	r.tracker.Store(tracker)
	r.tellLeftOut(c.Plan)
	r.size(early, c.Plan)
	if err := r.before(early, c, coordinator); err != nil {
		return err
	}
	r.shown.Begun()
	p := pump.New(r.pumpConfig(c, queue, tracker, coordinator, collector))
	err := r.together(ctx, stop, p, coordinator)
	if err == nil {
		err = r.lastLook(collector)
	}
	if ctx.Err() != nil || errclass.Of(err) == errclass.Fenced {
		return err
	}
	if saved := coordinator.SaveWith(ctx, func(c *checkpoint.Checkpoint) { c.Finished = err == nil && len(aside(c.Plan)) == 0 }); saved != nil {
		return errclass.With(errclass.Of(saved), errors.Join(err, saved)) // not merely interrupted
	}
	r.meter.Checkpointed(c.Counters.Written)
	if err != nil || !c.Finished { // what is set aside is tried again by a run that resumes this one
		return err
	}
	return r.after(ctx, c)
}

// together runs the pump and, beside it, the checkpoints; the failure of one
// stops the other.
func (r *Runner) together(ctx, stop context.Context, p *pump.Pump, coordinator *checkpoint.Coordinator) error {
	g, failed := errgroup.WithContext(ctx)
	moving, end := context.WithCancel(failed)
	stopping, cancel := context.WithCancel(stop)
	defer cancel()
	defer context.AfterFunc(failed, cancel)()
	g.Go(func() error {
		defer end()
		return p.Run(ctx, stopping)
	})
	g.Go(func() error {
		r.listener(coordinator.Save).run(moving)
		return nil
	})
	g.Go(func() error {
		return coordinator.Run(moving, r.interval(), p.Flush, func(c checkpoint.Counts) {
			r.meter.Checkpointed(c.Written)
			plan, _, _ := r.tracker.Load().Snapshot()
			r.locate(plan)
		})
	})
	return g.Wait()
}

func (r *Runner) pumpConfig(c *checkpoint.Checkpoint, queue *pump.Queue, tracker *checkpoint.Tracker, coordinator *checkpoint.Coordinator, collector *dirty.Collector) pump.Config {
	speed := r.job.Setting.Speed
	ledger, _ := r.writer.(plugin.Ledger)
	pc := pump.Config{
		Reader: r.reader, Writer: r.writer, Ledger: ledger, Task: plugin.Task{Job: r.id, Run: c.Run, Plan: c.PlanRun},
		Sources: speed.Readers(), Sinks: speed.Writers(), Rebalance: speed.Rebalance, Splits: queue, Tracker: tracker, Acks: coordinator.Acks(), Save: coordinator.Save, Epoch: coordinator.Epoch,
		Begin: func(ctx context.Context, split string) error {
			tracker.Begin(split)
			return coordinator.Save(ctx)
		},
		Trouble: r.shown.Trouble, Budget: pump.NewBudget(pump.DefaultBudget), Dirty: collector, Meter: meter{r.meter, collector}, Log: r.o.Log,
		Retry: r.patience(c), Idempotent: r.idempotent(), FlushInterval: r.interval(), MaxRowBytes: maxRowBytes,
	}
	if !r.plan.Empty() {
		pc.Transform = func(int) pump.Transform { return r.plan.New() }
		pc.Change = func(c *record.Change) (*record.Change, error) { return r.plan.New().Change(c) }
	}
	if speed.Bytes > 0 || speed.Record > 0 {
		pc.Limiter = limit.New(speed.Record, int64(speed.Bytes))
	}
	return pc
}

// more asks the reader for further splits and stores them (I9).
func (r *Runner) more(state func() (*checkpoint.Tracker, *checkpoint.Coordinator)) func(ctx context.Context) ([]plugin.Progress, error) {
	s, ok := r.reader.(plugin.Splitter)
	if !ok {
		return nil
	}
	return func(ctx context.Context) ([]plugin.Progress, error) {
		tracker, coordinator := state()
		now, _, _ := tracker.Snapshot()
		splits, err := s.Splits(ctx, plugin.Plan{Channels: r.job.Setting.Speed.Readers(), Now: now})
		if err != nil || len(splits) == 0 {
			return nil, err
		}
		added := starts(splits)
		tracker.Add(added)
		return added, coordinator.Save(ctx)
	}
}

// size asks the reader how many rows there are, for the progress line.
func (r *Runner) size(ctx context.Context, plan []plugin.Progress) {
	s, ok := r.reader.(plugin.Sizer)
	if !ok {
		return
	}
	splits := make([]plugin.Split, len(plan))
	for i, p := range plan {
		splits[i] = p.Split
	}
	n, err := s.Rows(ctx, splits)
	if err != nil {
		r.o.Log.Debug("counting the rows", "error", err)
		return
	}
	r.total.Store(n)
}

// before runs the first hooks of a run that has not got that far.
func (r *Runner) before(ctx context.Context, c *checkpoint.Checkpoint, coordinator *checkpoint.Coordinator) error {
	if c.Started {
		return coordinator.Save(ctx) // this run's number
	}
	for _, h := range r.hooks() {
		plan, _, _ := r.tracker.Load().Snapshot()
		err := r.withoutTables(plan, h.Before(ctx), func(split int, why error) { r.tracker.Load().SetAside(plan[split].Split.ID, why) })
		if err != nil {
			return fmt.Errorf("before the first row: %w", err)
		}
	}
	return coordinator.SaveWith(ctx, func(c *checkpoint.Checkpoint) { c.Started = true })
}

// after runs the last hooks of a run whose rows are all committed.
func (r *Runner) after(ctx context.Context, c *checkpoint.Checkpoint) error {
	for _, h := range r.hooks() {
		if err := h.After(ctx); err != nil {
			return fmt.Errorf("after the last row: %w", err)
		}
	}
	c.AfterDone = true
	return r.store.Save(ctx, c)
}

func (r *Runner) hooks() []plugin.Hooks {
	var all []plugin.Hooks
	for _, end := range []any{r.reader, r.writer} {
		if h, ok := end.(plugin.Hooks); ok {
			all = append(all, h)
		}
	}
	return all
}

func (r *Runner) interval() time.Duration {
	if d := r.job.Properties.Checkpoint; d > 0 {
		return d
	}
	return DefaultInterval
}

// patience is retry for moving rows: a stream without setting.restart is never
// given up once both ends have been reached.
func (r *Runner) patience(c *checkpoint.Checkpoint) pump.Retry {
	retry := r.retry()
	if r.job.Restart() == nil && endless(c.Plan) {
		retry.Later = 0
	}
	return retry
}

// retry is what job.setting.restart, or Flink's properties, say.
func (r *Runner) retry() pump.Retry {
	s := r.job.Restart()
	if s == nil {
		return pump.DefaultRetry()
	}
	switch {
	case s.Strategy == job.FixedDelay && s.RestartAttempts > 0:
		return pump.Retry{Attempts: s.RestartAttempts, Delay: s.DelayInterval}
	case s.Strategy == job.FailureRate:
		return pump.Retry{Delay: s.DelayInterval, Rate: r.failures}
	case s.Strategy == job.ExponentialDelay:
		return pump.Retry{}
	}
	return pump.Retry{Attempts: -1}
}
