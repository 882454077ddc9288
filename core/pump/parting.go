package pump

import (
	"context"
	"errors"
	"sync"

	"github.com/datasync-io/datasync/core/plugin"
)

// parting ends an attempt of several sinks of which some refuse tables: nothing
// more is read, and the others write what is on its way. Else a split of another
// table could stand amid batches that lie with several sinks, with rows written
// and no position to go on from.
type parting struct {
	stop context.CancelFunc // reading

	mu   sync.Mutex
	left int // sinks that refuse nothing
	err  error
}

// leave takes note of what a sink has met. It is false where the attempt ends at
// once: the error is about more than tables, or no other sink is left.
func (p *parting) leave(err error) bool {
	if len(plugin.TableErrors(err)) == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = errors.Join(p.err, err)
	p.left--
	p.stop()
	return p.left > 0
}

// of returns the error of an attempt whose goroutines have ended with err.
func (p *parting) of(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err != nil && len(plugin.TableErrors(err)) == 0 {
		return err
	}
	return errors.Join(p.err, err) // a table may be named twice
}

// part leaves the attempt with the error that a batch of split has met, and the
// other sinks to what is on its way; it returns the error where that cannot be.
func (w *writer) part(ctx context.Context, split string, err error) error {
	if len(plugin.TableErrors(err)) == 0 || w.l.c.Idempotent || w.l.exact() || w.l.c.Tracker.Progress(split).Split.Endless {
		return err // without tables: what is written can be written again, or is undone
	}
	if p := w.next; p != nil && !p.bare() && p.batch.Split() != split {
		w.next = nil
		err = errors.Join(err, w.process(ctx, p))
	}
	if failed := w.flush(ctx); failed != nil {
		return failed
	}
	if !w.parting.leave(err) {
		return err
	}
	return w.discard(ctx, err)
}

// discard gives up what comes for this sink alone, until nothing more does. A
// source that waits for all sinks gets err.
func (w *writer) discard(ctx context.Context, err error) error {
	for w.inbox != nil {
		select {
		case p, ok := <-w.inbox:
			switch {
			case !ok:
				return nil
			case p.bare():
				return err
			}
			w.l.release(p)
		case done := <-w.requests:
			close(done)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}
