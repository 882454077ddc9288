package pgkit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// numbered are rows of an id and a text.
func numbered(texts ...string) *record.Batch {
	b := record.NewBatch(0, 0)
	schema := record.NewSchema(record.Name{}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "s", Kind: record.String}})
	for i, s := range texts {
		b.Begin(schema, record.Insert)
		b.Int64(int64(i))
		if s == "NULL" {
			b.Null()
		} else {
			b.String([]byte(s))
		}
	}
	return b
}

// What the server refuses names the row, the column where there is one, and the
// reason; the connection goes on.
func TestCopyRefused(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE EXTENSION hstore", "CREATE TABLE plain (id int, s text UNIQUE NOT NULL CHECK (s <> 'bad'))", "CREATE TABLE arrays (id int, s int[])",
		"CREATE TABLE js (id int, s jsonb)", "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.s = 'trap' THEN RAISE 'not this one'; END IF; RETURN NEW; END $$",
		"CREATE TRIGGER no BEFORE INSERT ON plain FOR EACH ROW EXECUTE FUNCTION no()", "CREATE TABLE parent (id int PRIMARY KEY)",
		"CREATE TABLE child (id int REFERENCES parent, s text)")
	c := dial(t, settings(t, db.URL(), nil))
	for _, tt := range []struct {
		table, column string
		rows          []string
		line          int64
		reason        errclass.Reason
	}{
		{"plain", "s", []string{"a", "b", "NULL"}, 3, errclass.Null},
		{"plain", "", []string{"a", "b", "a"}, 3, errclass.Duplicate},
		{"plain", "", []string{"a", "bad", "c"}, 2, errclass.Constraint},
		{"plain", "", []string{"a", "trap"}, 2, errclass.Constraint},
		{"arrays", "s", []string{"{1}", "{x}"}, 2, errclass.Conversion},
		{"js", "s", []string{`{}`, `{`}, 2, errclass.Conversion},
		{"js", "s", []string{`"\u0000"`}, 1, errclass.Encoding},
		{"child", "", []string{"x"}, 0, errclass.Constraint},
	} {
		n, err := write(c, tt.table, []string{"id", "s"}, numbered(tt.rows...))
		reason, _ := pgkit.Reason(err)
		var v *errclass.Value
		if n != 0 || errclass.Of(err) != errclass.Data || pgkit.Line(err) != tt.line || reason != tt.reason || !errors.As(err, &v) || v.Reason != tt.reason || v.Column != tt.column {
			t.Errorf("%s %v: %d rows, %v; line %d, %v, want line %d, column %q, %v", tt.table, tt.rows, n, err, pgkit.Line(err), reason, tt.line, tt.column, tt.reason)
		}
		if got := ask(t, c, "SELECT count(*) FROM "+tt.table); got != "0" || !c.Reusable() {
			t.Errorf("%s: %s rows are there, reusable: %v", tt.table, got, c.Reusable())
		}
	}
	if n, err := write(c, "plain", []string{"id", "s"}, numbered("a", "b")); n != 2 || err != nil {
		t.Errorf("after all: %d rows, %v", n, err)
	}
}

