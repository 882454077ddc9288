package handover

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/datasync-io/datasync/core/plugin"
)

// Signals is where a reader keeps the signals that are pending, for the
// [Copier] of the Source that obeys them, and of those after it. Several
// goroutines use it.
type Signals struct {
	mu      sync.Mutex
	pending []plugin.Signal
	version atomic.Uint64 // of pending; 0: there never were any
	rows    atomic.Int64
}

// Put replaces what is pending, as [plugin.Signaler] has it.
func (s *Signals) Put(pending []plugin.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pending = slices.Clone(pending)
	s.version.Add(1)
}

// Rows counts the rows that were copied beside the log since the reader was made.
func (s *Signals) Rows() float64 { return float64(s.rows.Load()) }

// take returns what is pending if that is not what was seen last.
func (s *Signals) take(seen *uint64) (pending []plugin.Signal, news bool) {
	if s.version.Load() == *seen {
		return nil, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	*seen = s.version.Load()
	return s.pending, true
}
