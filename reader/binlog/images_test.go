package binlog

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestRowImages reads images that lack columns: they are absent, and not NULL;
// keys are always there.
func TestRowImages(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT, note TEXT, c INT)", "CREATE TABLE free (a INT, b INT)")
		s := follow(t, build(t, parameters(db, nil)))
		db.Exec(t, "SET SESSION binlog_row_image = MINIMAL", "SELECT 1")
		c := db.Connect(t)
		for _, q := range []string{
			"INSERT INTO t VALUES (1, 10, 'note', NULL)", "SET SESSION binlog_row_image = 'MINIMAL'", "UPDATE t SET a = 11 WHERE id = 1", "DELETE FROM t WHERE id = 1",
			"INSERT INTO free VALUES (1, 2)", "UPDATE free SET b = 3",
			"SET SESSION binlog_row_image = 'NOBLOB'", "INSERT INTO t VALUES (2, 20, 'long', 5)", "UPDATE t SET c = NULL WHERE id = 2", "UPDATE t SET note = 'longer' WHERE id = 2", "UPDATE t SET id = 3",
		} {
			if _, err := c.Execute(q); err != nil {
				t.Fatal(err)
			}
		}
		rows := s.until(14)
		// MariaDB has all columns of a table without a key in both images.
		rows[6] = strings.Replace(rows[6], "a=int64:1 b=int64:3", "a=absent b=int64:3", 1)
		same(t, rows, []string{
			"insert t id=int64:1 a=int64:10 note=string:note c=null",
			"update-before t id=int64:1 a=absent note=absent c=absent", "update-after t id=int64:1 a=int64:11 note=absent c=absent",
			"delete t id=int64:1 a=absent note=absent c=absent",
			"insert free a=int64:1 b=int64:2", "update-before free a=int64:1 b=int64:2", "update-after free a=absent b=int64:3",
			"insert t id=int64:2 a=int64:20 note=string:long c=int64:5",
			"update-before t id=int64:2 a=int64:20 note=absent c=int64:5", "update-after t id=int64:2 a=int64:20 note=absent c=null",
			"update-before t id=int64:2 a=int64:20 note=absent c=null", "update-after t id=int64:2 a=int64:20 note=string:longer c=null",
			"delete t id=int64:2 a=int64:20 note=absent c=null", "insert linked t id=int64:3 a=int64:20 note=absent c=null",
		})
	})
}