// Inside of a transaction a savepoint takes a refused COPY back.
func TestCopyInTransaction(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, s text)")
	c := dial(t, settings(t, db.URL(), nil))
	exec := func(sql string) {
		t.Helper()
		if err := c.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("BEGIN; INSERT INTO t VALUES (1, 'first'); SAVEPOINT s")
	if _, err := write(c, "t", []string{"id", "s"}, numbered("zero", "one")); pgkit.Line(err) != 2 {
		t.Errorf("got %v", err)
	}
	exec("ROLLBACK TO s")
	e, err := c.Encoder(t.Context(), record.Name{Table: "t"}, []string{"id", "s"})
	if err != nil {
		t.Fatal(err)
	}
	w, err := c.CopyIn(t.Context(), "SAVEPOINT s; "+e.CopySQL(record.Name{Table: "t"}))
	if err != nil {
		t.Fatal(err)
	}
	b := numbered("zero")
	buf, err := e.AppendRow(e.AppendHeader(w.Buffer()), b.Row(0), []int{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Put(e.AppendTrailer(buf)); err != nil {
		t.Fatal(err)
	}
	if n, err := w.Finish(); n != 1 || err != nil {
		t.Errorf("%d rows, %v", n, err)
	}
	w, err = c.CopyIn(t.Context(), e.CopySQL(record.Name{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Abort("changed its mind"); err != nil {
		t.Errorf("Abort: %v", err)
	}
	exec("ROLLBACK TO s; COMMIT")
	if got := ask(t, c, "SELECT string_agg(s, ',') FROM t"); got != "first" {
		t.Errorf("there is %s", got)
	}
}

func TestCopyFails(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int, s text)")
	c := dial(t, settings(t, db.URL(), nil))
	for sql, want := range map[string]string{
		"COPY nosuch FROM STDIN": "42P01", "COPY t (nosuch) FROM STDIN (FORMAT binary)": "42703", "INSERT INTO t VALUES (1)": "",
	} {
		w, err := c.CopyIn(t.Context(), sql)
		if err != nil {
			t.Fatal(err)
		}
		for range 50 { // more than is sent at once
			if err := w.Put(append(w.Buffer(), strings.Repeat("x", 10000)...)); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := w.Finish(); err == nil || pgkit.State(err) != want {
			t.Errorf("%s: got %v", sql, err)
		}
		if got := ask(t, c, "SELECT 2"); got != "2" {
			t.Errorf("%s: the connection is of no use", sql)
		}
	}
	if _, err := c.Encoder(t.Context(), record.Name{Table: "t"}, []string{"nosuch"}); errclass.Of(err) != errclass.Config {
		t.Errorf("a missing column: %v", err)
	}
}

func TestCopyLargeValues(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int, s text)")
	c := dial(t, settings(t, db.URL(), map[string]string{"sslmode": "require"}))
	var texts []string
	for _, n := range []int{0, 65530, 65536, 16 << 20, 5} {
		texts = append(texts, strings.Repeat("z", n))
	}
	if n, err := write(c, "t", []string{"id", "s"}, numbered(texts...)); n != 5 || err != nil {
		t.Fatalf("%d rows, %v", n, err)
	}
	if got := ask(t, c, "SELECT string_agg(length(s)::text, ',' ORDER BY id) FROM t"); got != "0,65530,65536,16777216,5" {
		t.Errorf("lengths %s", got)
	}
}

// The server dies, the network is cut, or the caller loses patience in the
// middle of a COPY.
func TestCopyEnds(t *testing.T) {
	server := servers.StartPostgreSQL(t, servers.WithProxy())
	db := server.DB(t)
	db.Exec(t, "CREATE TABLE t (id int, s text)")
	for name, end := range map[string]func(context.CancelFunc){
		"killed": func(context.CancelFunc) { server.Kill() }, "cut": func(context.CancelFunc) { server.Cut() },
		"canceled": func(cancel context.CancelFunc) { cancel() },
	} {
		t.Run(name, func(t *testing.T) {
			c, err := pgkit.Dial(t.Context(), settings(t, fmt.Sprintf("jdbc:postgresql://%s/%s", server.ProxyAddr(), db.Name), nil))
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w, err := c.CopyIn(ctx, "COPY t FROM STDIN")
			if err != nil {
				t.Fatal(err)
			}
			row := strings.Repeat("1\tx\n", 30000)
			for i := 0; err == nil && i < 1000; i++ {
				if i == 3 {
					end(cancel)
				}
				err = w.Put(append(w.Buffer(), row...))
			}
			if _, last := w.Finish(); err == nil {
				err = last
			}
			want := errclass.Transient
			if name == "canceled" {
				want = errclass.Canceled
			}
			if errclass.Of(err) != want || c.Reusable() {
				t.Errorf("got %v (%v), want %v; reusable: %v", err, errclass.Of(err), want, c.Reusable())
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			server.Restore()
			server.Restart()
		})
	}
}

// A row stays where it is while the next one is awaited.
func TestRowsWait(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	c := dial(t, settings(t, db.URL(), nil))
	st, err := c.Prepare(t.Context(), "SELECT i, repeat(i::text, 70000), CASE WHEN i = 3 THEN pg_sleep(0.3) END::text FROM generate_series(1, 4) i")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := st.Rows(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	if rows.Begun() {
		t.Error("it has begun before it was asked")
	}
	waits, seen := 0, 0
	for {
		row, err := rows.Next(1e6)
		if errors.Is(err, pgkit.ErrWait) {
			waits++
			if last := rows.Last(); string(last[len(last)-1000-4:len(last)-4]) != strings.Repeat(fmt.Sprint(seen), 1000) {
				t.Fatalf("row %d has changed while the next was awaited", seen)
			}
			continue
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		seen++
		rows.Unread()
		again, err := rows.Next(0)
		if err != nil || string(again) != string(row) {
			t.Fatalf("after Unread: %v", err)
		}
	}
	if seen != 4 || waits == 0 || !c.Reusable() {
		t.Errorf("%d rows, %d waits, reusable: %v", seen, waits, c.Reusable())
	}
}

// A database without an encoding holds texts that are none.
func TestSQLASCII(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	name := db.Name + "_ascii"
	db.Exec(t, "CREATE DATABASE "+name+" ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'")
	t.Cleanup(func() { db.Exec(t, "DROP DATABASE "+name+" WITH (FORCE)") })
	c := dial(t, settings(t, strings.Replace(db.URL(), db.Name, name, 1), nil))
	st, err := c.Prepare(t.Context(), `SELECT convert_from('\xff', 'SQL_ASCII') AS v`)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := st.Rows(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	row, err := rows.Next(0)
	if err != nil {
		t.Fatal(err)
	}
	var b record.Batch
	b.Begin(record.NewSchema(record.Name{}, st.Columns()), record.Insert)
	err = st.Decoder().Append(&b, row, 1)
	var v *errclass.Value
	if !errors.As(err, &v) || v.Column != "v" || v.Reason != errclass.Encoding {
		t.Errorf("got %v", err)
	}
	b.Drop()
	if raw := string(st.Decoder().Raw(row, 1)); raw != `{"v":"\\xff"}` {
		t.Errorf("raw %s", raw)
	}
}

// Large rows are read one at a time, in one buffer.
func TestLargeRows(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	c := dial(t, settings(t, db.URL(), nil))
	const size = 16 << 20
	st, err := c.Prepare(t.Context(), fmt.Sprintf("SELECT repeat(i::text, %d) FROM generate_series(1, 9) i", size))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := st.Rows(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var first, last runtime.MemStats
	for i := 1; ; i++ {
		row, err := rows.Next(1e6)
		if errors.Is(err, pgkit.ErrWait) {
			i--
			continue
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(row) != size+6 || row[6] != byte('0'+i) || row[len(row)-1] != byte('0'+i) {
			t.Fatalf("row %d has %d bytes", i, len(row))
		}
		if runtime.ReadMemStats(&last); i == 1 {
			first = last
		}
	}
	if more := last.TotalAlloc - first.TotalAlloc; more > size {
		t.Errorf("%d MiB were allocated after the first row", more>>20)
	}
}
