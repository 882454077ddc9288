package mysql

import (
	"strconv"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

func TestMigrate(t *testing.T) {
	for name, server := range map[string]func(testing.TB) servers.SQLServer{"mysql": servers.MySQL, "mariadb": servers.MariaDB} {
		t.Run(name, func(t *testing.T) {
			db := server(t).DB(t)
			plugintest.Migrator(t, plugintest.MigratorSuite{
				New: func(t testing.TB, policy string) plugin.Writer {
					return plugintest.NewWriter(t, Info(), job(db, "t", map[string]any{"schemaChange": policy}))
				},
				Make: func(t testing.TB) {
					db.Exec(t, "DROP TABLE IF EXISTS t", "CREATE TABLE t (id BIGINT PRIMARY KEY, a VARCHAR(10), b BIGINT NOT NULL)", "INSERT INTO t VALUES (1, 'x', 2), (2, NULL, 3)")
				},
				Columns: func(t testing.TB) string {
					r := db.Query(t, "SELECT COALESCE(GROUP_CONCAT(CONCAT(column_name, IF(is_nullable = 'NO', '!', '')) ORDER BY ordinal_position SEPARATOR ' '), '') FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 't'")
					return *r[0][0]
				},
				Rows: func(t testing.TB) int {
					n, err := strconv.Atoi(*db.Query(t, "SELECT COUNT(*) FROM t")[0][0])
					if err != nil {
						t.Fatal(err)
					}
					return n
				},
			})
		})
	}
}
