package mysql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// open opens the only split of a job; the source is closed at the end of the test.
func open(t *testing.T, parameters string) plugin.Source {
	t.Helper()
	r := plugintest.NewReader(t, Info(), parameters)
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestZeroDates(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "SET sql_mode = 'ALLOW_INVALID_DATES'", "CREATE TABLE z (id INT PRIMARY KEY, d DATE, dt DATETIME(3), ts TIMESTAMP NULL)",
			"INSERT INTO z VALUES (1, '0000-00-00', NULL, NULL), (2, '2020-00-10', NULL, NULL), (3, NULL, '0000-00-00 00:00:00', NULL), (4, NULL, NULL, 0), (5, '2021-02-31', NULL, NULL), (6, '2020-02-29', NULL, NULL)")
		b := record.NewBatch(0, 0)
		if err := open(t, job(db, "z", nil)).Fill(t.Context(), b); !errors.Is(err, io.EOF) {
			t.Fatalf("Fill = %v", err)
		}
		var got []string
		for _, r := range b.Rejects() {
			if errclass.Of(r.Err) != errclass.Data {
				t.Errorf("class %v, want data: %v", errclass.Of(r.Err), r.Err)
			}
			got = append(got, string(r.Raw)+" "+r.Err.Error())
		}
		remedy := "; zeroDateTimeBehavior=convertToNull in jdbcUrl reads it as NULL"
		want := []string{
			`{"id":"1","d":"0000-00-00","dt":null,"ts":null} column "d": 0000-00-00 is a zero date` + remedy,
			`{"id":"2","d":"2020-00-10","dt":null,"ts":null} column "d": 2020-00-10 is a zero date` + remedy,
			`{"id":"3","d":null,"dt":"0000-00-00 00:00:00","ts":null} column "dt": 0000-00-00 is a zero date` + remedy,
			`{"id":"4","d":null,"dt":null,"ts":"0000-00-00 00:00:00"} column "ts": 0000-00-00 is a zero date` + remedy,
			`{"id":"5","d":"2021-02-31","dt":null,"ts":null} column "d": 2021-02-31 is no day of the calendar`,
		}
		for i := range max(len(got), len(want)) {
			if i >= len(got) || i >= len(want) || got[i] != want[i] {
				t.Fatalf("rejects:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
		}
		if b.Len() != 1 || b.Row(0).Int64(0) != 6 {
			t.Errorf("%d rows, want the last one alone", b.Len())
		}
		null := read(t, job(db, "z", map[string]any{"properties": map[string]string{"zeroDateTimeBehavior": "convertToNull"}}))
		if len(null) != 5 || null[1][1] != "null" || null[3][3] != "null" {
			t.Errorf("as NULL: %v", null)
		}
	})
}

// TestErrors checks what a user is told, and the class.
func TestErrors(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE orders (id INT PRIMARY KEY, name VARCHAR(10))", "INSERT INTO orders VALUES (1, 'a'), (2, 'b')")
		connection := func(url, table string) []any { return []any{map[string]any{"jdbcUrl": url, "table": table}} }
		tests := []struct {
			name     string
			table    string
			channels int
			more     map[string]any
			class    errclass.Class
			text     string
		}{
			{"missing table", "ordres", 1, nil, errclass.Config, `did you mean "orders"?`},
			{"missing database", "", 1, map[string]any{"connection": connection(db.URL(), "nowhere.orders")}, errclass.Config, "connection[0].table: there is no such table"},
			{"missing database in the URL", "", 1, map[string]any{"connection": connection("jdbc:mysql://"+db.Addr()+"/nowhere", "t")}, errclass.Config, "check the database in jdbcUrl"},
			{"missing column", "orders", 1, map[string]any{"column": []string{"id", "nam"}}, errclass.Config, `column[1]: table ` + db.Name + `.orders has no column "nam", did you mean "name"?`},
			{"missing splitPk", "orders", 2, map[string]any{"splitPk": "uid"}, errclass.Config, `splitPk: table`},
			{"splitPk of texts", "orders", 2, map[string]any{"splitPk": "name"}, errclass.Config, "split column's type must be number type"},
			{"no splitPk", "orders", 2, nil, errclass.Config, "Must specify the split column when the channel is greater than 1"},
			{"password", "orders", 1, map[string]any{"password": "secret-wrong"}, errclass.Config, "check username and password"},
			{"nobody there", "", 1, map[string]any{"connection": connection("jdbc:mysql://127.0.0.1:1/d", "t")}, errclass.Transient, "check host and port in jdbcUrl, and that the server is up"},
			{"where", "orders", 1, map[string]any{"where": "nam = 'x'"}, errclass.Config, "check where"},
			{"where is no SQL", "orders", 1, map[string]any{"where": "id = = 3"}, errclass.Config, "check where and customSql"},
			{"statement", "", 1, map[string]any{"customSql": "selct 1"}, errclass.Config, "1064"},
			{"statement with a parameter", "", 1, map[string]any{"customSql": "select 1 as a from orders where id = ?"}, errclass.Config, "write the value"},
			{"session variable", "orders", 1, map[string]any{"properties": map[string]string{"sessionVariables": "nonsense=1"}}, errclass.Config, "preparing the session"},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				_, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), job(db, tt.table, tt.more)), tt.channels, plugintest.Options{})
				if err == nil || errclass.Of(err) != tt.class || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "secret") {
					t.Errorf("error of class %v: %v\nwant class %v and %q", errclass.Of(err), err, tt.class, tt.text)
				}
				if err != nil && strings.Contains(err.Error(), "\n") {
					t.Errorf("more than one line: %q", err)
				}
			})
		}
	})
}

