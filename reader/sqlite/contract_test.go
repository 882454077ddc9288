package sqlite_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/reader/sqlite"
)

// database makes a file with the given content and returns its path.
func database(t testing.TB, sql string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "it's a \"test\" #1?.db")
	conn, err := sqlitekit.Open(path, sqlitekit.Settings{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
	return path
}

// mixed is a table whose columns hold values of every type.
const mixed = `
CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, d DECIMAL(10,2), s TEXT, b BLOB, r REAL, x, at DATETIME);
WITH RECURSIVE i(n) AS (SELECT -20 UNION ALL SELECT n + 1 FROM i WHERE n < 180)
INSERT INTO t SELECT n * 3,
	CASE n % 5 WHEN 0 THEN NULL WHEN 1 THEN 'a text in an integer' WHEN 2 THEN 9223372036854775807 - n ELSE -n END,
	CASE n % 3 WHEN 0 THEN n / 8.0 WHEN 1 THEN n ELSE 'n/a' END,
	CASE n % 4 WHEN 0 THEN '' WHEN 1 THEN 'Grüße, 世界 🙂 ' || n WHEN 2 THEN 'it''s' || char(10) || '"x"' ELSE NULL END,
	CASE n % 2 WHEN 0 THEN zeroblob(3) ELSE x'00ff' END,
	n * 0.1,
	CASE n % 3 WHEN 0 THEN n WHEN 1 THEN 'x' ELSE x'61' END,
	datetime(1700000000 + n, 'unixepoch')
FROM i;`

// mixedRows are the rows of mixed in order of the rowid, as SQLite itself spells them.
func mixedRows(t testing.TB, path, table, order string) [][]string {
	t.Helper()
	conn, err := sqlitekit.Open(path, sqlitekit.Settings{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	kinds := map[string]string{"integer": "int64", "real": "float64", "text": "string", "blob": "bytes"}
	var rows [][]string
	query := "SELECT "
	columns := []string{"id", "n", "d", "s", "b", "r", "x", "at"}
	for i, c := range columns {
		if i > 0 {
			query += ", "
		}
		query += fmt.Sprintf("typeof(%s), CASE typeof(%s) WHEN 'real' THEN printf('%%!.17g', %s) WHEN 'blob' THEN hex(%s) ELSE %s END", c, c, c, c, c)
	}
	err = conn.Rows(t.Context(), query+" FROM "+table+" ORDER BY "+order, func(row []*string) error {
		var cells []string
		for i := 0; i < len(row); i += 2 {
			switch kind := *row[i]; kind {
			case "null":
				cells = append(cells, "null")
			case "real":
				var f float64
				if _, err := fmt.Sscan(*row[i+1], &f); err != nil {
					return err
				}
				cells = append(cells, "float64 "+fmt.Sprint(f))
			case "blob":
				raw, err := hex.DecodeString(*row[i+1])
				if err != nil {
					return err
				}
				cells = append(cells, "bytes "+string(raw))
			default:
				cells = append(cells, kinds[kind]+" "+*row[i+1])
			}
		}
		rows = append(rows, cells)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func bad(parameters string) func(testing.TB) error {
	return plugintest.ReaderError(sqlite.Info(), parameters)
}

func suite(t *testing.T, sql, parameters, order string) plugintest.ReaderSuite {
	path := database(t, sql)
	return plugintest.ReaderSuite{
		New: func(t testing.TB) plugin.Reader {
			return plugintest.NewReader(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, "column": ["*"], %s}`, path, parameters))
		},
		Want:      func(t testing.TB) [][]string { return mixedRows(t, path, "t", order) },
		Resumable: true,
		Bad: map[string]func(testing.TB) error{
			"no path":       bad(`{"table": "t", "column": ["*"]}`),
			"no table":      bad(`{"path": "x.db", "column": ["*"]}`),
			"no column":     bad(`{"path": "x.db", "table": "t"}`),
			"other url":     bad(`{"jdbcUrl": "jdbc:mysql://h/db", "table": "t", "column": ["*"]}`),
			"in memory":     bad(`{"jdbcUrl": "jdbc:sqlite::memory:", "table": "t", "column": ["*"]}`),
			"two places":    bad(`{"path": "x.db", "jdbcUrl": "jdbc:sqlite:y.db", "table": "t", "column": ["*"]}`),
			"unknown key":   bad(`{"path": "x.db", "table": "t", "column": ["*"], "splitPK": "id"}`),
			"bad where":     bad(`{"path": "x.db", "table": "t", "column": ["*"], "where": "a = 1) OR (1 = 1"}`),
			"mod and start": bad(`{"path": "x.db", "table": "t", "column": ["*"], "splitPk": "id", "splitStrategy": "mod", "splitPkStart": "1"}`),
		},
	}
}

func TestContract(t *testing.T) {
	for _, tt := range []struct{ name, sql, parameters, order string }{
		{"rowid", mixed, `"table": "t"`, "id"},
		{"mod by a column of mixed types", mixed, `"table": ["t"], "splitPk": "n", "splitStrategy": "mod"`, "id"},
		{"range by an indexed column", mixed + "CREATE TABLE u (id INTEGER PRIMARY KEY, n, d, s, b, r REAL NOT NULL, x, at); INSERT INTO u SELECT * FROM t; DROP TABLE t; ALTER TABLE u RENAME TO t; CREATE INDEX r ON t (r);",
			`"table": "t", "splitPk": "r", "splitStrategy": "range"`, "r, id"},
		{"range by a column that is not indexed", mixed, `"table": "main.t", "splitPk": "r", "splitStrategy": "range"`, "id"},
		{"without rowid, text key", mixed + "CREATE TABLE u (id, n, d, s, b BLOB, r REAL, x, at TEXT COLLATE NOCASE, PRIMARY KEY (x, id)) WITHOUT ROWID; INSERT INTO u SELECT * FROM t; DROP TABLE t; ALTER TABLE u RENAME TO t;",
			`"table": "t"`, "x, id"},
		{"UTF-16", "PRAGMA encoding = 'UTF-16le';" + mixed, `"table": "t"`, "id"},
	} {
		t.Run(tt.name, func(t *testing.T) { plugintest.Reader(t, suite(t, tt.sql, tt.parameters, tt.order)) })
	}
	t.Run("statement", func(t *testing.T) {
		s := suite(t, mixed, `"customSql": "SELECT * FROM t ORDER BY id -- all", "splitPk": "id"`, "id")
		s.Resumable = false
		s.Waive = map[string]string{"resume": "a statement has no order to go on in; its splits start over"}
		plugintest.Reader(t, s)
	})
}

// overwrite replaces what a file holds.
func overwrite(path, text string) error { return os.WriteFile(path, []byte(text), 0o600) }
