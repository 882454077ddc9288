package sqlread

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// trusted is how long an idle session is taken to be alive without asking.
const trusted = time.Second

// pool keeps sessions that are in order for who needs one next. They belong to
// the reader: nobody else uses them.
type pool struct {
	dial func(ctx context.Context, connection int) (Session, error)
	most int // kept for each connection

	mu     sync.Mutex
	idle   map[int][]parked
	lent   map[Session]lender
	closed bool
}

type parked struct {
	session Session
	since   time.Time
}

// lender is where a session goes back to.
type lender struct {
	connection int
	view       Snapshot // nil: the pool
}

func newPool(d Driver, cfg *sqlkit.ReaderConfig) *pool {
	return &pool{idle: map[int][]parked{}, lent: map[Session]lender{}, most: 1,
		dial: func(ctx context.Context, i int) (Session, error) {
			s, err := d.Dial(ctx, &cfg.Connection[i])
			if err != nil && len(cfg.Connection) > 1 {
				err = fmt.Errorf("connection[%d]: %w", i, err)
			}
			if err != nil {
				return nil, err
			}
			if err := begun(ctx, s, cfg); err != nil {
				return nil, errors.Join(err, s.Close())
			}
			return s, nil
		}}
}

// begun runs the job's own statements on a connection.
func begun(ctx context.Context, s Session, cfg *sqlkit.ReaderConfig) error {
	for i, sql := range cfg.Session {
		if _, err := s.First(ctx, sql); err != nil {
			return fmt.Errorf("session[%d]: preparing the session: %w", i, err)
		}
	}
	return nil
}

// take returns a session of a connection.
func (p *pool) take(ctx context.Context, connection int) (Session, error) {
	for {
		one, ok := p.unpark(connection)
		if !ok {
			break
		}
		if time.Since(one.since) > trusted {
			if _, err := one.session.First(ctx, "SELECT 1"); err != nil {
				_ = one.session.Close() // it is dead: another is dialled
				continue
			}
		}
		p.lend(one.session, lender{connection: connection})
		return one.session, nil
	}
	s, err := p.dial(ctx, connection)
	if err == nil {
		p.lend(s, lender{connection: connection})
	}
	return s, err
}

func (p *pool) unpark(connection int) (parked, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	idle := p.idle[connection]
	if len(idle) == 0 {
		return parked{}, false
	}
	p.idle[connection] = idle[:len(idle)-1]
	return idle[len(idle)-1], true
}

func (p *pool) lend(s Session, to lender) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lent[s] = to
}

// give takes a session back.
func (p *pool) give(s Session) error {
	p.mu.Lock()
	from := p.lent[s]
	delete(p.lent, s)
	keep := from.view == nil && !p.closed && len(p.idle[from.connection]) < p.most && s.Reusable()
	if keep {
		p.idle[from.connection] = append(p.idle[from.connection], parked{s, time.Now()})
	}
	p.mu.Unlock()
	switch {
	case keep:
		return nil
	case from.view != nil:
		return from.view.Release(s)
	}
	return s.Close()
}

// keep sets how many sessions of a connection may wait for work.
func (p *pool) keep(most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.most = max(1, most)
}

// close ends the sessions that wait; one that is lent is closed when it comes back.
func (p *pool) close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	var errs []error
	for _, idle := range p.idle {
		for _, one := range idle {
			errs = append(errs, one.session.Close())
		}
	}
	clear(p.idle)
	return errors.Join(errs...)
}
