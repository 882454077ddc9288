package launcher

import (
	"context"
	"errors"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/dirty"
)

// moveOn is move, with a new plan each time that the reader cannot go on from
// where it is ([plugin.ErrReplan]). It returns the checkpoint of the last one.
func (r *Runner) moveOn(ctx, stop, early context.Context, c *checkpoint.Checkpoint, collector *dirty.Collector) (*checkpoint.Checkpoint, error) {
	for {
		err := r.move(ctx, stop, early, c, collector)
		switch {
		case !errors.Is(err, plugin.ErrReplan):
			return c, err
		case early.Err() != nil:
			return c, early.Err()
		}
		r.o.Log.Warn("starting over: the job cannot go on from where it is", "job", r.id, "rowsWritten", c.Counters.Written, "reason", err)
		next, err := r.replan(early, c)
		if err != nil {
			return c, err
		}
		c = next
	}
}

// replan makes and stores another plan. What begins with it is a run with a
// number and hooks of its own, whose accumulators go on.
func (r *Runner) replan(ctx context.Context, old *checkpoint.Checkpoint) (c *checkpoint.Checkpoint, err error) {
	for _, step := range []func() error{
		func() error {
			if c, err = r.fresh(ctx, old); err == nil {
				c.Counters, c.Tables = old.Counters, old.Tables
			}
			return err
		},
		func() error { return r.ends(c) },
		func() error { return r.shape(ctx, c) },
	} {
		if err := r.retry().Do(ctx, r.o.Log, "starting over", step); err != nil {
			return nil, err
		}
	}
	return c, nil
}
