package servers_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// postgresLogin connects with a DSN in keyword form and asks for one row.
func postgresLogin(addr, dsn string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	host, port, _ := strings.Cut(addr, ":")
	c, err := pgconn.Connect(ctx, fmt.Sprintf("host=%s port=%s dbname=postgres %s", host, port, dsn))
	if err != nil {
		return err
	}
	_, err = c.Exec(ctx, "SELECT 1").ReadAll()
	if cerr := c.Close(ctx); err == nil {
		err = cerr
	}
	return err
}

const postgresRoot = "user=" + servers.RootUser + " password=" + servers.RootPassword + " sslmode=disable"

func TestSharedPostgreSQL(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE a (id int PRIMARY KEY, s varchar(20))", "INSERT INTO a VALUES (1, 'é'), (2, '😀')")
	rows := db.Query(t, "SELECT count(*), max(length(s)), NULL FROM a")
	if len(rows) != 1 || *rows[0][0] != "2" || *rows[0][1] != "1" || rows[0][2] != nil {
		t.Errorf("read %v", rows)
	}
	for setting, want := range map[string]string{"wal_level": "logical", "fsync": "on", "server_encoding": "UTF8", "TimeZone": "UTC"} {
		if got := *db.Query(t, "SHOW "+setting)[0][0]; got != want {
			t.Errorf("%s is %s, want %s", setting, got, want)
		}
	}
}

func TestPostgreSQLAccountsAndTLS(t *testing.T) {
	s := servers.PostgreSQL(t)
	verified := " sslmode=verify-full sslrootcert=" + s.CAFile()
	certificate := " sslcert=" + s.Info().CertFile + " sslkey=" + s.Info().KeyFile
	for name, dsn := range map[string]string{
		"root":        postgresRoot,
		"native":      "user=" + servers.NativeUser + " password=" + servers.NativePassword + " sslmode=disable",
		"tls":         "user=" + servers.NativeUser + " password=" + servers.NativePassword + verified,
		"certificate": "user=" + servers.ClientUser + verified + certificate,
		"client":      "user=" + servers.ClientUser + " password=" + servers.ClientPassword + " sslmode=disable",
	} {
		if err := postgresLogin(s.Addr(), dsn); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, dsn := range map[string]string{
		"no password":    "user=" + servers.RootUser + " sslmode=disable",
		"no certificate": "user=" + servers.ClientUser + " password=" + servers.ClientPassword + verified,
	} {
		if err := postgresLogin(s.Addr(), dsn); err == nil {
			t.Errorf("%s: is let in", name)
		}
	}
}

// The server's children have process groups of their own: a kill must reach
// them too, even the one that computes and looks at nothing else.
func TestKilledPostgreSQLComesBack(t *testing.T) {
	t.Parallel()
	s := servers.StartPostgreSQL(t, servers.WithProxy(), servers.WithConfig("max_connections=77"))
	db := s.DB(t)
	db.Exec(t, "CREATE TABLE a (id int PRIMARY KEY)", "INSERT INTO a VALUES (1), (2)")
	busy := db.Connect(t)
	ended := make(chan error, 1)
	go func() {
		_, err := busy.Exec(context.Background(), "SELECT count(*) FROM generate_series(1, 1e12::int8)").ReadAll()
		ended <- err
	}()
	await(t, "the long query runs", func() bool {
		return *db.Query(t, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%1e12%' AND state = 'active' AND pid <> pg_backend_pid()")[0][0] == "1"
	})
	s.Kill()
	if err := <-ended; err == nil {
		t.Error("a query of a killed server ended well")
	}
	if err := postgresLogin(s.Addr(), postgresRoot); err == nil {
		t.Error("a killed server answers")
	}
	s.Restart()
	row := db.Query(t, "SELECT count(*), current_setting('max_connections') FROM a")[0]
	if *row[0] != "2" || *row[1] != "77" {
		t.Errorf("after the kill: %s rows and max_connections %s, want 2 and 77", *row[0], *row[1])
	}
	idle := db.Connect(t)
	s.Stop() // does not wait for clients
	if _, err := idle.Exec(context.Background(), "SELECT 1").ReadAll(); err == nil {
		t.Error("a stopped server answers")
	}
	s.Restart()
	if err := postgresLogin(s.ProxyAddr(), postgresRoot); err != nil {
		t.Error(err)
	}
	s.Cut()
	if err := postgresLogin(s.ProxyAddr(), postgresRoot); err == nil {
		t.Error("a cut server answers")
	}
	s.Restore()
	if err := postgresLogin(s.ProxyAddr(), postgresRoot); err != nil {
		t.Errorf("after Restore: %v", err)
	}
}

func TestBenchPostgreSQL(t *testing.T) {
	t.Parallel()
	db := servers.StartPostgreSQL(t, servers.WithBench()).DB(t)
	row := db.Query(t, "SELECT current_setting('shared_buffers'), current_setting('synchronous_commit')")[0]
	if *row[0] != "1GB" || *row[1] != "off" {
		t.Errorf("shared_buffers is %s, synchronous_commit %s", *row[0], *row[1])
	}
}
