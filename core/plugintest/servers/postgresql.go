package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresqlUsers is fed to a server in single-user mode; one statement a line.
// initdb has made the superuser.
func postgresqlUsers() string {
	return fmt.Sprintf(`CREATE ROLE %s LOGIN PASSWORD '%s'
CREATE ROLE %s LOGIN PASSWORD '%s'
`, NativeUser, NativePassword, ClientUser, ClientPassword)
}

// postgresqlAccess is pg_hba.conf: a password always, but over TLS the user of
// the client certificate shows that instead.
const postgresqlAccess = `hostssl all ` + ClientUser + ` all cert
host all all all scram-sha-256
host replication all all scram-sha-256
`

// postgresqlEngine runs PostgreSQL.
type postgresqlEngine struct {
	s    *Supervisor
	as   *owner
	dir  string
	opts options
	home string
	port int
}

func newPostgreSQLEngine(s *Supervisor, dir string, o options) engine {
	return &postgresqlEngine{s: s, dir: dir, opts: o}
}

func (e *postgresqlEngine) prepare(ctx context.Context, info *Info) (err error) {
	if err := e.s.installPackages(ctx, []Kind{KindPostgreSQL}, false); err != nil {
		return err
	}
	template, err := e.s.postgresqlTemplate(ctx)
	if err != nil {
		return err
	}
	if e.home, err = e.s.postgresqlHome(ctx); err != nil {
		return err
	}
	if e.as, err = serviceUser(); err != nil {
		return err
	}
	if e.as != nil {
		if err := reachable(e.dir); err != nil {
			return err
		}
	}
	if err := copyTree(e.data(), template, e.as); err != nil {
		return fmt.Errorf("copying initialised data: %w", err)
	}
	// The server refuses a folder that others can enter.
	if err := os.Chmod(e.data(), 0o700); err != nil {
		return err
	}
	if err := e.writeAccess(); err != nil {
		return err
	}
	if e.port, err = e.s.ports.take(); err != nil {
		return err
	}
	info.Addr, info.Log = loopback(e.port), e.log()
	return nil
}

// writeAccess writes pg_hba.conf and the server's key, which nobody else may
// read or the server refuses it.
func (e *postgresqlEngine) writeAccess() error {
	if err := os.WriteFile(filepath.Join(e.data(), "pg_hba.conf"), []byte(postgresqlAccess), 0o644); err != nil {
		return err
	}
	key, err := os.ReadFile(e.s.ca.server.key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(e.key(), key, 0o600); err != nil {
		return err
	}
	return give(e.key(), e.as)
}

func (e *postgresqlEngine) data() string    { return filepath.Join(e.dir, "data") }
func (e *postgresqlEngine) key() string     { return filepath.Join(e.data(), "server-key.pem") }
func (e *postgresqlEngine) log() string     { return filepath.Join(e.dir, "log") }
func (e *postgresqlEngine) backend() string { return loopback(e.port) }

func (e *postgresqlEngine) launch() (*process, error) {
	settings := []string{
		"listen_addresses=127.0.0.1", fmt.Sprintf("port=%d", e.port), "unix_socket_directories=",
		"ssl=on", "ssl_ca_file=" + e.s.ca.file, "ssl_cert_file=" + e.s.ca.server.cert, "ssl_key_file=" + e.key(),
		"wal_level=logical", "max_replication_slots=30", "max_wal_senders=30", "max_connections=300",
		"max_prepared_transactions=30",
		"fsync=on",
		// Nothing in /dev/shm that a killed server would leave there.
		"dynamic_shared_memory_type=mmap",
	}
	if e.opts.Bench {
		settings = append(settings, "shared_buffers=1GB", "max_wal_size=8GB", "checkpoint_timeout=30min", "synchronous_commit=off")
	} else {
		settings = append(settings, "shared_buffers=64MB")
	}
	args := []string{"-D", e.data()}
	for _, s := range append(settings, e.opts.Config...) {
		args = append(args, "-c", s)
	}
	return e.s.start(program{
		name: "postgres", path: postgres(e.home, "postgres"), args: append(args, e.opts.Args...),
		env: postgresqlEnv(), dir: e.data(), log: e.log(), as: e.as, scatters: true,
		// SIGTERM would wait for the clients to leave.
		end: syscall.SIGINT, quit: syscall.SIGQUIT,
	}, nil)
}

// postgresqlEnv makes the zone and the language of messages the same everywhere.
func postgresqlEnv() []string { return append(os.Environ(), "LC_ALL=C", "TZ=UTC") }

func (e *postgresqlEngine) probe(ctx context.Context) error {
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	return c.Close(ctx)
}

// connect logs in as the superuser; the error names no password.
func (e *postgresqlEngine) connect(ctx context.Context) (*pgconn.PgConn, error) {
	return pgconn.Connect(ctx, postgresqlDSN(e.backend(), "postgres"))
}

func postgresqlDSN(addr, database string) string {
	return fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable&connect_timeout=10", RootUser, RootPassword, addr, database)
}

func (e *postgresqlEngine) createScope(ctx context.Context, q request) error {
	return e.execute(ctx, `CREATE DATABASE "`+q.Name+`"`)
}

func (e *postgresqlEngine) dropScope(ctx context.Context, name string) error {
	return e.execute(ctx, `DROP DATABASE IF EXISTS "`+name+`" WITH (FORCE)`)
}

func (e *postgresqlEngine) execute(ctx context.Context, statement string) error {
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, statement).ReadAll()
	if cerr := c.Close(ctx); err == nil {
		err = cerr
	}
	return err
}

