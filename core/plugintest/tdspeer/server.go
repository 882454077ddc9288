package tdspeer

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
)

// Request is what a client asks for.
type Request struct {
	Session int    // which connection, from 1
	SQL     string // of a batch, or of the INSERT BULK that a load belongs to
	Load    *Load  // nil: a batch
}

// Load is the rows of a bulk load as they arrived.
type Load struct {
	Columns []Column // names alone
	Rows    [][]any
}

// Login is what a client introduces itself with.
type Login struct{ User, Password, Database, Application string }

// Handler answers requests. It may be called by several goroutines, one per session.
type Handler func(q *Request) Reply

// Server is a peer that listens. Its fields are set before the first client dials.
type Server struct {
	// Login refuses a client; nil: all are let in.
	Login func(Login) *Error
	// TLS is the server's certificate; nil: it does not encrypt.
	TLS *tls.Certificate
	// Encryption is what a client that leaves the choice is answered:
	// EncryptLogin or EncryptAll. Without TLS it does not count.
	Encryption byte
	// Unread says that loads are answered without being taken apart.
	Unread bool
	// Gone is told of a session whose connection has ended; nil: nobody is.
	Gone func(session int)

	t        testing.TB
	listener net.Listener
	handler  Handler
	work     sync.WaitGroup

	mu       sync.Mutex
	conns    map[net.Conn]bool
	sessions int
	log      []string
	closed   bool
	quit     chan struct{}
}

// Start listens until the test ends.
func Start(t testing.TB, h Handler) *Server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, listener: l, handler: h, conns: map[net.Conn]bool{}, quit: make(chan struct{})}
	s.work.Go(s.accept)
	t.Cleanup(func() {
		s.mu.Lock()
		s.closed = true
		s.mu.Unlock()
		close(s.quit)
		_ = l.Close()
		s.Cut()
		s.work.Wait()
	})
	return s
}

// Port is where the server listens on 127.0.0.1.
func (s *Server) Port() int { return s.listener.Addr().(*net.TCPAddr).Port }

// URL is the server's JDBC URL without user and password.
func (s *Server) URL() string {
	return fmt.Sprintf("jdbc:sqlserver://127.0.0.1:%d;databaseName=shop", s.Port())
}

// Cut drops all connections.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		_ = c.Close()
	}
}

// Log returns the batches so far, in order, loads as the count of their rows,
// without those that set up a session.
func (s *Server) Log() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.log...)
}

// Forget empties the log.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = nil
}

// Sessions is how many clients have logged in.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

func (s *Server) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.log = append(s.log, line)
}

func (s *Server) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		if s.closed {
			s.mu.Unlock()
			_ = c.Close()
			return
		}
		s.conns[c] = true
		s.mu.Unlock()
		s.work.Go(func() {
			defer func() {
				s.mu.Lock()
				delete(s.conns, c)
				s.mu.Unlock()
				_ = c.Close()
			}()
			s.serve(c)
		})
	}
}

// session is one connection.
type session struct {
	server *Server
	conn   net.Conn
	number int
	tran   uint64 // the open transaction; 0: none
	begun  uint64
	bulk   string // the INSERT BULK that awaits its rows
}

func (s *Server) serve(c net.Conn) {
	defer func() {
		if fault := recover(); fault != nil {
			s.t.Errorf("tdspeer: %v", fault)
		}
	}()
	x := &session{server: s, conn: c}
	if !x.login() {
		return
	}
	defer func() {
		if s.Gone != nil {
			s.Gone(x.number)
		}
	}()
	for {
		kind, body, err := readMessage(x.conn)
		if err != nil {
			return
		}
		if err := x.answer(kind, body); err != nil {
			if !errors.Is(err, errDropped) && !errors.Is(err, net.ErrClosed) && !errors.Is(err, io.EOF) {
				var network net.Error
				if !errors.As(err, &network) {
					s.t.Errorf("tdspeer: %v", err)
				}
			}
			return
		}
	}
}

func (x *session) answer(kind byte, body []byte) error {
	w := &writer{conn: x.conn, quit: x.server.quit}
	switch kind {
	case packAttention:
		w.done(doneAttention, 0)
		return w.flush(true)
	case packBatch:
		r := &reader{body}
		r.take(int(r.uint32()) - 4) // headers
		sql := strings.TrimSuffix(fromUCS2(r.buf), ";")
		if strings.HasPrefix(sql, "INSERT BULK ") {
			x.bulk = sql
			return (&Reply{Affected: -1}).send(w, func(*writer) {})
		}
		if !strings.HasPrefix(sql, "SET ANSI_NULLS") {
			x.server.note(sql)
		}
		reply := x.server.handler(&Request{Session: x.number, SQL: sql})
		return reply.send(w, func(w *writer) { x.change(w, sql, len(reply.Errors) > 0) })
	case packLoad:
		load := &Load{}
		if !x.server.Unread {
			load = readLoad(&reader{body})
		}
		x.server.note(fmt.Sprintf("%s: %d rows", x.bulk, len(load.Rows)))
		reply := x.server.handler(&Request{Session: x.number, SQL: x.bulk, Load: load})
		if reply.Affected == 0 {
			reply.Affected = int64(len(load.Rows))
		}
		x.bulk = ""
		return reply.send(w, func(*writer) {})
	}
	return fmt.Errorf("a packet of kind %#x", kind)
}

// change tells the client of transactions that began or ended.
func (x *session) change(w *writer, sql string, failed bool) {
	if failed {
		return
	}
	id := func() []byte { return binary.LittleEndian.AppendUint64(nil, x.tran) }
	switch head := strings.ToUpper(sql); {
	case strings.HasPrefix(head, "BEGIN TRAN"):
		x.begun++
		x.tran = x.begun
		w.transaction(changeBegin, id())
	case strings.HasPrefix(head, "COMMIT") && x.tran != 0:
		w.transaction(changeCommit, id())
		x.tran = 0
	case strings.HasPrefix(head, "IF @@TRANCOUNT > 0 ROLLBACK") && x.tran != 0, (head == "ROLLBACK" || head == "ROLLBACK TRANSACTION") && x.tran != 0:
		w.transaction(changeRollback, id())
		x.tran = 0
	}
}

// readLoad reads COLMETADATA, ROWs and DONE as a client sends them.
func readLoad(r *reader) *Load {
	if token := r.byte(); token != tokenColumns {
		panic(fmt.Errorf("a load begins with token %#x", token))
	}
	load := &Load{}
	n := int(r.uint16())
	types, fixed := make([]typeInfo, n), make([]bool, n)
	for i := range n {
		r.take(4 + 2)
		types[i], fixed[i] = readTypeInfo(r)
		if id := types[i].id; id == idText || id == idNText || id == idImage {
			r.take(2 * int(r.uint16()))
		}
		load.Columns = append(load.Columns, Column{Name: r.short()})
	}
	for {
		switch token := r.byte(); token {
		case tokenRow:
			row := make([]any, n)
			for i := range n {
				row[i] = types[i].read(r, fixed[i])
			}
			load.Rows = append(load.Rows, row)
		case tokenDone:
			return load
		default:
			panic(fmt.Errorf("a load with token %#x", token))
		}
	}
}
