package postgresql

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// write runs a job of its own over batches: Shape, Before, Write, Flush, After.
func write(t testing.TB, parameters string, batches ...*record.Batch) error {
	t.Helper()
	w := plugintest.NewWriter(t, Info(), parameters)
	defer func() { _ = w.Close() }()
	if err := w.(plugin.Shaper).Shape(t.Context(), batches[0].Schemas()); err != nil {
		return err
	}
	if err := w.(plugin.Hooks).Before(t.Context()); err != nil {
		return err
	}
	s, err := w.Open(t.Context(), plugin.Task{Job: "j", Of: 1})
	if err != nil {
		return err
	}
	defer func() { _ = s.Close() }()
	for _, b := range batches {
		if err := s.Write(t.Context(), b); err != nil {
			return err
		}
	}
	if err := s.(plugin.Flusher).Flush(t.Context()); err != nil {
		return err
	}
	return w.(plugin.Hooks).After(t.Context())
}

// pairs are rows of an id and one value of a kind.
func pairs(kind record.Kind, fill ...func(b *record.Batch)) *record.Batch {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "v", Kind: kind, Nullable: true}}, 0)
	b := record.NewBatch(0, 0)
	b.Reset("0")
	for i, f := range fill {
		b.Begin(s, record.Insert)
		b.Int64(int64(i + 1))
		f(b)
	}
	return b
}

func text(kind record.Kind, v string) func(b *record.Batch) {
	return func(b *record.Batch) { b.Text(kind, v) }
}

func null(b *record.Batch) { b.Null() }

func TestRowsAreRefusedByName(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	integer := func(v int64) func(*record.Batch) { return func(b *record.Batch) { b.Int64(v) } }
	for name, tt := range map[string]struct {
		column string
		batch  *record.Batch
		bad    []int // nil: no row is named
		at     string
		reason errclass.Reason
		text   string
	}{
		"NUL":            {"text", pairs(record.String, text(record.String, "a"), text(record.String, "b\x00c")), []int{1}, "v", errclass.Encoding, "NUL"},
		"no UTF-8":       {"text", pairs(record.String, text(record.String, "\xff"), text(record.String, "a"), text(record.String, "\xc3")), []int{0, 2}, "v", errclass.Encoding, "UTF-8"},
		"integer":        {"int", pairs(record.Int64, integer(1), integer(math.MaxInt32+1)), []int{1}, "v", errclass.Overflow, "2147483648"},
		"from text":      {"int", pairs(record.String, text(record.String, "12"), text(record.String, "x12")), []int{1}, "v", errclass.Conversion, "x12"},
		"decimal":        {"numeric(5,2)", pairs(record.Decimal, text(record.Decimal, "1.25"), text(record.Decimal, "1.255")), []int{1}, "v", errclass.Overflow, "1.255"},
		"too long":       {"varchar(3)", pairs(record.String, text(record.String, "äöü"), text(record.String, "abc ")), []int{1}, "v", errclass.Overflow, "4 characters"},
		"null":           {"text NOT NULL", pairs(record.String, text(record.String, "a"), null, text(record.String, "b")), []int{1}, "v", errclass.Null, "null value"},
		"unique":         {"text UNIQUE", pairs(record.String, text(record.String, "a"), text(record.String, "b"), text(record.String, "a")), []int{2}, "", errclass.Duplicate, "duplicate key"},
		"check":          {"text CHECK (v <> 'b')", pairs(record.String, text(record.String, "a"), text(record.String, "b")), []int{1}, "", errclass.Constraint, "check constraint"},
		"own input":      {"int4range", pairs(record.String, text(record.String, "[1,2)"), text(record.String, "[2,1)")), []int{1}, "v", errclass.Conversion, "range"},
		"domain":         {"positive", pairs(record.Int64, integer(1), integer(-1)), []int{1}, "v", errclass.Constraint, "positive"},
		"foreign key":    {"int REFERENCES parent", pairs(record.Int64, integer(1), integer(7)), nil, "", errclass.Constraint, "foreign key"},
		"foreign, later": {"int REFERENCES parent DEFERRABLE INITIALLY DEFERRED", pairs(record.Int64, integer(1), integer(7)), nil, "", errclass.Constraint, "foreign key"},
		"enum":           {"mood", pairs(record.String, text(record.String, "good"), text(record.String, "bad")), []int{1}, "v", errclass.Conversion, "mood"},
	} {
		for _, mode := range []string{"insert", "update"} {
			db.Exec(t, "DROP TABLE IF EXISTS t, datasync_ledger, parent", "DROP DOMAIN IF EXISTS positive", "DROP TYPE IF EXISTS mood", "CREATE DOMAIN positive AS int CHECK (VALUE > 0)",
				"CREATE TYPE mood AS ENUM ('good')", "CREATE TABLE parent (id int PRIMARY KEY)", "INSERT INTO parent VALUES (1)", "CREATE TABLE t (id int PRIMARY KEY, v "+tt.column+")")
			err := write(t, job(db, "t", map[string]any{"mode": mode}), tt.batch)
			if errclass.Of(err) != errclass.Data || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%s, %s: got %s error %v, want a data error with %q", name, mode, errclass.Of(err), err, tt.text)
				continue
			}
			var refused *errclass.Rows
			named := errors.As(err, &refused)
			if mode == "update" && !named {
				continue // a statement over arrays names no row
			}
			if named != (tt.bad != nil) {
				t.Errorf("%s, %s: rows are named: %t, %v", name, mode, named, err)
				continue
			}
			for i, bad := range tt.bad {
				if refused.Written || len(refused.Bad) != len(tt.bad) || refused.Bad[i].Index != bad || refused.Bad[i].Reason != tt.reason || mode == "insert" && refused.Bad[i].Column != tt.at {
					t.Errorf("%s, %s: got %+v, want rows %v, column %q, reason %s", name, mode, refused.Bad, tt.bad, tt.at, tt.reason)
					break
				}
			}
			if n := len(db.Query(t, "SELECT * FROM t")); n > 0 {
				t.Errorf("%s, %s: %d rows of a refused batch are there", name, mode, n)
			}
		}
	}
}

