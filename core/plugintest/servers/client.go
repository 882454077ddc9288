package servers

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
)

// CreateTopic creates a topic on the shared Kafka of the supervisor that
// DATASYNC_TEST_CONTROL names, for scripts and work by hand. One that is there
// already is an error.
func CreateTopic(name string, partitions int, settings ...string) (err error) {
	socket := os.Getenv(envControl)
	if socket == "" {
		return fmt.Errorf("%s is not set: start the servers first and export what they print", envControl)
	}
	s, err := dial(nil, socket)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.conn.Close()) }()
	if err := s.ask(request{Op: opShared, Kind: KindKafka}); err != nil {
		return err
	}
	return s.ask(request{Op: opCreate, Name: name, Partitions: partitions, Config: settings})
}

// dial connects to the supervisor.
func dial(t testing.TB, socket string) (*Server, error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("reaching the supervisor of the test servers (%s): %w", envControl, err)
	}
	return &Server{t: t, conn: conn, in: json.NewDecoder(conn), out: json.NewEncoder(conn)}, nil
}

// Server is one running system as a test sees it; MySQL and Kafka add what is
// special to them. Methods may be called from any goroutine of the test;
// failures are reported with t.Errorf. It holds no goroutine.
type Server struct {
	t    testing.TB
	info atomic.Value // Info: what the last answer told

	mu   sync.Mutex
	conn net.Conn // the lease
	in   *json.Decoder
	out  *json.Encoder
}

// open connects to the supervisor and asks it for a server.
func open(t testing.TB, op string, k Kind, opts []Option) *Server {
	t.Helper()
	socket := os.Getenv(envControl)
	if socket == "" {
		if os.Getenv(envRequire) == "1" {
			t.Fatalf("%s needs a real %s server and none was started: run it by `make test`", t.Name(), k)
		}
		leaveOut()
		t.Skipf("left out: needs a real %s server, `make test` starts one", k)
	}
	s, err := dial(t, socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	q := request{Op: op, Kind: k}
	for _, o := range opts {
		o(&q.Options)
	}
	if err := s.ask(q); err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends an order and awaits its answer.
func (s *Server) ask(q request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.out.Encode(q); err != nil {
		return fmt.Errorf("asking the supervisor to %s: %w", q.Op, err)
	}
	var r response
	if err := s.in.Decode(&r); err != nil {
		return fmt.Errorf("asking the supervisor to %s: %w", q.Op, err)
	}
	s.info.Store(r.Info)
	if r.Error != "" {
		return errors.New(r.Error)
	}
	return nil
}

func (s *Server) order(op string) {
	s.t.Helper()
	if err := s.ask(request{Op: op}); err != nil {
		s.t.Errorf("%s of %s: %v", op, s.Info().Kind, err)
	}
}

// close gives the lease back.
func (s *Server) close() {
	if err := s.conn.Close(); err != nil {
		s.t.Errorf("closing the connection to the supervisor: %v", err)
	}
}

// Info tells all addresses and files of the server.
func (s *Server) Info() Info {
	info, _ := s.info.Load().(Info)
	return info
}

// Addr is the server's host:port, past any proxy.
func (s *Server) Addr() string { return s.Info().Addr }

// ProxyAddr is the proxy's host:port, "" without WithProxy.
func (s *Server) ProxyAddr() string { return s.Info().ProxyAddr }

// CAFile is the PEM file of the CA that signed the server's certificate (for
// localhost and 127.0.0.1).
func (s *Server) CAFile() string { return s.Info().CAFile }

// Kill ends the server with SIGKILL and returns when it is gone.
func (s *Server) Kill() { s.t.Helper(); s.order(opKill) }

// Stop ends the server in order.
func (s *Server) Stop() { s.t.Helper(); s.order(opStop) }

// Restart starts the server again on the same port and data, after an orderly
// stop if it runs, and returns when it answers.
func (s *Server) Restart() { s.t.Helper(); s.order(opRestart) }

// Cut resets all connections through the proxy; new ones are reset too.
func (s *Server) Cut() { s.t.Helper(); s.order(opCut) }

// Stall lets connections through the proxy hang without a sign.
func (s *Server) Stall() { s.t.Helper(); s.order(opStall) }

// Restore ends Cut and Stall.
func (s *Server) Restore() { s.t.Helper(); s.order(opRestore) }
