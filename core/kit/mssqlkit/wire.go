package mssqlkit

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"time"
)

// wire dials for the driver and keeps hold of the connection, so that it can be
// cut by anybody at any time: the driver's own cancelling asks the server to
// stop and waits for the rest of the rows.
type wire struct {
	mu    sync.Mutex
	conns []net.Conn
	cut   bool
	fault error // what a read or a write failed with first
}

// DialContext implements the driver's Dialer.
func (w *wire) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	d := net.Dialer{KeepAlive: 30 * time.Second}
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cut {
		_ = c.Close()
		return nil, net.ErrClosed
	}
	w.conns = append(w.conns, c)
	if !strings.HasPrefix(network, "tcp") { // the server's browser, which is asked for a port
		return c, nil
	}
	return &watched{Conn: c, wire: w}, nil
}

// close cuts the connection. The server sees it and ends what runs.
func (w *wire) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cut = true
	for _, c := range w.conns {
		_ = c.Close()
	}
}

// broken returns what the connection failed with, if it did: the driver tells
// it in words alone when that happens inside a value.
func (w *wire) broken() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.fault
}

// lost is broken, or that the connection was cut.
func (w *wire) lost() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fault == nil && w.cut {
		return net.ErrClosed
	}
	return w.fault
}

// watched notes the first fault of a connection.
type watched struct {
	net.Conn
	wire *wire
}

func (c *watched) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	return n, c.note(err)
}

func (c *watched) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	return n, c.note(err)
}

func (c *watched) note(err error) error {
	if err != nil && !errors.Is(err, net.ErrClosed) {
		c.wire.mu.Lock()
		if c.wire.fault == nil {
			c.wire.fault = err
		}
		c.wire.mu.Unlock()
	}
	return err
}
