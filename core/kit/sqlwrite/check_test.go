package sqlwrite_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// writerOf builds a writer of table t as a tool's files have it.
func writerOf(t *testing.T, d *lite, dialect, parameters string) plugin.Writer {
	t.Helper()
	env := plugintest.Env()
	env.Dialect = dialect
	w, err := plugintest.BuildWriter(env, d.info(), parameters)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestFits compares lists of columns without looking at the table.
func TestFits(t *testing.T) {
	d := newLite(t, "CREATE TABLE t (a, b)")
	for _, tt := range []struct {
		column string
		from   []string
		want   string
	}{
		{`["a", "b"]`, []string{"x", "y"}, ""},
		{`["a", "b"]`, []string{"c", "B", "A"}, ""},
		{`["*"]`, []string{"c", "B", "A"}, ""},
		{`["a", "b"]`, []string{"a", "c", "d"}, `column: the writer lists 2 columns, the reader 3 and none of these is called "b": list as many`},
		{`["a", "b"]`, []string{"a"}, `none of these is called "b"`},
	} {
		w := writerOf(t, d, "", `{"connection": {"jdbcUrl": "x", "table": "t"}, "column": `+tt.column+`}`)
		err := w.(plugin.Fitter).Fits(tt.from)
		if got := fmt.Sprint(err); (err == nil) != (tt.want == "") || err != nil && !strings.Contains(got, tt.want) {
			t.Errorf("%s from %v: %v, want %q", tt.column, tt.from, err, tt.want)
		}
	}
}

// TestDataXStatements names the table as @table, in DataX's files alone, and
// refuses the several tables that its writers deal rows to.
func TestDataXStatements(t *testing.T) {
	const parameters = `{"connection": {"jdbcUrl": "x", "table": "o d"}, "column": ["*"], "preSql": ["DELETE FROM @table", "INSERT INTO @table VALUES (7)"], "postSql": "UPDATE @table SET a = a + 1"}`
	d := newLite(t, `CREATE TABLE "o d" (a)`)
	hooks := writerOf(t, d, "datax", parameters).(plugin.Hooks)
	for _, run := range []func() error{func() error { return hooks.Before(t.Context()) }, func() error { return hooks.After(t.Context()) }} {
		if err := run(); err != nil {
			t.Fatal(err)
		}
	}
	if got := fmt.Sprint(d.rows(`SELECT a FROM "o d"`)); got != "[[8]]" {
		t.Errorf("rows %s, want 8", got)
	}
	if err := writerOf(t, d, "flinkx", parameters).(plugin.Hooks).Before(t.Context()); err == nil {
		t.Error("@table was the table in a file of FlinkX's")
	}
	for dialect, want := range map[string]string{"flinkx": "<nil>", "datax": "connection[0].table[1]: rows go to one table: make a job of each"} {
		w := writerOf(t, d, dialect, `{"connection": {"jdbcUrl": "x", "table": ["o d", "other"]}, "column": ["*"]}`)
		if got := fmt.Sprint(w.(plugin.Checker).Check(plugin.Channels{Readers: 1, Writers: 1})); got != want {
			t.Errorf("%s: %s, want %s", dialect, got, want)
		}
	}
}

// TestListsAreLeftOut says that a writer has one place.
func TestListsAreLeftOut(t *testing.T) {
	d := newLite(t, "CREATE TABLE t (a)")
	for parameters, want := range map[string]int{
		`{"connection": {"jdbcUrl": ["x"], "table": ["t"]}, "column": ["*"]}`:                               0,
		`{"connection": {"jdbcUrl": ["x", "y"], "table": ["t"]}, "column": ["*"]}`:                          1,
		`{"connection": {"jdbcUrl": "x", "table": ["t", "u"]}, "column": ["*"]}`:                            1,
		`{"connection": [{"jdbcUrl": "x", "table": "t"}, {"jdbcUrl": "y", "table": "u"}], "column": ["*"]}`: 1,
	} {
		var log bytes.Buffer
		env := plugintest.Env()
		env.Log = slog.New(slog.NewTextHandler(&log, nil))
		if _, err := plugintest.BuildWriter(env, d.info(), parameters); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(log.String(), "are left out"); n != want {
			t.Errorf("%s: said %d times, want %d", parameters, n, want)
		}
	}
}

// TestBatchSize bounds pieces that are smaller than usual.
func TestBatchSize(t *testing.T) {
	d := newLite(t, "CREATE TABLE t (a)")
	for size, want := range map[string]int{"1": 1, `"100"`: 100, "1024": 0, "50000": 0, "0": 0, `""`: 0} {
		w := writerOf(t, d, "", `{"connection": {"jdbcUrl": "x", "table": "t"}, "column": ["*"], "batchSize": `+size+`}`)
		rows, bytes := w.(plugin.Batcher).Batch(4)
		if rows != want || rows > 0 && bytes != record.TargetBytes {
			t.Errorf("batchSize %s: %d rows, %d bytes, want %d rows", size, rows, bytes, want)
		}
	}
}
