package pump_test

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/core/record"
)

// heard is a reader that notes what it was told before it was closed.
type heard struct {
	full
	endless bool
	told    string
}

func (h *heard) Open(context.Context, plugin.Progress) (plugin.Source, error) {
	return &heardSource{fullSource{full: &h.full}, h}, nil
}

type heardSource struct {
	fullSource
	of *heard
}

func (s *heardSource) Fill(ctx context.Context, b *record.Batch) error {
	err := s.fullSource.Fill(ctx, b)
	switch {
	case err == nil:
	case s.of.endless:
		<-ctx.Done()
		return ctx.Err()
	default:
		b.Mark(fmt.Appendf(nil, `{"at":%d}`, s.n), time.Time{})
	}
	return err
}

func (s *heardSource) Ack(_ context.Context, position []byte) error {
	s.of.told = string(position)
	return nil
}

func (s *heardSource) Close() error {
	s.of.told += " closed"
	return nil
}

// TestLastWord tells a source how far the job is before it is closed, where it
// has ended and where the job is stopped, long before a checkpoint is due.
func TestLastWord(t *testing.T) {
	for name, endless := range map[string]bool{"ended": false, "stopped": true} {
		for _, sinks := range []int{1, 3} {
			synctest.Test(t, func(t *testing.T) {
				h := &heard{full: full{oneColumn, 7}, endless: endless}
				stop, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				if _, err := flowUntil(t.Context(), stop, h, &slow{delay: time.Millisecond}, sinks, pump.DefaultRetry()); endless == (err == nil) {
					t.Errorf("%s: %v", name, err)
				}
				if h.told != `{"at":7} closed` {
					t.Errorf("%s with %d sinks: the source was told %q", name, sinks, h.told)
				}
			})
		}
	}
}
