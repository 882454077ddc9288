package sqlread

import (
	"context"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
)

// SetClock replaces the clock of a reader that polls.
func SetClock(r plugin.Reader, now func() time.Time, wait func(ctx context.Context, t time.Time) error) {
	r.(*incremental).clock = funcClock{now, wait}
}

type funcClock struct {
	now  func() time.Time
	wait func(ctx context.Context, t time.Time) error
}

func (c funcClock) Now() time.Time                              { return c.now() }
func (c funcClock) Wait(ctx context.Context, t time.Time) error { return c.wait(ctx, t) }

// WrapDriver replaces the driver of a reader that reads in order of an
// increment column.
func WrapDriver(r plugin.Reader, wrap func(Driver) Driver) {
	i := r.(*incremental)
	i.driver = wrap(i.driver)
	i.pool = newPool(i.driver, i.cfg)
}
