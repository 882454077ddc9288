package servers

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// PostgreSQLServer is a PostgreSQL server.
type PostgreSQLServer struct{ *Server }

// PostgreSQL gives the PostgreSQL server that all packages share.
func PostgreSQL(t testing.TB) PostgreSQLServer {
	t.Helper()
	return PostgreSQLServer{open(t, opShared, KindPostgreSQL, nil)}
}

// StartPostgreSQL starts a PostgreSQL server for t alone; it ends with t.
func StartPostgreSQL(t testing.TB, opts ...Option) PostgreSQLServer {
	t.Helper()
	return PostgreSQLServer{open(t, opStart, KindPostgreSQL, opts)}
}

// DB creates an empty database with a name of its own and drops it at the end
// of the test, with all connections to it.
func (s PostgreSQLServer) DB(t testing.TB) PostgreSQLDatabase {
	t.Helper()
	name := fresh("t")
	if err := s.ask(request{Op: opCreate, Name: name}); err != nil {
		t.Fatalf("creating a database: %v", err)
	}
	t.Cleanup(func() {
		// A test may end while its server is down; the data goes with a private one.
		if err := s.ask(request{Op: opDrop, Name: name}); err != nil {
			t.Logf("dropping database %s: %v", name, err)
		}
	})
	return PostgreSQLDatabase{Name: name, server: s}
}

// PostgreSQLDatabase is a database of one test.
type PostgreSQLDatabase struct {
	Name   string
	server PostgreSQLServer
}

// Addr is the server's host:port.
func (d PostgreSQLDatabase) Addr() string { return d.server.Addr() }

// Server is where the database is.
func (d PostgreSQLDatabase) Server() PostgreSQLServer { return d.server }

// URL is a JDBC URL of the database as FlinkX jobs write it.
func (d PostgreSQLDatabase) URL() string {
	return fmt.Sprintf("jdbc:postgresql://%s/%s?sslmode=disable", d.server.Addr(), d.Name)
}

// Connect logs in as the superuser; the connection is closed at the end of the
// test and holds no goroutine.
func (d PostgreSQLDatabase) Connect(t testing.TB) *pgconn.PgConn {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := pgconn.Connect(ctx, postgresqlDSN(d.server.Addr(), d.Name))
	if err != nil {
		t.Fatalf("connecting to %s: %v", d.server.Addr(), err)
	}
	t.Cleanup(func() { _ = c.Close(context.Background()) })
	return c
}

// Exec runs statements one after another on a connection of their own.
func (d PostgreSQLDatabase) Exec(t testing.TB, statements ...string) {
	t.Helper()
	c := d.Connect(t)
	defer c.Close(context.Background())
	for _, q := range statements {
		if _, err := c.Exec(context.Background(), q).ReadAll(); err != nil {
			t.Fatalf("executing %.200q: %v", q, err)
		}
	}
}

// Query runs one statement on a connection of its own and returns its rows as
// PostgreSQL prints the values; NULL is nil.
func (d PostgreSQLDatabase) Query(t testing.TB, statement string) [][]*string {
	t.Helper()
	c := d.Connect(t)
	defer c.Close(context.Background())
	results, err := c.Exec(context.Background(), statement).ReadAll()
	if err != nil {
		t.Fatalf("executing %.200q: %v", statement, err)
	}
	var rows [][]*string
	for _, r := range results {
		for _, values := range r.Rows {
			row := make([]*string, len(values))
			for i, v := range values {
				if v != nil {
					s := string(v)
					row[i] = &s
				}
			}
			rows = append(rows, row)
		}
	}
	return rows
}
