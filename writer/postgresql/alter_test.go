package postgresql

import (
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// A column whose type changes keeps its collation, its default and what it is
// computed by.
func TestMigrateKeepsWhatTheTargetHas(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, `CREATE TABLE t (id int PRIMARY KEY, s varchar(10) COLLATE "C" NOT NULL DEFAULT 'x', g int GENERATED ALWAYS AS (id + 1) STORED)`, "COMMENT ON COLUMN t.s IS 'said'", "INSERT INTO t VALUES (1, 'y')")
	columns := func(length int, native string) []record.Column {
		return []record.Column{{Name: "id", Kind: record.Int64, Native: "int"}, {Name: "s", Kind: record.String, Native: "varchar", Length: length}, {Name: "g", Kind: record.Int64, Native: native, Nullable: true}}
	}
	name := record.Name{Table: "t"}
	w := plugintest.NewWriter(t, Info(), job(db, "t", map[string]any{"schemaChange": "evolve"}))
	err := w.(plugin.Migrator).Migrate(t.Context(), &record.Change{Kind: record.Alter, Name: name,
		From: record.NewSchema(name, columns(10, "int"), 0), To: record.NewSchema(name, columns(50, "bigint"), 0)})
	if err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	got := *db.Query(t, `SELECT string_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), l.collname, a.attnotnull, pg_get_expr(d.adbin, d.adrelid), col_description(a.attrelid, a.attnum)), ', ' ORDER BY a.attnum)
		FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum WHERE a.attrelid = 't'::regclass AND a.attnum > 1`)[0][0]
	if want := "s character varying(50) C t 'x'::character varying said, g bigint f (id + 1)"; got != want {
		t.Errorf("the table has %s, want %s", got, want)
	}
}
