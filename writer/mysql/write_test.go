package mysql

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// pairs is a schema of an integer key and a text.
func pairs(table string) *record.Schema {
	return record.NewSchema(record.Name{Table: table}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "v", Kind: record.String, Nullable: true}}, 0)
}

// pair appends a row; a nil text is NULL.
func pair(b *record.Batch, s *record.Schema, id int64, v any) {
	b.Begin(s, record.Insert)
	b.Int64(id)
	if text, ok := v.(string); ok {
		b.Text(record.String, text)
	} else {
		b.Null()
	}
}

func batchOf(s *record.Schema, from, to int64, v any) *record.Batch {
	b := record.NewBatch(0, 0)
	b.Reset("0")
	for id := from; id < to; id++ {
		pair(b, s, id, v)
	}
	return b
}

const pairTable = "CREATE TABLE p (id INT PRIMARY KEY, v VARCHAR(20), u INT AS (MOD(id, 1000)) STORED, UNIQUE (u))"

// TestLoadFallsBack loads rows one of which the server would leave out without
// an error: nothing of them is in, the row is found by inserting them, and
// loading is given up for a while.
func TestLoadFallsBack(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, pairTable, "INSERT INTO p (id, v) VALUES (150, 'was there')")
		l := newLab(t, db, quiet())
		s := pairs("p")
		f, at := l.formOf(sqlwrite.Insert, s, nil)
		loads := func() string { return l.text("SHOW SESSION STATUS LIKE 'Com_load'") }
		l.must(l.s.Begin(t.Context()))
		if n, err := l.write(t.Context(), f, at, batchOf(s, 0, 100, "x")); n != 100 || err != nil {
			t.Fatalf("%d, %v", n, err)
		}
		l.must(l.s.Savepoint(t.Context()))
		_, err := l.write(t.Context(), f, at, batchOf(s, 100, 200, "x"))
		if errclass.Of(err) != errclass.Data {
			t.Fatalf("a duplicate key gave %v", err)
		}
		l.must(l.s.Restore(t.Context()))
		if got := l.text("SELECT COUNT(*) FROM " + db.Name + ".p"); got != "101" {
			t.Errorf("%s rows after the refused ones were taken back, want 101", got)
		}
		if _, err := l.write(t.Context(), f, at, batchOf(s, 200, 300, "x")); err != nil || loads() != "Com_load 2" {
			t.Errorf("%v, %s: want this one inserted", err, loads())
		}
		if _, err := l.write(t.Context(), f, at, batchOf(s, 300, 400, "x")); err != nil || loads() != "Com_load 3" {
			t.Errorf("%v, %s: want this one loaded", err, loads())
		}
		l.must(l.s.Commit(t.Context()))
		if got := l.text("SELECT COUNT(*), SUM(v = 'x') FROM " + db.Name + ".p"); got != "301 300" {
			t.Errorf("rows at the end: %s", got)
		}
	})
}

