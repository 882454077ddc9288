package kafkakit

import (
	"context"
	"net"
	"sync"
	"time"
)

// wire dials connections and can end them all at once: sarama's calls know no
// context, and end when their connection does. It may be used by several
// goroutines.
type wire struct {
	timeout time.Duration

	mu     sync.Mutex
	ctx    context.Context // of dials under way
	cancel context.CancelFunc
	conns  map[*wireConn]struct{}
	down   int // bounds that have ended and are not released yet
}

type wireConn struct {
	net.Conn
	w *wire
}

func newWire(timeout time.Duration) *wire {
	w := &wire{timeout: timeout, conns: map[*wireConn]struct{}{}}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

// Dial connects to addr.
func (w *wire) Dial(network, addr string) (net.Conn, error) {
	w.mu.Lock()
	ctx, down := w.ctx, w.down
	w.mu.Unlock()
	if down > 0 {
		return nil, net.ErrClosed
	}
	d := net.Dialer{Timeout: w.timeout}
	conn, err := d.DialContext(ctx, network, addr)
	if ctx.Err() != nil && err != nil {
		return nil, net.ErrClosed
	}
	if err != nil {
		return nil, err
	}
	c := &wireConn{Conn: conn, w: w}
	w.mu.Lock()
	defer w.mu.Unlock()
	if ctx.Err() != nil {
		_ = conn.Close()
		return nil, net.ErrClosed
	}
	w.conns[c] = struct{}{}
	return c, nil
}

// Close ends one connection.
func (c *wireConn) Close() error {
	c.w.mu.Lock()
	delete(c.w.conns, c)
	c.w.mu.Unlock()
	return c.Conn.Close()
}

// hangUp ends all connections and dials under way; later dials are free again.
func (w *wire) hangUp() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut()
}

func (w *wire) cut() {
	w.cancel()
	w.ctx, w.cancel = context.WithCancel(context.Background())
	for c := range w.conns {
		_ = c.Conn.Close()
	}
	clear(w.conns)
}

// bound lets the end of ctx end all connections, and refuse new ones, until
// release is called.
func (w *wire) bound(ctx context.Context) (release func()) {
	stop := context.AfterFunc(ctx, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.down++
		w.cut()
	})
	return func() {
		if stop() {
			return
		}
		w.mu.Lock() // it has run, or will: the sum is the same
		defer w.mu.Unlock()
		w.down--
	}
}
