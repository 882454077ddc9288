package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// broken reads until the stream ends with an error.
func (s *stream) broken() error {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	for {
		if err := s.fill(ctx); err != nil {
			return err
		}
	}
}

// TestConnectionLost ends with a transient error, and goes on from the last mark.
func TestConnectionLost(t *testing.T) {
	for name, cut := range map[string]func(t *testing.T, srv servers.SQLServer, db servers.Database, s *stream){
		"network": func(t *testing.T, srv servers.SQLServer, _ servers.Database, _ *stream) { srv.Cut() },
		"restart": func(t *testing.T, srv servers.SQLServer, _ servers.Database, _ *stream) { srv.Restart() },
		"crash": func(t *testing.T, srv servers.SQLServer, _ servers.Database, _ *stream) {
			srv.Kill()
			srv.Restart()
		},
		"killed": func(t *testing.T, _ servers.SQLServer, db servers.Database, s *stream) {
			db.Exec(t, fmt.Sprintf("KILL %d", s.src.(*source).srv.conn.ID()))
		},
	} {
		t.Run(name, func(t *testing.T) {
			for product, start := range map[string]func(testing.TB, ...servers.Option) servers.SQLServer{"MySQL": servers.StartMySQL, "MariaDB": servers.StartMariaDB} {
				t.Run(product, func(t *testing.T) {
					srv := start(t, servers.WithProxy())
					db := srv.DB(t)
					db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
					p := parameters(db, map[string]any{"jdbcUrl": strings.Replace(db.URL(), srv.Addr(), srv.ProxyAddr(), 1)})
					s := follow(t, build(t, p))
					db.Exec(t, "INSERT INTO t VALUES (1)")
					same(t, s.until(1), []string{"insert t id=int64:1"})
					cut(t, srv, db, s)
					if err := s.broken(); errclass.Of(err) != errclass.Transient {
						t.Fatalf("the stream ended as %s: %v", errclass.Of(err), err)
					}
					s.close()
					if name == "network" {
						srv.Restore()
					}
					db.Exec(t, "INSERT INTO t VALUES (2)")
					s = reopen(t, build(t, p), s.last)
					same(t, s.until(1), []string{"insert t id=int64:2"})
				})
			}
		})
	}
}

// opening is the error of going on from a place.
func opening(t testing.TB, p map[string]any, from plugin.Progress) error {
	t.Helper()
	r := build(t, p)
	src, err := r.Open(t.Context(), from)
	if err != nil {
		return err
	}
	defer func() { _ = src.Close() }()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for {
		b := record.NewBatch(0, 0)
		if err := src.Fill(ctx, b); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				return nil
			}
			return err
		}
		if b.Len() > 0 {
			return nil
		}
	}
}

// TestPositionLost says what is missing, and the ways on.
func TestPositionLost(t *testing.T) {
	for _, l := range logs[:4] {
		t.Run(l.name, func(t *testing.T) {
			start, reset := servers.StartMySQL, "RESET MASTER"
			if l.maria {
				start = servers.StartMariaDB
			}
			db := start(t, servers.WithArgs(l.options...)).DB(t)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
			p := parameters(db, nil)
			s := follow(t, build(t, p))
			db.Exec(t, "INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (3)")
			s.until(3)
			s.close()
			lost := func(what string, p map[string]any, from plugin.Progress) {
				t.Helper()
				err := opening(t, p, from)
				if errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "-fresh") || !strings.Contains(err.Error(), "onPositionLost") {
					t.Errorf("%s: class %s: %v", what, errclass.Of(err), err)
				}
			}
			db.Exec(t, "INSERT INTO t VALUES (100)")
			if err := opening(t, p, s.last); err != nil {
				t.Fatalf("before anything is lost: %v", err)
			}
			other := start(t, servers.WithArgs(append(l.options, "--server-id=2")...)).DB(t)
			lost("another server", parameters(other, nil), s.last)
			db.Exec(t, "INSERT INTO t VALUES (4)", "FLUSH BINARY LOGS", "INSERT INTO t VALUES (5)", "FLUSH BINARY LOGS")
			purge(t, db, "binlog.000003")
			lost("purged", p, s.last)
			waitSeconds(t, db, 1) // a log file is known by the second that it was begun in
			db.Exec(t, reset)
			lost("reset", p, s.last)
			db.Exec(t, "INSERT INTO t VALUES (10)", "INSERT INTO t VALUES (11)", "INSERT INTO t VALUES (12)", "INSERT INTO t VALUES (13)", "INSERT INTO t VALUES (14)", "INSERT INTO t VALUES (15)", "INSERT INTO t VALUES (16)", "INSERT INTO t VALUES (17)")
			lost("reset, and written to since", p, s.last)
		})
	}
}

