package sqlread_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/reader/postgresql"
)

// TestIncrementalPostgreSQLTypes is TestIncrementalTypes for PostgreSQL.
func TestIncrementalPostgreSQLTypes(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	types := []struct {
		column, a, b, c string // three values that grow
		start, end      string // the first as a location, the last as it is reported
	}{
		{"bigint", "-7", "-1", "9223372036854775807", "-7", "9223372036854775807"},
		{"numeric", "-12345678901234567890.0000000001", "-1.50", "2.000", "-12345678901234567890.0000000001", "2.000"},
		{"double precision", "-1.5e300", "0.1", "0.2", "-1.5e300", "0.2"},
		{"text", "'a'", "'b'", "'c é'", "a", "c é"},
		{"bytea", `'\x00ff'`, `'\x01'`, `'\x0100'`, "0x00ff", "0x0100"},
		{"date", "'1999-12-31'", "'2024-02-28'", "'2024-02-29'", "1999-12-31", "1709136000000"},
		{"timestamp", "'1969-12-31 23:59:59.5'", "'2024-02-29 00:00:00.000001'", "'2024-02-29 10:00:00.000001'", "1969-12-31 23:59:59.500", "1709172000000001"},
		{"timestamptz(3)", "'2024-02-28 23:59:59Z'", "'2024-02-29 00:00:00Z'", "'2024-02-29 10:00:00.5Z'", "2024-02-29 07:59:59", "1709200800500"},
	}
	db := servers.PostgreSQL(t).DB(t)
	for i, tt := range types {
		t.Run(tt.column, func(t *testing.T) {
			table := fmt.Sprintf("t%d", i)
			insert := func(values ...string) {
				t.Helper()
				for _, v := range values {
					db.Exec(t, "INSERT INTO "+table+" (v) VALUES ("+v+")")
				}
			}
			db.Exec(t, "CREATE TABLE "+table+" (id serial PRIMARY KEY, v "+tt.column+")")
			insert(tt.a, tt.b)
			job := func(more string) string {
				return fmt.Sprintf(`{"username": %q, "password": %q, "column": ["id"], "connection": [{"jdbcUrl": [%q], "table": [%q]}], "increColumn": "v" %s}`,
					servers.RootUser, servers.RootPassword, db.URL(), table, more)
			}
			from := &cron{t: t, info: postgresql.Info(), zone: shanghai}
			if got := from.run(job(fmt.Sprintf(`, "startLocation": %q`, tt.start))); got != "2" {
				t.Errorf("from %s: read %s", tt.start, got)
			}
			c := &cron{t: t, info: postgresql.Info(), zone: shanghai}
			if got := c.run(job("")); got != "1, 2" {
				t.Errorf("read %s", got)
			}
			insert(tt.c, tt.b, tt.c)
			c.want(job(""), "4, 3, 5", location(t, c), tt.end)
			c.want(job(""), "", tt.end, tt.end)
			again := &cron{t: t, info: postgresql.Info(), zone: shanghai}
			if got := again.run(job(fmt.Sprintf(`, "startLocation": %q`, tt.end))); got != "" {
				t.Errorf("from %s: read %s", tt.end, got)
			}
		})
	}
}
