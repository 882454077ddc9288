package main

import (
	"context"
	"fmt"
	"maps"
	"net"
	"os/exec"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// shop is the MySQL server with the table orders.
type shop struct {
	host, port string
	client     string // the native tool
	moved      size
}

const database = "shop"

// mysql starts the server and fills the table, the first time.
func (l *lab) mysql(ctx context.Context) (*shop, error) {
	if l.shop != nil {
		return l.shop, nil
	}
	info, err := l.serve(ctx, servers.KindMySQL)
	if err != nil {
		return nil, err
	}
	file, moved, err := l.ordersFile(ctx)
	if err != nil {
		return nil, err
	}
	s := &shop{moved: moved}
	if s.host, s.port, err = net.SplitHostPort(info.Addr); err != nil {
		return nil, err
	}
	if s.client, err = exec.LookPath("mariadb"); err != nil {
		if s.client, err = exec.LookPath("mysql"); err != nil {
			return nil, err
		}
	}
	if err := l.supervisor.Create(ctx, servers.KindMySQL, database, 0); err != nil {
		return nil, err
	}
	l.log.Info("filling the table", "rows", l.rows)
	// The table is read only here: its log and its checks would cost time alone.
	load := fmt.Sprintf(`SET sql_log_bin = 0; SET unique_checks = 0; %s; LOAD DATA LOCAL INFILE '%s' INTO TABLE orders; ANALYZE TABLE orders`, mysqlTable, file)
	if _, err := discard(ctx, s.client, s.arguments("--local-infile=1", "--execute="+load)...); err != nil {
		return nil, fmt.Errorf("filling the table: %w", err)
	}
	l.shop = s
	return s, nil
}

// arguments are those of the native client; more come after them.
func (s *shop) arguments(more ...string) []string {
	return append([]string{"--no-defaults", "--host=" + s.host, "--port=" + s.port, "--user=" + servers.RootUser, "--password=" + servers.RootPassword,
		"--skip-ssl", "--default-character-set=utf8mb4", "--database=" + database}, more...)
}

// quick is `mysql --quick` of the whole table into /dev/null.
func (l *lab) quick() contender {
	return contender{"mysql --quick", func(ctx context.Context) (sample, error) {
		s, err := discard(ctx, l.shop.client, l.shop.quickArguments()...)
		s.bytes = l.shop.moved.bytes
		return s, err
	}}
}

func (s *shop) quickArguments() []string {
	return s.arguments("--quick", "--batch", "--execute=SELECT * FROM orders")
}

// text is the whole table as the native tool writes it, without a header.
func (s *shop) text(ctx context.Context) *exec.Cmd {
	return s.execute(ctx, "SELECT * FROM orders", "--quick", "--batch", "--skip-column-names")
}

// localFiles lets the native tool read files for LOAD DATA LOCAL.
const localFiles = "--local-infile=1"

// execute runs statements with the native tool.
func (s *shop) execute(ctx context.Context, sql string, more ...string) *exec.Cmd {
	return exec.CommandContext(ctx, s.client, s.arguments(append(more, "--execute="+sql)...)...)
}

// number asks for one number.
func (s *shop) number(ctx context.Context, sql string) (int, error) {
	text, err := s.execute(ctx, sql, "--batch", "--skip-column-names").Output()
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(strings.TrimSpace(string(text)))
}

// reader is the mysql reader of a job, with more parameters.
func (s *shop) reader(more fields) fields {
	p := s.access("orders", fields{"splitPk": "id"})
	maps.Copy(p, more)
	return plugin("mysqlreader", p)
}

// access is what a reader or a writer of a table needs.
func (s *shop) access(table string, more fields) fields {
	return connection(fmt.Sprintf("jdbc:mysql://%s:%s/%s?useSSL=false", s.host, s.port, database), table, more)
}

func mysqlPaths(l *lab) []path {
	paths := []path{nullPath(l)}
	for _, channels := range []int{1, 2, 4} {
		paths = append(paths, kafkaPath(l, channels))
	}
	return append(paths, snapshotPath(l))
}

func nullPath(l *lab) path {
	const name = "mysql to null"
	var file string
	return path{
		name: name,
		prepare: func(ctx context.Context) (size, error) {
			s, err := l.mysql(ctx)
			if err != nil {
				return size{}, err
			}
			file, err = l.job(name, 1, s.reader(nil), plugin("streamwriter", fields{"print": false}))
			return s.moved, err
		},
		ours:   contender{"datasync", func(ctx context.Context) (sample, error) { return l.run(ctx, file, l.rows) }},
		allocs: func(ctx context.Context) (float64, error) { return l.inside(ctx, name, file) },
		native: []native{{l.quick(), 1.2}},
	}
}

// startPath is the time from the start of the process to the first row of the
// whole table on stdout.
func startPath(l *lab) path {
	const name = "start to first row"
	var args []string
	return path{
		name: name,
		prepare: func(ctx context.Context) (size, error) {
			s, err := l.mysql(ctx)
			if err != nil {
				return size{}, err
			}
			file, err := l.job(name, 1, s.reader(nil), plugin("streamwriter", fields{"print": true}))
			args = l.arguments(file, "")
			return size{rows: 1}, err
		},
		ours: contender{"datasync", func(ctx context.Context) (sample, error) {
			return untilOutput(ctx, "| +I", l.binary, args...)
		}},
		native: []native{{contender{"mysql --quick", func(ctx context.Context) (sample, error) {
			return untilOutput(ctx, "@example.com", l.shop.client, l.shop.quickArguments()...)
		}}, 0}},
		targets: []target{milliseconds(100)},
	}
}
