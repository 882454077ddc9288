package pump

import (
	"context"
	"sync"
)

// DefaultBudget is the memory of the batches of a job.
const DefaultBudget = 32 << 20

// Budget is the memory that the batches of a job share; when it is used up,
// sources wait. It may be used by several goroutines.
type Budget struct {
	mu    sync.Mutex
	size  int
	held  int
	waits bool          // somebody waits for freed
	freed chan struct{} // closed and replaced when memory comes back
}

// NewBudget returns a budget of that many bytes.
func NewBudget(size int) *Budget { return &Budget{size: size, freed: make(chan struct{})} }

// Acquire takes n bytes, waiting until they are there. A request larger than
// the budget is granted when nothing else is held.
func (g *Budget) Acquire(ctx context.Context, n int) error {
	for {
		g.mu.Lock()
		if g.held == 0 || g.held+n <= g.size {
			g.held += n
			g.mu.Unlock()
			return nil
		}
		freed := g.freed
		g.waits = true
		g.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Adjust changes what a holder of from bytes holds to to bytes, at once: a
// batch that came out larger than was asked for is there already.
func (g *Budget) Adjust(from, to int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.held += to - from
	if to < from && g.waits {
		close(g.freed)
		g.freed, g.waits = make(chan struct{}), false
	}
}

// Release gives n bytes back.
func (g *Budget) Release(n int) { g.Adjust(n, 0) }

// Held is the number of bytes in use.
func (g *Budget) Held() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.held
}
