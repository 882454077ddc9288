package torture

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// session is a connection of a writer.
type session interface {
	exec(sql string) error
	query(sql string) ([][]*string, error)
	alive() bool
	close()
}

// statementTime is how long a statement of a writer may take: a server that is
// killed answers no more.
const statementTime = 30 * time.Second

type pgSession struct{ conn *pgconn.PgConn }

func (s pgSession) query(sql string) (rows [][]*string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), statementTime)
	defer cancel()
	results, err := s.conn.Exec(ctx, sql).ReadAll()
	if err != nil {
		return nil, err
	}
	for _, r := range results {
		for _, values := range r.Rows {
			row := make([]*string, len(values))
			for i, v := range values {
				if v != nil {
					text := string(v)
					row[i] = &text
				}
			}
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (s pgSession) exec(sql string) error {
	_, err := s.query(sql)
	return err
}

func (s pgSession) alive() bool { return !s.conn.IsClosed() }

func (s pgSession) close() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	s.conn.Close(ctx) // it may be broken
}

type mySession struct {
	conn   *client.Conn
	broken bool
}

func (s *mySession) query(sql string) (rows [][]*string, err error) {
	if err := s.conn.SetDeadline(time.Now().Add(statementTime)); err != nil {
		return nil, err
	}
	r, err := s.conn.Execute(sql)
	if err != nil {
		var said *gomysql.MyError
		s.broken = s.broken || !errors.As(err, &said)
		return nil, err
	}
	defer r.Close()
	if r.Resultset == nil {
		return nil, nil
	}
	for i := range r.RowNumber() {
		row := make([]*string, r.ColumnNumber())
		for c := range row {
			if r.Values[i][c].Value() == nil {
				continue
			}
			text, err := r.GetString(i, c)
			if err != nil {
				return nil, err
			}
			text = strings.Clone(text) // the buffer is used again
			row[c] = &text
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (s *mySession) exec(sql string) error {
	_, err := s.query(sql)
	return err
}

func (s *mySession) alive() bool { return !s.broken }
func (s *mySession) close()      { s.conn.Close() }

// database is one of a server that may be disturbed.
type database struct {
	product product
	name    string
	server  *servers.Server
	gate    *gate
}

// victim is a server that may be killed and cut off.
type victim struct {
	server *servers.Server
	gate   *gate
	slow   bool // to end, while somebody reads from it, or to come back
}

func (d *database) victim() *victim { return &victim{d.server, d.gate, d.product == mysql} }

// dial connects past the proxy.
func (d *database) dial() (session, error) {
	if d.product == mysql {
		c, err := client.ConnectWithTimeout(d.server.Addr(), servers.RootUser, servers.RootPassword, d.name, 10*time.Second)
		if err != nil {
			return nil, err
		}
		s := &mySession{conn: c}
		for _, sql := range []string{"SET NAMES utf8mb4", "SET time_zone = '+00:00', innodb_lock_wait_timeout = 3, lock_wait_timeout = 10"} {
			if err := s.exec(sql); err != nil {
				s.close()
				return nil, err
			}
		}
		return s, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := pgconn.Connect(ctx, fmt.Sprintf("postgres://%s:%s@%s/%s?sslmode=disable", servers.RootUser, servers.RootPassword, d.server.Addr(), d.name))
	if err != nil {
		return nil, err
	}
	s := pgSession{c}
	if err := s.exec("SET TIME ZONE 'UTC'; SET lock_timeout = '10s'; SET deadlock_timeout = '200ms'"); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

// run executes statements one after the other.
func (d *database) run(t testing.TB, statements ...string) {
	t.Helper()
	s, err := d.dial()
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	for _, sql := range statements {
		if err := s.exec(sql); err != nil {
			t.Fatalf("%.200s: %v", sql, err)
		}
	}
}

// ask queries once; an error is nothing found.
func (d *database) ask(sql string) ([][]*string, error) {
	s, err := d.dial()
	if err != nil {
		return nil, err
	}
	defer s.close()
	return s.query(sql)
}

// url is how a job names the database, through the proxy.
func (d *database) url() string {
	if d.product == mysql {
		return fmt.Sprintf("jdbc:mysql://%s/%s?useSSL=false", d.server.ProxyAddr(), d.name)
	}
	return fmt.Sprintf("jdbc:postgresql://%s/%s?sslmode=disable", d.server.ProxyAddr(), d.name)
}
