package pump

import (
	"context"
	"sync"

	"github.com/datasync-io/datasync/core/plugin"
)

// Queue deals splits to the channels. It may be used by several goroutines.
type Queue struct {
	more func(ctx context.Context) ([]plugin.Progress, error)

	mu      sync.Mutex
	pending []plugin.Progress
	running int // dealt, and neither durably done nor set aside
	ask     bool
	asking  bool
	changed chan struct{} // closed and replaced at every change
}

// NewQueue returns a queue of splits. more, which may be nil, is asked for
// further ones after a split has ended durably; it has stored the plan when it
// returns (I9).
func NewQueue(splits []plugin.Progress, more func(ctx context.Context) ([]plugin.Progress, error)) *Queue {
	q := &Queue{more: more, changed: make(chan struct{})}
	for _, s := range splits {
		if !s.Done && s.Err == "" {
			q.pending = append(q.pending, s)
		}
	}
	q.ask = more != nil && len(q.pending) == 0
	return q
}

// Next returns a split to read; ok is false when all have ended durably and
// there are no more. It waits while others run, since these may bring more.
func (q *Queue) Next(ctx context.Context) (split plugin.Progress, ok bool, err error) {
	for {
		q.mu.Lock()
		switch {
		case len(q.pending) > 0:
			split, q.pending = q.pending[0], q.pending[1:]
			q.running++
			q.mu.Unlock()
			return split, true, nil
		case q.ask:
			q.ask, q.asking = false, true
			q.mu.Unlock()
			splits, err := q.more(ctx)
			q.mu.Lock()
			q.asking = false
			q.ask = q.ask || err != nil // there may be more all the same
			q.pending = append(q.pending, splits...)
			q.signal()
			q.mu.Unlock()
			if err != nil {
				return plugin.Progress{}, false, err
			}
			continue
		case q.running == 0 && !q.asking:
			q.mu.Unlock()
			return plugin.Progress{}, false, nil
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return plugin.Progress{}, false, ctx.Err()
		}
	}
}

// Done says that a split has ended durably, or is set aside.
func (q *Queue) Done(string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.running--
	q.ask = q.more != nil
	q.signal()
}

func (q *Queue) signal() {
	close(q.changed)
	q.changed = make(chan struct{})
}
