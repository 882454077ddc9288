package postgresql

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// open opens the only split of a job; the source is closed at the end of the test.
func open(t *testing.T, parameters string) plugin.Source {
	t.Helper()
	r := plugintest.NewReader(t, Info(), parameters)
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// read gives all rows of a job, spelled.
func read(t *testing.T, parameters string) [][]string {
	t.Helper()
	readings, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), parameters), 1, plugintest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, r := range readings {
		rows = append(rows, r.Rows...)
	}
	return rows
}

// drain fills until an error comes.
func drain(t *testing.T, s plugin.Source, b *record.Batch) error {
	t.Helper()
	for {
		b.Reset("s")
		if err := s.Fill(t.Context(), b); err != nil {
			return err
		}
	}
}

// backend is the process of the only session that runs a statement on a
// database, beside the one that asks; it waits for it.
func backend(t *testing.T, db servers.PostgreSQLDatabase) (pid string) {
	t.Helper()
	await(t, db, "SELECT max(pid), count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'", func(row []*string) bool {
		if *row[1] == "1" {
			pid = *row[0]
		}
		return *row[1] == "1"
	})
	return pid
}

// awaitEnd waits until the server has ended what a session does.
func awaitEnd(t *testing.T, db servers.PostgreSQLDatabase, pid string) {
	t.Helper()
	await(t, db, "SELECT count(*) FROM pg_stat_activity WHERE pid = "+pid, func(row []*string) bool { return *row[0] == "0" })
}

// await asks until the answer is as it should be.
func await(t *testing.T, db servers.PostgreSQLDatabase, sql string, is func([]*string) bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if is(db.Query(t, sql)[0]) {
			return
		}
	}
	t.Fatalf("%s: it is never so", sql)
}

func TestDescribe(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE shop (nr int NOT NULL, city varchar(30) NOT NULL, area numeric(12,3), since timestamptz(3), logo bytea, tags text[], PRIMARY KEY (city, nr))")
	want := &record.Schema{
		Name: record.Name{Database: db.Name, Schema: "public", Table: "shop"}, Data: 6, Key: []int{1, 0},
		Columns: []record.Column{
			{Name: "nr", Kind: record.Int64, Native: "integer"},
			{Name: "city", Kind: record.String, Native: "character varying(30)", Length: 30},
			{Name: "area", Kind: record.Decimal, Native: "numeric(12,3)", Precision: 12, Scale: 3, Nullable: true},
			{Name: "since", Kind: record.Timestamp, Native: "timestamp(3) with time zone", Scale: 3, Nullable: true},
			{Name: "logo", Kind: record.Bytes, Native: "bytea", Nullable: true},
			{Name: "tags", Kind: record.String, Native: "text[]", Nullable: true},
			{Name: "_ts", Kind: record.Timestamp},
		},
	}
	env := plugintest.Env()
	env.Meta = []string{"_ts", "_lsn"}
	r, err := plugintest.BuildReader(env, Info(), job(db, "shop", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.(plugin.Prober).Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	got, err := r.(plugin.Describer).Describe(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatalf("%d schemas, %v", len(got), err)
	}
	if !reflect.DeepEqual(got[0], want) {
		t.Errorf("schema\n%+v, want\n%+v", got[0], want)
	}
}

// TestErrors checks what a user is told, and the class.
func TestErrors(t *testing.T) {
	server := servers.PostgreSQL(t)
	db := server.DB(t)
	db.Exec(t, "CREATE TABLE orders (id int PRIMARY KEY, name varchar(10))", "INSERT INTO orders VALUES (1, 'a'), (2, 'b')",
		"CREATE SCHEMA sales", "CREATE TABLE sales.invoices (id int)")
	connection := func(url, table string) []any { return []any{map[string]any{"jdbcUrl": url, "table": table}} }
	native := map[string]any{"username": servers.NativeUser, "password": servers.NativePassword}
	tests := []struct {
		name     string
		table    string
		channels int
		more     map[string]any
		class    errclass.Class
		text     string
	}{
		{"missing table", "ordres", 1, nil, errclass.Config, `did you mean "orders"?`},
		{"case of a table", "Orders", 1, nil, errclass.Config, `did you mean "orders"?`},
		{"missing schema", "", 1, map[string]any{"connection": connection(db.URL(), "nowhere.orders")}, errclass.Config, "connection[0].table: there is no such table"},
		{"table of another schema", "sales.invoice", 1, nil, errclass.Config, `did you mean "invoices"?`},
		{"missing database", "", 1, map[string]any{"connection": connection("jdbc:postgresql://"+db.Addr()+"/nowhere", "t")}, errclass.Config, "check the database in jdbcUrl"},
		{"missing column", "orders", 1, map[string]any{"column": []string{"id", "nam"}}, errclass.Config, `has no column "nam", did you mean "name"?`},
		{"splitPk of texts", "orders", 2, map[string]any{"splitPk": "name"}, errclass.Config, "split column's type must be number type"},
		{"password", "orders", 1, map[string]any{"password": "secret-wrong"}, errclass.Config, "check username and password"},
		{"no privilege", "orders", 1, native, errclass.Config, "permission denied for table orders"},
		{"nobody there", "", 1, map[string]any{"connection": connection("jdbc:postgresql://127.0.0.1:1/d", "t")}, errclass.Transient, "check host and port in jdbcUrl, and that the server is up"},
		{"where", "orders", 1, map[string]any{"where": "nam = 'x'"}, errclass.Config, "check where"},
		{"where is no SQL", "orders", 1, map[string]any{"where": "id = = 3"}, errclass.Config, "check where and customSql"},
		{"statement", "", 1, map[string]any{"customSql": "selct 1"}, errclass.Config, "42601"},
		{"statement with a parameter", "", 1, map[string]any{"customSql": "select id from orders where id = $1"}, errclass.Config, "write the value"},
		{"setting", "orders", 1, map[string]any{"properties": map[string]string{"options": "-c nonsense=1"}}, errclass.Config, "preparing the session"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), job(db, tt.table, tt.more)), tt.channels, plugintest.Options{})
			if err == nil || errclass.Of(err) != tt.class || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "secret") {
				t.Errorf("error of class %v: %v\nwant class %v and %q", errclass.Of(err), err, tt.class, tt.text)
			}
			if err != nil && strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
		})
	}
}

