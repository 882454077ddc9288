package sqlread_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/reader/sqlite"
)

// file is a SQLite database that a test writes to.
type file struct {
	t    *testing.T
	path string
	conn *sqlitekit.Conn
}

func newFile(t *testing.T, sql ...string) *file {
	f := &file{t: t, path: filepath.Join(t.TempDir(), "shop.db")}
	var err error
	if f.conn, err = sqlitekit.Open(f.path, sqlitekit.Settings{Create: true}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.conn.Close(); err != nil {
			t.Error(err)
		}
	})
	f.exec(append([]string{"PRAGMA journal_mode = WAL"}, sql...)...)
	return f
}

func (f *file) exec(sql ...string) {
	f.t.Helper()
	if err := f.conn.Exec(f.t.Context(), strings.Join(sql, ";")); err != nil {
		f.t.Fatal(err)
	}
}

func (f *file) job(more string) string {
	return fmt.Sprintf(`{"path": %q, "table": "orders", "column": ["id", "at"], %s}`, f.path, more)
}

func (f *file) poller(t *testing.T, more string) *poller {
	return newPoller(t, sqlite.Info(), f.job(more))
}

const orders = "CREATE TABLE orders (id INTEGER PRIMARY KEY, at INTEGER, note TEXT); CREATE INDEX orders_at ON orders (at)"

func TestPollingTies(t *testing.T) {
	for _, bare := range []bool{false, true} {
		t.Run(fmt.Sprintf("bare=%v", bare), func(t *testing.T) {
			f := newFile(t, orders, "INSERT INTO orders VALUES (5, 10, ''), (6, 10, ''), (7, 8, ''), (8, NULL, '')")
			p := f.poller(t, `"increColumn": "at", "polling": true`)
			p.bare = bare
			p.start()
			p.want("7 8", "5 10", "6 10")
			p.want()
			f.exec("INSERT INTO orders VALUES (3, 10, ''), (9, 10, '')")
			p.want("3 10", "9 10")
			f.exec("UPDATE orders SET at = 10 WHERE id = 7")
			p.want("7 10")
			p.restart()
			p.want()
			f.exec("UPDATE orders SET at = 11 WHERE id = 8", "UPDATE orders SET at = 12 WHERE id = 5")
			p.want("8 11", "5 12")
			p.restart()
			f.exec("INSERT INTO orders VALUES (1, 12, '')")
			p.want("1 12")
			p.want()
			if got := p.member("endLocation"); got != "12" {
				t.Errorf("endLocation %s", got)
			}
		})
	}
}

// TestPollingIdle counts what a poll costs that finds nothing.
func TestPollingIdle(t *testing.T) {
	f := newFile(t, orders)
	p := f.poller(t, `"increColumn": "at", "polling": true`)
	p.start()
	for range 3 {
		p.want()
		if sql, asked := p.driver.statements(); len(sql) != 1 || asked > 1 {
			t.Errorf("an idle poll of an empty table ran %q", sql)
		}
	}
	f.exec("INSERT INTO orders VALUES (1, 1, ''), (2, 1, '')")
	p.want("1 1", "2 1")
	p.want()
	p.driver.statements()
	position := string(p.progress.Position)
	for range 3 {
		p.want()
		if sql, asked := p.driver.statements(); len(sql) != 1 || asked > 1 {
			t.Errorf("an idle poll ran %q", sql)
		}
	}
	if got := string(p.progress.Position); got != position {
		t.Errorf("idle polls moved the position from %s to %s", position, got)
	}
}

func TestPollingByKey(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (5, 10, ''), (-6, 10, '')")
	p := f.poller(t, `"increColumn": 0, "polling": true, "startLocation": "-7"`)
	p.start()
	p.want("-6 10", "5 10")
	p.want()
	f.exec("INSERT INTO orders VALUES (6, 1, '')")
	p.want("6 1")
	p.restart()
	p.want()
}

func TestPollingFromMax(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (5, 10, ''), (6, 10, ''), (7, 8, '')")
	p := f.poller(t, `"increColumn": "at", "polling": true, "pollingFromMax": true`)
	p.start()
	p.want()
	f.exec("INSERT INTO orders VALUES (1, 10, ''), (2, 11, '')")
	p.want("1 10", "2 11")
	p.restart()
	p.want()
}

// TestPollingLag commits rows late: within the lag they come, and once.
func TestPollingLag(t *testing.T) {
	f := newFile(t, orders, "INSERT INTO orders VALUES (1, 10, '')")
	p := f.poller(t, `"increColumn": "at", "polling": true, "pollingLag": 25000`)
	p.start()
	p.want("1 10") // at 10 s; the clock goes on by 10 s a poll
	f.exec("INSERT INTO orders VALUES (2, 20, '')")
	p.want("2 20")
	f.exec("INSERT INTO orders VALUES (3, 5, '')") // nothing is known of 25 s ago yet
	p.want("3 5")
	p.restart() // the clock begins anew as well
	f.exec("INSERT INTO orders VALUES (4, 15, ''), (5, 30, '')")
	p.want("4 15", "5 30")
	for range 4 {
		p.want()
	}
	f.exec("INSERT INTO orders VALUES (6, 29, '')") // later than the lag: that is what it is for
	p.want()
	f.exec("INSERT INTO orders VALUES (7, 30, '')")
	p.want("7 30")
}

// TestPollingWithoutKey holds the rows of the largest value back, and says so.
func TestPollingWithoutKey(t *testing.T) {
	for _, bare := range []bool{false, true} {
		t.Run(fmt.Sprintf("bare=%v", bare), func(t *testing.T) {
			f := newFile(t, orders, "INSERT INTO orders VALUES (5, 10, ''), (6, 10, ''), (7, 8, '')")
			p := newPoller(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, "customSql": "select id, at from orders", "column": ["*"], "increColumn": "at", "polling": true}`, f.path))
			p.bare = bare
			p.start()
			rows := append(p.poll(), p.poll()...)
			if fmt.Sprint(rows) != "[7 8]" {
				t.Fatalf("polled %q", rows)
			}
			p.want()
			f.exec("INSERT INTO orders VALUES (8, 11, ''), (4, 10, '')")
			rows = append(p.poll(), p.poll()...)
			if len(rows) != 3 || strings.Contains(fmt.Sprint(rows), "8 11") {
				t.Fatalf("polled %q", rows)
			}
			p.restart()
			p.want()
			p.want()
			if !strings.Contains(p.log.String(), "no unique key") {
				t.Errorf("that there is no key was not said: %s", p.log.String())
			}
		})
	}
}

// TestPollingManyRows polls more rows than a batch holds, with positions on the way.
func TestPollingManyRows(t *testing.T) {
	f := newFile(t, orders, "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 5000) INSERT INTO orders SELECT n, n / 3, '' FROM i")
	p := f.poller(t, `"increColumn": "at", "polling": true`)
	p.start()
	if rows := p.poll(); len(rows) != 5000 || rows[4999] != "5000 1666" {
		t.Fatalf("%d rows, the last is %q", len(rows), rows[len(rows)-1])
	}
	p.restart()
	p.want()
	f.exec("INSERT INTO orders SELECT id + 5000, 2000, '' FROM orders")
	if rows := p.poll(); len(rows) != 5000 {
		t.Fatalf("%d rows", len(rows))
	}
	p.want()
}
