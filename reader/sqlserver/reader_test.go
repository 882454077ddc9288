package sqlserver

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// orders is a table whose rows, from 1 to n, have what SQL Server alone has.
func orders(t *testing.T, n int) (*tdsdb.Database, *tdspeer.Server, string) {
	t.Helper()
	db, server := tdsdb.Start(t, &tdsdb.Table{Name: "orders", Key: []string{"id"}, Columns: []tdspeer.Column{{Name: "id", Type: "int"}, {Name: "name", Type: "varchar(20)", Nullable: true},
		{Name: "price", Type: "money", Nullable: true}, {Name: "at", Type: "datetime", Nullable: true}}})
	for i := range n {
		db.Add("orders", []any{int64(i + 1), "x", "1.5000", "2024-01-01 00:00:00.003"})
	}
	return db, server, server.URL() + ";user=sa;password=secret"
}

// read reads everything with so many channels.
func read(t *testing.T, parameters string, channels int) ([][]string, error) {
	t.Helper()
	r := plugintest.NewReader(t, Info(), parameters)
	defer func() { _ = r.Close() }()
	readings, err := plugintest.Drain(t.Context(), r, channels, plugintest.Options{})
	var rows [][]string
	for _, g := range readings {
		rows = append(rows, g.Rows...)
	}
	return rows, err
}

// selects are the statements that read rows.
func selects(s *tdspeer.Server) []string {
	var list []string
	for _, sql := range s.Log() {
		if strings.HasPrefix(sql, "SELECT [") || strings.HasPrefix(sql, "SELECT (") || strings.HasPrefix(sql, "SELECT M") {
			list = append(list, sql)
		}
	}
	return list
}

func golden(t *testing.T, name string, statements []string) {
	t.Helper()
	file := filepath.Join("testdata", name+".sql")
	got := strings.Join(statements, "\nGO\n") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("statements differ from %s (UPDATE_GOLDEN=1 writes it):\n%s", file, got)
	}
}

func TestStatements(t *testing.T) {
	for name, x := range map[string]struct {
		more     map[string]any
		channels int
		rows     int
	}{
		"plain":       {nil, 1, 12},
		"nolock":      {map[string]any{"withNoLock": true, "where": "id > 1 OR name IS NULL", "column": []any{"price", "id", map[string]any{"name": "k", "value": "it's"}}}, 1, 11},
		"range":       {map[string]any{"splitPk": "id", "splitStrategy": "range", "orderByColumn": "id"}, 2, 12},
		"mod":         {map[string]any{"splitPk": "id", "splitStrategy": "mod"}, 3, 12},
		"statement":   {map[string]any{"customSql": "SELECT [id], [price] FROM orders", "column": []string{"price"}, "withNoLock": true}, 1, 12},
		"incremental": {map[string]any{"increColumn": "at", "startLocation": "2023-12-31 00:00:00"}, 1, 12},
	} {
		t.Run(name, func(t *testing.T) {
			_, server, url := orders(t, 12)
			rows, err := read(t, job(url, "orders", x.more), x.channels)
			if err != nil || len(rows) != x.rows {
				t.Fatalf("%d rows, want %d: %v", len(rows), x.rows, err)
			}
			if x.channels == 1 { // else their order differs
				golden(t, name, selects(server))
				return
			}
			list := selects(server)
			sortTexts(list)
			golden(t, name, list)
		})
	}
}

func sortTexts(list []string) {
	for i := range list {
		for j := i; j > 0 && list[j] < list[j-1]; j-- {
			list[j], list[j-1] = list[j-1], list[j]
		}
	}
}

// TestIsolation: SNAPSHOT where the database allows it, told once where not.
func TestIsolation(t *testing.T) {
	for name, x := range map[string]struct {
		allowed bool
		more    map[string]any
		set     bool
		told    int
	}{
		"allowed":     {true, nil, true, 0},
		"not allowed": {false, nil, false, 1},
		"nolock":      {false, map[string]any{"withNoLock": true}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			db, server, url := orders(t, 3)
			if !x.allowed {
				db.ForbidSnapshot()
			}
			d, err := config.Inline(job(url, "orders", x.more))
			if err != nil {
				t.Fatal(err)
			}
			var log bytes.Buffer
			env := plugintest.Env()
			env.Log = slog.New(slog.NewTextHandler(&log, nil))
			r, err := Info().New(env, d)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = r.Close() }()
			if _, err := plugintest.Drain(t.Context(), r, 1, plugintest.Options{}); err != nil {
				t.Fatal(err)
			}
			if set := strings.Contains(strings.Join(server.Log(), "|"), "SET TRANSACTION ISOLATION LEVEL SNAPSHOT"); set != x.set {
				t.Errorf("snapshot isolation is set: %v", set)
			}
			if told := strings.Count(log.String(), "ALLOW_SNAPSHOT_ISOLATION"); told != x.told {
				t.Errorf("told %d times, want %d: %s", told, x.told, log.String())
			}
		})
	}
}

