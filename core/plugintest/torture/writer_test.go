package torture

import (
	"context"
	"sync"
	"sync/atomic"
)

// gate is open while a server runs.
type gate struct {
	mu   sync.Mutex
	open chan struct{} // closed: open
}

func newGate() *gate {
	g := &gate{open: make(chan struct{})}
	close(g.open)
	return g
}

func (g *gate) shut() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open = make(chan struct{})
}

func (g *gate) unlock() {
	g.mu.Lock()
	defer g.mu.Unlock()
	close(g.open)
}

// wait returns when the gate is open, false when ctx has ended.
func (g *gate) wait(ctx context.Context) bool {
	g.mu.Lock()
	open := g.open
	g.mu.Unlock()
	select {
	case <-open:
		return ctx.Err() == nil
	case <-ctx.Done():
		return false
	}
}

// tally counts what the writers have done, and tells those who wait for it.
type tally struct {
	begun, commits, rollbacks, refused, alters atomic.Int64

	allowed atomic.Int64 // transactions that may have begun: the writers do not run away from the troubles
	mu      sync.Mutex
	moved   chan struct{} // closed when any of this changes
}

func newTally() *tally { return &tally{moved: make(chan struct{})} }

func (c *tally) committed() {
	c.commits.Add(1)
	c.tell()
}

// allow lets n transactions have begun.
func (c *tally) allow(n int64) {
	c.allowed.Store(n)
	c.tell()
}

func (c *tally) tell() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.moved)
	c.moved = make(chan struct{})
}

// begin waits until one more transaction may begin, false when ctx has ended.
func (c *tally) begin(ctx context.Context) bool {
	n := c.begun.Add(1)
	c.tell()
	return c.until(ctx, func() bool { return n <= c.allowed.Load() })
}

// reach waits until so many transactions have begun, false when ctx has ended.
func (c *tally) reach(ctx context.Context, n int64) bool {
	return c.until(ctx, func() bool { return c.begun.Load() >= n })
}

func (c *tally) until(ctx context.Context, is func() bool) bool {
	for {
		c.mu.Lock()
		moved := c.moved
		c.mu.Unlock()
		if is() {
			return true
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return false
		}
	}
}

// writer runs transactions on a source until n of them are done.
type writer struct {
	author *author
	db     *database
	tally  *tally
	events *history
	number int

	session session
	open    *decision // of a transaction that may be prepared; nil: there is none
}

func (w *writer) run(ctx context.Context, n int) {
	defer w.leave()
	defer func() {
		if w.open != nil {
			w.connect(ctx)
		}
	}()
	for range n {
		x := w.author.next()
		if !w.tally.begin(ctx) || !w.connect(ctx) {
			return
		}
		if err := w.do(x); err != nil {
			w.tally.refused.Add(1)
			if x.alters != nil && !x.alters.add {
				x.table.took(x.alters) // it may be gone
			}
			w.events.detail("writer %d: %v", w.number, err)
			if w.session != nil && (!w.session.alive() || w.session.exec("ROLLBACK") != nil) {
				w.leave()
			}
		}
	}
}

// connect makes sure that there is a session, as soon as the server runs.
func (w *writer) connect(ctx context.Context) bool {
	for w.session == nil {
		if !w.db.gate.wait(ctx) {
			return false
		}
		s, err := w.db.dial()
		if err != nil {
			continue
		}
		if w.session = s; w.decide(ctx) != nil {
			w.leave()
		}
	}
	return ctx.Err() == nil
}

func (w *writer) leave() {
	if w.session != nil {
		w.session.close()
		w.session = nil
	}
}

// do runs one transaction.
func (w *writer) do(x transaction) error {
	if x.xa != "" {
		return w.doXA(x)
	}
	alone := len(x.statements) == 1 && !x.rollback
	if !alone {
		if err := w.session.exec("BEGIN"); err != nil {
			return err
		}
	}
	for _, sql := range x.statements {
		err := w.session.exec(sql)
		if x.defines {
			w.events.note("writer %d: %s: %v", w.number, sql, err)
		}
		if err != nil {
			return err
		}
	}
	switch {
	case x.rollback:
		w.tally.rollbacks.Add(1)
		return w.session.exec("ROLLBACK")
	case !alone:
		if err := w.session.exec("COMMIT"); err != nil {
			return err
		}
	}
	if x.alters != nil {
		w.tally.alters.Add(1)
		x.table.took(x.alters)
	}
	w.tally.committed()
	return nil
}