func TestTableChanges(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		r := plugintest.NewReader(t, Info(), job(db, "t", nil))
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.(plugin.Describer).Describe(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, change := range []struct{ sql, text string }{{"ALTER TABLE t MODIFY id BIGINT", "was changed during the run"}, {"DROP TABLE t", "is gone"}} {
			db.Exec(t, change.sql)
			s, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
			if err == nil || errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), change.text) {
				t.Errorf("after %s: %v, %v, want a permanent error with %q", change.sql, s, err, change.text)
			}
		}
	})
}

// TestServerDies kills the server, and cuts the network, in the middle of a read.
func TestServerDies(t *testing.T) {
	server := servers.StartMySQL(t, servers.WithProxy())
	db := server.DB(t)
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, pad CHAR(250))", "SET cte_max_recursion_depth = 100000",
		"INSERT INTO t WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < 60000) SELECT n, REPEAT('x', 250) FROM s")
	connection := []any{map[string]any{"jdbcUrl": fmt.Sprintf("jdbc:mysql://%s/%s?useSSL=false", server.ProxyAddr(), db.Name), "table": "t"}}
	for name, end := range map[string]func(){"cut": server.Cut, "killed": server.Kill} {
		t.Run(name, func(t *testing.T) {
			s := open(t, job(db, "", map[string]any{"connection": connection}))
			b := record.NewBatch(0, 0)
			if err := s.Fill(t.Context(), b); err != nil {
				t.Fatal(err)
			}
			end()
			err := drain(t, s, b)
			if errclass.Of(err) != errclass.Transient {
				t.Errorf("error of class %v: %v, want transient", errclass.Of(err), err)
			}
			server.Restore()
			server.Restart()
		})
	}
}

func drain(t *testing.T, s plugin.Source, b *record.Batch) error {
	t.Helper()
	for {
		b.Reset("s")
		if err := s.Fill(t.Context(), b); err != nil {
			return err
		}
	}
}

func TestConnectionKilled(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, pad LONGTEXT)")
		for i := range 40 {
			db.Exec(t, fmt.Sprintf("INSERT INTO t VALUES (%d, REPEAT('x', 1000000))", i))
		}
		s := open(t, job(db, "t", nil))
		b := record.NewBatch(0, 0)
		if err := s.Fill(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		db.Exec(t, fmt.Sprintf("KILL %d", sessionOf(t, db)))
		if err := drain(t, s, b); errclass.Of(err) != errclass.Transient {
			t.Errorf("error of class %v: %v, want transient", errclass.Of(err), err)
		}
	})
}

// TestQueryTimeOut shows that the bound is about the first row alone.
func TestQueryTimeOut(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1), (2), (3), (4), (5), (6), (7), (8)")
		slow := func(seconds string, bytes int) string {
			return job(db, "", map[string]any{"customSql": fmt.Sprintf("select id, sleep(%s) as s, repeat('x', %d) as pad from t", seconds, bytes), "queryTimeOut": 3})
		}
		t.Run("first row", func(t *testing.T) {
			s := open(t, slow("30", 1))
			id := sessionOf(t, db)
			err := s.Fill(t.Context(), record.NewBatch(0, 0))
			if errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "queryTimeOut") {
				t.Errorf("error of class %v: %v, want a transient one that names queryTimeOut", errclass.Of(err), err)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
			awaitEnd(t, db, id)
		})
		t.Run("long read", func(t *testing.T) {
			if rows := read(t, slow("0.5", 200_000)); len(rows) != 8 {
				t.Errorf("%d rows, want 8", len(rows))
			}
		})
	})
}