func TestFaults(t *testing.T) {
	refuse := func(part string, number int32) func(q *tdspeer.Request) *tdspeer.Reply {
		return func(q *tdspeer.Request) *tdspeer.Reply {
			if !strings.Contains(q.SQL, part) {
				return nil
			}
			if number == 0 {
				return &tdspeer.Reply{Drop: true}
			}
			return &tdspeer.Reply{Errors: []tdspeer.Error{{Number: number, Message: "refused"}}}
		}
	}
	for name, x := range map[string]struct {
		table string
		more  map[string]any
		fault func(q *tdspeer.Request) *tdspeer.Reply
		class errclass.Class
		text  string
	}{
		"no table":         {"ordres", nil, nil, errclass.Config, `did you mean "orders"?`},
		"no column":        {"orders", map[string]any{"column": []string{"prise"}}, nil, errclass.Config, `did you mean "price"?`},
		"no permission":    {"orders", nil, refuse("SELECT [id]", 229), errclass.Config, "229"},
		"dropped table":    {"orders", nil, refuse("sp_describe_first_result_set", 208), errclass.Permanent, "dropped or renamed"},
		"deadlock":         {"orders", nil, refuse("SELECT [id]", 1205), errclass.Transient, "1205"},
		"lock time-out":    {"orders", nil, refuse("SELECT [id]", 1222), errclass.Transient, "1222"},
		"dropped":          {"orders", nil, refuse("SELECT [id]", 0), errclass.Transient, ""},
		"wrong where":      {"orders", map[string]any{"where": "nothing = 1"}, refuse("sp_describe_first_result_set", 207), errclass.Config, "check where"},
		"conversion":       {"orders", nil, refuse("SELECT [id]", 245), errclass.Permanent, "245"},
		"restart":          {"orders", nil, refuse("SELECT [id]", 6005), errclass.Transient, "6005"},
		"catalog is away":  {"orders", nil, refuse("sys.objects", 0), errclass.Transient, ""},
		"version conflict": {"orders", nil, refuse("SELECT [id]", 3960), errclass.Transient, "3960"},
	} {
		t.Run(name, func(t *testing.T) {
			db, _, url := orders(t, 3)
			db.Intercept(x.fault)
			_, err := read(t, job(url, x.table, x.more), 1)
			if errclass.Of(err) != x.class || !strings.Contains(err.Error(), x.text) {
				t.Errorf("class %s, want %s: %v", errclass.Of(err), x.class, err)
			}
		})
	}
}

func TestSnapshot(t *testing.T) {
	db, server, url := orders(t, 3)
	decoder, err := config.Inline(job(url, "orders", nil))
	if err != nil {
		t.Fatal(err)
	}
	cfg := &Config{}
	if err := decoder.Decode(cfg); err != nil {
		t.Fatal(err)
	}
	places, err := cfg.places(0)
	if err != nil {
		t.Fatal(err)
	}
	d := &driver{cfg: cfg, log: slog.New(slog.DiscardHandler)}
	d.places = append(d.places, sqlkit.NewFallback(d.log, places...))
	if _, err := d.Snapshot(t.Context(), cfg.First(), 2); errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "share") {
		t.Errorf("a view for two sessions: %v", err)
	}
	var view sqlread.Snapshot
	if view, err = d.Snapshot(t.Context(), cfg.First(), 1); err != nil {
		t.Fatal(err)
	}
	one, ok, err := view.Session(t.Context())
	if !ok || err != nil {
		t.Fatal(ok, err)
	}
	if _, ok, _ := view.Session(t.Context()); ok {
		t.Error("the session was handed out twice")
	}
	if err := view.Release(one); err != nil {
		t.Error(err)
	}
	again, ok, _ := view.Session(t.Context())
	if !ok || again != one {
		t.Error("the session is not handed out again")
	}
	again.Interrupt()
	if err := view.Release(again); err != nil {
		t.Error(err)
	}
	if _, ok, _ := view.Session(t.Context()); ok {
		t.Error("an interrupted session is handed out")
	}
	if err := view.Close(); err != nil {
		t.Error(err)
	}
	if log := strings.Join(server.Log(), "|"); !strings.Contains(log, "SET TRANSACTION ISOLATION LEVEL SNAPSHOT; BEGIN TRANSACTION") {
		t.Errorf("sent %s", log)
	}
	db.ForbidSnapshot()
	if _, err := d.Snapshot(t.Context(), cfg.First(), 1); errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "ALLOW_SNAPSHOT_ISOLATION") {
		t.Errorf("a database that allows none: %v", err)
	}
	cfg.WithNoLock = true
	if _, err := d.Snapshot(t.Context(), cfg.First(), 1); errclass.Of(err) != errclass.Permanent {
		t.Errorf("with NOLOCK: %v", err)
	}
}

