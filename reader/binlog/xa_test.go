package binlog

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-mysql-org/go-mysql/client"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// execute runs statements in a session.
func execute(t *testing.T, c *client.Conn, statements ...string) {
	t.Helper()
	for _, q := range statements {
		r, err := c.Execute(q)
		if err != nil {
			t.Fatalf("%s: %v", q, err)
		}
		r.Close()
	}
}

// prepareXA leaves a prepared transaction behind.
func prepareXA(t *testing.T, db servers.Database, xid string, statements ...string) {
	t.Helper()
	c := db.Connect(t)
	execute(t, c, append(append([]string{"XA START " + xid}, statements...), "XA END "+xid, "XA PREPARE "+xid)...)
	id := c.GetConnectionID()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	// Another session can decide it when this one is gone.
	for *db.Query(t, fmt.Sprintf("SELECT COUNT(*) FROM information_schema.processlist WHERE id = %d", id))[0][0] != "0" {
		if t.Context().Err() != nil {
			t.Fatal("the session does not end")
		}
	}
}

// open are the transactions that a stream's last position says are open.
func (s *stream) open() []string {
	s.t.Helper()
	var p Position
	if err := json.Unmarshal(s.last.Position, &p); err != nil {
		s.t.Fatal(err)
	}
	var all []string
	for _, x := range p.Open {
		all = append(all, x.XID)
	}
	return all
}

// TestXA reads XA transactions: their rows come when they are committed, from
// memory, or, too large or prepared before the stream was begun, from the log.
func TestXA(t *testing.T) {
	for _, l := range logs {
		t.Run(l.name, func(t *testing.T) {
			start := servers.StartMySQL
			if l.maria {
				start = servers.StartMariaDB
			}
			db := start(t, servers.WithArgs(l.options...)).DB(t)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, doc LONGTEXT)", "CREATE TABLE other (id INT PRIMARY KEY)")
			p := parameters(db, map[string]any{"table": []string{"t"}})
			prepareXA(t, db, "'early','x',9", "INSERT INTO t VALUES (1, 'early')")
			db.Exec(t, "FLUSH BINARY LOGS")
			prepareXA(t, db, "'undone'", "INSERT INTO t VALUES (2, 'undone')")
			prepareXA(t, db, "'alien'", "INSERT INTO other VALUES (1)")
			s := follow(t, build(t, p))
			db.Exec(t, "XA COMMIT 'alien'", "XA ROLLBACK 'undone'", "XA COMMIT 'early','x',9", "INSERT INTO t VALUES (3, 'plain')")
			same(t, s.until(2), []string{"insert t id=int64:1 doc=string:early", "insert t id=int64:3 doc=string:plain"})

			prepareXA(t, db, "'a'", "INSERT INTO t VALUES (4, 'a')", "UPDATE t SET doc = 'A' WHERE id = 4")
			prepareXA(t, db, "'large'", "INSERT INTO t VALUES (5, REPEAT('l', 3000000))", "UPDATE t SET doc = 'L' WHERE id = 5")
			prepareXA(t, db, "'gone'", "DELETE FROM t WHERE id = 1")
			prepareXA(t, db, "'alien'", "INSERT INTO other VALUES (2)")
			db.Exec(t, "INSERT INTO t VALUES (6, 'between')")
			same(t, s.until(1), []string{"insert t id=int64:6 doc=string:between"})
			if got := s.open(); len(got) != 4 {
				t.Errorf("the position says that %v are open", got)
			}
			again := reopen(t, build(t, p), s.last)
			db.Exec(t, "XA COMMIT 'large'", "XA ROLLBACK 'gone'", "XA COMMIT 'alien'", "XA COMMIT 'a'")
			execute(t, db.Connect(t), "XA START 'one'", "INSERT INTO t VALUES (7, 'one phase')", "XA END 'one'", "XA COMMIT 'one' ONE PHASE")
			want := []string{"insert t id=int64:5 doc=string:" + strings.Repeat("l", 3000000), "update-before t id=int64:5 doc=string:" + strings.Repeat("l", 3000000), "update-after t id=int64:5 doc=string:L",
				"insert t id=int64:4 doc=string:a", "update-before t id=int64:4 doc=string:a", "update-after t id=int64:4 doc=string:A", "insert t id=int64:7 doc=string:one phase"}
			same(t, s.until(len(want)), want)
			same(t, again.until(len(want)), want)
			if got := again.open(); len(got) != 0 {
				t.Errorf("the position says that %v are open", got)
			}
			if again.src.(*source).keeping.total != 0 || s.src.(*source).keeping.total != 0 {
				t.Error("rows are still kept")
			}
			cutXA(t, db)
			if l.name == logs[0].name || l.maria {
				lostXA(t, db, p)
			}
		})
	}
}