// TestByKey changes and deletes rows by a key that may be NULL.
func TestByKey(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE k (a VARCHAR(10) COLLATE utf8mb4_bin NULL, b DECIMAL(10,2), v VARCHAR(20), w INT DEFAULT 7, UNIQUE (a, b))",
			"INSERT INTO k VALUES (NULL, 1, 'old', 1), ('x', 1.50, 'old', NULL), ('y', 2, 'old', 3)")
		l := newLab(t, db, quiet())
		s := record.NewSchema(record.Name{Table: "k"}, []record.Column{{Name: "a", Kind: record.String}, {Name: "b", Kind: record.Decimal}, {Name: "v", Kind: record.String}, {Name: "w", Kind: record.Int64}}, 0, 1)
		row := func(b *record.Batch, a any, price string, v any, w any) {
			b.Begin(s, record.Insert)
			put := func(k record.Kind, x any) {
				if text, ok := x.(string); ok {
					b.Text(k, text)
				} else {
					b.Null()
				}
			}
			put(record.String, a)
			put(record.Decimal, price)
			put(record.String, v)
			if n, ok := w.(int); ok {
				b.Int64(int64(n))
			} else {
				b.Null()
			}
		}
		check := func(what string, verb sqlwrite.Verb, keep bool, fill func(b *record.Batch), want int64, rows string) {
			t.Helper()
			f, at := l.formOf(verb, s, func(f *sqlwrite.Form) { f.KeepOld = keep })
			b := record.NewBatch(0, 0)
			fill(b)
			l.must(l.s.Begin(t.Context()))
			found, err := l.write(t.Context(), f, at, b)
			if err != nil || found != want {
				t.Errorf("%s: found %d, %v, want %d", what, found, err, want)
			}
			l.must(l.s.Commit(t.Context()))
			if got := l.text("SELECT * FROM " + db.Name + ".k ORDER BY a IS NULL, a, b"); got != rows {
				t.Errorf("%s: rows %s, want %s", what, got, rows)
			}
		}
		check("update", sqlwrite.Update, false, func(b *record.Batch) {
			row(b, nil, "1", "new", nil)
			row(b, "x", "1.5", "old", nil) // as it was: found all the same
			row(b, "z", "1.5", "new", nil)
		}, 2, "x 1.50 old NULL; y 2.00 old 3; NULL 1.00 new NULL")
		check("update, NULL keeps", sqlwrite.Update, true, func(b *record.Batch) {
			row(b, "y", "2.00", nil, 4)
		}, 1, "x 1.50 old NULL; y 2.00 old 4; NULL 1.00 new NULL")
		check("upsert, NULL keeps", sqlwrite.Upsert, true, func(b *record.Batch) {
			row(b, "y", "2.00", "newer", nil)
			row(b, "w", "2.00", "added", nil)
		}, 2, "w 2.00 added NULL; x 1.50 old NULL; y 2.00 newer 4; NULL 1.00 new NULL")
		check("upsert, NULL overwrites", sqlwrite.Upsert, false, func(b *record.Batch) {
			row(b, "y", "2.00", nil, nil)
		}, 1, "w 2.00 added NULL; x 1.50 old NULL; y 2.00 NULL NULL; NULL 1.00 new NULL")
		check("replace", sqlwrite.Replace, false, func(b *record.Batch) {
			row(b, "x", "1.50", "replaced", 1)
		}, 1, "w 2.00 added NULL; x 1.50 replaced 1; y 2.00 NULL NULL; NULL 1.00 new NULL")
		check("delete", sqlwrite.Delete, false, func(b *record.Batch) {
			row(b, nil, "1.0", nil, nil)
			row(b, "y", "2", nil, nil)
			row(b, "Y", "2", nil, nil)
		}, 2, "w 2.00 added NULL; x 1.50 replaced 1")
	})
}

// TestPackets writes rows around the largest packet that the server takes.
func TestPackets(t *testing.T) {
	server := servers.StartMySQL(t, servers.WithArgs("--max-allowed-packet=1M", "--local-infile=OFF"))
	db := server.DB(t)
	db.Exec(t, "CREATE TABLE p (id INT PRIMARY KEY, v LONGTEXT)")
	var log bytes.Buffer
	l := newLab(t, db, slog.New(slog.NewTextHandler(&log, nil)))
	s := pairs("p")
	f, at := l.formOf(sqlwrite.Insert, s, func(f *sqlwrite.Form) { f.Bulk = "load" })
	b := record.NewBatch(0, 0)
	for id, kib := range []int{1, 700, 200, 200, 300, 1, 1000, 1, 600, 600} {
		pair(b, s, int64(id), strings.Repeat("x", kib<<10))
	}
	l.must(l.s.Begin(t.Context()))
	if n, err := l.write(t.Context(), f, at, b); n != 10 || err != nil {
		t.Fatalf("%d, %v", n, err)
	}
	l.must(l.s.Savepoint(t.Context()))
	pair(b, s, 10, strings.Repeat("x", 1<<20))
	_, err := l.write(t.Context(), f, at, b)
	var bad *errclass.Rows
	if !errors.As(err, &bad) || len(bad.Bad) != 1 || bad.Bad[0].Index != 10 || bad.Bad[0].Reason != errclass.TooLarge {
		t.Errorf("a row above max_allowed_packet gave %v", err)
	}
	l.must(l.s.Restore(t.Context()))
	many := batchOf(s, 100, 400, "y")
	for range 2 {
		if _, err := l.write(t.Context(), f, at, many); err != nil {
			t.Fatal(err)
		}
		l.must(l.s.Restore(t.Context()))
	}
	l.must(l.s.Commit(t.Context()))
	if got := l.text("SELECT COUNT(*), SUM(LENGTH(v)) FROM " + db.Name + ".p"); got != fmt.Sprintf("10 %d", 3603<<10) {
		t.Errorf("rows: %s", got)
	}
	if n := strings.Count(log.String(), "local_infile"); n != 1 {
		t.Errorf("the log says %d times that loading is off:\n%s", n, &log)
	}
}

