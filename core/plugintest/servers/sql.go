package servers

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
)

// build is how one SQL server is started.
type build struct {
	path     string
	env      []string
	args     []string
	bench    []string // more arguments under WithBench
	template string   // initialised data
}

// sqlEngine runs MySQL and MariaDB.
type sqlEngine struct {
	s     *Supervisor
	as    *owner
	name  string
	dir   string
	opts  options
	port  int
	setup func(ctx context.Context) (build, error)
	build build
}

func (e *sqlEngine) prepare(ctx context.Context, info *Info) (err error) {
	if err := e.s.installPackages(ctx, []Kind{info.Kind}, false); err != nil {
		return err
	}
	if e.build, err = e.setup(ctx); err != nil {
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
	if err := give(e.dir, e.as); err != nil {
		return err
	}
	if err := copyTree(e.data(), e.build.template, e.as); err != nil {
		return fmt.Errorf("copying initialised data: %w", err)
	}
	if e.port, err = e.s.ports.take(); err != nil {
		return err
	}
	info.Addr, info.Log = loopback(e.port), e.log()
	return nil
}

func (e *sqlEngine) data() string    { return filepath.Join(e.dir, "data") }
func (e *sqlEngine) log() string     { return filepath.Join(e.dir, "log") }
func (e *sqlEngine) backend() string { return loopback(e.port) }

func (e *sqlEngine) launch() (*process, error) {
	args := append([]string{}, e.build.args...)
	args = append(args,
		"--datadir="+e.data(),
		"--tmpdir="+e.dir, // a server that starts removes the temporary tables of others there
		fmt.Sprintf("--port=%d", e.port),
		"--bind-address=127.0.0.1",
		"--socket="+filepath.Join(e.dir, "sock"),
		"--pid-file="+filepath.Join(e.dir, "pid"),
		"--ssl-ca="+e.s.ca.file, "--ssl-cert="+e.s.ca.server.cert, "--ssl-key="+e.s.ca.server.key,
		"--skip-name-resolve", "--local-infile=ON", "--max-connections=300",
		"--character-set-server=utf8mb4",
		"--server-id=1", "--log-bin=binlog", "--binlog-format=ROW", "--binlog-row-image=FULL", "--binlog-row-metadata=FULL",
		"--innodb-use-native-aio=OFF", "--performance-schema=OFF",
		// What a process has written outlives kill -9 without fsync.
		"--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0",
	)
	if e.opts.Bench {
		args = append(args, "--innodb-buffer-pool-size=1G", "--innodb-flush-log-at-trx-commit=0")
		args = append(args, e.build.bench...)
	} else {
		args = append(args, "--innodb-buffer-pool-size=64M")
	}
	return e.s.start(program{
		name: e.name, path: e.build.path, args: append(args, e.opts.Args...), env: e.build.env,
		dir: e.dir, log: e.log(), as: e.as,
	}, nil)
}

func (e *sqlEngine) probe(ctx context.Context) error {
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	return c.Quit()
}

// connect logs in as root; the error names no password.
func (e *sqlEngine) connect(ctx context.Context) (*client.Conn, error) {
	return client.ConnectWithContext(ctx, e.backend(), RootUser, RootPassword, "", 5*time.Second)
}

func (e *sqlEngine) createScope(ctx context.Context, q request) error {
	return e.execute(ctx, "CREATE DATABASE `"+q.Name+"`")
}

func (e *sqlEngine) dropScope(ctx context.Context, name string) error {
	return e.execute(ctx, "DROP DATABASE IF EXISTS `"+name+"`")
}

func (e *sqlEngine) execute(ctx context.Context, statement string) error {
	c, err := e.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Execute(statement)
	return err
}

// initialise runs a program that makes initialised data in dir, as the user
// that the server will run as.
func (s *Supervisor) initialise(ctx context.Context, dir, users string, p func(usersFile string) program) error {
	as, err := serviceUser()
	if err != nil {
		return err
	}
	if as != nil {
		if err := reachable(filepath.Dir(dir)); err != nil {
			return err
		}
	}
	if err := give(dir, as); err != nil {
		return err
	}
	work, err := s.folder("init")
	if err != nil {
		return err
	}
	if err := give(work, as); err != nil {
		return err
	}
	file := filepath.Join(work, "users.sql")
	if err := os.WriteFile(file, []byte(users), 0o644); err != nil {
		return err
	}
	pr := p(file)
	pr.as, pr.dir, pr.log = as, work, filepath.Join(work, "log")
	return s.run(ctx, pr)
}
