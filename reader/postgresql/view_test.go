package postgresql

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// logged builds a reader whose log can be read.
func logged(t *testing.T, parameters string) (plugin.Reader, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	env := plugintest.Env()
	env.Log = slog.New(slog.NewTextHandler(&log, nil))
	r, err := plugintest.BuildReader(env, Info(), parameters)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r, &log
}

func plan(t *testing.T, r plugin.Reader, channels int) []plugin.Split {
	t.Helper()
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: channels})
	if err != nil {
		t.Fatal(err)
	}
	return splits
}

// sums reads splits one after another and returns how often each value of the
// second column was seen; between comes after the first is opened.
func sums(t *testing.T, r plugin.Reader, splits []plugin.Split, between func()) map[int64]int {
	t.Helper()
	seen := map[int64]int{}
	for i, split := range splits {
		s, err := r.Open(t.Context(), plugin.Progress{Split: split})
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			between()
		}
		b := record.NewBatch(0, 0)
		for {
			b.Reset(split.ID)
			err := s.Fill(t.Context(), b)
			for i := range b.Len() {
				seen[b.Row(i).Int64(1)]++
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	return seen
}

func tables(url string, names ...string) map[string]any {
	return map[string]any{"connection": []any{map[string]any{"jdbcUrl": url, "table": names}}, "splitStrategy": "auto"}
}

// All splits, of all tables, are read as the database was at one instant, while
// others write.
func TestOneView(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	fill := func() {
		db.Exec(t, "DROP TABLE IF EXISTS shop_a, shop_b", "CREATE TABLE shop_a (id int PRIMARY KEY, v bigint)", "CREATE TABLE shop_b (pad text, v bigint)",
			"INSERT INTO shop_a SELECT i, 0 FROM generate_series(1, 1000) i",
			"INSERT INTO shop_b SELECT repeat('x', 900), 0 FROM generate_series(1, 30000) i", "ANALYZE")
	}
	write := func() {
		db.Exec(t, "UPDATE shop_a SET v = 1", "DELETE FROM shop_a WHERE id < 100", "INSERT INTO shop_a SELECT i, 2 FROM generate_series(2000, 3000) i",
			"UPDATE shop_b SET v = 1", "DELETE FROM shop_b WHERE ctid < '(100,0)'", "INSERT INTO shop_b SELECT 'new', 2 FROM generate_series(1, 3000) i")
	}
	for _, tt := range []struct {
		tables []string
		pages  bool // the one table has no key
		want   int
	}{{[]string{"shop_*"}, false, 31000}, {[]string{"shop_b"}, true, 30000}} {
		fill()
		r, log := logged(t, job(db, "", tables(db.URL(), tt.tables...)))
		splits := plan(t, r, 3)
		if byPages := strings.Contains(splits[0].ID, "/pages/"); byPages != tt.pages || len(splits) < 2 {
			t.Errorf("%v: by pages %v; splits %+v", tt.tables, byPages, splits)
		}
		if seen := sums(t, r, splits, write); len(seen) != 1 || seen[0] != tt.want {
			t.Errorf("%v: values %v, want %d rows as they were", tt.tables, seen, tt.want)
		}
		if text := log.String(); !strings.Contains(text, "consistent view") || !strings.Contains(text, "position=") {
			t.Errorf("%v: log:\n%s", tt.tables, text)
		}
	}

	fill()
	more := tables(db.URL(), "shop_a", "shop_b")
	more["snapshot"] = "off"
	r, log := logged(t, job(db, "", more))
	if seen := sums(t, r, plan(t, r, 3), write); seen[1]+seen[2] == 0 || strings.Contains(log.String(), "consistent view") {
		t.Errorf("without a view: values %v\n%s", seen, log)
	}
}

// A view ends with its holder; what is left is read without it, which is said
// once, or refused where it was asked for.
func TestViewIsLost(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	for _, mode := range []string{"auto", "required"} {
		db.Exec(t, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id int PRIMARY KEY, v bigint)", "INSERT INTO t SELECT i, 0 FROM generate_series(1, 1000) i")
		more := tables(db.URL(), "t")
		more["snapshot"], more["splitPk"], more["splitStrategy"] = mode, "id", "mod"
		r, log := logged(t, job(db, "", more))
		splits := plan(t, r, 3)
		if len(splits) < 3 {
			t.Fatalf("%d splits", len(splits))
		}
		sums(t, r, splits[:1], func() {})
		db.Exec(t, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()")
		await(t, db, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()", func(row []*string) bool { return *row[0] == "0" })
		// Idle sessions have ended too: the job tries again what is transient.
		var err error
		for range 5 {
			var again plugin.Source
			if again, err = r.Open(t.Context(), plugin.Progress{Split: splits[1]}); err == nil {
				err = again.Close()
			}
			if errclass.Of(err) != errclass.Transient {
				break
			}
		}
		if mode == "required" {
			if err == nil || !strings.Contains(err.Error(), "start over with -fresh") {
				t.Errorf("required: %v", err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if seen := sums(t, r, splits[1:], func() {}); seen[0] == 0 {
			t.Errorf("values %v", seen)
		}
		if n := strings.Count(log.String(), "has ended with its connection"); n != 1 {
			t.Errorf("the loss is said %d times:\n%s", n, log)
		}
	}
}

// A table that is to be dropped while others are read in one view waits for
// those who read it, and nobody waits for it for ever.
func TestDroppedMidRead(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v bigint)", "INSERT INTO t SELECT i, 0 FROM generate_series(1, 1000) i")
	more := tables(db.URL(), "t")
	more["splitPk"], more["splitStrategy"] = "id", "mod"
	r, _ := logged(t, job(db, "", more))
	splits := plan(t, r, 2)
	sums(t, r, splits[:1], func() {})
	db.Exec(t, "SET lock_timeout = '10s'", "DROP TABLE t")
	_, err := r.Open(t.Context(), plugin.Progress{Split: splits[1]})
	if err == nil || !strings.Contains(err.Error(), "is gone") {
		t.Errorf("got %v", err)
	}
}

// Lists and patterns of tables, also with schemas.
func TestSeveralTables(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, `CREATE SCHEMA "North"`, `CREATE SCHEMA south`)
	for i, name := range []string{`"North".order_1`, `"North".order_2`, "south.order_1", "order_0", `"North"."odd*name"`} {
		db.Exec(t, "CREATE TABLE "+name+" (id int PRIMARY KEY, v bigint)", fmt.Sprintf("INSERT INTO %s VALUES (1, %d)", name, 1<<i))
	}
	db.Exec(t, `CREATE TABLE south.parts (id int, v bigint) PARTITION BY RANGE (id)`, `CREATE TABLE south.part_1 PARTITION OF south.parts DEFAULT`, "INSERT INTO south.parts VALUES (1, 32)")
	for _, tt := range []struct {
		schema string
		tables []string
		want   int64
	}{
		{"", []string{"order_0"}, 8},
		{"", []string{`"North".order_1`, "south.order_1"}, 1 + 4},
		{"", []string{`North.order_*`, "order_*"}, 1 + 2 + 8},
		{"North", []string{"order_?"}, 1 + 2},
		{"North", []string{`"odd*name"`}, 16},
		{"south", []string{"part*"}, 32},
	} {
		more := map[string]any{"connection": []any{map[string]any{"jdbcUrl": db.URL(), "schema": tt.schema, "table": tt.tables}}}
		r, _ := logged(t, job(db, "", more))
		var sum int64
		for v, n := range sums(t, r, plan(t, r, 1), func() {}) {
			sum += v * int64(n)
		}
		if sum != tt.want {
			t.Errorf("%s %v: read %b, want %b", tt.schema, tt.tables, sum, tt.want)
		}
	}
}
