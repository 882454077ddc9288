package limit

import (
	"context"
	"fmt"
	"math"
	"time"

	"golang.org/x/time/rate"
)

// perSecond is how many buckets fit into a second.
const perSecond = 10

// Limiter bounds rows and bytes per second. It may be used by any number of
// goroutines.
type Limiter struct {
	rows, bytes *rate.Limiter // nil: no limit
}

// New returns a limiter of that many rows and bytes per second; 0 and less
// mean no limit.
func New(rows, bytes int64) *Limiter {
	return &Limiter{rows: bucket(rows), bytes: bucket(bytes)}
}

func bucket(n int64) *rate.Limiter {
	if n <= 0 {
		return nil
	}
	burst := int(min(max(n/perSecond, 1), math.MaxInt32))
	l := rate.NewLimiter(rate.Limit(n), burst)
	l.AllowN(time.Now(), burst) // begin empty
	return l
}

// Wait returns when so many rows and bytes may pass, or with ctx's error when
// it ends first; what was waited for by then is spent.
func (l *Limiter) Wait(ctx context.Context, rows, bytes int) error {
	if err := wait(ctx, l.rows, rows); err != nil {
		return err
	}
	return wait(ctx, l.bytes, bytes)
}

func wait(ctx context.Context, l *rate.Limiter, n int) error {
	if l == nil {
		return nil
	}
	for piece := l.Burst(); n > 0; n -= piece {
		if err := l.WaitN(ctx, min(n, piece)); err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			return fmt.Errorf("waiting for the speed limit: %w", err)
		}
	}
	return nil
}

// Target returns how many rows and bytes a batch should hold at most, 100 ms
// of the rate, so that the flow is even; 0: no limit.
func (l *Limiter) Target() (rows, bytes int) {
	if l.rows != nil {
		rows = l.rows.Burst()
	}
	if l.bytes != nil {
		bytes = l.bytes.Burst()
	}
	return rows, bytes
}
