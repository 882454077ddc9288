package pump

import (
	"context"
	"maps"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Pump moves all splits of a queue.
type Pump struct {
	c     Config
	lanes []*lane

	refused refusals

	writing sync.RWMutex // read-held around every write, held while the destination is changed

	mu     sync.Mutex
	active map[*writer]bool // sinks that can be asked to flush
}

// New returns a pump; nothing is opened yet. With a Ledger every source gets
// a sink of its own: what a sink has in its open transaction must be of one
// split when a mark commits it.
func New(c Config) *Pump {
	if c.Ledger != nil {
		c.Sinks = c.Sources
	}
	c.Task.Of = c.Sinks
	if b, ok := c.Writer.(plugin.Batcher); ok {
		c.rows, c.bytes = b.Batch(c.Sinks)
	}
	if c.rows <= 0 || c.bytes <= 0 {
		c.rows, c.bytes = record.TargetRows, record.TargetBytes
	}
	p := &Pump{c: c, active: map[*writer]bool{}}
	if c.Sources == c.Sinks && c.Ledger == nil && !c.Rebalance {
		for i := range c.Sources {
			p.lanes = append(p.lanes, newLane(p, i, 1, 1))
		}
		return p
	}
	p.lanes = []*lane{newLane(p, 0, c.Sources, c.Sinks)}
	return p
}

// Run moves rows until all splits have ended durably, which is nil. When stop
// ends it stops reading, makes durable what it has and returns stop's error;
// when ctx ends it stops at once. On the first error of a lane the others are
// stopped in order, and the error is returned.
func (p *Pump) Run(ctx, stop context.Context) error {
	stop, cancel := context.WithCancel(stop)
	defer cancel()
	g, failed := errgroup.WithContext(ctx)
	defer context.AfterFunc(failed, cancel)()
	for _, l := range p.lanes {
		g.Go(func() error { return l.run(ctx, stop) })
	}
	return g.Wait()
}

// Flush asks all sinks to make durable what they have taken, and returns when
// they have, or when ctx ends.
func (p *Pump) Flush(ctx context.Context) {
	p.mu.Lock()
	writers := slices.Collect(maps.Keys(p.active))
	p.mu.Unlock()
	var asked sync.WaitGroup
	for _, w := range writers {
		asked.Go(func() { w.request(ctx) })
	}
	asked.Wait()
}

func (p *Pump) register(w *writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.active[w] = true
}

func (p *Pump) unregister(w *writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.active, w)
}
