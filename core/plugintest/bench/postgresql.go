package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// warehouse is the PostgreSQL server with the table orders, as MySQL has it.
type warehouse struct {
	lab        *lab
	host, port string
	client     string
	made       map[string]bool // tables beside orders
}

const postgresqlTable = `CREATE TABLE orders (
  id bigint NOT NULL PRIMARY KEY,
  customer integer NOT NULL,
  product bigint NOT NULL,
  quantity smallint NOT NULL,
  price numeric(10,2) NOT NULL,
  discount double precision NOT NULL,
  status varchar(16) NOT NULL,
  email varchar(64) NOT NULL,
  note varchar(200),
  created timestamp NOT NULL
)`

// postgresql starts the server and fills the table, the first time.
func (l *lab) postgresql(ctx context.Context) (*warehouse, error) {
	if l.warehouse != nil {
		return l.warehouse, nil
	}
	info, err := l.serve(ctx, servers.KindPostgreSQL)
	if err != nil {
		return nil, err
	}
	file, _, err := l.ordersFile(ctx)
	if err != nil {
		return nil, err
	}
	w := &warehouse{lab: l, made: map[string]bool{}}
	if w.host, w.port, err = net.SplitHostPort(info.Addr); err != nil {
		return nil, err
	}
	if w.client, err = exec.LookPath("psql"); err != nil {
		return nil, err
	}
	if err := l.supervisor.Create(ctx, servers.KindPostgreSQL, database, 0); err != nil {
		return nil, err
	}
	l.log.Info("filling the table", "server", "postgresql", "rows", l.rows)
	// Targets are emptied between runs and need no cleaning by the server.
	err = w.exec(ctx, postgresqlTable, `\copy orders FROM '`+file+`'`, "VACUUM (FREEZE, ANALYZE) orders",
		"CREATE SCHEMA "+archive, "CREATE TABLE archive.orders (LIKE public.orders INCLUDING ALL) WITH (autovacuum_enabled = off)", "CHECKPOINT")
	if err != nil {
		return nil, fmt.Errorf("filling the table: %w", err)
	}
	l.warehouse = w
	return w, nil
}

// archive is where targets are: a schema of PostgreSQL, a database of MySQL.
const archive = "archive"

// psql runs statements one after the other, until one fails.
func (w *warehouse) psql(ctx context.Context, statements ...string) *exec.Cmd {
	args := []string{"--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--host=" + w.host, "--port=" + w.port, "--username=" + servers.RootUser, "--dbname=" + database}
	for _, sql := range statements {
		args = append(args, "--command="+sql)
	}
	cmd := exec.CommandContext(ctx, w.client, args...)
	cmd.Env = append(os.Environ(), "PGPASSWORD="+servers.RootPassword, "PGSSLMODE=disable", "PGCLIENTENCODING=UTF8")
	return cmd
}

// script runs a file of statements.
func (w *warehouse) script(ctx context.Context, file string) *exec.Cmd {
	cmd := w.psql(ctx)
	cmd.Args = append(cmd.Args, "--file="+file)
	return cmd
}

func (w *warehouse) exec(ctx context.Context, statements ...string) error {
	_, err := runPipe(w.psql(ctx, statements...))
	return err
}

// make runs statements once, however often it is called with their name.
func (w *warehouse) make(ctx context.Context, name string, statements ...string) error {
	if w.made[name] {
		return nil
	}
	w.lab.log.Info("making a table", "server", "postgresql", "table", name)
	if err := w.exec(ctx, statements...); err != nil {
		return fmt.Errorf("making table %s: %w", name, err)
	}
	w.made[name] = true
	return nil
}

// empty prepares a table for a run that writes to it. What the server would
// write to its files some time later is written now.
func (w *warehouse) empty(ctx context.Context, table string) error {
	return w.exec(ctx, "TRUNCATE "+table, "CHECKPOINT")
}

func (w *warehouse) count(ctx context.Context, table string) (int, error) {
	return w.number(ctx, "SELECT count(*) FROM "+table)
}

// number asks for one number.
func (w *warehouse) number(ctx context.Context, sql string) (int, error) {
	text, err := w.ask(ctx, sql)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(text)
}

// ask asks for one value.
func (w *warehouse) ask(ctx context.Context, sql string) (string, error) {
	cmd := w.psql(ctx, sql)
	cmd.Args = append(cmd.Args, "--tuples-only", "--no-align")
	text, err := cmd.Output()
	return strings.TrimSpace(string(text)), err
}

// access is what a reader or a writer of a table needs. Commits do not wait for
// the disk, as with the native tools, which take the server's setting.
func (w *warehouse) access(table string, more fields) fields {
	return connection(fmt.Sprintf("jdbc:postgresql://%s:%s/%s?sslmode=disable&options=-c%%20synchronous_commit%%3Doff", w.host, w.port, database), table, more)
}

// connection is the parameters of a reader or writer of a table, and more of them.
func connection(url, table string, more fields) fields {
	p := fields{
		"username": servers.RootUser, "password": servers.RootPassword,
		"connection": []any{fields{"jdbcUrl": []string{url}, "table": []string{table}}},
		"column":     []string{"*"},
	}
	maps.Copy(p, more)
	return p
}