func postgres(home, name string) string { return filepath.Join(home, "bin", name) }

// postgresqlHome gives the folder with bin, lib and share of the server. The
// package brings no client programs.
func (s *Supervisor) postgresqlHome(ctx context.Context) (string, error) {
	if runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("the packaged postgresql server runs on amd64 only, not on %s", runtime.GOARCH)
	}
	return s.cache.entry(ctx, postgresqlEntry, func(dir string) error {
		return s.unpackMaven(ctx, "postgresql", "postgres-linux-x86_64.txz", dir)
	})
}

// postgresqlTemplate gives an initialised data folder with the accounts of users.go.
func (s *Supervisor) postgresqlTemplate(ctx context.Context) (string, error) {
	home, err := s.postgresqlHome(ctx)
	if err != nil {
		return "", err
	}
	initdb := []string{
		"-U", RootUser, "-A", "scram-sha-256", "-E", "UTF8",
		"--locale-provider=builtin", "--locale=C", "--builtin-locale=C.UTF-8", "--no-instructions",
	}
	made := fingerprint(slices.Concat(initdb, []string{postgresqlUsers(), RootPassword, "1"})...)
	return s.cache.entry(ctx, postgresqlEntry+"-data-"+made, func(dir string) error {
		s.log.Info("initialising postgresql")
		err := s.initialise(ctx, dir, RootPassword+"\n", func(password string) program {
			return program{
				name: "initdb", path: postgres(home, "initdb"), env: postgresqlEnv(),
				args: append(slices.Clone(initdb), "-D", dir, "--pwfile="+password),
			}
		})
		if err != nil {
			return err
		}
		return s.initialise(ctx, dir, postgresqlUsers(), func(users string) program {
			return program{
				name: "postgres --single", path: postgres(home, "postgres"), env: postgresqlEnv(), input: users,
				args: []string{"--single", "-D", dir, "-c", "dynamic_shared_memory_type=mmap", "postgres"},
			}
		})
	})
}

// describePostgreSQL is the line that a person pastes to get at the server.
func describePostgreSQL(addr string) string {
	host, port, _ := strings.Cut(addr, ":")
	return fmt.Sprintf("# PGPASSWORD=%s psql --host=%s --port=%s --username=%s postgres  (%s)\n", RootPassword, host, port, RootUser, KindPostgreSQL)
}
