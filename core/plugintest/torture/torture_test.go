package torture

import (
	"crypto/rand"
	encoding "encoding/binary"
	"flag"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

var (
	seed   = flag.Uint64("seed", 1, "of all choices; 0 takes another one each time")
	span   = flag.Duration("for", 0, "go on for so long, with larger rounds; 0 is one short round")
	logs   = flag.String("logs", "", "a folder that is there, for all that the jobs say")
	binary = flag.String("binary", "", "the datasync to run, as an absolute path; this test's own if it is empty")
)

// torment runs rounds of a scenario as the flags say.
func torment(t *testing.T, s scenario) {
	t.Helper()
	s.load = load{transactions: 60, troubles: 8, large: 2500, copied: 1500, brief: true}
	if *span > 0 {
		s.load = load{transactions: 400, troubles: 30, large: 6000, copied: 20_000}
	}
	chosen := *seed
	if chosen == 0 {
		var b [8]byte
		rand.Read(b[:])
		chosen = encoding.LittleEndian.Uint64(b[:])
	}
	t.Logf("seed %d", chosen)
	begun := time.Now()
	x := s.start(t, chosen)
	for n := 0; ; n++ {
		x.round(n)
		if time.Since(begun) >= *span {
			break
		}
		x.resume()
	}
	if *span > 0 || testing.Verbose() {
		x.events.tell(t)
	}
}

// postgresqlDB is a database of a PostgreSQL server of its own.
func postgresqlDB(t *testing.T) *database {
	t.Helper()
	s := servers.StartPostgreSQL(t, servers.WithProxy())
	return &database{product: postgresql, name: s.DB(t).Name, server: s.Server, gate: newGate()}
}

// mysqlDB is a database of a server of MySQL or MariaDB that is the test's own.
func mysqlDB(t *testing.T, start func(testing.TB, ...servers.Option) servers.SQLServer) *database {
	t.Helper()
	s := start(t, servers.WithProxy())
	return &database{product: mysql, name: s.DB(t).Name, server: s.Server, gate: newGate()}
}

// pgwal is the reader of the jobs that follow PostgreSQL.
func pgwal(source *database) func(tables []*table) map[string]any {
	return func(tables []*table) map[string]any {
		var names []string
		for _, t := range tables {
			names = append(names, "public."+t.name)
		}
		return map[string]any{"name": "pgwalreader", "parameter": map[string]any{
			"username": servers.RootUser, "password": servers.RootPassword, "url": source.url(),
			"tableList": names, "cat": "insert,update,delete", "ddlSkip": false,
		}}
	}
}

func TestPostgreSQL(t *testing.T) {
	source := postgresqlDB(t)
	torment(t, scenario{
		source: source, reader: pgwal(source), rotate: "SELECT pg_switch_wal()",
		truncate: true, evolve: true,
		targets: []target{
			&databaseTarget{postgresqlDB(t), "postgresql"},
			&databaseTarget{mysqlDB(t, servers.StartMySQL), "mysql"},
		},
	})
}

// binlog is the reader of the jobs that follow MySQL and MariaDB.
func binlog(source *database) func([]*table) map[string]any {
	return func([]*table) map[string]any {
		return map[string]any{"name": "binlogreader", "parameter": map[string]any{
			"username": servers.RootUser, "password": servers.RootPassword, "jdbcUrl": source.url(),
			"filter": source.name + `\..*`, "cat": "insert,update,delete", "ddlSkip": false,
		}}
	}
}

func TestMySQL(t *testing.T) { fromBinlog(t, servers.StartMySQL) }

func TestMariaDB(t *testing.T) { fromBinlog(t, servers.StartMariaDB) }

func fromBinlog(t *testing.T, start func(testing.TB, ...servers.Option) servers.SQLServer) {
	t.Helper()
	source := mysqlDB(t, start)
	torment(t, scenario{
		source: source, reader: binlog(source), rotate: "FLUSH BINARY LOGS",
		truncate: true, evolve: true, xa: true,
		targets: []target{
			&databaseTarget{postgresqlDB(t), "postgresql"},
			&databaseTarget{mysqlDB(t, servers.StartMySQL), "mysql"},
		},
	})
}

// TestMySQLInitial copies tables that are written to meanwhile, and writes on
// three channels.
func TestMySQLInitial(t *testing.T) { initial(t, servers.StartMySQL) }

func TestMariaDBInitial(t *testing.T) {
	onlyFor(t)
	initial(t, servers.StartMariaDB)
}

func initial(t *testing.T, start func(testing.TB, ...servers.Option) servers.SQLServer) {
	t.Helper()
	source := mysqlDB(t, start)
	torment(t, scenario{
		source: source, reader: binlog(source), rotate: "FLUSH BINARY LOGS", mode: "initial", sinks: 3, xa: true,
		targets: []target{
			&databaseTarget{postgresqlDB(t), "postgresql"},
			&databaseTarget{mysqlDB(t, servers.StartMySQL), "mysql"},
		},
	})
}

func TestPostgreSQLInitial(t *testing.T) {
	source := postgresqlDB(t)
	torment(t, scenario{
		source: source, reader: pgwal(source), rotate: "SELECT pg_switch_wal()", mode: "initial", sinks: 3,
		targets: []target{
			&databaseTarget{postgresqlDB(t), "postgresql"},
			&databaseTarget{mysqlDB(t, servers.StartMySQL), "mysql"},
		},
	})
}

// Into a topic there are changes of rows without a key, and no changes of tables.

func TestPostgreSQLToKafka(t *testing.T) {
	source := postgresqlDB(t)
	torment(t, scenario{
		source: source, reader: pgwal(source), rotate: "SELECT pg_switch_wal()", keyless: true,
		targets: []target{newTopic(t, debezium)},
	})
}

func TestMySQLToKafka(t *testing.T) { toKafka(t, servers.StartMySQL, "", newTopic(t, debezium)) }

func TestMariaDBToKafka(t *testing.T) { toKafka(t, servers.StartMariaDB, "", newTopic(t, debezium)) }

// TestMySQLToBroker writes to a broker that is killed and cut off as well.
func TestMySQLToBroker(t *testing.T) { toKafka(t, servers.StartMySQL, "", newBroker(t, canal)) }

func TestMariaDBToCanal(t *testing.T) {
	onlyFor(t)
	toKafka(t, servers.StartMariaDB, "", newTopic(t, canal))
}

func TestMySQLInitialToKafka(t *testing.T) {
	onlyFor(t)
	toKafka(t, servers.StartMySQL, "initial", newTopic(t, debezium))
}

func TestMariaDBInitialToBroker(t *testing.T) {
	onlyFor(t)
	toKafka(t, servers.StartMariaDB, "initial", newBroker(t, debezium))
}

func TestPostgreSQLInitialToBroker(t *testing.T) {
	onlyFor(t)
	source := postgresqlDB(t)
	torment(t, scenario{
		source: source, reader: pgwal(source), rotate: "SELECT pg_switch_wal()", mode: "initial", sinks: 3, keyless: true,
		targets: []target{newBroker(t, debezium)},
	})
}

// onlyFor leaves out of a short run what others show for the most part.
func onlyFor(t *testing.T) {
	t.Helper()
	if *span == 0 {
		t.Skip("left out: only with -for")
	}
}

func toKafka(t *testing.T, start func(testing.TB, ...servers.Option) servers.SQLServer, mode string, to *topicTarget) {
	t.Helper()
	source := mysqlDB(t, start)
	x := scenario{source: source, reader: binlog(source), rotate: "FLUSH BINARY LOGS", mode: mode, broken: true, keyless: true, xa: true, targets: []target{to}}
	if mode != "" {
		x.sinks = 3
	}
	torment(t, x)
}
