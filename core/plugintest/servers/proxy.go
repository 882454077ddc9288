package servers

import (
	"errors"
	"io"
	"net"
	"sync"
)

// Proxy forwards TCP connections from its own port on loopback to a backend and
// can break the network between: Cut resets connections and refuses new ones,
// Stall lets bytes wait in both directions without a sign, Restore ends either.
// Safe for concurrent use.
type Proxy struct {
	listener net.Listener
	wg       sync.WaitGroup

	mu      sync.Mutex
	backend string
	cut     bool
	gate    chan struct{} // closed: bytes pass; open: they wait
	conns   map[net.Conn]struct{}
	done    bool
}

// NewProxy listens on a free port of 127.0.0.1 and forwards to backend
// (host:port). The owner calls Close, which awaits its goroutines.
func NewProxy(backend string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, backend: backend, conns: map[net.Conn]struct{}{}, gate: make(chan struct{})}
	close(p.gate)
	p.wg.Go(p.serve)
	return p, nil
}

// setBackend changes what later connections are forwarded to.
func (p *Proxy) setBackend(addr string) {
	p.mu.Lock()
	p.backend = addr
	p.mu.Unlock()
}

// Addr is where clients connect to.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Cut resets all connections; new ones are reset at once until Restore.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = true
	p.openGate()
	for c := range p.conns {
		reset(c)
	}
}

// Stall keeps all connections and forwards nothing until Restore, which then
// delivers what has waited. New connections are accepted and stall too.
func (p *Proxy) Stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.gate:
		p.gate = make(chan struct{})
	default:
	}
}

// Restore forwards again.
func (p *Proxy) Restore() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = false
	p.openGate()
}

// Close ends the listener and all connections and awaits them.
func (p *Proxy) Close() error {
	p.mu.Lock()
	p.done = true
	p.openGate()
	for c := range p.conns {
		c.Close()
	}
	p.mu.Unlock()
	err := p.listener.Close()
	p.wg.Wait()
	return err
}

func (p *Proxy) openGate() {
	select {
	case <-p.gate:
	default:
		close(p.gate)
	}
}

func (p *Proxy) serve() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			continue
		}
		if p.hold(c) {
			p.wg.Go(func() { p.forward(c) })
		}
	}
}

// hold registers c so that Cut and Close reach it; false: c is closed already.
func (p *Proxy) hold(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cut || p.done {
		reset(c)
		return false
	}
	p.conns[c] = struct{}{}
	return true
}

func (p *Proxy) drop(c net.Conn) {
	p.mu.Lock()
	delete(p.conns, c)
	p.mu.Unlock()
	c.Close()
}

func (p *Proxy) forward(client net.Conn) {
	defer p.drop(client)
	p.mu.Lock()
	backend := p.backend
	p.mu.Unlock()
	server, err := net.Dial("tcp", backend)
	if err != nil {
		reset(client)
		return
	}
	if !p.hold(server) {
		return
	}
	defer p.drop(server)
	up := make(chan struct{})
	go func() {
		defer close(up)
		p.copy(server, client)
	}()
	p.copy(client, server)
	<-up
}

// copy forwards until src ends, then ends dst: cleanly after EOF, by reset after
// an error, so that the far side sees what happened here.
func (p *Proxy) copy(dst, src net.Conn) {
	buf := make([]byte, 64<<10)
	for {
		n, err := src.Read(buf)
		p.mu.Lock()
		gate := p.gate
		p.mu.Unlock()
		<-gate
		if n > 0 {
			if _, werr := dst.Write(buf[:n]); werr != nil {
				reset(src)
				return
			}
		}
		if errors.Is(err, io.EOF) {
			if t, ok := dst.(*net.TCPConn); ok {
				_ = t.CloseWrite()
			}
			return
		}
		if err != nil {
			reset(dst)
			return
		}
	}
}

// reset closes c with RST instead of FIN.
func reset(c net.Conn) {
	if t, ok := c.(*net.TCPConn); ok {
		_ = t.SetLinger(0)
	}
	c.Close()
}
