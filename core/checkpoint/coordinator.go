package checkpoint

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
)

// Coordinator stores what the tracker knows and commits what was prepared. Its
// methods may be called by several goroutines.
type Coordinator struct {
	store     Store
	tracker   *Tracker
	committer plugin.Committer // nil: nothing to commit
	flush     func(ctx context.Context) error
	log       *slog.Logger
	acks      Acks

	mu sync.Mutex // held over a save, so that saves do not overtake each other
	c  *Checkpoint
}

// NewCoordinator returns a coordinator of the run that c describes. flush
// makes dirty rows durable; committer may be nil.
func NewCoordinator(store Store, c *Checkpoint, tracker *Tracker, committer plugin.Committer, flush func(ctx context.Context) error, log *slog.Logger) *Coordinator {
	return &Coordinator{store: store, tracker: tracker, committer: committer, flush: flush, log: log, c: c}
}

// Acks are the sources that are told what is stored.
func (c *Coordinator) Acks() *Acks { return &c.acks }

// Save stores the present state, commits it and tells the sources. (I1: the snapshot is
// taken first, then the dirty rows that it covers are made durable, then it is
// stored. I10: the store refuses an older run.)
func (c *Coordinator) Save(ctx context.Context) error { return c.SaveWith(ctx, nil) }

// SaveWith is Save with a change to the checkpoint's own fields.
func (c *Coordinator) SaveWith(ctx context.Context, change func(*Checkpoint)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tracker.describe(c.c)
	if err := c.flush(ctx); err != nil {
		return fmt.Errorf("writing dirty rows: %w", err)
	}
	if change != nil {
		change(c.c)
	}
	c.c.Epoch++
	if err := c.store.Save(ctx, c.c); err != nil {
		return err
	}
	if c.committer != nil && len(c.c.Tokens) > 0 {
		if err := c.committer.Commit(ctx, c.c.Epoch, c.c.Tokens); err != nil {
			return fmt.Errorf("committing: %w", err)
		}
	}
	c.acks.tell(ctx, c.c.Plan, c.log)
	return nil
}

// Epoch is the number that the next save will have.
func (c *Coordinator) Epoch() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.c.Epoch + 1
}

// Run saves every interval until ctx ends; before, it asks the sinks to flush,
// which may take one more interval at most, and afterwards it tells what is
// counted as stored. The first error ends it.
func (c *Coordinator) Run(ctx context.Context, interval time.Duration, flushSinks func(ctx context.Context), stored func(Counts)) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		within, cancel := context.WithTimeout(ctx, interval) // a sink that hangs must not hold up the others' positions
		flushSinks(within)
		cancel()
		started := time.Now()
		if err := c.Save(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		stored(c.stored())
		c.log.Debug("checkpoint stored", "took", time.Since(started))
	}
}

func (c *Coordinator) stored() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.c.Counters
}
