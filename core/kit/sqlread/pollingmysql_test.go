package sqlread_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/reader/mysql"
)

// products runs a test against each product, on a server that packages share.
func products(t *testing.T, f func(t *testing.T, db servers.Database)) {
	t.Run("MySQL", func(t *testing.T) { f(t, servers.MySQL(t).DB(t)) })
	t.Run("MariaDB", func(t *testing.T) { f(t, servers.MariaDB(t).DB(t)) })
}

func mysqlJob(db servers.Database, more map[string]any) string {
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

func run(t *testing.T, c *client.Conn, sql ...string) {
	t.Helper()
	for _, q := range sql {
		if _, err := c.Execute(q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// TestPollingOpenTransaction holds a transaction open over two polls: its rows
// have smaller keys than rows that were delivered meanwhile.
func TestPollingOpenTransaction(t *testing.T) {
	alone := func(t *testing.T, server servers.SQLServer) { // others write on a shared one
		db := server.DB(t)
		db.Exec(t, "CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT)", "INSERT INTO orders (n) VALUES (1), (2)")
		p := newPoller(t, mysql.Info(), mysqlJob(db, map[string]any{"increColumn": "id"}))
		p.start()
		p.want("1 1", "2 2")
		p.want()
		p.want()

		late := db.Connect(t)
		p.driver.setBegan(p.clock.Now())
		run(t, late, "BEGIN", "INSERT INTO orders (n) VALUES (3)")
		db.Exec(t, "INSERT INTO orders (n) VALUES (4)")
		p.want("4 4")
		db.Exec(t, "INSERT INTO orders (n) VALUES (5)")
		p.want("5 5")
		p.want()
		run(t, late, "COMMIT")
		p.want("3 3")
		p.want()
		p.want()

		p.driver.statements()
		p.want()
		if sql, asked := p.driver.statements(); len(sql) != 1 || asked != 1 || !strings.Contains(sql[0], ">= 5") {
			t.Errorf("an idle poll ran %q and asked %d times for transactions", sql, asked)
		}

		// A restart while one is open: what is read at the start is read again
		// until it has ended.
		run(t, late, "BEGIN", "INSERT INTO orders (n) VALUES (6)")
		db.Exec(t, "INSERT INTO orders (n) VALUES (7)")
		p.stop()
		p.start()
		p.driver.setBegan(p.clock.Now())
		p.want("7 7")
		p.want()
		p.restart()
		p.driver.setBegan(p.clock.Now())
		p.want()
		run(t, late, "COMMIT")
		p.want("6 6")
		p.want()
	}
	t.Run("MySQL", func(t *testing.T) { alone(t, servers.StartMySQL(t)) })
	t.Run("MariaDB", func(t *testing.T) { alone(t, servers.StartMariaDB(t)) })
}

// TestPollingLostConnection goes on in another connection where it was.
func TestPollingLostConnection(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT)", "INSERT INTO orders (n) VALUES (1), (2)")
		p := newPoller(t, mysql.Info(), mysqlJob(db, map[string]any{"increColumn": "n"}))
		p.start()
		p.want("1 1", "2 2")
		c := db.Connect(t)
		r, err := c.Execute(fmt.Sprintf("SELECT id FROM information_schema.processlist WHERE db = '%s' AND id <> CONNECTION_ID()", db.Name))
		if err != nil {
			t.Fatal(err)
		}
		for i := range r.Values {
			id, err := r.GetInt(i, 0)
			if err != nil {
				t.Fatal(err)
			}
			run(t, c, fmt.Sprintf("KILL %d", id))
		}
		run(t, c, "INSERT INTO orders (n) VALUES (2), (3)")
		p.clock.advance(10 * time.Second)
		p.clock.wake <- struct{}{}
		if err := <-p.failed; errclass.Of(err) != errclass.Transient {
			t.Fatalf("polling by a killed connection: %v", err)
		}
		close(p.failed)
		p.restart()
		p.want("3 2", "4 3")
		p.want()
	})
}

// TestPollingWithoutPrivilege says once that transactions cannot be asked for,
// and how they could be.
func TestPollingWithoutPrivilege(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		user := db.Name + "_poor"
		db.Exec(t, "CREATE TABLE orders (id BIGINT AUTO_INCREMENT PRIMARY KEY, n INT)", "INSERT INTO orders (n) VALUES (1), (2)",
			fmt.Sprintf("CREATE USER '%s'@'%%' IDENTIFIED BY 'poor'", user), fmt.Sprintf("GRANT SELECT ON %s.* TO '%s'@'%%'", db.Name, user))
		t.Cleanup(func() { db.Exec(t, fmt.Sprintf("DROP USER '%s'@'%%'", user)) })
		p := newPoller(t, mysql.Info(), mysqlJob(db, map[string]any{"increColumn": "id", "username": user, "password": "poor"}))
		p.start()
		p.want("1 1", "2 2")
		p.want()
		p.driver.statements()
		p.want()
		if sql, asked := p.driver.statements(); len(sql) != 1 || asked != 0 {
			t.Errorf("an idle poll ran %q and asked %d times for transactions", sql, asked)
		}
		db.Exec(t, "INSERT INTO orders (n) VALUES (3)")
		p.want("3 3")
		if log := p.log.String(); strings.Count(log, "cannot be asked for") != 1 || !strings.Contains(log, "GRANT PROCESS") {
			t.Errorf("the log says %s", log)
		}
	})
}
