package servers

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-mysql-org/go-mysql/client"
	"github.com/google/uuid"
)

// SQLServer is a MySQL or MariaDB server.
type SQLServer struct{ *Server }

// KafkaServer is a one-node Kafka cluster.
type KafkaServer struct{ *Server }

// MySQL gives the MySQL 8 server that all packages share.
func MySQL(t testing.TB) SQLServer {
	t.Helper()
	return SQLServer{open(t, opShared, KindMySQL, nil)}
}

// MariaDB gives the MariaDB server that all packages share.
func MariaDB(t testing.TB) SQLServer {
	t.Helper()
	return SQLServer{open(t, opShared, KindMariaDB, nil)}
}

// Kafka gives the Kafka cluster that all packages share.
func Kafka(t testing.TB) KafkaServer {
	t.Helper()
	return KafkaServer{open(t, opShared, KindKafka, nil)}
}

// StartMySQL starts a MySQL server for t alone; it ends with t.
func StartMySQL(t testing.TB, opts ...Option) SQLServer {
	t.Helper()
	return SQLServer{open(t, opStart, KindMySQL, opts)}
}

// StartMariaDB starts a MariaDB server for t alone; it ends with t.
func StartMariaDB(t testing.TB, opts ...Option) SQLServer {
	t.Helper()
	return SQLServer{open(t, opStart, KindMariaDB, opts)}
}

// StartKafka starts a Kafka cluster for t alone; it ends with t.
func StartKafka(t testing.TB, opts ...Option) KafkaServer {
	t.Helper()
	return KafkaServer{open(t, opStart, KindKafka, opts)}
}

// DB creates an empty database with a name of its own and drops it at the end
// of the test.
func (s SQLServer) DB(t testing.TB) Database {
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
	return Database{Name: name, server: s}
}

// Database is a database of one test.
type Database struct {
	Name   string
	server SQLServer
}

// Addr is the server's host:port.
func (d Database) Addr() string { return d.server.Addr() }

// Server is where the database is.
func (d Database) Server() SQLServer { return d.server }

// URL is a JDBC URL of the database as FlinkX jobs write it.
func (d Database) URL() string {
	return fmt.Sprintf("jdbc:mysql://%s/%s?useSSL=false", d.server.Addr(), d.Name)
}

// Connect logs in as root; the connection is closed at the end of the test.
func (d Database) Connect(t testing.TB) *client.Conn {
	t.Helper()
	c, err := client.ConnectWithTimeout(d.server.Addr(), RootUser, RootPassword, d.Name, 10*time.Second)
	if err != nil {
		t.Fatalf("connecting to %s: %v", d.server.Addr(), err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// Exec runs statements one after another on a connection of their own, with
// utf8mb4 as the character set.
func (d Database) Exec(t testing.TB, statements ...string) {
	t.Helper()
	c := d.Connect(t)
	defer c.Close()
	if err := c.SetCharset("utf8mb4"); err != nil {
		t.Fatal(err)
	}
	for _, q := range statements {
		r, err := c.Execute(q)
		if err != nil {
			t.Fatalf("executing %.200q: %v", q, err)
		}
		r.Close()
	}
}

// Query runs one statement on a connection of its own and returns its rows as
// texts; NULL is nil.
func (d Database) Query(t testing.TB, statement string) [][]*string {
	t.Helper()
	c := d.Connect(t)
	defer c.Close()
	r, err := c.Execute(statement)
	if err != nil {
		t.Fatalf("executing %.200q: %v", statement, err)
	}
	defer r.Close()
	rows := make([][]*string, r.RowNumber())
	for i := range rows {
		rows[i] = make([]*string, r.ColumnNumber())
		for c := range rows[i] {
			if r.Values[i][c].Value() == nil {
				continue
			}
			text, err := r.GetString(i, c)
			if err != nil {
				t.Fatal(err)
			}
			text = strings.Clone(text) // the buffer is used again
			rows[i][c] = &text
		}
	}
	return rows
}

// Topic creates a topic with a name of its own and deletes it at the end of the
// test. Settings are "key=value".
func (s KafkaServer) Topic(t testing.TB, partitions int, settings ...string) string {
	t.Helper()
	name := fresh("t")
	if err := s.ask(request{Op: opCreate, Name: name, Partitions: partitions, Config: settings}); err != nil {
		t.Fatalf("creating a topic: %v", err)
	}
	t.Cleanup(func() {
		if err := s.ask(request{Op: opDrop, Name: name}); err != nil {
			t.Logf("deleting topic %s: %v", name, err)
		}
	})
	return name
}

// Allow lets a SASL user do these operations on a topic of a cluster with
// WithACL: "Write", "Describe", "Read" ...
func (s KafkaServer) Allow(t testing.TB, user, topic string, operations ...string) {
	t.Helper()
	if err := s.ask(request{Op: opAllow, User: user, Name: topic, Operations: operations}); err != nil {
		t.Fatalf("allowing %v on topic %s: %v", operations, topic, err)
	}
}

func fresh(prefix string) string {
	id := uuid.New()
	return fmt.Sprintf("%s_%x", prefix, id[:6])
}
