package postgresql

import (
	"strconv"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

func TestMigrate(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	plugintest.Migrator(t, plugintest.MigratorSuite{
		New: func(t testing.TB, policy string) plugin.Writer {
			return plugintest.NewWriter(t, Info(), job(db, "t", map[string]any{"schemaChange": policy}))
		},
		Make: func(t testing.TB) {
			db.Exec(t, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id bigint PRIMARY KEY, a varchar(10), b bigint NOT NULL)", "INSERT INTO t VALUES (1, 'x', 2), (2, NULL, 3)")
		},
		Columns: func(t testing.TB) string {
			r := db.Query(t, "SELECT coalesce(string_agg(attname || CASE WHEN attnotnull THEN '!' ELSE '' END, ' ' ORDER BY attnum), '') FROM pg_attribute WHERE attrelid = to_regclass('t') AND attnum > 0 AND NOT attisdropped")
			return *r[0][0]
		},
		Rows: func(t testing.TB) int {
			n, err := strconv.Atoi(*db.Query(t, "SELECT count(*) FROM t")[0][0])
			if err != nil {
				t.Fatal(err)
			}
			return n
		},
	})
}

// A column of which the source changes nothing keeps the type that was chosen
// for it, whatever else changes.
func TestMigrateLeavesChosenTypes(t *testing.T) {
	name := record.Name{Table: "t"}
	flag := record.Column{Name: "f", Kind: record.Int64, Native: "tinyint(1)", Nullable: true}
	short := record.Column{Name: "s", Kind: record.String, Native: "varchar(50)", Length: 50, Nullable: true}
	from := record.NewSchema(name, []record.Column{flag, short})
	to := record.NewSchema(name, []record.Column{flag, short, {Name: "x", Kind: record.Int64, Native: "int", Nullable: true}})
	for _, policy := range []string{"evolve", "lenient"} {
		db := servers.PostgreSQL(t).DB(t)
		db.Exec(t, "CREATE TABLE t (f boolean, s varchar(10))")
		w := plugintest.NewWriter(t, Info(), job(db, "t", map[string]any{"schemaChange": policy}))
		if err := w.(plugin.Migrator).Migrate(t.Context(), &record.Change{Kind: record.Alter, Name: name, From: from, To: to, SQL: "ALTER TABLE t ADD x int"}); err != nil {
			t.Errorf("%s: %v", policy, err)
		}
		got := *db.Query(t, "SELECT string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0")[0][0]
		if want := "f boolean, s character varying(10), x integer"; got != want {
			t.Errorf("%s: the table has %s, want %s", policy, got, want)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}