func TestIdentityAndPartitions(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int, n serial, twice int GENERATED ALWAYS AS (id * 2) STORED) PARTITION BY RANGE (id)",
		"CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (1) TO (3)", "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (3) TO (100)")
	four := pairs(record.Int64, null, null, null, null)
	if err := write(t, job(db, "t", map[string]any{"resetSequences": true}), four); err != nil {
		t.Fatal(err)
	}
	changed := pairs(record.Int64, func(b *record.Batch) { b.Int64(7) }, null, null, null, null)
	if err := write(t, job(db, "t", map[string]any{"mode": "upsert", "resetSequences": true}), changed); err != nil {
		t.Fatal(err)
	}
	db.Exec(t, "INSERT INTO t (v) VALUES (9)")
	got := ""
	for _, r := range db.Query(t, "SELECT id || ' ' || coalesce(v, 0) || ' ' || twice || ' ' || tableoid::regclass FROM t ORDER BY id") {
		got += *r[0] + "\n"
	}
	if want := "1 7 2 t1\n2 0 4 t1\n3 0 6 t2\n4 0 8 t2\n5 0 10 t2\n6 9 12 t2\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// TestUpsertsWithoutAUniqueIndex: the key of the job is no index of the table.
func TestUpsertsWithoutAUniqueIndex(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int, v text, tags int[])", "INSERT INTO t VALUES (1, 'old', '{1}'), (9, 'old', NULL)")
	if err := write(t, job(db, "t", map[string]any{"mode": "update", "uniqueKey": "id"}), pairs(record.String, text(record.String, "a"), text(record.String, "b"))); err != nil {
		t.Fatal(err)
	}
	if err := write(t, job(db, "t", map[string]any{"mode": "update", "uniqueKey": "id", "allReplace": false}), pairs(record.String, null, text(record.String, "c"))); err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, r := range db.Query(t, "SELECT t::text FROM t ORDER BY id") {
		got += *r[0]
	}
	if want := "(1,a,{1})(2,c,)(9,old,)"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestKeysWhoseCaseDoesNotMatter: rows whose keys are one to the index are
// refused as a set, which the engine then divides, and not alone.
func TestKeysWhoseCaseDoesNotMatter(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)", "CREATE TABLE t (id int, v text COLLATE anycase PRIMARY KEY)")
	more := map[string]any{"mode": "update"}
	one := func(v string) *record.Batch { return pairs(record.String, text(record.String, v)) }
	if err := write(t, job(db, "t", more), pairs(record.String, text(record.String, "Ada"), text(record.String, "ADA"))); errclass.Of(err) != errclass.Data {
		t.Errorf("got %s error %v, want a data error", errclass.Of(err), err)
	}
	if err := write(t, job(db, "t", more), one("Ada"), one("ADA")); err != nil {
		t.Error(err)
	}
	if r := db.Query(t, "SELECT v FROM t"); len(r) != 1 {
		t.Errorf("%d rows, want 1", len(r))
	}
}

