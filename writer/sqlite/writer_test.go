package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/writer/sqlite"
)

// write runs a job of one batch and returns the first error.
func write(t testing.TB, path, parameters string, b *record.Batch) error {
	t.Helper()
	w := plugintest.NewWriter(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, %s}`, path, parameters))
	defer func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}()
	ctx := t.Context()
	if err := w.(plugin.Shaper).Shape(ctx, b.Schemas()); err != nil {
		return err
	}
	if err := w.(plugin.Hooks).Before(ctx); err != nil {
		return err
	}
	sink, err := w.Open(ctx, plugin.Task{Of: 1})
	if err != nil {
		return err
	}
	if err := errors.Join(sink.Write(ctx, b), sink.(plugin.Flusher).Flush(ctx)); err != nil {
		return errors.Join(err, sink.Close())
	}
	return errors.Join(sink.Close(), w.(plugin.Hooks).After(ctx))
}

// one is a batch of one row: an id and a value that put appends.
func one(kind record.Kind, put func(b *record.Batch)) *record.Batch {
	b := record.NewBatch(0, 0)
	b.Begin(plugintest.Kinds("t", kind), record.Insert)
	b.Int64(1)
	put(b)
	return b
}

func TestValuesAreKeptOrRefused(t *testing.T) {
	text := func(kind record.Kind, s string) *record.Batch {
		return one(kind, func(b *record.Batch) { b.Text(kind, s) })
	}
	float := func(v float64) *record.Batch { return one(record.Float64, func(b *record.Batch) { b.Float64(v) }) }
	integer := func(v int64) *record.Batch { return one(record.Int64, func(b *record.Batch) { b.Int64(v) }) }
	unsigned := func(v uint64) *record.Batch { return one(record.Uint64, func(b *record.Batch) { b.Uint64(v) }) }
	for _, tt := range []struct {
		declared string
		batch    *record.Batch
		want     string // type and value, or the reason of the refusal
	}{
		{"INTEGER", integer(math.MinInt64), "integer -9223372036854775808"},
		{"REAL", integer(1 << 53), "real 9007199254740992.0"},
		{"REAL", integer(1<<53 + 1), "overflow"},
		{"TEXT", integer(1<<53 + 1), "text 9007199254740993"},
		{"INTEGER", unsigned(math.MaxInt64), "integer 9223372036854775807"},
		{"INTEGER", unsigned(math.MaxUint64), "overflow"},
		{"BLOB", unsigned(math.MaxUint64), "text 18446744073709551615"},
		{"DECIMAL(10,2)", text(record.Decimal, "12.50"), "real 12.5"},
		{"DECIMAL(38,20)", text(record.Decimal, "12345678901234567.89"), "overflow"},
		{"DECIMAL(38,20)", text(record.Decimal, "1234567890123456789"), "integer 1234567890123456789"},
		{"DECIMAL(38,20)", text(record.Decimal, "100000000000000000000000"), "real 1.0e+23"},
		{"TEXT", text(record.Decimal, "12345678901234567.89"), "text 12345678901234567.89"},
		{"", text(record.Decimal, "0.10"), "text 0.10"},
		{"INTEGER", text(record.String, "42"), "integer 42"},
		{"INTEGER", text(record.String, "a text"), "text a text"},
		{"NUMERIC", text(record.String, "12345678901234567890"), "overflow"},
		{"TEXT", text(record.String, "0042"), "text 0042"},
		{"REAL", float(math.Inf(1)), "real Inf"},
		{"REAL", float(math.NaN()), "conversion"},
		{"TEXT", float(math.NaN()), "text NaN"},
		{"TEXT", float(0.30000000000000004), "text 0.30000000000000004"},
		{"REAL", float(0.25), "real 0.25"},
		{"TEXT", one(record.Bool, func(b *record.Batch) { b.Bool(true) }), "text true"},
		{"BOOLEAN", one(record.Bool, func(b *record.Batch) { b.Bool(true) }), "integer 1"},
		{"TEXT", text(record.Bytes, "\x00\xff"), "blob \x00\xff"},
		{"TEXT", text(record.String, "a\x00b"), "text a\x00b"},
		{"DATE", one(record.Date, func(b *record.Batch) { b.Date(19_000) }), "text 2022-01-08"},
	} {
		path := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, c1 "+tt.declared+")")
		err := write(t, path, `"table": "t", "column": ["*"]`, tt.batch)
		var refused *errclass.Rows
		got := ""
		switch {
		case errors.As(err, &refused):
			got = refused.Bad[0].Reason.String()
			if refused.Bad[0].Column != "c1" || refused.Written {
				t.Errorf("%s: the refusal names column %q, written %t", tt.declared, refused.Bad[0].Column, refused.Written)
			}
		case err != nil:
			t.Fatal(err)
		default:
			row := rows(t, path, "(SELECT typeof(c1), c1, rowid FROM t)")[0]
			got = row[0] + " " + row[1]
		}
		if got != tt.want {
			t.Errorf("%s into %q: got %q, want %q", plugintest.BatchCells(tt.batch)[0][1], tt.declared, got, tt.want)
		}
	}
}

func TestTablesAreCreated(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	b := plugintest.Rows(kinds("t"), 0, 20)
	if err := write(t, path, `"table": "*", "column": ["*"], "createTable": true`, b); err != nil {
		t.Fatal(err)
	}
	var want [][]string
	for i := range b.Len() {
		want = append(want, spelled(b.Row(i)))
	}
	if diff := plugintest.SameOrder(want, rows(t, path, "t")); diff != "" {
		t.Error(diff)
	}
}

func TestHooksRunStatements(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	err := write(t, path, `"table": "t", "column": ["id", "c1"],
		"preSql": ["CREATE TABLE t (id INTEGER PRIMARY KEY, c1 TEXT); INSERT INTO t VALUES (9, 'old')", "UPDATE t SET c1 = 'older'"],
		"postSql": ["DELETE FROM t WHERE id = 1;"]`, one(record.String, func(b *record.Batch) { b.Text(record.String, "x") }))
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(rows(t, path, "t")); got != "[[9 older]]" {
		t.Errorf("got %s", got)
	}
}

func TestFaultsNameTheRemedy(t *testing.T) {
	path := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, a, g AS (a)); CREATE TABLE nokey (id, c1)")
	b := one(record.String, func(b *record.Batch) { b.Null() })
	for _, tt := range []struct{ name, path, parameters, want string }{
		{"missing file", filepath.Join(t.TempDir(), "no.db"), `"table": "t", "column": ["*"]`, "set createTable"},
		{"missing folder", filepath.Join(t.TempDir(), "no", "no.db"), `"table": "t", "column": ["*"], "createTable": true`, "no such file or directory"},
		{"missing table", path, `"table": "nope", "column": ["*"]`, "has nokey, t"},
		{"missing column", path, `"table": "t", "column": ["*"]`, `no column "c1", it has id, a, g`},
		{"generated column", path, `"table": "t", "column": ["id", "g"]`, "is generated"},
		{"counts differ", path, `"table": "t", "column": ["id", "a", "b"]`, "the writer lists 3 columns, the rows have 2"},
		{"twice", path, `"table": "t", "column": ["a", "a"]`, "written twice"},
		{"no key", path, `"table": "nokey", "column": ["*"], "mode": "update"`, "name a uniqueKey"},
		{"unknown key", path, `"table": "t", "column": ["id", "a"], "mode": "update", "uniqueKey": ["x"]`, "x of table t is not among"},
	} {
		err := write(t, tt.path, tt.parameters, b)
		if err == nil || !strings.Contains(err.Error(), tt.want) || errclass.Of(err) != errclass.Config {
			t.Errorf("%s: got %s error %v, want a config error with %q", tt.name, errclass.Of(err), err, tt.want)
		}
	}
}

func TestTriggerThatRollsBack(t *testing.T) {
	path := database(t, `CREATE TABLE t (id INTEGER PRIMARY KEY, c1);
		CREATE TRIGGER x BEFORE INSERT ON t WHEN new.id = 3 BEGIN SELECT RAISE(ROLLBACK, 'not three'); END`)
	err := write(t, path, `"table": "t", "column": ["*"]`, plugintest.Rows(plugintest.Kinds("t", record.Int64), 0, 6))
	var refused *errclass.Rows
	if !errors.As(err, &refused) || refused.Written || len(refused.Bad) != 1 || refused.Bad[0].Index != 3 {
		t.Fatalf("got %v, want row 3 refused", err)
	}
	if got := rows(t, path, "t"); len(got) > 0 {
		t.Errorf("rows are there: %v", got)
	}
}

func BenchmarkWrite(b *testing.B) {
	columns := []record.Kind{record.Int64, record.Int64, record.Int64, record.Float64, record.Decimal, record.String, record.String, record.Datetime, record.UUID}
	for _, journal := range []string{"delete", "wal"} {
		b.Run(journal, func(b *testing.B) {
			dir := os.Getenv("BENCH_DIR")
			if dir == "" {
				dir = b.TempDir()
			}
			path := filepath.Join(dir, journal+".db")
			w := plugintest.NewWriter(b, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": "*", "column": ["*"], "createTable": true, "mode": "replace", "preSql": ["PRAGMA journal_mode = %s"]}`, path, journal))
			defer func() { _ = w.Close() }()
			batch := plugintest.Rows(plugintest.Kinds("t", columns...), 0, 1024)
			if err := w.(plugin.Shaper).Shape(b.Context(), batch.Schemas()); err != nil {
				b.Fatal(err)
			}
			if err := w.(plugin.Hooks).Before(b.Context()); err != nil {
				b.Fatal(err)
			}
			sink, err := w.Open(b.Context(), plugin.Task{Of: 1})
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := sink.Write(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(batch.Len()*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

// opened is a sink of a writer of its own.
func opened(t testing.TB, path, parameters string) plugin.Sink {
	t.Helper()
	w := plugintest.NewWriter(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, %s}`, path, parameters))
	s, err := w.Open(t.Context(), plugin.Task{Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(s.Close(), w.Close()); err != nil {
			t.Error(err)
		}
	})
	return s
}

// numbers are rows of ids, each of which refers to another.
func numbers(ids ...[2]int64) *record.Batch {
	b := record.NewBatch(0, 0)
	b.Reset("0")
	s := plugintest.Kinds("t", record.Int64)
	for _, id := range ids {
		b.Begin(s, record.Insert)
		b.Int64(id[0])
		b.Int64(id[1])
	}
	return b
}

// TestRefusedRowsCostNoOthers writes batches of which rows are refused in
// several ways, also at the commit and by what rolls the transaction back.
func TestRefusedRowsCostNoOthers(t *testing.T) {
	for name, tt := range map[string]struct{ table, also string }{
		"constraint":      {"CREATE TABLE t (id INTEGER PRIMARY KEY, c1 CHECK (c1 <> 3))", ""},
		"trigger":         {"CREATE TABLE t (id INTEGER PRIMARY KEY, c1)", "CREATE TRIGGER x BEFORE INSERT ON t WHEN new.c1 = 3 BEGIN SELECT RAISE(ROLLBACK, 'not three'); END"},
		"declared":        {"CREATE TABLE t (id INTEGER PRIMARY KEY, c1 UNIQUE ON CONFLICT ROLLBACK)", "INSERT INTO t VALUES (99, 3)"},
		"foreign key":     {"CREATE TABLE t (id INTEGER PRIMARY KEY, c1 REFERENCES p)", ""},
		"checked later":   {"CREATE TABLE t (id INTEGER PRIMARY KEY, c1 REFERENCES p DEFERRABLE INITIALLY DEFERRED)", ""},
		"a view's writer": {"CREATE TABLE u (id INTEGER PRIMARY KEY, c1 CHECK (c1 <> 3)); CREATE VIEW t AS SELECT * FROM u", "CREATE TRIGGER x INSTEAD OF INSERT ON t BEGIN INSERT INTO u VALUES (new.id, new.c1); END"},
	} {
		t.Run(name, func(t *testing.T) {
			path := database(t, "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1), (2), (4), (5);"+tt.table+";"+tt.also)
			s := opened(t, path, `"table": "t", "column": ["id", "c1"]`)
			if err := s.Write(t.Context(), numbers([2]int64{10, 1}, [2]int64{11, 2})); err != nil {
				t.Fatal(err)
			}
			err := s.Write(t.Context(), numbers([2]int64{12, 4}, [2]int64{13, 3}, [2]int64{14, 5}))
			if errclass.Of(err) != errclass.Data {
				t.Fatalf("got %s error %v, want a data error", errclass.Of(err), err)
			}
			var refused *errclass.Rows
			if errors.As(err, &refused) && (refused.Written || len(refused.Bad) != 1 || refused.Bad[0].Index != 1) {
				t.Errorf("refused are %+v, want row 1", refused)
			}
			err = s.Write(t.Context(), numbers([2]int64{12, 4}, [2]int64{14, 5}))
			if err := errors.Join(err, s.(plugin.Flusher).Flush(t.Context())); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(rows(t, path, "(SELECT id, c1, id AS rowid FROM t WHERE id < 99)")); got != "[[10 1 10] [11 2 11] [12 4 12] [14 5 14]]" {
				t.Errorf("got %s", got)
			}
		})
	}
}

// TestSinksTakeTurns writes through several sinks at once; each flushes after
// some batches only.
func TestSinksTakeTurns(t *testing.T) {
	const sinks, batches = 4, 60
	path := database(t, "CREATE TABLE t (id INTEGER, c1 INTEGER)")
	w := plugintest.NewWriter(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": "t", "column": ["*"]}`, path))
	var g errgroup.Group
	for n := range sinks {
		g.Go(func() error {
			s, err := w.Open(t.Context(), plugin.Task{Channel: n, Of: sinks})
			if err != nil {
				return err
			}
			for i := range batches {
				err = errors.Join(err, s.Write(t.Context(), numbers([2]int64{int64(n), int64(i)})))
				if i%7 == n || i == batches-1 {
					err = errors.Join(err, s.(plugin.Flusher).Flush(t.Context()))
				}
			}
			return errors.Join(err, s.Close())
		})
	}
	if err := errors.Join(g.Wait(), w.Close()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(rows(t, path, "(SELECT count(*), count(DISTINCT id * 1000 + c1), 1 AS rowid FROM t)")); got != fmt.Sprintf("[[%d %[1]d 1]]", sinks*batches) {
		t.Errorf("got %s", got)
	}
}

// TestWaitingForATurnEnds with the context, and with the sink that holds it.
func TestWaitingForATurnEnds(t *testing.T) {
	path := database(t, "CREATE TABLE t (id INTEGER, c1 INTEGER)")
	w := plugintest.NewWriter(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": "t", "column": ["*"]}`, path))
	open := func() plugin.Sink {
		s, err := w.Open(t.Context(), plugin.Task{Of: 2})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first, second, third := open(), open(), open()
	if err := first.Write(t.Context(), numbers([2]int64{1, 1})); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- second.Write(ctx, numbers([2]int64{2, 2})) }()
	cancel()
	if err := <-ended; errclass.Of(err) != errclass.Canceled {
		t.Errorf("got %s error %v, want a canceled one", errclass.Of(err), err)
	}
	go func() { ended <- third.Write(t.Context(), numbers([2]int64{3, 3})) }()
	if err := first.Close(); err != nil { // what it has written is given up
		t.Error(err)
	}
	if err := errors.Join(<-ended, third.(plugin.Flusher).Flush(t.Context()), second.Close(), third.Close(), w.Close()); err != nil {
		t.Error(err)
	}
	if got := fmt.Sprint(rows(t, path, "t")); got != "[[3 3]]" {
		t.Errorf("got %s", got)
	}
}

// TestTablesThatTurnUpLater are created amid a transaction, and again where
// that is taken back.
func TestTablesThatTurnUpLater(t *testing.T) {
	path := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, c1 INTEGER)")
	s := opened(t, path, `"table": "*", "column": ["*"], "createTable": true`)
	if err := s.Write(t.Context(), numbers([2]int64{1, 1})); err != nil {
		t.Fatal(err)
	}
	u := plugintest.Kinds("u", record.Int64)
	for _, ids := range [][]int64{{1, 1}, {1, 2}} {
		b := record.NewBatch(0, 0)
		b.Reset("0")
		for _, id := range ids {
			b.Begin(u, record.Insert)
			b.Int64(id)
			b.Int64(id)
		}
		if err := s.Write(t.Context(), b); (err != nil) != (ids[0] == ids[1]) {
			t.Fatalf("ids %v: %v", ids, err)
		}
	}
	if err := s.(plugin.Flusher).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(rows(t, path, "t", "u")); got != "[[1 1] [1 1] [2 2]]" {
		t.Errorf("got %s", got)
	}
}

// TestProbeCreatesNothing, also where the run would.
func TestProbeCreatesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new.db")
	w := plugintest.NewWriter(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": "t", "column": ["*"], "createTable": true}`, path))
	if err := w.(plugin.Prober).Probe(t.Context()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the file is there: %v", err)
	}
}

func TestTheTargetIsCompared(t *testing.T) {
	path := database(t, "CREATE TABLE t (id INTEGER PRIMARY KEY, price DECIMAL(10,2), big INTEGER, small INTEGER, ratio REAL, kept TEXT, must TEXT NOT NULL)")
	var log bytes.Buffer
	env := plugintest.Env()
	env.Log = slog.New(slog.NewTextHandler(&log, nil))
	w, err := plugintest.BuildWriter(env, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": "t", "column": ["*"]}`, path))
	if err != nil {
		t.Fatal(err)
	}
	column := func(name string, kind record.Kind, native string, nullable bool) record.Column {
		return record.Column{Name: name, Kind: kind, Native: native, Precision: 30, Nullable: nullable}
	}
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{
		column("id", record.Int64, "bigint", true), column("price", record.Decimal, "decimal(30,2)", true), column("big", record.Uint64, "bigint unsigned", true),
		column("small", record.Uint64, "int unsigned", true), column("ratio", record.Int64, "bigint", true), column("kept", record.Decimal, "decimal(30,2)", true),
		column("must", record.String, "text", true),
	})
	if err := w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{s}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"column=price values=\"decimal(30,2) -> DECIMAL(10,2): those of more than 15 digits, unless they are integers of 64 bits are refused\"",
		"column=big values=\"bigint unsigned -> INTEGER: those above 2^63-1 are refused\"",
		"column=ratio values=\"bigint -> REAL: those beyond 2^53 are refused\"",
		"column=must values=\"text -> TEXT: those that are NULL are refused\"",
	} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %s:\n%s", want, &log)
		}
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 4 {
		t.Errorf("%d warnings:\n%s", n, &log)
	}
}

func TestALedgerIsKeptUnlessTheJobDoesWithoutIt(t *testing.T) {
	for semantic, want := range map[string]bool{"": true, `, "semantic": "exactly-once"`: true, `, "semantic": "at-least-once"`: false, `, "semantic": "none"`: false} {
		w := plugintest.NewWriter(t, sqlite.Info(), `{"path": "x.db", "table": "t", "column": ["*"]`+semantic+`}`)
		if _, is := w.(plugin.Ledger); is != want {
			t.Errorf("%s: a ledger: %t", semantic, is)
		}
	}
}
