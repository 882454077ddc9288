package sqlread

import (
	"bytes"
	"context"
	"errors"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// pollingSlack is how much earlier than they say transactions are taken to have
// begun: servers list them with a delay, and a value may be made shortly before.
const pollingSlack = time.Second

// clock is where the time comes from.
type clock interface {
	Now() time.Time
	// Wait waits until t or the end of ctx, whose error it returns.
	Wait(ctx context.Context, t time.Time) error
}

type systemClock struct{}

func (systemClock) Now() time.Time { return time.Now() }

func (systemClock) Wait(ctx context.Context, t time.Time) error {
	timer := time.NewTimer(time.Until(t))
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// polling reads what is added to an origin, again and again.
//
// A poll reads from a value on that no transaction can go below any more, and
// drops the rows that it has delivered. Such a value is the largest that was
// known when the oldest transaction that still writes began, or pollingLag ago.
// That is as of the moment before the poll: a transaction that commits until
// then is read by it, one that begins afterwards writes larger values. Where
// there is neither, the value read last is the one.
//
// The first poll knows of no earlier values. If nobody writes, everything below
// the present maximum is final, and is read without being remembered.
//
// Without a key rows cannot be told apart: then the rows below such a value are
// read, once.
type polling struct {
	increment
	clock    clock
	interval time.Duration
	lag      *time.Duration // nil: the database is asked
	history  history
	next     time.Time // of the next poll; zero: at once
	writers  bool      // a transaction that has written was open when that was asked
	below    *sqlkit.Value
	low      *sqlkit.Value
	marked   []byte // the last position
}

var _ plugin.Source = (*polling)(nil)

func (r *incremental) newPolling(i increment) *polling {
	return &polling{increment: i, clock: r.clock, interval: r.cfg.Pause(), lag: r.cfg.PollingLag, marked: i.cursor.position(i.report)}
}

// Fill implements [plugin.Source].
func (p *polling) Fill(ctx context.Context, b *record.Batch) error {
	return p.guard(ctx, func() error { return p.fill(ctx, b) })
}

func (p *polling) fill(ctx context.Context, b *record.Batch) error {
	for {
		if p.rows == nil {
			if err := p.clock.Wait(ctx, p.next); err != nil {
				return err
			}
			if err := p.poll(ctx); err != nil {
				return err
			}
		}
		if p.rows != nil {
			if err := p.read(b); !errors.Is(err, io.EOF) {
				p.marked = nil
				return err
			}
			p.end()
		}
		if position := p.cursor.position(p.report); !b.Empty() || !bytes.Equal(position, p.marked) {
			p.marked = position
			b.Mark(position, time.Time{})
			return nil
		}
	}
}

// poll begins a poll; no statement runs afterwards if there is nothing to read.
func (p *polling) poll(ctx context.Context) error {
	p.below, p.low = nil, nil
	if p.cursor.keyed && len(p.history.known) > 0 {
		began, asked, err := p.oldest(ctx)
		if err != nil {
			return err
		}
		if asked {
			p.low = p.history.until(began.Add(-pollingSlack))
		}
		return p.begin(ctx, asked, "")
	}
	most, err := p.maximum(ctx)
	if err != nil {
		return err
	}
	if most == nil {
		p.wait()
		return nil
	}
	p.history.note(p.clock.Now(), *most)
	if p.cursor.keyed {
		return p.first(ctx, most)
	}
	return p.withoutKey(ctx, most)
}

// first begins the first poll: what is below the present maximum, if that is
// final, or everything.
func (p *polling) first(ctx context.Context, most *sqlkit.Value) error {
	_, asked, err := p.oldest(ctx)
	if err != nil {
		return err
	}
	switch {
	case !asked:
		return p.begin(ctx, false, "")
	case p.lag != nil || p.writers:
		return p.begin(ctx, true, "")
	}
	p.below = most
	return p.begin(ctx, false, p.compare(" < ", *most))
}

// withoutKey begins a poll of what is final.
func (p *polling) withoutKey(ctx context.Context, most *sqlkit.Value) error {
	began, asked, err := p.oldest(ctx)
	if err != nil {
		return err
	}
	p.below = most
	if asked {
		p.below = p.history.until(began.Add(-pollingSlack))
	}
	if b := p.cursor.bound; p.below == nil || b.op == fromValue && b.values[0] == *p.below {
		p.wait()
		return nil
	}
	return p.begin(ctx, false, p.compare(" < ", *p.below))
}

// end ends a poll.
func (p *polling) end() {
	gaveUp, some, part := p.cursor.gaveUp, p.cursor.begun, p.below != nil && p.cursor.keyed
	if gaveUp {
		p.low = nil // it may be behind what is remembered
	}
	p.ended(p.below, p.low)
	if gaveUp {
		p.history.forget() // what is older is not read again
	}
	if part { // the maximum itself is read at once
		return
	}
	if some && p.cursor.keyed {
		p.history.note(p.clock.Now(), *p.cursor.last)
	}
	p.wait()
}

func (p *polling) wait() { p.next = p.clock.Now().Add(p.interval) }

// oldest returns the time at which the oldest transaction that may still write
// began; false if that is not known and no lag is given.
func (p *polling) oldest(ctx context.Context) (began time.Time, known bool, err error) {
	now := p.clock.Now()
	if p.lag != nil {
		return now.Add(-*p.lag), *p.lag > 0, nil
	}
	w, ok := p.reader.driver.(Watermarker)
	if !ok || p.reader.mayNotAsk.Load() {
		return now, false, nil
	}
	at, server, err := w.OldestWrite(ctx, p.session)
	switch {
	case err != nil && ctx.Err() == nil && errclass.Of(err) == errclass.Permanent:
		p.reader.mayNotAsk.Store(true)
		p.reader.log.Warn("transactions that are open cannot be asked for: rows that are committed late, with smaller values than are there already, are missed unless pollingLag covers them", "error", err)
		return now, false, nil
	case err != nil:
		return now, false, err
	}
	p.writers = !at.IsZero()
	if !p.writers {
		return now, true, nil
	}
	return now.Add(-server.Sub(at)), true, nil
}
