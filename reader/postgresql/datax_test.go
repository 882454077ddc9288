package postgresql

import (
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// cells reads all splits and returns their rows, sorted, each joined by "|".
func cells(t *testing.T, dialect, parameters string, channels int) (splits []plugin.Split, rows []string, err error) {
	t.Helper()
	env := plugintest.Env()
	env.Dialect = dialect
	r, err := plugintest.BuildReader(env, Info(), parameters)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	if err := r.(plugin.Checker).Check(plugin.Channels{Readers: channels, Writers: channels}); err != nil {
		return nil, nil, err
	}
	readings, err := plugintest.Drain(t.Context(), r, channels, plugintest.Options{Cells: plugintest.Texts})
	for _, g := range readings {
		splits = append(splits, g.Split)
		for _, row := range g.Rows {
			rows = append(rows, strings.Join(row, "|"))
		}
	}
	slices.Sort(rows)
	return splits, rows, err
}

// TestSplitsInOrder cuts texts and times where the database says what is less.
func TestSplitsInOrder(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	const n = 2000
	db.Exec(t, "CREATE TYPE mood AS ENUM ('sad', 'happy')",
		`CREATE TABLE words (id int PRIMARY KEY, code varchar(20), fixed char(8), plain text COLLATE "C", day date, at timestamp(3), seen timestamptz, mood mood)`, "CREATE INDEX ON words (code)",
		"INSERT INTO words SELECT i, (ARRAY['Zoë','a','A','éte','x''y'])[1 + i % 5] || '-' || i / 3, 'ü' || i % 700, lpad(i::text, 6, '0'), date '1999-12-31' + i, "+
			"timestamp '2020-02-29 10:00:00.125' + i * interval '37 s', timestamptz '2020-02-29 10:00:00+02' + i * interval '1 h', 'sad' FROM generate_series(1, 2000) i",
		"UPDATE words SET code = NULL, fixed = NULL, plain = NULL, day = NULL, at = NULL, seen = NULL WHERE id % 100 = 0",
		"UPDATE words SET day = 'infinity' WHERE id = 7", "UPDATE words SET at = '-infinity' WHERE id = 8")
	for _, by := range []string{"code", "fixed", "plain", "day", "at", "seen"} {
		splits, rows, err := cells(t, "datax", job(db, "words", map[string]any{"splitPk": by, "column": []string{"id"}}), 3)
		if err != nil {
			t.Errorf("%s: %v", by, err)
			continue
		}
		spec, err := sqlkit.ParseSpec(splits[0])
		if err != nil || spec.Kind != sqlkit.Range || len(splits) < 3 || len(rows) != n || len(slices.Compact(rows)) != n {
			t.Errorf("%s: %d splits of kind %s, %d rows: %v", by, len(splits), spec.Kind, len(rows), err)
		}
	}
	_, _, err := cells(t, "datax", job(db, "words", map[string]any{"splitPk": "mood", "column": []string{"id"}}), 3)
	if err != nil && (errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "name another splitPk")) {
		t.Errorf("by an enum: class %s, %v", errclass.Of(err), err)
	}
}

// TestDialects reads one table by several channels as each tool's files mean it.
func TestDialects(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE o (id int, v text)", "INSERT INTO o SELECT i, repeat('x', 2000) FROM generate_series(1, 20000) i", "ANALYZE o")
	for _, tt := range []struct {
		dialect string
		more    map[string]any
		splits  int // -1: more than one
		fault   string
	}{
		{"datax", nil, 1, ""},
		{"flinkx", nil, 0, "splitPk: Must specify the split column when the channel is greater than 1"},
		{"", map[string]any{"splitStrategy": "mod"}, 0, "Must specify the split column"},
		{"flinkx", map[string]any{"splitStrategy": "auto"}, -1, ""},
		{"datax", map[string]any{"splitStrategy": "auto"}, -1, ""},
		{"flinkx", map[string]any{"splitPk": "id", "column": []string{"v"}}, 0, "splitPk: split column must in columns: add id to column"},
		{"datax", map[string]any{"splitPk": "id", "column": []string{"v"}}, 3, ""},
		{"flinkx", map[string]any{"customSql": "SELECT 1 AS a"}, 0, "Must specify the split column"},
		{"flinkx", map[string]any{"connection": []any{map[string]any{"jdbcUrl": db.URL(), "table": []string{"o*"}}}}, -1, ""},
		{"flinkx", map[string]any{"increColumn": "id"}, 1, ""},
		{"flinkx", map[string]any{"increColumn": "id", "startLocation": "1,2"}, 0, "startLocation: startLocations is [1,2], length = [2], but the channel is [3]"},
		{"flinkx", map[string]any{"increColumn": "3", "column": []string{"id", "v"}}, 0, "increColumn: there is no column 3"},
	} {
		splits, _, err := cells(t, tt.dialect, job(db, "o", tt.more), 3)
		switch {
		case tt.fault != "" && (err == nil || !strings.Contains(err.Error(), tt.fault)):
			t.Errorf("%s %v: %v, want %s", tt.dialect, tt.more, err, tt.fault)
		case tt.fault == "" && (err != nil || tt.splits > 0 && len(splits) != tt.splits || tt.splits < 0 && len(splits) < 2):
			t.Errorf("%s %v: %d splits, want %d: %v", tt.dialect, tt.more, len(splits), tt.splits, err)
		}
	}
}

// TestDataX reads constants and expressions among the columns, a statement of the
// connection list, tables of schemas that fit a pattern, and from the server that answers.
func TestDataX(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, `CREATE TABLE o (id int PRIMARY KEY, "a b" text)`, "INSERT INTO o VALUES (1, 'x'), (2, NULL)", "CREATE SCHEMA shop_1", "CREATE SCHEMA shop_2", "CREATE SCHEMA depot",
		"CREATE TABLE shop_1.t AS SELECT 11 AS id", "CREATE TABLE shop_2.t AS SELECT 12 AS id", "CREATE TABLE depot.t AS SELECT 13 AS id")
	connection := func(more map[string]any) []any {
		one := map[string]any{"jdbcUrl": []string{"jdbc:postgresql://127.0.0.1:1/" + db.Name, db.URL()}}
		for k, v := range more {
			one[k] = v
		}
		return []any{one}
	}
	for _, tt := range []struct {
		more map[string]any
		want string
	}{
		{map[string]any{"column": []any{`"id"`, `"a b"`, "'it''s'", "1", "2.50", "true", "null", `upper("a b") || id`}}, "1|x|it's|1|2.50|true|NULL|X1;2|NULL|it's|1|2.50|true|NULL|NULL"},
		{map[string]any{"column": nil, "connection": connection(map[string]any{"querySql": "SELECT id * 10 FROM o"})}, "10;20"},
		{map[string]any{"connection": connection(map[string]any{"table": "shop_*.t"})}, "11;12"},
		{map[string]any{"connection": connection(map[string]any{"table": []string{"shop_1.t", "depot.t"}})}, "11;13"},
		{map[string]any{"column": []any{"id", "current_setting('work_mem')"}, "session": "SET work_mem = '7MB'"}, "1|7MB;2|7MB"},
	} {
		_, rows, err := cells(t, "datax", job(db, "o", tt.more), 2)
		if got := strings.Join(rows, ";"); err != nil || got != tt.want {
			t.Errorf("%v: %s, %v, want %s", tt.more, got, err, tt.want)
		}
	}
}
