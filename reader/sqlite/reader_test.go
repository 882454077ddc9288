package sqlite_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/reader/sqlite"
)

const shop = `CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price DECIMAL(8,2));
INSERT INTO item VALUES (1, 'pen', 1.5), (2, 'cup', 8), (3, 'it''s', NULL);
CREATE VIEW cheap AS SELECT * FROM item WHERE price < 5;
CREATE TABLE exact (k TEXT PRIMARY KEY, n INTEGER, r REAL, a ANY) STRICT;
INSERT INTO exact VALUES ('a', 1, 2, 'x');`

// read returns all rows for the parameters beside path.
func read(t *testing.T, path, parameters string) ([][]string, error) {
	t.Helper()
	r := plugintest.NewReader(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, %s}`, path, parameters))
	defer func() { _ = r.Close() }()
	var rows [][]string
	readings, err := plugintest.Drain(t.Context(), r, 1, plugintest.Options{})
	for _, g := range readings {
		rows = append(rows, g.Rows...)
	}
	return rows, err
}

func TestColumnsAndConditions(t *testing.T) {
	path := database(t, shop)
	for _, tt := range []struct{ name, parameters, want string }{
		{"names", `"table": "item", "column": ["NAME", "id"]`, `[[string pen int64 1] [string cup int64 2] [string it's int64 3]]`},
		{"objects", `"table": "item", "column": [{"name": "id", "type": "int"}, {"name": "src", "value": "it's"}], "where": "id = 2 OR id = 1"`, `[[int64 1 string it's] [int64 2 string it's]]`},
		{"rowid", `"table": "item", "column": ["rowid", "price"], "where": "price IS NULL"`, `[[int64 3 null]]`},
		{"order", `"table": "item", "column": ["name"], "orderByColumn": "name"`, `[[string cup] [string it's] [string pen]]`},
		{"view", `"table": "cheap", "column": ["*"]`, `[[int64 1 string pen float64 1.5]]`},
		{"statement", `"customSql": "SELECT count(*) AS n, 'x' FROM item;", "column": ["*"]`, `[[int64 3 string x]]`},
		{"bounds", `"table": "item", "column": ["id"], "splitPkStart": "2", "splitPkEnd": "2"`, `[[int64 2]]`},
		{"strict", `"table": "exact", "column": ["*"]`, `[[string a int64 1 float64 2 string x]]`},
		{"connection", `"connection": [{"table": ["item"]}], "column": ["id"], "where": "name LIKE 'p\\%' ESCAPE '\\' OR id = 3"`, `[[int64 3]]`},
	} {
		rows, err := read(t, path, tt.parameters)
		if got := fmt.Sprint(rows); err != nil || got != tt.want {
			t.Errorf("%s: got %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

func TestKinds(t *testing.T) {
	path := database(t, shop)
	for table, want := range map[string]string{
		"item":  "id int64 INTEGER key, name any TEXT, price any DECIMAL(8,2) null",
		"exact": "k string TEXT key, n int64 INTEGER null, r float64 REAL null, a any ANY null",
	} {
		r := plugintest.NewReader(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": %q, "column": ["*"]}`, path, table))
		schemas, err := r.(plugin.Describer).Describe(t.Context())
		if err != nil || len(schemas) != 1 {
			t.Fatalf("describing %s: %d schemas, %v", table, len(schemas), err)
		}
		if got := spell(schemas[0]); got != want {
			t.Errorf("table %s: got %s, want %s", table, got, want)
		}
	}
}

func spell(s *record.Schema) string {
	var columns []string
	for i, c := range s.Columns {
		text := c.Name + " " + c.Kind.String() + " " + c.Native
		switch {
		case len(s.Key) > 0 && s.Key[0] == i:
			text += " key"
		case c.Nullable:
			text += " null"
		}
		columns = append(columns, text)
	}
	return strings.Join(columns, ", ")
}

func TestFaultsNameTheRemedy(t *testing.T) {
	path := database(t, shop)
	noDatabase := database(t, shop)
	if err := overwrite(noDatabase, strings.Repeat("no database ", 100)); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path, parameters, want string }{
		{"missing file", path + "x", `"table": "item", "column": ["*"]`, "there is no file"},
		{"no database", noDatabase, `"table": "item", "column": ["*"]`, "not a database"},
		{"missing table", path, `"table": "itme", "column": ["*"]`, "has cheap, exact, item"},
		{"missing column", path, `"table": "item", "column": ["id", "nme"]`, `table item has no column "nme", did you mean "name"?`},
		{"missing split column", path, `"table": "item", "column": ["*"], "splitPk": "nope"`, `no column "nope", did you mean "name"?`},
		{"missing order column", path, `"table": "item", "column": ["*"], "orderByColumn": "nope"`, `no column "nope"`},
		{"syntax", path, `"customSql": "SELEC 1", "column": ["*"]`, "syntax error"},
		{"unknown column in where", path, `"table": "item", "column": ["*"], "where": "nope = 1"`, "no such column: nope"},
		{"text as split column", path, `"table": "item", "column": ["*"], "splitPk": "name", "splitPkStart": "1"`, "number type"},
	} {
		_, err := read(t, tt.path, tt.parameters)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want something with %q", tt.name, err, tt.want)
		} else if c := errclass.Of(err); c != errclass.Config {
			t.Errorf("%s: class %s, want config: %v", tt.name, c, err)
		}
	}
}
