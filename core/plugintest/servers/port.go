package servers

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
)

// Ports are taken below the range that Linux gives to outgoing connections
// (32768 on): a killed server must find its port free when it comes back.
const (
	firstPort = 20000
	lastPort  = 32000
)

// ports hands out each port once. The zero value is ready; safe for concurrent
// use. Other supervisors on the machine pick at random too.
type ports struct {
	mu   sync.Mutex
	used map[int]bool
}

func (p *ports) take() (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.used == nil {
		p.used = map[int]bool{}
	}
	for range 1000 {
		n := firstPort + rand.IntN(lastPort-firstPort)
		if p.used[n] {
			continue
		}
		l, err := net.Listen("tcp", loopback(n))
		if err != nil {
			continue
		}
		p.used[n] = true
		return n, l.Close()
	}
	return 0, errors.New("finding a free port: none between 20000 and 32000")
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }
