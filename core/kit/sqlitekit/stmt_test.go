package sqlitekit_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

func open(t testing.TB) *sqlitekit.Conn {
	t.Helper()
	conn, err := sqlitekit.Open(filepath.Join(t.TempDir(), "x.db"), sqlitekit.Settings{Create: true, Busy: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	})
	return conn
}

// TestLiteralsComeBack shows that what is read of a value is spelled as the
// same value.
func TestLiteralsComeBack(t *testing.T) {
	conn := open(t)
	d := sqlitekit.Dialect()
	any := record.NewSchema(record.Name{}, []record.Column{{Kind: record.Any}})
	for _, expr := range []string{"NULL", "0", "-9223372036854775808", "9223372036854775807", "0.1", "-1e300", "9e999", "-9e999",
		"''", "'it''s'", "'世界' || char(10)", "'a''b' || char(0)", "X''", "X'00ff'"} {
		s, err := conn.Prepare("SELECT " + expr)
		if err != nil {
			t.Fatal(err)
		}
		if more, err := s.Step(); !more || err != nil {
			t.Fatalf("%s: %t, %v", expr, more, err)
		}
		b := record.NewBatch(1, 0)
		b.Begin(any, record.Insert)
		s.Append(b, 1)
		v := sqlkit.Value{Kind: b.Row(0).Kind(0), Text: string(b.Row(0).AppendText(nil, 0))}
		s.Close()
		same, err := conn.Text(t.Context(), "SELECT (typeof(a) = typeof(b)) AND a IS b FROM (SELECT "+expr+" AS a, "+d.Literal(v)+" AS b)")
		if err != nil || same != "1" {
			t.Errorf("%s became %s: same is %q, %v", expr, d.Literal(v), same, err)
		}
	}
}

func TestErrorsHaveClasses(t *testing.T) {
	conn := open(t)
	ctx := t.Context()
	if err := conn.Exec(ctx, "CREATE TABLE t (id INTEGER PRIMARY KEY, u UNIQUE, n NOT NULL DEFAULT 1, c CHECK (c < 9)); INSERT INTO t VALUES (1, 1, 1, 1)"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		sql    string
		class  errclass.Class
		reason errclass.Reason
	}{
		{"INSERT INTO t (id) VALUES (1)", errclass.Data, errclass.Duplicate},
		{"INSERT INTO t (u) VALUES (1)", errclass.Data, errclass.Duplicate},
		{"INSERT INTO t (n) VALUES (NULL)", errclass.Data, errclass.Null},
		{"INSERT INTO t (c) VALUES (9)", errclass.Data, errclass.Constraint},
		{"INSERT INTO t (id) VALUES ('x')", errclass.Data, errclass.Conversion},
		{"INSERT INTO nope VALUES (1)", errclass.Permanent, errclass.Other},
	} {
		err := conn.Exec(ctx, tt.sql)
		if c := errclass.Of(err); err == nil || c != tt.class {
			t.Errorf("%s: class %s of %v, want %s", tt.sql, c, err, tt.class)
		}
		if got := errclass.AsBadRow(0, err).Reason; got != tt.reason {
			t.Errorf("%s: reason %s, want %s", tt.sql, got, tt.reason)
		}
	}
	other, err := sqlitekit.Open(conn.Path(), sqlitekit.Settings{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	if err := conn.Exec(ctx, "BEGIN IMMEDIATE"); err != nil {
		t.Fatal(err)
	}
	if err := other.Exec(ctx, "BEGIN IMMEDIATE"); errclass.Of(err) != errclass.Transient {
		t.Errorf("a locked file: %v, want a transient error", err)
	}
}

func TestWatchInterrupts(t *testing.T) {
	conn := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	started := make(chan error, 1)
	go func() {
		started <- conn.Exec(ctx, "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i) SELECT count(*) FROM i")
	}()
	cancel()
	if err := <-started; errclass.Of(err) != errclass.Canceled {
		t.Errorf("got %v, want an error of class canceled", err)
	}
}

func TestParseURL(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"jdbc:sqlite:shop.db", "shop.db"},
		{" JDBC:SQLite:/data/shop.db?a=b ", "/data/shop.db"},
		{"jdbc:sqlite:file:/data/my%20shop.db", "/data/my shop.db"},
		{"jdbc:sqlite:file:///data/shop.db", "/data/shop.db"},
		{"jdbc:sqlite:C:\\data\\shop.db", "C:\\data\\shop.db"},
		{"jdbc:sqlite::memory:", ""},
		{"jdbc:sqlite:", ""},
		{"jdbc:mysql://h/db", ""},
		{"jdbc:sqlite:file:/x%zz", ""},
		{"jdbc:sqlite:file://localhost/d/sho.db", "/d/sho.db"},
	} {
		got, err := sqlitekit.ParseURL(tt.url)
		if got != tt.want && err == nil || (err == nil) != (tt.want != "") {
			t.Errorf("%s: got %q, %v; want %q", tt.url, got, err, tt.want)
		}
	}
}

func TestTablesAreDescribed(t *testing.T) {
	conn := open(t)
	if err := conn.Exec(t.Context(), `
		CREATE TABLE alias (a TEXT, id INTEGER PRIMARY KEY);
		CREATE TABLE noalias (id INT PRIMARY KEY, g AS (id * 2), rowid TEXT);
		CREATE TABLE norowid (b, a, PRIMARY KEY (a, b)) WITHOUT ROWID;
		CREATE TABLE hidden (rowid, _rowid_, oid);
		CREATE VIEW v AS SELECT 1 AS one;`); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, rowid string
		alias       int
		key         int
	}{{"ALIAS", "rowid", 1, 1}, {"noalias", "_rowid_", -1, 1}, {"norowid", "", -1, 2}, {"hidden", "", -1, 0}, {"v", "", -1, 0}} {
		table, err := conn.Table(t.Context(), tt.name)
		if err != nil {
			t.Fatal(err)
		}
		if table.RowID != tt.rowid || table.Alias != tt.alias || len(table.PrimaryKey()) != tt.key {
			t.Errorf("table %s: rowid %q, alias %d, key %v; want %q, %d, %d columns", tt.name, table.RowID, table.Alias, table.PrimaryKey(), tt.rowid, tt.alias, tt.key)
		}
	}
}

func BenchmarkAppend(b *testing.B) {
	conn := open(b)
	s, err := conn.Prepare(`WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i)
		SELECT n, n, n, n, 0.5, 1.25, 'a name of some length', 'paid', NULL, '2024-01-01 00:00:00' FROM i`)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	schema := record.NewSchema(record.Name{}, make([]record.Column, s.Columns()))
	batch := record.NewBatch(0, 0)
	b.ReportAllocs()
	for b.Loop() {
		if more, err := s.Step(); !more || err != nil {
			b.Fatal(more, err)
		}
		batch.Begin(schema, record.Insert)
		if s.Append(batch, len(schema.Columns)); batch.Full() {
			batch.Reset("")
		}
	}
}