// TestRowversion reads what is new by the type that SQL Server has for it.
func TestRowversion(t *testing.T) {
	db, server := tdsdb.Start(t, &tdsdb.Table{Name: "seen", Key: []string{"id"}, Columns: []tdspeer.Column{{Name: "id", Type: "int"}, {Name: "v", Type: "rowversion"}}})
	for i := range 20 {
		db.Add("seen", []any{int64(i + 1), []byte{0, 0, 0, 0, 0, 0, 1, byte(200 - i)}})
	}
	rows, err := read(t, job(server.URL()+";user=sa;password=secret", "seen", map[string]any{"increColumn": "v"}), 1)
	if err != nil || len(rows) != 20 || rows[0][0] != "int64 20" {
		t.Fatalf("%d rows: %v, %v", len(rows), rows, err)
	}
	golden(t, "rowversion", selects(server))
}

func TestPatterns(t *testing.T) {
	table := func(name string) *tdsdb.Table {
		return &tdsdb.Table{Name: name, Key: []string{"id"}, Columns: []tdspeer.Column{{Name: "id", Type: "int"}}}
	}
	db, server := tdsdb.Start(t, table("orders_1"), table("orders_2"), table("people"))
	for i, name := range []string{"orders_1", "orders_2", "people"} {
		db.Add(name, []any{int64(i + 1)})
	}
	for pattern, want := range map[string]int{"orders_*": 2, "dbo.*": 3, "*.people": 1, "/orders_[12]/": 2, "[dbo].[people]": 1} {
		rows, err := read(t, job(server.URL()+";user=sa;password=secret", pattern, nil), 1)
		if err != nil || len(rows) != want {
			t.Errorf("%s: %d rows, want %d: %v", pattern, len(rows), want, err)
		}
	}
}

// TestPolling goes on reading: rows that come later are delivered.
func TestPolling(t *testing.T) {
	db, _, url := orders(t, 3)
	more := map[string]any{"polling": true, "increColumn": "id", "pollingInterval": 1}
	var want [][]string
	for i := range 3 {
		want = append(want, []string{fmt.Sprintf("int64 %d", i+1), "string x", "decimal 1.5000", "datetime 2024-01-01 00:00:00.003"})
	}
	plugintest.CheckReader(t, plugintest.ReaderSuite{
		New:      func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), job(url, "orders", more)) },
		Want:     func(testing.TB) [][]string { return want },
		Channels: []int{1}, Endless: true, Resumable: true,
	}, "whole", "resume", "marks", "cancel")

	r := plugintest.NewReader(t, Info(), job(url, "orders", more))
	defer func() { _ = r.Close() }()
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 1})
	if err != nil || len(splits) != 1 {
		t.Fatalf("%d splits: %v", len(splits), err)
	}
	source, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	b := record.NewBatch(0, 0)
	for seen := 0; seen < 5; {
		b.Reset(splits[0].ID)
		if err := source.Fill(t.Context(), b); err != nil {
			t.Fatal(err)
		}
		if seen += b.Len(); seen == 3 && b.Len() > 0 {
			db.Add("orders", []any{int64(4), "y", nil, nil}, []any{int64(5), "z", nil, nil})
		}
	}
}
