package mysql

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// A column whose type changes, or that takes NULL from now on, keeps all else
// that the target has given it.
func TestMigrateKeepsWhatTheTargetHas(t *testing.T) {
	for name, server := range map[string]func(testing.TB) servers.SQLServer{"mysql": servers.MySQL, "mariadb": servers.MariaDB} {
		t.Run(name, func(t *testing.T) {
			db := server(t).DB(t)
			db.Exec(t, `CREATE TABLE t (
				id INT NOT NULL AUTO_INCREMENT PRIMARY KEY COMMENT 'the number',
				s VARCHAR(10) CHARACTER SET latin1 COLLATE latin1_german1_ci NOT NULL DEFAULT 'it''s \\ (a)' COMMENT 'say ''so'', (c',
				m DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
				g INT AS (n + 1) STORED COMMENT 'computed',
				n INT NOT NULL DEFAULT 7 INVISIBLE)`, "INSERT INTO t (s) VALUES ('x')")
			column := func(name string, kind record.Kind, native string, length, scale int, nullable bool) record.Column {
				return record.Column{Name: name, Kind: kind, Native: native, Length: length, Scale: scale, Nullable: nullable}
			}
			table := record.Name{Table: "t"}
			from := record.NewSchema(table, []record.Column{
				column("id", record.Int64, "int", 0, 0, false), column("s", record.String, "varchar(10)", 10, 0, false), column("m", record.Datetime, "datetime", 0, 0, false),
				column("g", record.Int64, "int", 0, 0, true), column("n", record.Int64, "int", 0, 0, false)}, 0)
			to := record.NewSchema(table, []record.Column{
				column("id", record.Int64, "bigint", 0, 0, false), column("s", record.String, "varchar(50)", 50, 0, false), column("m", record.Datetime, "datetime(3)", 0, 3, false),
				column("g", record.Int64, "bigint", 0, 0, true), column("n", record.Int64, "int", 0, 0, true)}, 0)
			w := plugintest.NewWriter(t, Info(), job(db, "t", map[string]any{"schemaChange": "evolve"}))
			for range 2 {
				if err := w.(plugin.Migrator).Migrate(t.Context(), &record.Change{Kind: record.Alter, Name: table, From: from, To: to}); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Error(err)
			}
			shown := *db.Query(t, "SHOW CREATE TABLE t")[0][1]
			for _, want := range []string{"NOT NULL AUTO_INCREMENT COMMENT 'the number'", "`s` varchar(50) ", "latin1_german1_ci", `NOT NULL DEFAULT 'it''s \\ (a)' COMMENT 'say ''so'', (c'`,
				"DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3)", "GENERATED ALWAYS AS ", "COMMENT 'computed'", "INVISIBLE", "`id` bigint", "`g` bigint", "DEFAULT 7"} {
				if !strings.Contains(strings.ReplaceAll(strings.ToLower(shown), "default '7'", "default 7"), strings.ToLower(want)) {
					t.Errorf("the table lacks %s:\n%s", want, shown)
				}
			}
			db.Exec(t, "INSERT INTO t (s, n) VALUES ('y', NULL)") // n takes it
		})
	}
}