func TestTableChanges(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t VALUES (1)")
	r := plugintest.NewReader(t, Info(), job(db, "t", nil))
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.(plugin.Describer).Describe(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, change := range []struct{ sql, text string }{{"ALTER TABLE t ALTER id TYPE bigint", "was changed during the run"}, {"DROP TABLE t", "is gone"}} {
		db.Exec(t, change.sql)
		s, err := r.Open(t.Context(), plugin.Progress{Split: splits[0]})
		if err == nil || errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), change.text) {
			t.Errorf("after %s: %v, %v, want a permanent error with %q", change.sql, s, err, change.text)
		}
	}
}

// TestServerDies kills the server, and cuts the network, in the middle of a read.
func TestServerDies(t *testing.T) {
	server := servers.StartPostgreSQL(t, servers.WithProxy())
	db := server.DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, pad text)", "INSERT INTO t SELECT i, repeat('x', 250) FROM generate_series(1, 60000) i")
	for name, end := range map[string]func(){"cut": server.Cut, "killed": server.Kill, "stopped": server.Stop} {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []string{"disable", "require"} {
				connection := []any{map[string]any{"jdbcUrl": fmt.Sprintf("jdbc:postgresql://%s/%s?sslmode=%s", server.ProxyAddr(), db.Name, mode), "table": "t"}}
				s := open(t, job(db, "", map[string]any{"connection": connection}))
				b := record.NewBatch(0, 0)
				if err := s.Fill(t.Context(), b); err != nil {
					t.Fatal(err)
				}
				end()
				if err := drain(t, s, b); errclass.Of(err) != errclass.Transient {
					t.Errorf("%s: error of class %v: %v, want transient", mode, errclass.Of(err), err)
				}
				server.Restore()
				server.Restart()
			}
		})
	}
}

func TestBackendTerminated(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, pad text)", "INSERT INTO t SELECT i, repeat('x', 100000) FROM generate_series(1, 200) i")
	s := open(t, job(db, "t", nil))
	b := record.NewBatch(0, 0)
	if err := s.Fill(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "SELECT pg_terminate_backend("+backend(t, db)+")")
	if err := drain(t, s, b); errclass.Of(err) != errclass.Transient {
		t.Errorf("error of class %v: %v, want transient", errclass.Of(err), err)
	}
}

