package postgresql

import (
	"strconv"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
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
