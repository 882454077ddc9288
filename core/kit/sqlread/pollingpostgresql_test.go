package sqlread_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/reader/postgresql"
)

func postgresqlJob(db servers.PostgreSQLDatabase, more map[string]any) string {
	job := map[string]any{"username": servers.RootUser, "password": servers.RootPassword, "column": []string{"id", "n"},
		"connection": []any{map[string]any{"jdbcUrl": []string{db.URL()}, "table": []string{"orders"}}}, "polling": true}
	for k, v := range more {
		job[k] = v
	}
	text, err := json.Marshal(job)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func runPostgreSQL(t *testing.T, c *pgconn.PgConn, sql ...string) {
	t.Helper()
	for _, q := range sql {
		if _, err := c.Exec(context.Background(), q).ReadAll(); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// TestPollingPostgreSQLOpenTransaction holds a transaction open over two polls:
// its rows have smaller keys than rows that were delivered meanwhile.
func TestPollingPostgreSQLOpenTransaction(t *testing.T) {
	db := servers.StartPostgreSQL(t).DB(t) // others write on a shared server
	db.Exec(t, "CREATE TABLE orders (id bigserial PRIMARY KEY, n int)", "INSERT INTO orders (n) VALUES (1), (2)")
	p := newPoller(t, postgresql.Info(), postgresqlJob(db, map[string]any{"increColumn": "id"}))
	p.start()
	p.want("1 1", "2 2")
	p.want()

	late := db.Connect(t)
	p.driver.setBegan(p.clock.Now())
	runPostgreSQL(t, late, "BEGIN", "INSERT INTO orders (n) VALUES (3)")
	db.Exec(t, "INSERT INTO orders (n) VALUES (4)")
	p.want("4 4")
	db.Exec(t, "INSERT INTO orders (n) VALUES (5)")
	p.want("5 5")
	p.want()
	runPostgreSQL(t, late, "COMMIT")
	p.want("3 3")
	p.want()

	p.driver.statements()
	p.want()
	if sql, asked := p.driver.statements(); len(sql) != 1 || asked != 1 {
		t.Errorf("an idle poll ran %q and asked %d times for transactions", sql, asked)
	}
}

// TestPollingPostgreSQLTypes polls by columns of every sort: rows that tie with
// the last value, or come below it within pollingLag, are neither lost nor doubled.
func TestPollingPostgreSQLTypes(t *testing.T) {
	for _, c := range []struct{ typ, first, tie, second, third string }{
		{"timestamptz", "'2024-03-31 01:59:59.999999+01'", "'2024-03-31 02:59:59.999999+02'", "'2024-03-31 01:00:00+00'", "'infinity'"},
		{"timestamp(3)", "'0044-03-15 12:00:00.5 BC'", "'0044-03-15 12:00:00.5 BC'", "'0001-01-01'", "'12024-01-01'"},
		{"date", "'-infinity'", "'-infinity'", "'2024-01-01'", "'2024-01-02'"},
		{"numeric(20,4)", "-1.5000", "-1.5", "12345678901234.0001", "'NaN'"},
		{"double precision", "-0.1", "-0.1", "1e-300", "'Infinity'"},
		{"text", "''", "''", "'a''b\\'", "'é'"},
	} {
		t.Run(c.typ, func(t *testing.T) {
			db := servers.PostgreSQL(t).DB(t)
			db.Exec(t, `CREATE TABLE orders (id int PRIMARY KEY, n int, v `+c.typ+`)`, "INSERT INTO orders VALUES (2, 1, "+c.first+"), (9, 9, NULL)")
			p := newPoller(t, postgresql.Info(), postgresqlJob(db, map[string]any{"increColumn": "v", "pollingLag": 0}))
			p.start()
			p.want("2 1")
			p.want()
			db.Exec(t, "INSERT INTO orders VALUES (1, 2, "+c.tie+")") // the same value, a smaller key
			p.want("1 2")
			db.Exec(t, "INSERT INTO orders VALUES (3, 3, "+c.second+")")
			p.want("3 3")
			p.restart()
			p.want()
			db.Exec(t, "INSERT INTO orders VALUES (4, 4, "+c.third+")")
			p.want("4 4")
			p.want()
			if log := p.log.String(); strings.Contains(log, "ERROR") {
				t.Errorf("the log says %s", log)
			}
		})
	}
}
