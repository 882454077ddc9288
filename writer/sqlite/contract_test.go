package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/writer/sqlite"
)

// database makes a file with the given content and returns its path. Its
// journal is the one that costs the fewest fsyncs.
func database(t testing.TB, sql string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shop.db")
	conn, err := sqlitekit.Open(path, sqlitekit.Settings{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.Exec(t.Context(), "PRAGMA journal_mode = WAL;"+sql); err != nil {
		t.Fatal(err)
	}
	return path
}

// rows reads tables back, NULL as NULL; a table that is not there has none.
func rows(t testing.TB, path string, tables ...string) [][]string {
	t.Helper()
	conn, err := sqlitekit.Open(path, sqlitekit.Settings{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	var all [][]string
	for _, table := range tables {
		err := conn.Rows(t.Context(), "SELECT * FROM "+table+" ORDER BY rowid", func(row []*string) error {
			texts := make([]string, len(row))
			for i := range row {
				texts[i] = "NULL"
				if row[i] != nil {
					texts[i] = *row[i]
				}
			}
			all = append(all, texts)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// spelled is how SQLite spells a row's values as text.
func spelled(r record.Row) []string {
	texts := plugintest.Texts(r)
	for c := range texts {
		if r.Kind(c) == record.Bool {
			texts[c] = map[bool]string{true: "1", false: "0"}[r.Bool(c)]
		}
	}
	return texts
}

// kinds are all kinds but floats, which SQLite spells with fewer digits as text.
func kinds(table string) *record.Schema {
	return plugintest.Kinds(table, record.Bool, record.Int64, record.Uint64, record.Decimal, record.String, record.Bytes, record.Date,
		record.Time, record.Datetime, record.Timestamp, record.Interval, record.JSON, record.UUID)
}

const tables = `
CREATE TABLE %s (id INTEGER PRIMARY KEY, c1 BOOLEAN, c2 INTEGER, c3 TEXT, c4 TEXT, c5 TEXT DEFAULT 'as it was', c6 BLOB, c7 DATE,
	c8 TEXT, c9 DATETIME, c10 TIMESTAMP, c11 TEXT, c12 JSON, c13 UUID, CHECK (id <> 1000000));`

func suite(parameters string) plugintest.WriterSuite {
	return plugintest.WriterSuite{
		Open: func(t testing.TB) plugintest.Destination {
			path := database(t, fmt.Sprintf(tables, "t")+fmt.Sprintf(tables, "u"))
			return plugintest.Destination{
				New: func(t testing.TB) plugin.Writer {
					return plugintest.NewWriter(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, %s}`, path, parameters))
				},
				Rows: func(t testing.TB) [][]string { return rows(t, path, "t", "u") },
			}
		},
		Schemas:  []*record.Schema{kinds("t")},
		Want:     spelled,
		Absent:   5,
		Channels: 1, // a sink whose rows are not flushed keeps the others waiting
		Changes:  true,
		Bad: func(b *record.Batch, s *record.Schema) {
			plugintest.AppendRow(b, s, record.Insert, 1_000_000, 0)
		},
		BadConfigs: map[string]func(testing.TB) error{
			"no path":      bad(`{"table": "t", "column": ["*"]}`),
			"no table":     bad(`{"path": "x.db", "column": ["*"]}`),
			"no column":    bad(`{"path": "x.db", "table": "t"}`),
			"unknown key":  bad(`{"path": "x.db", "table": "t", "column": ["*"], "tabel": "u"}`),
			"unknown mode": bad(`{"path": "x.db", "table": "t", "column": ["*"], "mode": "append"}`),
			"other url":    bad(`{"jdbcUrl": "jdbc:postgresql://h/db", "table": "t", "column": ["*"]}`),
			"two keys":     bad(`{"path": "x.db", "table": "t", "column": ["*"], "updateKey": {"a": ["id"], "b": ["c1"]}}`),
		},
	}
}

func bad(parameters string) func(testing.TB) error {
	return plugintest.WriterError(sqlite.Info(), parameters)
}

func TestContract(t *testing.T) {
	for name, parameters := range map[string]string{
		"insert": `"table": "t", "column": ["*"]`,
		"update": `"table": "t", "column": ["*"], "mode": "update", "updateKey": {"id": ["id"]}`,
	} {
		t.Run(name, func(t *testing.T) { plugintest.Writer(t, suite(parameters)) })
	}
	t.Run("position", func(t *testing.T) {
		plugintest.CheckWriter(t, suite(`"connection": [{"table": ["t"]}], "column": ["id", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", {"name": "c12", "type": "json"}, "c13"]`), "rows", "bad", "absent")
	})
	t.Run("replace", func(t *testing.T) {
		plugintest.CheckWriter(t, suite(`"table": ["t"], "column": ["*"], "writeMode": "replace"`), "rows", "bad", "changes")
	})
	t.Run("tables", func(t *testing.T) {
		s := suite(`"table": "*", "column": ["*"]`)
		s.Schemas = append(s.Schemas, kinds("u"))
		plugintest.Writer(t, s)
	})
}
