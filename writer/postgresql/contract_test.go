package postgresql

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// job is a writer's parameters, with the account and the table filled in.
func job(db servers.PostgreSQLDatabase, table string, more map[string]any) string {
	parameters := map[string]any{
		"username": servers.RootUser, "password": servers.RootPassword, "column": []string{"*"},
		"connection": []any{map[string]any{"jdbcUrl": db.URL(), "table": []string{table}}},
	}
	for k, v := range more {
		if parameters[k] = v; v == nil {
			delete(parameters, k)
		}
	}
	text, err := json.Marshal(parameters)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// settings are those of a job's connections.
func settings(t testing.TB, db servers.PostgreSQLDatabase) *pgkit.Settings {
	t.Helper()
	cfg := defaults()
	d, err := config.Inline(job(db, "t", nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Decode(cfg); err != nil {
		t.Fatal(err)
	}
	s, err := cfg.settings()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// dial connects beside the writer; the connection is closed at the end of the test.
func dial(t testing.TB, db servers.PostgreSQLDatabase) *pgkit.Conn {
	t.Helper()
	c, err := pgkit.Dial(context.Background(), settings(t, db))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

// shown reads a query's rows as the reader would.
func shown(t testing.TB, c *pgkit.Conn, sql string) (all [][]string) {
	t.Helper()
	s, err := c.Prepare(context.Background(), sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	rows, err := s.Rows(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	schema := record.NewSchema(record.Name{Table: "t"}, s.Columns())
	b := record.NewBatch(0, 0)
	for {
		raw, err := rows.Next(0)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Reset("0")
		b.Begin(schema, record.Insert)
		if err := s.Decoder().Append(b, raw, len(schema.Columns)); err != nil {
			t.Fatal(err)
		}
		all = append(all, plugintest.Texts(b.Row(0)))
	}
}

// kinds are all that PostgreSQL has.
func kinds(table string) *record.Schema {
	return plugintest.Kinds(table, record.Bool, record.Int64, record.Uint64, record.Decimal, record.String, record.Bytes, record.Date, record.Time,
		record.Datetime, record.Timestamp, record.Interval, record.JSON, record.UUID, record.Float32, record.Float64)
}

const tables = "CREATE TABLE %s (id bigint PRIMARY KEY, c1 boolean, c2 bigint, c3 numeric(20), c4 text, c5 text DEFAULT 'as it was', c6 bytea, c7 date," +
	" c8 time, c9 timestamp, c10 timestamptz, c11 interval, c12 json, c13 uuid, c14 real, c15 double precision%s, CHECK (id <> 1000000))"

func suite(db servers.PostgreSQLDatabase, table, extra string, more map[string]any) plugintest.WriterSuite {
	return plugintest.WriterSuite{
		Open: func(t testing.TB) plugintest.Destination {
			db.Exec(t, "DROP TABLE IF EXISTS t, u, datasync_ledger", fmt.Sprintf(tables, "t", extra), fmt.Sprintf(tables, "u", extra))
			return plugintest.Destination{
				New: func(t testing.TB) plugin.Writer { return plugintest.NewWriter(t, Info(), job(db, table, more)) },
				Rows: func(t testing.TB) [][]string {
					c := dial(t, db)
					columns := "SELECT id, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15 FROM "
					return append(shown(t, c, columns+"t"), shown(t, c, columns+"u")...)
				},
			}
		},
		Schemas: []*record.Schema{kinds("t")},
		Want:    want,
		Absent:  5,
		Changes: true,
		Bad: func(b *record.Batch, s *record.Schema) {
			plugintest.AppendRow(b, s, record.Insert, 1_000_000, 0)
		},
		BadConfigs: badConfigs(db),
	}
}

func want(r record.Row) []string { return plugintest.Texts(r) }

func badConfigs(db servers.PostgreSQLDatabase) map[string]func(testing.TB) error {
	at := func(url, table string) map[string]any {
		return map[string]any{"connection": []any{map[string]any{"jdbcUrl": url, "table": table}}}
	}
	bad := map[string]map[string]any{
		"no url":           at("", "t"),
		"another system":   at("jdbc:mysql://h/db", "t"),
		"no table":         at(db.URL(), ""),
		"another database": at(db.URL(), "other.public.t"),
		"no user":          {"username": nil},
		"no column":        {"column": nil},
		"replace":          {"mode": "replace"},
		"load":             {"insertSqlMode": "load"},
		"copy updates":     {"insertSqlMode": "copy", "mode": "update"},
		"unknown key":      {"tabel": "t"},
	}
	all := map[string]func(testing.TB) error{}
	for name, more := range bad {
		all[name] = plugintest.WriterError(Info(), job(db, "t", more))
	}
	return all
}

func TestContract(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	for name, more := range map[string]map[string]any{
		"insert": {"insertSqlMode": "copy"},
		"update": {"mode": "update", "uniqueKey": []string{"id"}},
	} {
		t.Run(name, func(t *testing.T) { plugintest.Writer(t, suite(db, "t", "", more)) })
	}
	t.Run("position", func(t *testing.T) {
		more := map[string]any{"column": []string{"id", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15"}}
		plugintest.CheckWriter(t, suite(db, "public.t", "", more), "rows", "bad", "absent")
	})
	t.Run("text", func(t *testing.T) { // a type whose binary form is not known
		more := map[string]any{"column": []any{"id", "c1", "c2", "c3", map[string]any{"name": "c4"}, "c5", "c6", "c7", "c8", "c9", "c10", "c11", "c12", "c13", "c14", "c15", "tags"}}
		s := suite(db, `"t"`, ", tags int[]", more)
		s.Schemas = []*record.Schema{withTags(kinds("t"))}
		s.Want = func(r record.Row) []string { return plugintest.Texts(r)[:16] }
		s.Fill = func(b *record.Batch, schema *record.Schema, op record.Op, i, version int) {
			whole := record.NewBatch(0, 0)
			plugintest.AppendRow(whole, kinds("t"), record.Insert, i, version)
			b.Begin(schema, op)
			for c := range 16 {
				b.Copy(whole.Row(0), c)
			}
			b.Text(record.String, fmt.Sprintf("{%d,NULL}", i))
		}
		s.Bad = func(b *record.Batch, schema *record.Schema) { s.Fill(b, schema, record.Insert, 1_000_000, 0) }
		plugintest.CheckWriter(t, s, "rows", "borrowed", "bad", "changes")
	})
	t.Run("tables", func(t *testing.T) {
		s := suite(db, "*", "", nil)
		s.Schemas = append(s.Schemas, kinds("u"))
		plugintest.Writer(t, s)
	})
}

func withTags(s *record.Schema) *record.Schema {
	columns := append(s.Columns[:len(s.Columns):len(s.Columns)], record.Column{Name: "tags", Kind: record.String, Native: "integer[]"})
	return record.NewSchema(s.Name, columns, 0)
}
