package pump

import (
	"slices"
	"sync"
	"time"
)

// Rate bounds how many errors may fall into an interval, over all that retries
// with it; FlinkX calls that failureRate. Safe for concurrent use.
type Rate struct {
	most     int
	interval time.Duration

	mu     sync.Mutex
	recent []time.Time // ascending, none older than interval
}

// NewRate returns a rate at which the most-th error within interval is one too many.
func NewRate(most int, interval time.Duration) *Rate {
	return &Rate{most: max(1, most), interval: interval}
}

// failed counts an error and tells whether it is one too many. What fails
// within delay of an error, the time that whoever had that one waits for, is the
// same trouble seen by another channel and counts no more.
func (r *Rate) failed(now time.Time, delay time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recent = slices.DeleteFunc(r.recent, func(t time.Time) bool { return now.Sub(t) > r.interval })
	if n := len(r.recent); n == 0 || now.Sub(r.recent[n-1]) >= delay {
		r.recent = append(r.recent, now)
	}
	return len(r.recent) >= r.most
}
