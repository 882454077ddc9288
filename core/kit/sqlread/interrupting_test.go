package sqlread

import (
	"context"
	"testing"
	"testing/synctest"
	"time"
)

// slow is a session whose interruption takes its time.
type slow struct {
	lone
	late time.Duration
}

func (s *slow) Interrupt() {
	<-time.After(s.late) // of a bubble: the clock is the test's
	s.broken = true
}

// TestInterruptedInTheLastMoment ends a call while its context ends: whoever asks
// then whether the session can be used again hears the truth.
func TestInterruptedInTheLastMoment(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := &slow{late: time.Second}
		stop := interrupting(ctx, s)
		cancel()
		synctest.Wait()
		stop()
		if s.Reusable() {
			t.Error("a session that is being interrupted passes for reusable")
		}
	})
	s := &slow{}
	ctx, cancel := context.WithCancel(t.Context())
	interrupting(ctx, s)()
	cancel()
	if !s.Reusable() {
		t.Error("an end that comes after the call has interrupted the session")
	}
}