// TestLargeRow writes a row that does not fit a packet of the protocol.
func TestLargeRow(t *testing.T) {
	for product, start := range map[string]func(testing.TB, ...servers.Option) servers.SQLServer{"MySQL": servers.StartMySQL, "MariaDB": servers.StartMariaDB} {
		t.Run(product, func(t *testing.T) { largeRow(t, start(t, servers.WithArgs("--max-allowed-packet=64M")).DB(t)) })
	}
}

func largeRow(t *testing.T, db servers.Database) {
	t.Helper()
	db.Exec(t, "CREATE TABLE p (id INT PRIMARY KEY, v LONGTEXT)")
	l := newLab(t, db, quiet())
	s := pairs("p")
	f, at := l.formOf(sqlwrite.Upsert, s, nil)
	b := batchOf(s, 0, 3, "before")
	pair(b, s, 3, strings.Repeat("large", 4<<20))
	pair(b, s, 4, strings.Repeat("z", 1<<24))
	pair(b, s, 5, "after")
	l.must(l.s.Begin(t.Context()))
	if _, err := l.write(t.Context(), f, at, b); err != nil {
		t.Fatal(err)
	}
	l.must(l.s.Commit(t.Context()))
	if got := l.text("SELECT COUNT(*), SUM(LENGTH(v)), SUM(v = 'after') FROM " + db.Name + ".p"); got != fmt.Sprintf("6 %d 1", 3*6+(20<<20)+(16<<20)+5) {
		t.Errorf("rows: %s", got)
	}
}

// TestDeadlockCommitsNothing makes the server end the transaction in the midst
// of statements that are on their way: those behind are not committed.
func TestDeadlockCommitsNothing(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE p (id INT PRIMARY KEY, v VARCHAR(20))", "INSERT INTO p VALUES (1, 'a'), (2, 'a'), (3, 'a'), (4, 'a')")
		s := pairs("p")
		one, two := newLab(t, db, quiet()), newLab(t, db, quiet())
		f1, at := one.formOf(sqlwrite.Update, s, nil)
		f2, _ := two.formOf(sqlwrite.Update, s, nil)
		one.must(one.s.Begin(t.Context()))
		two.must(two.s.Begin(t.Context()))
		// The session that has changed fewer rows is the one that gives way.
		if _, err := two.write(t.Context(), f2, at, batchOf(s, 2, 3, "b")); err != nil {
			t.Fatal(err)
		}
		heavy := batchOf(s, 100, 200, "heavy")
		insert, _ := two.formOf(sqlwrite.Insert, s, nil)
		if _, err := two.write(t.Context(), insert, at, heavy); err != nil {
			t.Fatal(err)
		}
		if _, err := one.write(t.Context(), f1, at, batchOf(s, 1, 2, "c")); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() {
			_, err := two.write(t.Context(), f2, at, batchOf(s, 1, 2, "b"))
			done <- err
		}()
		_, err := one.write(t.Context(), f1, at, batchOf(s, 2, 5, "c")) // 2 waits for two; 3 and 4 are behind it
		other := <-done
		if errclass.Of(err) != errclass.Transient && errclass.Of(other) != errclass.Transient {
			t.Fatalf("no deadlock: %v, %v", err, other)
		}
		loser, winner := one, two
		if err == nil {
			loser, winner = two, one
		}
		loser.must(loser.s.conn.Close())
		winner.must(winner.s.Commit(t.Context()))
		third := newLab(t, db, quiet())
		if got := third.text("SELECT SUM(v = 'b') * SUM(v = 'c') FROM " + db.Name + ".p"); got != "0" {
			t.Errorf("rows of both sessions are there: %s", third.text("SELECT id, v FROM "+db.Name+".p WHERE id < 100"))
		}
		if got := third.text("SELECT COUNT(*) FROM " + db.Name + ".p WHERE v <> 'a'"); got == "0" {
			t.Error("rows of neither session are there")
		}
	})
}
