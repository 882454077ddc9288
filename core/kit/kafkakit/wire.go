package kafkakit

import (
	"context"
	"crypto/tls"
	"net"
	"sync"
	"time"
)

// wire dials connections and can end them all at once: sarama's calls know no
// context, and end when their connection does. It speaks TLS itself, to see what
// sarama writes. It may be used by several goroutines.
type wire struct {
	timeout time.Duration
	tls     *tls.Config // nil: none

	mu     sync.Mutex
	ctx    context.Context // of dials under way
	cancel context.CancelFunc
	conns  map[*wireConn]struct{}
	down   int      // bounds that have ended and are not released yet
	bodies [][]byte // see stage
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
	conn, err := w.dial(ctx, network, addr)
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

func (w *wire) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	d := &net.Dialer{Timeout: w.timeout}
	if w.tls == nil {
		return d.DialContext(ctx, network, addr)
	}
	return (&tls.Dialer{NetDialer: d, Config: w.tls}).DialContext(ctx, network, addr)
}

// stage has the next produce request carry these batches; call unstage when it
// is written.
func (w *wire) stage(bodies [][]byte) (unstage func()) {
	set := func(bodies [][]byte) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.bodies = bodies
	}
	set(bodies)
	return func() { set(nil) }
}

// Write writes what sarama does, with the staged batches in a produce request.
func (c *wireConn) Write(frame []byte) (int, error) {
	c.w.mu.Lock()
	bodies := c.w.bodies
	c.w.mu.Unlock()
	if bodies == nil || !isProduce(frame) {
		return c.Conn.Write(frame)
	}
	pieces, err := splice(frame, bodies)
	if err != nil {
		return 0, err
	}
	if _, err := pieces.WriteTo(c.Conn); err != nil {
		return 0, err
	}
	return len(frame), nil
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

// shut ends all connections and refuses new ones, for good.
func (w *wire) shut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.down++
	w.cut()
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
