package torture

import (
	"fmt"
	"sync"
	"testing"
	"time"
)

// history is what was done, for the reader of a failure.
type history struct {
	begun time.Time

	mu      sync.Mutex
	events  []string
	details []string // the last of those that are many
}

const keptDetails = 40

func newHistory() *history { return &history{begun: time.Now()} }

// note adds an event.
func (h *history) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, h.stamp(format, args))
}

// detail adds what only the last of matter.
func (h *history) detail(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.details) == keptDetails {
		h.details = h.details[1:]
	}
	h.details = append(h.details, h.stamp(format, args))
}

func (h *history) stamp(format string, args []any) string {
	return fmt.Sprintf("%8.3fs %s", time.Since(h.begun).Seconds(), fmt.Sprintf(format, args...))
}

// tell logs everything.
func (h *history) tell(t testing.TB) {
	t.Helper()
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, e := range h.events {
		t.Log(e)
	}
	for _, e := range h.details {
		t.Log("  ", e)
	}
}
