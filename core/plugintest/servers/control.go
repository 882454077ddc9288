package servers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
)

// Environment variables between supervisor and tests.
const (
	envControl = "DATASYNC_TEST_CONTROL" // the supervisor's unix socket
	envRequire = "DATASYNC_TEST_REQUIRE" // "1": fail instead of skip without servers
	envCache   = "DATASYNC_TEST_CACHE"   // the cache folder
	envCA      = "DATASYNC_TEST_CA"      // PEM of the CA of all servers
)

// Orders of a test. Each request is answered before the next one is read.
const (
	opShared  = "shared" // address of a shared server, started when it is not yet
	opStart   = "start"  // a private server; it ends with the connection
	opKill    = "kill"
	opStop    = "stop"
	opRestart = "restart"
	opCut     = "cut"
	opStall   = "stall"
	opRestore = "restore"
	opCreate  = "create" // a database or topic
	opDrop    = "drop"
	opAllow   = "allow" // a Kafka ACL
)

type request struct {
	Op         string
	Kind       Kind     `json:",omitempty"`
	Options    options  `json:",omitzero"`
	Name       string   `json:",omitempty"` // database or topic
	Partitions int      `json:",omitempty"`
	Config     []string `json:",omitempty"` // of the topic, "key=value"
	User       string   `json:",omitempty"`
	Operations []string `json:",omitempty"`
}

type response struct {
	Error string `json:",omitempty"`
	Info  Info
}

// accept serves connections until the listener closes.
func (s *Supervisor) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.log.Error("accepting a test's connection", "err", err)
			}
			return
		}
		s.sessions.Go(func() { s.serve(c) })
	}
}

// session is one connection of a test: one server, shared or private.
type session struct {
	s       *Supervisor
	server  *instance
	private bool
}

// serve answers one connection. Its end, by whatever cause, is noticed even
// while an order is carried out, and ends the private server.
func (s *Supervisor) serve(c net.Conn) {
	ctx, cancel := context.WithCancel(s.ctx)
	ended := context.AfterFunc(ctx, func() { c.Close() })
	defer ended()
	defer c.Close()
	defer cancel()
	requests := make(chan request)
	s.sessions.Go(func() {
		defer cancel()
		defer close(requests)
		in := json.NewDecoder(c)
		for {
			var q request
			if err := in.Decode(&q); err != nil {
				if !errors.Is(err, io.EOF) && !errors.Is(err, net.ErrClosed) {
					s.log.Warn("reading a test's order", "err", err)
				}
				return
			}
			select {
			case requests <- q:
			case <-ctx.Done():
				return
			}
		}
	})
	se := &session{s: s}
	defer se.end()
	out := json.NewEncoder(c)
	for q := range requests {
		r := response{}
		if err := se.answer(ctx, q); err != nil {
			r.Error = err.Error()
		}
		if se.server != nil {
			r.Info = se.server.info
		}
		if out.Encode(r) != nil {
			return
		}
	}
}

func (se *session) end() {
	if se.private && se.server != nil {
		se.server.remove()
	}
}

func (se *session) answer(ctx context.Context, q request) (err error) {
	switch q.Op {
	case opShared:
		// The server outlives this test: its start is not bound to the connection.
		se.server, err = se.s.sharedServer(se.s.ctx, q.Kind)
		return err
	case opStart:
		if se.server != nil {
			return errors.New("one server per connection")
		}
		se.server, se.private = se.s.newInstance(q.Kind, q.Options), true
		return se.server.begin(ctx)
	}
	if se.server == nil {
		return fmt.Errorf("order %q before a server was asked for", q.Op)
	}
	switch q.Op {
	case opCreate:
		return se.server.engine.createScope(ctx, q)
	case opDrop:
		return se.server.engine.dropScope(ctx, q.Name)
	case opAllow:
		k, ok := se.server.engine.(*kafkaEngine)
		if !ok {
			return errors.New("only Kafka has ACLs")
		}
		return k.allow(q)
	}
	if !se.private {
		return fmt.Errorf("order %q for a shared server: other tests use it", q.Op)
	}
	return se.server.act(ctx, q.Op)
}