// cutXA reads an XA transaction in parts that become durable one by one.
func cutXA(t *testing.T, db servers.Database) {
	t.Helper()
	p := parameters(db, map[string]any{"table": []string{"t"}, "maxTransactionRows": 2})
	s := follow(t, build(t, p))
	prepareXA(t, db, "'c'", "INSERT INTO t VALUES (10,''),(11,''),(12,'')", "INSERT INTO t VALUES (13,''),(14,'')")
	db.Exec(t, "XA COMMIT 'c'", "INSERT INTO t VALUES (15, '')")
	last := s.last
	s.close()
	var got []string
	for parts := 0; len(got) < 6; parts++ {
		s = reopen(t, build(t, p), last)
		for s.marks == 0 || len(s.rows) == 0 && len(got)+len(s.rows) < 6 {
			s.step()
		}
		got, last = append(got, s.rows...), s.last
		s.close()
		if parts > 6 {
			t.Fatalf("rows %v", got)
		}
	}
	var want []string
	for id := range 6 {
		want = append(want, fmt.Sprintf("insert t id=int64:%d doc=string:", 10+id))
	}
	same(t, got, want)
}

// lostXA commits a transaction whose rows were purged.
func lostXA(t *testing.T, db servers.Database, p map[string]any) {
	t.Helper()
	prepareXA(t, db, "'purged'", "INSERT INTO t VALUES (20, '')")
	db.Exec(t, "FLUSH BINARY LOGS", "INSERT INTO t VALUES (21, '')")
	s := follow(t, build(t, p))
	files := db.Query(t, "SHOW BINARY LOGS")
	s.close()
	purge(t, db, *files[len(files)-1][0])
	s = reopen(t, build(t, p), s.last)
	db.Exec(t, "XA COMMIT 'purged'")
	if err := s.broken(); errclass.Of(err) != errclass.PositionLost || !strings.Contains(err.Error(), "X'707572676564'") {
		t.Errorf("rows that are gone: %v", err)
	}
}

// TestXAFailover commits on a replica what was prepared before it took over.
func TestXAFailover(t *testing.T) {
	for product, start := range map[string]func(testing.TB, ...servers.Option) servers.SQLServer{"MySQL": servers.StartMySQL, "MariaDB": servers.StartMariaDB} {
		t.Run(product, func(t *testing.T) {
			first := start(t)
			db := first.DB(t)
			second := start(t, servers.WithArgs("--server-id=2", "--log-slave-updates=ON"))
			replicate(t, product, first, second, db)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
			p := parameters(db, map[string]any{"hosts": []string{second.Addr()}})
			s := follow(t, build(t, p))
			prepareXA(t, db, "'over'", "INSERT INTO t VALUES (1)")
			db.Exec(t, "INSERT INTO t VALUES (2)")
			same(t, s.until(1), []string{"insert t id=int64:2"})
			s.close()
			waitFor(t, second, db.Name, "SELECT COUNT(*) FROM t", "1")
			first.Kill()
			s = reopen(t, build(t, p), s.last)
			c := connectTo(t, second, db.Name)
			if product == "MySQL" {
				execute(t, c, "STOP REPLICA")
			} else {
				execute(t, c, "STOP SLAVE")
			}
			execute(t, c, "XA COMMIT 'over'")
			same(t, s.until(1), []string{"insert t id=int64:1"})
		})
	}
}

// TestXAOfAddedTable has a table come to the list while an XA transaction of it
// is prepared, in the log before the place that the table is read from.
func TestXAOfAddedTable(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE u (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "INSERT INTO u VALUES (1)")
		job := func(tables ...string) plugin.Reader {
			return build(t, parameters(db, map[string]any{"start": map[string]any{"mode": "initial"}, "table": tables}))
		}
		r := job("t")
		chunk := follow(t, r)
		var err error
		for err == nil {
			err = chunk.fill(t.Context())
		}
		chunk.close()
		chunk.last.Done = true
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1, Now: []plugin.Progress{chunk.last}})
		if err != nil || len(splits) != 1 {
			t.Fatalf("%d splits of the log: %v", len(splits), err)
		}
		s := reopen(t, r, plugin.Progress{Split: splits[0]})
		db.Exec(t, "INSERT INTO t VALUES (2)")
		same(t, s.until(1), []string{"insert t id=int64:2"})
		s.close()
		prepareXA(t, db, "'both'", "INSERT INTO u VALUES (2)", "INSERT INTO t VALUES (3)")
		prepareXA(t, db, "'alone'", "INSERT INTO u VALUES (4)")
		r = job("t", "u")
		stored, err := r.(plugin.Resumer).Resume(t.Context(), 1, []plugin.Progress{chunk.last, s.last})
		if err != nil {
			t.Fatal(err)
		}
		s = reopen(t, r, stored[1]) // both are read before the list counts, and decided after
		same(t, s.until(1), []string{"insert u id=int64:1"})
		db.Exec(t, "XA COMMIT 'both'", "XA COMMIT 'alone'")
		same(t, s.until(3), []string{"insert u id=int64:2", "insert t id=int64:3", "insert u id=int64:4"})
	})
}
