package sqlwrite_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// shaped builds a writer that is shown a schema, and returns what it logs.
func shaped(t *testing.T, d *lite, table, parameters string, named bool, s *record.Schema) (plugin.Writer, string, error) {
	t.Helper()
	var log bytes.Buffer
	env := plugintest.Env()
	env.Log, env.Named = slog.New(slog.NewTextHandler(&log, nil)), named
	w, err := plugintest.BuildWriter(env, d.info(), `{"connection": [{"jdbcUrl": "x", "table": "`+table+`"}], `+parameters+`}`)
	if err != nil {
		t.Fatal(err)
	}
	err = w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{s})
	return w, log.String(), err
}

func TestDefinitionsAreCompared(t *testing.T) {
	d := newLite(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price TEXT, twice AS (id * 2));
		CREATE TABLE nokey (id INTEGER, name TEXT); CREATE VIEW v AS SELECT * FROM t;`)
	columns := func(names ...string) *record.Schema {
		s := &record.Schema{Name: record.Name{Table: "source"}, Data: len(names)}
		for _, n := range names {
			s.Columns = append(s.Columns, record.Column{Name: n, Kind: record.String, Nullable: true})
		}
		return s
	}
	for name, tt := range map[string]struct {
		table, parameters string
		schema            *record.Schema
		want              string
	}{
		"missing column":    {"t", `"column": ["*"]`, columns("id", "name", "prize"), `no column "prize", did you mean "price"?`},
		"nothing alike":     {"t", `"column": ["*"]`, columns("id", "name", "xxxxxxx"), `no column "xxxxxxx", it has id, name, price, twice`},
		"required column":   {"t", `"column": ["*"]`, columns("id", "price"), `"name" of table t takes no NULL and has no default`},
		"generated column":  {"t", `"column": ["id", "name", "twice"]`, columns("a", "b", "c"), `"twice" of table t is generated`},
		"missing table":     {"tt", `"column": ["*"]`, columns("id"), "there is no such table"},
		"view":              {"v", `"column": ["*"]`, columns("id"), "v is a view"},
		"twice":             {"t", `"column": ["id", "name", "NAME"]`, columns("a", "b", "c"), `"name" of table t is written twice`},
		"other counts":      {"t", `"column": ["id", "name"]`, columns("a", "b", "c"), "the writer lists 2 columns, the rows have 3"},
		"no key":            {"nokey", `"column": ["*"], "mode": "update"`, columns("id", "name"), "name a uniqueKey, or use mode insert"},
		"key not written":   {"nokey", `"column": ["*"], "uniqueKey": ["x"]`, columns("id", "name"), "uniqueKey: x of table nokey is not among"},
		"several at a time": {"t", `"column": ["*"]`, columns("id", "a1", "b2"), `no column "b2"`},
	} {
		_, _, err := shaped(t, d, tt.table, tt.parameters, false, tt.schema)
		if err == nil || !strings.Contains(err.Error(), tt.want) || errclass.Of(err) != errclass.Config {
			t.Errorf("%s: got %s error %v, want a config error with %q", name, errclass.Of(err), err, tt.want)
		}
	}
	_, log, err := shaped(t, d, "t", `"column": ["*"]`, false, columns("id", "name", "price", "twice"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`column=id values="string -> INTEGER: those that are no int64 are refused"`,
		`column=name values="string -> TEXT: those that are NULL are refused"`,
		`msg="a generated column is left to the database" table=t column=twice`,
	} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s:\n%s", want, log)
		}
	}
	if n := strings.Count(log, "level=WARN"); n != 2 {
		t.Errorf("%d warnings:\n%s", n, log)
	}
}

// TestColumnsAreMapped: by position where both sides list columns, else by name.
func TestColumnsAreMapped(t *testing.T) {
	for name, tt := range map[string]struct {
		columns string
		named   bool
		want    string
	}{
		"star":              {`["*"]`, false, "[[1 a b]]"},
		"position":          {`["id", "b", "a"]`, false, "[[1 b a]]"},
		"the reader's star": {`["id", "b", "a"]`, true, "[[1 a b]]"},
		"fewer":             {`["ID", "B"]`, false, "[[1 NULL b]]"},
	} {
		d := newLite(t, threeTable)
		w, _, err := shaped(t, d, "t", `"column": `+tt.columns, tt.named, three)
		if err != nil {
			t.Fatal(err)
		}
		s, err := w.Open(t.Context(), plugin.Task{Of: 1})
		if err != nil {
			t.Fatal(err)
		}
		b := record.NewBatch(0, 0)
		b.Reset("0")
		put(b, three, record.Insert, 1, "a", "b")
		if err := s.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if err := s.(plugin.Flusher).Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(d.rows("SELECT * FROM t")); got != tt.want {
			t.Errorf("%s: got %s, want %s", name, got, tt.want)
		}
		_ = s.Close()
	}
}

func TestTablesAreCreated(t *testing.T) {
	d := newLite(t, "")
	s := record.NewSchema(record.Name{Table: "source"}, []record.Column{{Name: "a", Kind: record.Int64}, {Name: "b", Kind: record.String, Nullable: true}}, 0)
	for range 2 { // the second time it is there
		if _, _, err := shaped(t, d, "new", `"column": ["id", "name"], "createTable": true`, false, s); err != nil {
			t.Fatal(err)
		}
	}
	got := d.rows("SELECT sql FROM sqlite_schema WHERE name = 'new'")[0][0]
	if want := "CREATE TABLE `new` (`id` INTEGER NOT NULL, `name` TEXT, PRIMARY KEY (`id`))"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHooksRunOnce(t *testing.T) {
	d := newLite(t, "")
	w, _, err := shaped(t, d, "t", `"column": ["*"], "preSql": ["`+threeTable+` INSERT INTO t (id, a) VALUES (9, 'x;y')", "UPDATE t SET b = 'z'"], "postSql": "DELETE FROM t WHERE id = 8;"`, false, three)
	if err != nil {
		t.Fatal(err)
	}
	h := w.(plugin.Hooks)
	if err := h.Before(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := h.After(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(d.rows("SELECT * FROM t")); got != "[[9 x;y z]]" {
		t.Errorf("got %s", got)
	}
	w, _, err = shaped(t, d, "t", `"column": ["*"], "preSql": ["DELETE FROM t; DELETE FROM nope"]`, false, three)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.(plugin.Hooks).Before(t.Context()); err == nil || !strings.Contains(err.Error(), "running statement 2 of preSql[0]") {
		t.Errorf("got %v", err)
	}
}

// TestRemarksAreMadeOnce: each channel's rows have a schema of their own, and
// the table is the same.
func TestRemarksAreMadeOnce(t *testing.T) {
	d := newLite(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, twice AS (id * 2));`)
	var log bytes.Buffer
	env := plugintest.Env()
	env.Log, env.Named = slog.New(slog.NewTextHandler(&log, nil)), true
	w, err := plugintest.BuildWriter(env, d.info(), `{"connection": [{"jdbcUrl": "x", "table": "t"}], "column": ["*"]}`)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s := &record.Schema{Name: record.Name{Table: "source"}, Data: 2, Columns: []record.Column{{Name: "id", Kind: record.Int64}, {Name: "twice", Kind: record.Int64}}}
		if err := w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{s}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(log.String(), "a generated column is left"); n != 1 {
		t.Errorf("said %d times:\n%s", n, log.String())
	}
}