// sessionOf is the number of the only session that runs a statement on a
// database, beside the one that asks; it waits for it.
func sessionOf(t *testing.T, db servers.Database) (id uint32) {
	t.Helper()
	await(t, db, fmt.Sprintf("SELECT MAX(id), COUNT(*) FROM information_schema.processlist WHERE db = '%s' AND id <> connection_id() AND command <> 'Sleep'", db.Name),
		func(r *gomysql.Result) bool {
			n, err := r.GetInt(0, 1)
			if err != nil || n > 1 {
				t.Fatalf("%d sessions, %v, want one", n, err)
			}
			if n == 1 {
				number, err := r.GetUint(0, 0)
				if err != nil {
					t.Fatal(err)
				}
				id = uint32(number)
			}
			return n == 1
		})
	return id
}

// awaitEnd waits until the server has ended a session.
func awaitEnd(t *testing.T, db servers.Database, id uint32) {
	t.Helper()
	await(t, db, fmt.Sprintf("SELECT COUNT(*) FROM information_schema.processlist WHERE id = %d", id), func(r *gomysql.Result) bool {
		n, err := r.GetInt(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n == 0
	})
}

// await asks until the answer is as it should be.
func await(t *testing.T, db servers.Database, sql string, is func(*gomysql.Result) bool) {
	t.Helper()
	c := db.Connect(t)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		r, err := c.Execute(sql)
		if err != nil {
			t.Fatal(err)
		}
		if is(r) {
			return
		}
	}
	t.Fatalf("%s: it is never so", sql)
}

// TestTrickle shows that rows do not wait for a batch to be full, and that
// waiting for them loses none.
func TestTrickle(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, pad MEDIUMTEXT)")
		for i := range 8 {
			db.Exec(t, fmt.Sprintf("INSERT INTO t VALUES (%d, REPEAT('x', 100000))", i))
		}
		for _, mode := range []string{"DISABLED", "REQUIRED"} {
			t.Run(mode, func(t *testing.T) {
				s := open(t, job(db, "t", map[string]any{"where": "sleep(0.1) = 0", "properties": map[string]string{"sslMode": mode}}))
				b, rows, fills := record.NewBatch(1000, 100<<20), 0, 0
				for {
					b.Reset("s")
					err := s.Fill(t.Context(), b)
					for i := range b.Len() {
						if row := b.Row(i); row.Int64(0) != int64(rows) || len(row.Bytes(1)) != 100_000 {
							t.Fatalf("row %d has id %d and %d bytes", rows, row.Int64(0), len(row.Bytes(1)))
						}
						rows++
					}
					if errors.Is(err, io.EOF) {
						break
					}
					if err != nil {
						t.Fatal(err)
					}
					if fills++; len(b.Marks()) != 1 {
						t.Errorf("%d rows with %d marks, want one", b.Len(), len(b.Marks()))
					}
				}
				if rows != 8 || fills == 0 {
					t.Errorf("%d rows in %d fills and the end, want 8 in several", rows, fills)
				}
			})
		}
	})
}

// TestLargeValues reads rows around the size at which the protocol parts them.
func TestLargeValues(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	const edge = 1<<24 - 1 - 10 // a payload of 0xffffff bytes
	sizes := []int{1, 70_000, edge - 1, edge, edge + 1, 20 << 20, 3}
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, v LONGBLOB NOT NULL)")
	for i, n := range sizes {
		db.Exec(t, fmt.Sprintf("INSERT INTO t VALUES (%d, REPEAT('%c', %d))", i, 'a'+i, n))
	}
	s := open(t, job(db, "t", nil))
	b, seen := record.NewBatch(0, 0), 0
	for {
		b.Reset("s")
		err := s.Fill(t.Context(), b)
		for i := range b.Len() {
			v := b.Row(i).Bytes(1)
			if want := byte('a' + seen); len(v) != sizes[seen] || v[0] != want || v[len(v)-1] != want {
				t.Errorf("row %d: %d bytes of %q, want %d of %q", seen, len(v), v[0], sizes[seen], want)
			}
			seen++
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
	}
	if seen != len(sizes) {
		t.Errorf("%d rows, want %d", seen, len(sizes))
	}
}

// TestCancel shows that a statement that has sent nothing ends at the server too.
func TestCancel(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		s := open(t, job(db, "", map[string]any{"customSql": "select sleep(60) as s"}))
		id := sessionOf(t, db)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- s.Fill(ctx, record.NewBatch(0, 0)) }()
		cancel()
		if err := <-done; errclass.Of(err) != errclass.Canceled {
			t.Errorf("Fill = %v, want class canceled", err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		awaitEnd(t, db, id)
	})
}