func TestTablesAreCreated(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	s := plugintest.AllKinds("t")
	s.Comment, s.Columns[0].Comment = "it's a table", "the key"
	s.Columns = append(s.Columns, record.Column{Name: "tags", Kind: record.String, Native: "character varying(10)[]", Nullable: true},
		record.Column{Name: "small", Kind: record.Uint64, Native: "smallint unsigned", Nullable: true}, record.Column{Name: "short", Kind: record.String, Length: 20, Nullable: true},
		record.Column{Name: "price", Kind: record.Decimal, Precision: 10, Scale: 2, Nullable: true})
	s.Data = len(s.Columns)
	w := plugintest.NewWriter(t, Info(), job(db, "t", map[string]any{"createTable": true}))
	if err := w.(plugin.Shaper).Shape(t.Context(), []*record.Schema{s}); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range db.Query(t, "SELECT attname || ' ' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '!' ELSE '' END FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 ORDER BY attnum") {
		got = append(got, *r[0])
	}
	want := "[id bigint! c_bool boolean c_int64 bigint c_uint64 numeric(20,0) c_float32 real c_float64 double precision c_decimal numeric c_string text c_bytes bytea c_date date" +
		" c_time time without time zone c_datetime timestamp without time zone c_timestamp timestamp with time zone c_interval interval c_json json c_uuid uuid" +
		" tags character varying(10)[] small integer short character varying(20) price numeric(10,2)]"
	if fmt.Sprint(got) != want {
		t.Errorf("got %s\nwant %s", fmt.Sprint(got), want)
	}
	if r := db.Query(t, "SELECT obj_description('t'::regclass) || ', ' || col_description('t'::regclass, 1)"); *r[0][0] != "it's a table, the key" {
		t.Errorf("the comments are %s", *r[0][0])
	}
}

func TestTheTargetIsLookedAt(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE t (id int PRIMARY KEY, v text)", "CREATE VIEW seen AS SELECT * FROM t", "CREATE SCHEMA closed", "CREATE TABLE closed.t (id int, v text)")
	b := pairs(record.String, null)
	for table, want := range map[string]string{"tt": `did you mean "t"?`, "seen": "is a view", "other.t": "there is no such table"} {
		if err := write(t, job(db, table, nil), b); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %s error %v, want a config error with %q", table, errclass.Of(err), err, want)
		}
	}
	// Writing is denied, and so is a table for positions.
	user := "w" + db.Name
	db.Exec(t, "CREATE ROLE "+user+" LOGIN PASSWORD 'secret'", "GRANT USAGE ON SCHEMA closed TO "+user, "GRANT SELECT ON closed.t TO "+user)
	defer db.Exec(t, "DROP OWNED BY "+user, "DROP ROLE "+user)
	as := job(db, "closed.t", map[string]any{"username": user, "password": "secret"})
	if err := write(t, as, b); errclass.Of(err) != errclass.Config || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("got %s error %v", errclass.Of(err), err)
	}
	w := plugintest.NewWriter(t, Info(), as)
	if _, _, err := w.(plugin.Ledger).Claim(t.Context(), "j", 1); !errors.Is(err, plugin.ErrNoLedger) {
		t.Errorf("got %v, want no ledger", err)
	}
}

func BenchmarkWrite(b *testing.B) {
	db := servers.PostgreSQL(b).DB(b)
	for _, mode := range []string{"insert", "update"} {
		b.Run(mode, func(b *testing.B) {
			db.Exec(b, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id bigint PRIMARY KEY, c1 bigint, c2 bigint, c3 double precision, c4 numeric, c5 text, c6 text, c7 timestamp, c8 uuid)")
			w := plugintest.NewWriter(b, Info(), job(db, "t", map[string]any{"mode": mode}))
			s, err := w.Open(b.Context(), plugin.Task{Of: 1})
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = s.Close() }()
			schema := plugintest.Kinds("t", record.Int64, record.Int64, record.Float64, record.Decimal, record.String, record.String, record.Datetime, record.UUID)
			batch := record.NewBatch(0, 0)
			at := 0
			b.ReportAllocs()
			for b.Loop() {
				b.StopTimer()
				batch.Reset("0")
				for range 1024 {
					plugintest.AppendRow(batch, schema, record.Insert, at, 0)
					at++
				}
				b.StartTimer()
				if err := s.Write(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(at)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
