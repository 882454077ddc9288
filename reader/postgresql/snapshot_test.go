package postgresql

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit/pgread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// newDriver is the driver of a job that reads one table.
func newDriver(t *testing.T, db servers.PostgreSQLDatabase, user, password string) (*pgread.Driver, *sqlkit.Connection) {
	t.Helper()
	cfg := &Config{}
	cfg.Username, cfg.Password = user, config.NewSecret(password)
	cfg.Connection = []sqlkit.Connection{{JDBCURL: []string{db.URL()}, Table: []string{"t"}}}
	d, err := cfg.driver(slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return d, &cfg.Connection[0]
}

func rootDriver(t *testing.T, db servers.PostgreSQLDatabase) (*pgread.Driver, *sqlkit.Connection) {
	t.Helper()
	return newDriver(t, db, servers.RootUser, servers.RootPassword)
}

func dialSession(t *testing.T, d *pgread.Driver, c *sqlkit.Connection) sqlread.Session {
	t.Helper()
	s, err := d.Dial(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func first(t *testing.T, s sqlread.Session, sql string) string {
	t.Helper()
	row, err := s.First(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	if len(row) == 0 || row[0] == nil {
		return ""
	}
	return *row[0]
}

func TestSnapshot(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int)", "INSERT INTO t VALUES (1), (2)")
	d, c := rootDriver(t, db)
	view, err := d.Snapshot(t.Context(), c, 2)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(view.Position(), "/") {
		t.Errorf("position %q is no place in the log", view.Position())
	}
	db.Exec(t, "INSERT INTO t VALUES (3)")
	join := func() sqlread.Session {
		t.Helper()
		s, ok, err := view.Session(t.Context())
		if err != nil || !ok {
			t.Fatalf("Session = %v, %v", ok, err)
		}
		return s
	}
	a, b := join(), join()
	for _, s := range []sqlread.Session{a, b} {
		if n := first(t, s, "SELECT count(*) FROM t"); n != "2" {
			t.Errorf("the view has %s rows, want the 2 that were there", n)
		}
	}
	if err := view.Release(a); err != nil {
		t.Fatal(err)
	}
	if again := join(); again != a {
		t.Error("a session that was released in order is not used again")
	}
	if n := first(t, a, "SELECT count(*) FROM t"); n != "2" {
		t.Errorf("a session that is used again sees %s rows, want 2", n)
	}
	if err := errors.Join(view.Release(a), view.Release(b)); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "SET lock_timeout = '10s'", "ALTER TABLE t ADD c int") // idle sessions keep no lock
	a, b = join(), join()
	a.Interrupt()
	if err := errors.Join(view.Release(a), view.Release(b)); err != nil {
		t.Fatal(err)
	}
	if err := view.Close(); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := view.Session(t.Context()); ok || err != nil {
		t.Errorf("after Close: %v, %v", ok, err)
	}
	await(t, db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", func(row []*string) bool { return *row[0] == "0" })
}

// A snapshot is gone with the session that holds it.
func TestSnapshotIsLost(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	d, c := rootDriver(t, db)
	view, err := d.Snapshot(t.Context(), c, 1)
	if err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
	await(t, db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", func(row []*string) bool { return *row[0] == "0" })
	if s, ok, err := view.Session(t.Context()); ok || err != nil {
		t.Errorf("Session = %v, %v, %v, want none and no error", s, ok, err)
	}
	if err := view.Close(); err != nil {
		t.Error(err)
	}
}

// The ranges of pages hold each row of a snapshot once.
func TestPageRanges(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, `CREATE TABLE "T's" (v text) PARTITION BY HASH (v)`, `CREATE TABLE p0 PARTITION OF "T's" FOR VALUES WITH (MODULUS 2, REMAINDER 0)`,
		`CREATE TABLE p1 PARTITION OF "T's" FOR VALUES WITH (MODULUS 2, REMAINDER 1)`,
		`INSERT INTO "T's" SELECT i || repeat('x', 800) FROM generate_series(1, 60000) i`, "CREATE TABLE small (v int)", "CREATE VIEW all_of AS SELECT v FROM small")
	d, c := rootDriver(t, db)
	s := dialSession(t, d, c)
	table := func(name string) *sqlkit.Table {
		tab, err := s.Table(t.Context(), record.Name{Table: name})
		if err != nil {
			t.Fatal(err)
		}
		return tab
	}
	ranges, err := d.PageRanges(t.Context(), s, table("T's"), 3)
	if err != nil || len(ranges) != 3 {
		t.Fatalf("%q, %v", ranges, err)
	}
	sum := 0
	for _, r := range ranges {
		var n int
		if _, err := fmt.Sscan(first(t, s, `SELECT count(*) FROM "T's" WHERE `+r), &n); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			t.Errorf("no rows where %s", r)
		}
		sum += n
	}
	if sum != 60000 {
		t.Errorf("the ranges %q have %d rows, want 60000", ranges, sum)
	}
	if plan := first(t, s, `EXPLAIN SELECT * FROM p0 WHERE `+ranges[1]); !strings.Contains(plan, "Tid Range Scan") {
		t.Errorf("a range is read by %s", plan)
	}
	for _, name := range []string{"small", "all_of"} {
		if ranges, err := d.PageRanges(t.Context(), s, table(name), 3); err != nil || len(ranges) != 0 {
			t.Errorf("%s: %q, %v, want none", name, ranges, err)
		}
	}
}

func TestOldestWrite(t *testing.T) {
	server := servers.StartPostgreSQL(t) // others write on a shared one
	db := server.DB(t)
	db.Exec(t, "CREATE TABLE t (id int)")
	d, c := rootDriver(t, db)
	s := dialSession(t, d, c)
	began, now, err := d.OldestWrite(t.Context(), s)
	if err != nil || !began.IsZero() || now.IsZero() {
		t.Errorf("idle: %v, %v, %v", began, now, err)
	}
	writer := db.Connect(t)
	for _, sql := range []string{"BEGIN", "SELECT pg_sleep(0.01)", "INSERT INTO t VALUES (1)"} {
		if _, err := writer.Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	began, now, err = d.OldestWrite(t.Context(), s)
	if err != nil || began.IsZero() || !began.Before(now) || now.Sub(began) > time.Minute || now.Location() != time.UTC {
		t.Errorf("a transaction is open: %v, %v, %v", began, now, err)
	}
	if _, err := writer.Exec(t.Context(), "PREPARE TRANSACTION 'later'").ReadAll(); err != nil {
		t.Fatal(err)
	}
	if began, _, err = d.OldestWrite(t.Context(), s); err != nil || began.IsZero() {
		t.Errorf("a transaction is prepared: %v, %v", began, err)
	}
	db.Exec(t, "ROLLBACK PREPARED 'later'")
	d, c = newDriver(t, db, servers.NativeUser, servers.NativePassword)
	if _, _, err := d.OldestWrite(t.Context(), dialSession(t, d, c)); errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "pg_read_all_stats") {
		t.Errorf("without the privilege: %v", err)
	}
}

func TestEstimate(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int)", "INSERT INTO t SELECT generate_series(1, 1000)", "ANALYZE t")
	d, c := rootDriver(t, db)
	s := dialSession(t, d, c)
	if n, err := s.Estimate(t.Context(), "SELECT * FROM t"); err != nil || n != 1000 {
		t.Errorf("Estimate = %d, %v, want 1000", n, err)
	}
	if !s.Reusable() {
		t.Error("not reusable after an estimate")
	}
	st, err := s.Prepare(t.Context(), "SELECT * FROM t")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := st.Rows(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if s.Reusable() {
		t.Error("reusable while rows are read")
	}
	n := 0
	for err = rows.Next(0); err == nil; err = rows.Next(0) {
		n++
	}
	if !errors.Is(err, io.EOF) || n != 1000 || !s.Reusable() {
		t.Errorf("%d rows, then %v; reusable: %v", n, err, s.Reusable())
	}
	if tables, err := s.Tables(t.Context(), record.Name{}); err != nil || len(tables) != 1 || tables[0] != (record.Name{Database: db.Name, Schema: "public", Table: "t"}) {
		t.Errorf("Tables = %v, %v", tables, err)
	}
	if _, err := s.First(t.Context(), "SELECT 1/0"); err == nil || s.Reusable() {
		t.Errorf("after a failure: %v, reusable %v", err, s.Reusable())
	}
}
