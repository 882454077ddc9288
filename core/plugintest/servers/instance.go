package servers

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"
)

// Kind names a system.
type Kind string

// The systems that can be started.
const (
	KindMySQL      Kind = "mysql"
	KindMariaDB    Kind = "mariadb"
	KindPostgreSQL Kind = "postgresql"
	KindKafka      Kind = "kafka"
)

// Kinds lists all systems in a fixed order.
func Kinds() []Kind { return []Kind{KindMySQL, KindMariaDB, KindPostgreSQL, KindKafka} }

// Info is what a test learns of a server.
type Info struct {
	Kind        Kind
	Addr        string // host:port, past the proxy
	ProxyAddr   string // "" without WithProxy
	SASLAddr    string // Kafka listeners, "" when not asked for
	TLSAddr     string
	SASLTLSAddr string
	CAFile      string // PEM; signed the certificates of all servers
	CertFile    string // PEM, a client's certificate of this CA
	KeyFile     string // PEM, PKCS #8, its key
	Log         string // the server's output
}

// engine is what the systems differ in. prepare comes first and alone; the scope
// methods may be called by several goroutines at once.
type engine interface {
	prepare(ctx context.Context, info *Info) error // data folder, ports, configuration
	launch() (*process, error)
	probe(ctx context.Context) error // by protocol
	backend() string                 // what the proxy forwards to
	createScope(ctx context.Context, q request) error
	dropScope(ctx context.Context, name string) error
}

// instance is one server over all its lives: same ports, same data.
type instance struct {
	s      *Supervisor
	kind   Kind
	opts   options
	engine engine
	once   sync.Once
	err    error // of the first start

	info  Info // this and the next two: fixed when begin has returned
	dir   string
	proxy *Proxy

	mu      sync.Mutex // serialises launch, halt and remove
	process *process   // nil: not running
}

func (s *Supervisor) newInstance(k Kind, o options) *instance {
	return &instance{s: s, kind: k, opts: o}
}

// begin makes and starts the server; later calls give the first one's result.
func (in *instance) begin(ctx context.Context) error {
	in.once.Do(func() {
		in.mu.Lock()
		defer in.mu.Unlock()
		began := time.Now()
		if in.err = in.create(ctx); in.err == nil {
			in.err = in.launch(ctx)
		}
		if in.err != nil {
			in.err = fmt.Errorf("starting %s: %w", in.kind, in.err)
			return
		}
		in.s.log.Debug("ready", "server", in.kind, "addr", in.info.Addr, "took", time.Since(began).Round(time.Millisecond))
	})
	return in.err
}

func (in *instance) create(ctx context.Context) (err error) {
	if in.dir, err = in.s.folder(string(in.kind)); err != nil {
		return err
	}
	if in.opts.Proxy {
		if in.proxy, err = NewProxy(""); err != nil {
			return err
		}
		in.info.ProxyAddr = in.proxy.Addr()
	}
	in.info.Kind = in.kind
	in.info.CAFile, in.info.CertFile, in.info.KeyFile = in.s.ca.file, in.s.ca.client.cert, in.s.ca.client.key
	switch in.kind {
	case KindMySQL:
		in.engine = newMySQLEngine(in.s, in.dir, in.opts)
	case KindMariaDB:
		in.engine = newMariaDBEngine(in.s, in.dir, in.opts)
	case KindPostgreSQL:
		in.engine = newPostgreSQLEngine(in.s, in.dir, in.opts)
	case KindKafka:
		in.engine = newKafkaEngine(in.s, in.dir, in.opts)
	default:
		return fmt.Errorf("unknown server %q, expected one of %v", in.kind, Kinds())
	}
	if err := in.engine.prepare(ctx, &in.info); err != nil {
		return err
	}
	if in.proxy != nil {
		in.proxy.setBackend(in.engine.backend())
	}
	return nil
}

// launch starts the process and awaits its readiness. The caller holds mu.
func (in *instance) launch(ctx context.Context) error {
	p, err := in.engine.launch()
	if err != nil {
		return err
	}
	in.process = p
	return p.ready(ctx, in.engine.probe)
}

// act is one order about the running server.
func (in *instance) act(ctx context.Context, op string) error {
	switch op {
	case opCut, opStall, opRestore:
		return in.disturb(op)
	}
	in.mu.Lock()
	defer in.mu.Unlock()
	switch op {
	case opKill:
		in.halt((*process).kill)
	case opStop:
		in.halt((*process).stop)
	case opRestart:
		in.halt((*process).stop)
		return in.launch(ctx)
	default:
		return fmt.Errorf("unknown order %q", op)
	}
	return nil
}

func (in *instance) halt(how func(*process)) {
	if in.process != nil {
		how(in.process)
		in.process = nil
	}
}

func (in *instance) disturb(op string) error {
	if in.proxy == nil {
		return fmt.Errorf("%s of %s: it was started without WithProxy", op, in.kind)
	}
	switch op {
	case opCut:
		in.proxy.Cut()
	case opStall:
		in.proxy.Stall()
	case opRestore:
		in.proxy.Restore()
	}
	return nil
}

// remove kills the server and deletes its data. Nothing of it is wanted any
// more, so there is no orderly shutdown.
func (in *instance) remove() {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.halt((*process).discard)
	if in.proxy != nil {
		in.s.report("closing a proxy", in.proxy.Close())
	}
	if in.dir != "" {
		in.s.report("deleting a server's folder", os.RemoveAll(in.dir))
	}
}

// report logs an error that nobody waits for.
func (s *Supervisor) report(what string, err error) {
	if err != nil {
		s.log.Warn(what, "err", err)
	}
}
