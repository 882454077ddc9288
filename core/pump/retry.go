package pump

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/datasync-io/datasync/core/errclass"
)

// Retry says how long errors of class Transient are tried again.
type Retry struct {
	Attempts int           // in a row; 0: as many as fit the time; negative: none
	First    time.Duration // total time before anything worked; 0: no bound
	Later    time.Duration // total time of errors in a row afterwards; 0: no bound
	Delay    time.Duration // between attempts; 0: exponential from 100 ms to 5 s, with jitter
	Rate     *Rate         // how many errors fall into a time, in a row or not; nil: no bound
}

// DefaultRetry is for a bounded job whose file says nothing.
func DefaultRetry() Retry { return Retry{First: 15 * time.Second, Later: 45 * time.Second} }

// Do calls f until it succeeds, fails for good, the time before anything
// worked is used up or ctx ends. what says for the log what is tried.
func (r Retry) Do(ctx context.Context, log *slog.Logger, what string, f func() error) error {
	p := newPatience(r, log)
	for {
		err := f()
		if err == nil {
			return nil
		}
		if err := p.wait(ctx, what, err); err != nil {
			return err
		}
	}
}

// exhausted is the error of somebody who has tried long enough: nobody further
// out tries again.
type exhausted struct{ err error }

func (e *exhausted) Error() string { return e.err.Error() }
func (e *exhausted) Unwrap() error { return e.err }

// patience counts errors in a row.
type patience struct {
	retry   Retry
	log     *slog.Logger
	trouble *trouble // nil: nobody is told
	worked  bool     // something has once worked
	since   time.Time
	tries   int
	delay   backoff.BackOff
}

func newPatience(r Retry, log *slog.Logger) *patience {
	p := &patience{retry: r, log: log}
	p.reset()
	return p
}

func (p *patience) reset() {
	p.tries, p.since = 0, time.Time{}
	if p.retry.Delay > 0 {
		p.delay = backoff.NewConstantBackOff(p.retry.Delay)
		return
	}
	e := backoff.NewExponentialBackOff()
	e.InitialInterval, e.MaxInterval = 100*time.Millisecond, 5*time.Second
	p.delay = e
}

// success says that something worked: the next error is a first one.
func (p *patience) success() {
	p.worked = true
	if p.tries > 0 {
		p.reset()
	}
}

// wait returns nil when it is time to try again, and the error that ends it
// when err is not Transient, patience is used up or ctx has ended.
func (p *patience) wait(ctx context.Context, what string, err error) error {
	var ended *exhausted
	if errclass.Of(err) != errclass.Transient || p.retry.Attempts < 0 || errors.As(err, &ended) {
		return err
	}
	now := time.Now()
	if p.tries == 0 {
		p.since = now
	}
	p.tries++
	delay, bound := p.delay.NextBackOff(), p.retry.First
	if p.worked {
		bound = p.retry.Later
	}
	spent := now.Sub(p.since)
	if p.retry.Attempts > 0 && p.tries > p.retry.Attempts || bound > 0 && spent+delay > bound {
		return &exhausted{fmt.Errorf("giving up after %d attempts in %s: %w", p.tries, spent.Round(time.Second), err)}
	}
	if r := p.retry.Rate; r != nil && r.failed(now, delay) {
		return &exhausted{fmt.Errorf("giving up after %d errors within %s: %w", r.most, r.interval, err)}
	}
	p.trouble.begin()
	p.log.Warn(what+": trying again", "error", err, "attempt", p.tries, "in", delay.Round(time.Millisecond))
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