// TestPartialJSON follows updates that the log has as differences.
func TestPartialJSON(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, d JSON, e JSON)")
	s := follow(t, build(t, parameters(db, nil)))
	doc := `{"a": 1, "list": [1, 2, 3, {"x": "y"}], "k.e\"y": {"in": "side"}, "pad": "` + strings.Repeat("p", 500) + `"}`
	c := db.Connect(t)
	for _, q := range []string{
		"SET SESSION binlog_row_value_options = 'PARTIAL_JSON'",
		fmt.Sprintf(`INSERT INTO t VALUES (1, '%s', '[]')`, strings.ReplaceAll(doc, `\`, `\\`)),
		`UPDATE t SET d = JSON_SET(d, '$.a', 'longer text', '$.b', JSON_ARRAY(true, null))`,
		`UPDATE t SET d = JSON_REMOVE(d, '$.list[1]')`,
		`UPDATE t SET d = JSON_REPLACE(d, '$."k.e\\"y".in', 1.5), e = '{"new": 1}'`,
		`UPDATE t SET d = JSON_ARRAY_INSERT(d, '$.list[0]', JSON_OBJECT('z', CAST(1 AS DECIMAL(5,2))))`,
		`UPDATE t SET id = 2, d = JSON_SET(d, '$.a', 0)`,
	} {
		if _, err := c.Execute(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	rows := s.until(11)
	want := `d=json:{"a": 0, "b": [true, null], "pad": "` + strings.Repeat("p", 500) + `", "list": [{"z": 1.00}, 1, 3, {"x": "y"}], "k.e\"y": {"in": 1.5}} e=json:{"new": 1}`
	if got := rows[10]; got != "insert linked t id=int64:2 "+want {
		t.Errorf("after differences\n got %s\nwant %s", got, want)
	}
	r, err := c.Execute("SELECT d FROM t")
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := r.GetString(0, 0); !strings.Contains(rows[10], "d=json:"+text+" ") {
		t.Errorf("the server prints %s, the log came to %s", text, rows[10])
	}
	r.Close()
	// Without the document before there is nothing to change.
	for _, q := range []string{"SET SESSION binlog_row_image = 'MINIMAL'", `UPDATE t SET d = JSON_SET(d, '$.a', 7)`} {
		if _, err := c.Execute(q); err != nil {
			t.Fatal(err)
		}
	}
	err = s.fill(t.Context())
	for err == nil {
		err = s.fill(t.Context())
	}
	if errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "binlog_row_image=FULL") {
		t.Errorf("differences from a document that the log does not have: %v", err)
	}
}

// TestZeroDates makes rows dirty that hold what is no day, or reads NULL where
// the URL says so.
func TestZeroDates(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, d DATE, at TIMESTAMP NULL)")
		plain := follow(t, build(t, parameters(db, nil)))
		null := follow(t, build(t, parameters(db, map[string]any{"jdbcUrl": db.URL() + "&zeroDateTimeBehavior=convertToNull"})))
		c := db.Connect(t)
		for _, q := range []string{"SET SESSION sql_mode = ''", "INSERT INTO t VALUES (1, '0000-00-00', NULL), (2, '2024-01-01', '0000-00-00 00:00:00')", "UPDATE t SET d = '2024-02-02' WHERE id = 1", "INSERT INTO t VALUES (3, '2024-03-03', NULL)"} {
			if _, err := c.Execute(q); err != nil {
				t.Fatal(err)
			}
		}
		same(t, plain.until(1), []string{"insert t id=int64:3 d=date:2024-03-03 at=null"})
		if len(plain.bad) != 3 || !strings.Contains(plain.bad[0], "zero date") {
			t.Errorf("dirty rows %q", plain.bad)
		}
		same(t, null.until(5), []string{"insert t id=int64:1 d=null at=null", "insert t id=int64:2 d=date:2024-01-01 at=null",
			"update-before t id=int64:1 d=null at=null", "update-after t id=int64:1 d=date:2024-02-02 at=null", "insert t id=int64:3 d=date:2024-03-03 at=null"})
	})
}

// TestMetadata appends the columns that are asked for, in their order.
func TestMetadata(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
		before := time.Now().Add(-time.Minute)
		s := follow(t, build(t, parameters(db, nil), "_snapshot", "_lsn", "_optime", "_gtid", "_txid", "_ts", "_offset", "_row", "_serverid", "_thread"))
		db.Exec(t, "INSERT INTO t VALUES (1), (2)")
		var names []string
		var lsn, gtid, txid string
		var numbers [][3]string
		s.each = func(r record.Row) {
			names = names[:0]
			for _, c := range r.Schema().Columns {
				names = append(names, c.Name)
			}
			sec, _ := r.Timestamp(2)
			if time.Unix(sec, 0).Before(before) {
				t.Errorf("_optime is %v", time.Unix(sec, 0))
			}
			lsn, gtid, txid = string(r.Bytes(3)), string(r.Bytes(4)), string(r.Bytes(5))
			numbers = append(numbers, [3]string{string(r.AppendText(nil, 7)), string(r.AppendText(nil, 8)), string(r.AppendText(nil, 9))})
		}
		s.until(2)
		if got := strings.Join(names, " "); got != "id _ts _optime _lsn _gtid _txid _snapshot _serverid _thread _row" {
			t.Errorf("columns %s", got)
		}
		if file, offset, ok := strings.Cut(lsn, "/"); !ok || !strings.HasPrefix(file, "binlog.") || len(offset) != 18 {
			t.Errorf("_lsn is %q", lsn)
		}
		if gtid == "" || txid != gtid {
			t.Errorf("_gtid is %q, _txid is %q", gtid, txid)
		}
		if len(numbers) != 2 || numbers[0][0] == "0" || numbers[0][0] == "" || numbers[0][2] != "0" || numbers[1][2] != "1" || numbers[0][1] != numbers[1][1] {
			t.Errorf("server, thread and row are %q", numbers)
		}
	})
}

// TestOps leaves out the changes that cat does not name.
func TestOps(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT)")
	s := follow(t, build(t, parameters(db, map[string]any{"cat": " Insert, DELETE "})))
	db.Exec(t, "INSERT INTO t VALUES (1, 1)", "UPDATE t SET a = 2", "UPDATE t SET id = 2", "DELETE FROM t")
	same(t, s.until(2), []string{"insert t id=int64:1 a=int64:1", "delete t id=int64:2 a=int64:2"})
}

// TestHugeTransaction flows in batches without a mark, or with marks inside of
// it where maxTransactionRows lets it be cut; then every mark can be gone on
// from.
func TestHugeTransaction(t *testing.T) {
	for _, l := range logs[:4] {
		t.Run(l.name, func(t *testing.T) {
			start := servers.StartMySQL
			if l.maria {
				start = servers.StartMariaDB
			}
			db := start(t, servers.WithArgs(l.options...)).DB(t)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a CHAR(100))", "CREATE TABLE other (id INT PRIMARY KEY)")
			begin := statusOf(t, db)
			const rows = 10_000
			c := db.Connect(t)
			for _, q := range []string{"BEGIN", "INSERT INTO other VALUES (1)", "INSERT INTO t WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 999) SELECT i, 'x' FROM n"} {
				if _, err := c.Execute(q); err != nil {
					t.Fatal(err)
				}
			}
			for i := 1000; i <= rows; i += 1000 {
				if _, err := c.Execute(fmt.Sprintf("INSERT INTO t SELECT id + %d, a FROM t WHERE id BETWEEN %d AND 999", i-1, 0)); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := c.Execute("COMMIT"); err != nil {
				t.Fatal(err)
			}
			total := 999 + 10*999
			p := parameters(db, map[string]any{"start": begin, "table": []string{"t"}})
			whole := follow(t, build(t, p))
			for len(whole.rows) < total {
				if whole.step(); whole.marks > 0 && len(whole.rows) < total {
					t.Fatalf("a position was given after %d rows of a transaction", len(whole.rows))
				}
			}
			p["maxTransactionRows"] = 1500
			cut := follow(t, build(t, p))
			tried := 0
			for len(cut.rows) < total {
				before := cut.marks
				if cut.step(); cut.marks == before || len(cut.rows) == total {
					continue
				}
				tried++
				rest := reopen(t, build(t, p), cut.last)
				same(t, rest.until(total-len(cut.rows)), whole.rows[len(cut.rows):])
				rest.close()
			}
			same(t, cut.rows, whole.rows)
			if tried < 3 {
				t.Errorf("the transaction was cut %d times", tried)
			}
		})
	}
}

// TestIdle gives a position without rows when others have changed other
// tables, at most one a second, and none while nothing happens.
func TestIdle(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE other (id INT PRIMARY KEY)")
		s := follow(t, build(t, parameters(db, map[string]any{"table": []string{"t"}})))
		first := s.last
		db.Exec(t, "INSERT INTO other VALUES (1)", "INSERT INTO other VALUES (2)")
		for s.marks == 0 {
			s.step()
		}
		if len(s.rows) > 0 {
			t.Errorf("rows %v", s.rows)
		}
		again := reopen(t, build(t, parameters(db, map[string]any{"table": []string{"t"}})), s.last)
		db.Exec(t, "INSERT INTO t VALUES (7)")
		same(t, again.until(1), []string{"insert t id=int64:7"})
		if string(first.Position) == string(s.last.Position) {
			t.Error("the position has not moved")
		}
	})
}

// TestStatements refuses what is in the log as a statement, of tables that are
// read.
func TestStatements(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE other (id INT PRIMARY KEY)")
		for _, test := range []struct {
			statements []string
			want       string
		}{
			{[]string{"SET SESSION binlog_format = 'STATEMENT'", "INSERT INTO other VALUES (1)", "INSERT INTO t VALUES (1)"}, "binlog_format"},
		} {
			s := follow(t, build(t, parameters(db, map[string]any{"table": []string{"t"}})))
			c := db.Connect(t)
			for _, q := range test.statements {
				if _, err := c.Execute(q); err != nil {
					t.Fatal(err)
				}
			}
			var err error
			for err == nil {
				err = s.fill(t.Context())
			}
			if errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%q: %v", test.statements, err)
			}
			s.close()
		}
	})
}

// TestStarts begins at each place that start can name.
func TestStarts(t *testing.T) {
	for _, l := range logs[:4] {
		t.Run(l.name, func(t *testing.T) {
			start := servers.StartMySQL
			if l.maria {
				start = servers.StartMariaDB
			}
			db := start(t, servers.WithArgs(l.options...)).DB(t)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)", "FLUSH BINARY LOGS", "INSERT INTO t VALUES (2)")
			gtids := gtidsOf(t, db)
			place := statusOf(t, db)
			waitSeconds(t, db, 1)
			now := time.Now().UnixMilli() / 1000 * 1000
			db.Exec(t, "INSERT INTO t VALUES (3)", "FLUSH BINARY LOGS", "INSERT INTO t VALUES (4)")
			starts := map[string]struct {
				start map[string]any
				first int
			}{
				"earliest":  {map[string]any{"mode": "earliest"}, 1},
				"file":      {map[string]any{"journal-name": "binlog.000002"}, 2},
				"position":  {place, 3},
				"timestamp": {map[string]any{"timestamp": now}, 3},
				"latest":    {map[string]any{}, 5},
			}
			if gtids != "" {
				starts["gtidSet"] = struct {
					start map[string]any
					first int
				}{map[string]any{"gtidSet": gtids}, 3}
			}
			var streams []*stream
			var first []int
			for _, st := range starts {
				streams = append(streams, follow(t, build(t, parameters(db, map[string]any{"start": st.start}))))
				first = append(first, st.first)
			}
			db.Exec(t, "INSERT INTO t VALUES (5)")
			for i, s := range streams {
				var want []string
				for id := first[i]; id <= 5; id++ {
					want = append(want, fmt.Sprintf("insert t id=int64:%d", id))
				}
				same(t, s.until(len(want)), want)
			}
		})
	}
}

// waitSeconds returns when the server's clock shows so many seconds more than
// it did when it was called.
func waitSeconds(t testing.TB, db servers.Database, more int64) {
	t.Helper()
	c := db.Connect(t)
	for begin := int64(0); ; {
		r, err := c.Execute("SELECT UNIX_TIMESTAMP()")
		if err != nil {
			t.Fatal(err)
		}
		now, err := r.GetInt(0, 0)
		r.Close()
		switch {
		case err != nil:
			t.Fatal(err)
		case begin == 0:
			begin = now
		case now >= begin+more:
			return
		}
	}
}

func gtidsOf(t testing.TB, db servers.Database) string {
	t.Helper()
	c := db.Connect(t)
	for _, q := range []string{"SELECT @@GLOBAL.gtid_binlog_pos", "SELECT IF(@@GLOBAL.gtid_mode = 'ON', @@GLOBAL.gtid_executed, '')"} {
		r, err := c.Execute(q)
		if err != nil {
			continue
		}
		defer r.Close()
		text, err := r.GetString(0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Clone(strings.ReplaceAll(text, "\n", "")) // it lives as long as its buffer
	}
	return ""
}

// TestGoneOnWithAnotherProcess plans and opens with two readers.
func TestGoneOnWithAnotherProcess(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)")
	splits, err := plugintest.Plan(t.Context(), build(t, parameters(db, nil)), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "INSERT INTO t VALUES (1)")
	s := reopen(t, build(t, parameters(db, nil)), plugin.Progress{Split: splits[0]}) // it crashed before its first mark
	same(t, s.until(1), []string{"insert t id=int64:1"})
}