// TestQueryTimeOut shows that the bound is about the first row alone.
func TestQueryTimeOut(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY)", "INSERT INTO t SELECT generate_series(1, 8)")
	slow := func(seconds string, bytes int) string {
		return job(db, "", map[string]any{"customSql": fmt.Sprintf("select id, pg_sleep(%s)::text as s, repeat('x', %d) as pad from t", seconds, bytes), "queryTimeOut": 1})
	}
	s := open(t, slow("30", 1))
	pid := backend(t, db)
	err := s.Fill(t.Context(), record.NewBatch(0, 0))
	if errclass.Of(err) != errclass.Transient || !strings.Contains(err.Error(), "queryTimeOut") {
		t.Errorf("error of class %v: %v, want a transient one that names queryTimeOut", errclass.Of(err), err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	awaitEnd(t, db, pid)
	if rows := read(t, slow("0.25", 20_000)); len(rows) != 8 {
		t.Errorf("%d rows, want 8", len(rows))
	}
}

// TestTrickle shows that rows do not wait for a batch to be full, and that
// waiting for them loses none.
func TestTrickle(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, pad text)", "INSERT INTO t SELECT i, repeat('x', 100000) FROM generate_series(0, 7) i")
	for _, mode := range []string{"disable", "require"} {
		t.Run(mode, func(t *testing.T) {
			s := open(t, job(db, "t", map[string]any{"where": "pg_sleep(0.1)::text = ''", "properties": map[string]string{"sslmode": mode, "options": "-c enable_seqscan=off"}}))
			b, rows, fills := record.NewBatch(1000, 100<<20), 0, 0
			for {
				b.Reset("s")
				err := s.Fill(t.Context(), b)
				for i := range b.Len() {
					if row := b.Row(i); row.Int64(0) != int64(rows) || len(row.Bytes(1)) != 100_000 {
						t.Fatalf("row %d has id %d and %d bytes", rows, row.Int64(0), len(row.Bytes(1)))
					}
					rows++
				}
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
				if fills++; len(b.Marks()) != 1 {
					t.Errorf("%d rows with %d marks, want one", b.Len(), len(b.Marks()))
				}
			}
			if rows != 8 || fills == 0 {
				t.Errorf("%d rows in %d fills and the end, want 8 in several", rows, fills)
			}
		})
	}
}

// TestLargeValues reads rows around the sizes of the read buffer.
func TestLargeValues(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	sizes := []int{1, 65_500, 65_536, 70_000, 1 << 20, 20 << 20, 3, 2 << 20, 0}
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL)")
	for i, n := range sizes {
		db.Exec(t, fmt.Sprintf("INSERT INTO t VALUES (%d, repeat('%c', %d))", i, 'a'+i, n))
	}
	s := open(t, job(db, "t", nil))
	b, seen := record.NewBatch(0, 0), 0
	for {
		b.Reset("s")
		err := s.Fill(t.Context(), b)
		for i := range b.Len() {
			v := b.Row(i).Bytes(1)
			if len(v) != sizes[seen] || strings.Trim(string(v), string(rune('a'+seen))) != "" {
				t.Errorf("row %d: %d bytes, want %d of %q", seen, len(v), sizes[seen], rune('a'+seen))
			}
			seen++
		}
		if err != nil {
			if !errors.Is(err, io.EOF) {
				t.Fatal(err)
			}
			break
		}
	}
	if seen != len(sizes) {
		t.Errorf("%d rows, want %d", seen, len(sizes))
	}
}

// TestBadValues: what the record cannot hold makes its row dirty.
func TestBadValues(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, at timetz)", "INSERT INTO t VALUES (1, '10:00:00+01:02:03'), (2, '10:00:00+01')")
	b := record.NewBatch(0, 0)
	if err := open(t, job(db, "t", nil)).Fill(t.Context(), b); !errors.Is(err, io.EOF) {
		t.Fatalf("Fill = %v", err)
	}
	if len(b.Rejects()) != 1 || b.Len() != 1 || b.Row(0).Int64(0) != 2 {
		t.Fatalf("%d rejects and %d rows, want one of each", len(b.Rejects()), b.Len())
	}
	r := b.Rejects()[0]
	if errclass.Of(r.Err) != errclass.Data || !strings.Contains(r.Err.Error(), `column "at": the offset`) || !strings.HasPrefix(string(r.Raw), `{"id":"1","at":"\\x`) {
		t.Errorf("rejected %s: %v", r.Raw, r.Err)
	}
}

// TestCancel shows that a statement that has sent nothing ends at the server too.
func TestCancel(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	s := open(t, job(db, "", map[string]any{"customSql": "select pg_sleep(60)::text as s"}))
	pid := backend(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- s.Fill(ctx, record.NewBatch(0, 0)) }()
	cancel()
	if err := <-done; errclass.Of(err) != errclass.Canceled {
		t.Errorf("Fill = %v, want class canceled", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	awaitEnd(t, db, pid)
}
