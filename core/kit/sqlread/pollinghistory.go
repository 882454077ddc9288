package sqlread

import (
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// history remembers which value of the increment column was the largest known
// at which time: a transaction that began to write after that writes no smaller
// ones.
type history struct {
	known []known // ascending
}

type known struct {
	at    time.Time // when it was known already
	value sqlkit.Value
}

// note takes a value that is known at the time. One that may not be larger than
// the largest so far, whose row may be gone, says nothing new.
func (h *history) note(at time.Time, v sqlkit.Value) {
	if n := len(h.known); n == 0 || isLarger(v, h.known[n-1].value) {
		h.known = append(h.known, known{at, v})
	}
}

// until returns the largest value known at t, nil if that is before the first
// one. Times asked for later are not earlier, so that what is older is forgotten.
func (h *history) until(t time.Time) *sqlkit.Value {
	n := len(h.known)
	for n > 0 && h.known[n-1].at.After(t) {
		n--
	}
	if n == 0 {
		return nil
	}
	h.known = slices.Delete(h.known, 0, n-1)
	v := h.known[0].value
	return &v
}

// forget begins anew.
func (h *history) forget() { h.known = h.known[:0] }