// TestFailover goes on from a replica by GTID.
func TestFailover(t *testing.T) {
	for product, start := range map[string]func(testing.TB, ...servers.Option) servers.SQLServer{"MySQL": servers.StartMySQL, "MariaDB": servers.StartMariaDB} {
		t.Run(product, func(t *testing.T) {
			first := start(t)
			db := first.DB(t)
			second := start(t, servers.WithArgs("--server-id=2", "--log-slave-updates=ON"))
			replicate(t, product, first, second, db)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
			p := parameters(db, map[string]any{"hosts": []string{second.Addr()}})
			s := follow(t, build(t, p))
			db.Exec(t, "INSERT INTO t VALUES (1)")
			s.until(1)
			s.close()
			db.Exec(t, "INSERT INTO t VALUES (2)")
			waitFor(t, second, db.Name, "SELECT COUNT(*) FROM t", "2")
			first.Kill()
			s = reopen(t, build(t, p), s.last)
			same(t, s.until(1), []string{"insert t id=int64:2"})
			var at Position
			if err := json.Unmarshal(s.last.Position, &at); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// replicate makes second a replica of first.
func replicate(t *testing.T, product string, first, second servers.SQLServer, db servers.Database) {
	t.Helper()
	host, port, _ := strings.Cut(first.Addr(), ":")
	statements := []string{
		fmt.Sprintf("CHANGE REPLICATION SOURCE TO SOURCE_HOST='%s', SOURCE_PORT=%s, SOURCE_USER='%s', SOURCE_PASSWORD='%s', SOURCE_AUTO_POSITION=1", host, port, servers.RootUser, servers.RootPassword),
		"START REPLICA",
	}
	if product == "MariaDB" {
		statements = []string{
			fmt.Sprintf("CHANGE MASTER TO MASTER_HOST='%s', MASTER_PORT=%s, MASTER_USER='%s', MASTER_PASSWORD='%s', MASTER_USE_GTID=slave_pos", host, port, servers.RootUser, servers.RootPassword),
			"START SLAVE",
		}
	}
	c := connectTo(t, second, "")
	for _, q := range statements {
		if _, err := c.Execute(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

func connectTo(t testing.TB, srv servers.SQLServer, database string) *client.Conn {
	t.Helper()
	c, err := client.Connect(srv.Addr(), servers.RootUser, servers.RootPassword, database)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// waitFor waits until a query on a server gives one value.
func waitFor(t testing.TB, srv servers.SQLServer, database, query, want string) {
	t.Helper()
	c := connectTo(t, srv, "")
	deadline := time.Now().Add(20 * time.Second)
	for got := ""; got != want; {
		if time.Now().After(deadline) {
			t.Fatalf("%s is %q, want %q", query, got, want)
		}
		if err := c.UseDB(database); err != nil {
			continue
		}
		r, err := c.Execute(query)
		if err != nil {
			continue
		}
		text, _ := r.GetString(0, 0)
		got = strings.Clone(text) // it lives as long as its buffer
		r.Close()
	}
}

// purge removes the log files before one; a server keeps those that it still
// sends, also to somebody who is gone without its knowing.
func purge(t testing.TB, db servers.Database, to string) {
	t.Helper()
	c := db.Connect(t)
	for deadline := time.Now().Add(20 * time.Second); ; {
		if _, err := c.Execute("PURGE BINARY LOGS TO '" + to + "'"); err != nil {
			t.Fatal(err)
		}
		r, err := c.Execute("SHOW BINARY LOGS")
		if err != nil {
			t.Fatal(err)
		}
		text, _ := r.GetString(0, 0)
		first := strings.Clone(text)
		r.Close()
		if first == to {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the oldest file is %s", first)
		}
	}
}

// TestOtherHost goes on from the host that can, though another one answers first.
func TestOtherHost(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
	s := follow(t, build(t, parameters(db, nil)))
	db.Exec(t, "INSERT INTO t VALUES (1)")
	s.until(1)
	stranger := servers.StartMySQL(t, servers.WithArgs("--server-id=2"))
	p := parameters(db, map[string]any{"hosts": []string{db.Addr()}})
	db.Exec(t, "INSERT INTO t VALUES (2)")
	p["jdbcUrl"] = "jdbc:mysql://" + stranger.Addr() + "/?useSSL=false"
	p["table"] = []string{db.Name + ".t"}
	s = reopen(t, build(t, p), s.last)
	same(t, s.until(1), []string{"insert t id=int64:2"})
}

// TestStartBeyondTheLog: a set that the server cannot begin at is a fault of the
// job file, which the message names, and no lost position.
func TestStartBeyondTheLog(t *testing.T) {
	t.Run("MySQL", func(t *testing.T) { startBeyondTheLog(t, servers.StartMySQL(t).DB(t), "-99999") })
	t.Run("MariaDB", func(t *testing.T) { startBeyondTheLog(t, servers.StartMariaDB(t).DB(t), "") })
}

func startBeyondTheLog(t *testing.T, db servers.Database, ahead string) {
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
	gtids := func() string {
		if ahead == "" {
			return *db.Query(t, "SELECT @@gtid_binlog_pos")[0][0]
		}
		return strings.ReplaceAll(*db.Query(t, "SELECT @@GLOBAL.gtid_executed")[0][0], "\n", "")
	}
	old := gtids()
	beyond := old + "00"
	if ahead != "" {
		beyond = old[:strings.LastIndexByte(old, ':')+1] + "1" + ahead
	}
	refused := func(set string, want string) {
		t.Helper()
		_, err := plugintest.Plan(t.Context(), build(t, parameters(db, map[string]any{"start": map[string]any{"gtidSet": set}})), plugin.Plan{Channels: 1})
		if errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "start.gtidSet: ") || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "-fresh") {
			t.Errorf("beginning at %s: %v", set, err)
		}
	}
	refused(beyond, "does not have the transactions")
	db.Exec(t, "INSERT INTO t VALUES (1)", "FLUSH BINARY LOGS", "INSERT INTO t VALUES (2)", "FLUSH BINARY LOGS")
	files := db.Query(t, "SHOW BINARY LOGS")
	purge(t, db, *files[len(files)-1][0])
	refused(old, "purge")
}
