package mysql

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// entry is an entry of a job's connection list.
func entry(url string, more map[string]any, tables ...string) map[string]any {
	e := map[string]any{"jdbcUrl": url, "table": tables}
	maps.Copy(e, more)
	return e
}

// planned returns the splits of a plan as "table:how many", in order, and
// whether each can be set aside.
func planned(t *testing.T, r plugin.Reader, channels int) (tables []string, apart bool) {
	t.Helper()
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: channels})
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	apart = true
	for _, s := range splits {
		var spec struct {
			Table struct{ Database, Table string }
		}
		decode(t, s.Spec, &spec)
		name := spec.Table.Database + "." + spec.Table.Table
		if count[name]++; count[name] == 1 {
			tables = append(tables, name)
		}
		apart = apart && s.Apart
	}
	for i, name := range tables {
		tables[i] = fmt.Sprintf("%s:%d", name, count[name])
	}
	return tables, apart
}

func TestSeveralTables(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		other := db.Name + "_2"
		db.Exec(t, recursion(t), "CREATE DATABASE "+other,
			"CREATE TABLE order_1 (id INT PRIMARY KEY, v INT)", "INSERT INTO order_1 VALUES (1, 1), (2, 2)",
			"CREATE TABLE order_2 (id INT PRIMARY KEY, v INT)", "INSERT INTO order_2 (id) VALUES (3)",
			"CREATE TABLE big (id INT PRIMARY KEY, v INT)", numbers("big", 1, 90_000), "ANALYZE TABLE big, order_1, order_2",
			"CREATE TABLE `odd*name` (id INT PRIMARY KEY, v INT)", "INSERT INTO `odd*name` VALUES (4, 4)",
			"CREATE VIEW order_view AS SELECT * FROM big",
			"CREATE TABLE "+other+".order_9 (id INT PRIMARY KEY, v INT)", "INSERT INTO "+other+".order_9 VALUES (9, 9)")
		t.Cleanup(func() { db.Exec(t, "DROP DATABASE "+other) })
		in := func(names ...string) []string {
			for i := range names {
				if !strings.Contains(names[i], ".") {
					names[i] = db.Name + "." + names[i]
				}
			}
			return names
		}
		tests := []struct {
			name    string
			entries []any
			want    []string
			rows    int
		}{
			{"list", []any{entry(db.URL(), nil, "order_1", "`order_2`", "order_1")}, in("order_1:1", "order_2:1"), 3},
			{"glob", []any{entry(db.URL(), nil, "order_?")}, in("order_1:1", "order_2:1"), 3},
			{"glob and view", []any{entry(db.URL(), nil, "order_*")}, in("order_1:1", "order_2:1"), 3},
			{"view by name", []any{entry(db.URL(), nil, "order_1", "order_view")}, in("order_view:1", "order_1:1"), 90_002},
			{"quoted", []any{entry(db.URL(), nil, "`odd*name`")}, in("odd*name:1"), 1},
			{"expression", []any{entry(db.URL(), nil, "/order_[0-9]/")}, in("order_1:1", "order_2:1"), 3},
			{"biggest first", []any{entry(db.URL(), nil, "order_1", "big")}, in("big:4", "order_1:1"), 90_002},
			{"schema", []any{entry(db.URL(), nil, other+".*")}, []string{other + ".order_9:1"}, 1},
			{"two entries", []any{entry(db.URL(), nil, "order_1"), entry(db.URL(), map[string]any{"username": servers.RootUser, "password": servers.RootPassword, "schema": other}, "order_*")},
				append(in("order_1:1"), other+".order_9:1"), 3},
			{"sharded", []any{entry(db.URL(), map[string]any{"schema": db.Name + "(_2)?"}, "order_[0-9]+")}, append(in("order_1:1", "order_2:1"), other+".order_9:1"), 4},
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				parameters := job(db, "", map[string]any{"connection": tt.entries, "splitStrategy": "auto"})
				got, apart := planned(t, plugintest.NewReader(t, Info(), parameters), 2)
				slices.Sort(got[1:])
				if !slices.Equal(got, tt.want) || apart != (tt.name != "quoted") {
					t.Errorf("splits %v, apart %t, want %v", got, apart, tt.want)
				}
				readings, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), parameters), 2, plugintest.Options{})
				if err != nil {
					t.Fatal(err)
				}
				rows := 0
				for _, g := range readings {
					rows += len(g.Rows)
				}
				if rows != tt.rows {
					t.Errorf("%d rows, want %d", rows, tt.rows)
				}
			})
		}
	})
}

// TestBadTables shows which faults end a job of several tables when it is
// planned, and that others wait for the opening of a split.
func TestBadTables(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE good (id INT PRIMARY KEY, v INT)", "INSERT INTO good VALUES (1, 1)", "CREATE TABLE other (id INT PRIMARY KEY)")
		parameters := job(db, "", map[string]any{"column": []string{"id", "v"}, "connection": []any{entry(db.URL(), nil, "missing", "good", "other")}})
		r := plugintest.NewReader(t, Info(), parameters)
		schemas, err := r.(plugin.Describer).Describe(t.Context())
		if err != nil || len(schemas) != 1 || schemas[0].Name.Table != "good" {
			t.Errorf("described %v, %v, want the good table alone", schemas, err)
		}
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		if err != nil || len(splits) != 3 {
			t.Fatalf("%d splits, %v", len(splits), err)
		}
		opened := map[string]string{}
		for _, split := range splits {
			s, err := r.Open(t.Context(), plugin.Progress{Split: split})
			if err != nil {
				opened[split.ID] = errclass.Of(err).String() + ": " + err.Error()
				continue
			}
			opened[split.ID] = "open"
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		if !strings.Contains(opened["0/all"], "config: opening split 0/all: connection[0].table: ") || opened["1/all"] != "open" || !strings.Contains(opened["2/all"], `has no column "v"`) {
			t.Errorf("opened: %v", opened)
		}
		// A resume finds the table that was missing.
		db.Exec(t, "CREATE TABLE missing (id INT PRIMARY KEY, v INT)")
		s, err := r.Open(t.Context(), plugin.Progress{Split: splits[slices.IndexFunc(splits, func(s plugin.Split) bool { return s.ID == "0/all" })]})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		for name, tt := range map[string]struct {
			entries []any
			text    string
			class   errclass.Class
		}{
			"all missing": {[]any{entry(db.URL(), nil, "no", "nope")}, "connection[0].table: there is no such table", errclass.Config},
			"no match":    {[]any{entry(db.URL(), nil, "god*")}, "connection[0].table[0]: no table fits god*; did you mean", errclass.Config},
			"password":    {[]any{entry(db.URL(), nil, "good"), entry(db.URL(), map[string]any{"password": "x"}, "other")}, "check username and password", errclass.Config},
		} {
			r := plugintest.NewReader(t, Info(), job(db, "", map[string]any{"connection": tt.entries}))
			_, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
			if errclass.Of(err) != tt.class || !strings.Contains(fmt.Sprint(err), tt.text) {
				t.Errorf("%s: %v, want %v with %q", name, err, tt.class, tt.text)
			}
		}
	})
}
