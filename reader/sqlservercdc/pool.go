package sqlservercdc

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
)

// pool is the connections that a source has dialled.
type pool struct {
	settings *mssqlkit.Settings

	mu   sync.Mutex
	all  []*mssqlkit.Conn
	free []*mssqlkit.Conn
	cut  bool
}

// get returns a connection that nothing runs on.
func (p *pool) get(ctx context.Context) (*mssqlkit.Conn, error) {
	p.mu.Lock()
	if n := len(p.free); n > 0 {
		c := p.free[n-1]
		p.free = p.free[:n-1]
		p.mu.Unlock()
		return c, nil
	}
	p.mu.Unlock()
	c, err := mssqlkit.Dial(ctx, p.settings)
	if err != nil {
		return nil, err
	}
	p.own(c)
	return c, nil
}

// own has a connection cut and closed with the others.
func (p *pool) own(c *mssqlkit.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all = append(p.all, c)
	if p.cut {
		c.Interrupt()
	}
}

// put takes a connection back whose rows have ended.
func (p *pool) put(c *mssqlkit.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.free = append(p.free, c)
}

// keepFree is how many connections are kept for the next window.
const keepFree = 4

// trim closes connections that nothing runs on but for a few.
func (p *pool) trim() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for len(p.free) > keepFree {
		c := p.free[len(p.free)-1]
		p.free = p.free[:len(p.free)-1]
		p.all = slices.DeleteFunc(p.all, func(o *mssqlkit.Conn) bool { return o == c })
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// interrupt ends what the connections do. Any goroutine may call it.
func (p *pool) interrupt() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	for _, c := range p.all {
		c.Interrupt()
	}
}

func (p *pool) close() error {
	var errs []error
	for _, c := range p.all {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}
