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

// scenarios are all there are. Those that are long show little in a short round
// that the others do not.
var scenarios = []struct {
	name string
	long bool
	run  func(t *testing.T)
}{
	{"PostgreSQL", false, fromWAL},
	{"MySQL", false, func(t *testing.T) { fromBinlog(t, servers.StartMySQL) }},
	{"MariaDB", false, func(t *testing.T) { fromBinlog(t, servers.StartMariaDB) }},
	// Tables are copied that are written to meanwhile, and three channels write.
	{"MySQLInitial", false, func(t *testing.T) { initial(t, servers.StartMySQL) }},
	{"MariaDBInitial", true, func(t *testing.T) { initial(t, servers.StartMariaDB) }},
	{"PostgreSQLInitial", false, initialWAL},
	// Into a topic there are changes of rows without a key, and no changes of tables.
	{"PostgreSQLToKafka", false, func(t *testing.T) { walToKafka(t, "", newTopic(t, debezium)) }},
	{"MySQLToKafka", false, func(t *testing.T) { toKafka(t, servers.StartMySQL, "", newTopic(t, debezium)) }},
	{"MariaDBToKafka", false, func(t *testing.T) { toKafka(t, servers.StartMariaDB, "", newTopic(t, debezium)) }},
	{"MariaDBToCanal", true, func(t *testing.T) { toKafka(t, servers.StartMariaDB, "", newTopic(t, canal)) }},
	{"MySQLInitialToKafka", true, func(t *testing.T) { toKafka(t, servers.StartMySQL, "initial", newTopic(t, debezium)) }},
	// A broker is killed and cut off as well.
	{"MySQLToBroker", false, func(t *testing.T) { toKafka(t, servers.StartMySQL, "", newBroker(t, canal)) }},
	{"MariaDBInitialToBroker", true, func(t *testing.T) { toKafka(t, servers.StartMariaDB, "initial", newBroker(t, debezium)) }},
	{"PostgreSQLInitialToBroker", true, func(t *testing.T) { walToKafka(t, "initial", newBroker(t, debezium)) }},
}

// TestTorture runs the scenarios; without -for, those that are not long.
func TestTorture(t *testing.T) {
	chosen := 0
	for _, s := range scenarios {
		if s.long && *span == 0 {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			chosen++
			s.run(t)
		})
	}
	if chosen == 0 {
		t.Error("no scenario is of this name, or it is one that needs -for")
	}
}

func fromWAL(t *testing.T) {
	source := postgresqlDB(t)
	torment(t, scenario{
		source: source, reader: pgwal(source), rotate: "SELECT pg_switch_wal()",
		truncate: true, evolve: true,
		targets: databases(t),
	})
}

// databases are the targets of the scenarios that write to databases.
func databases(t *testing.T) []target {
	t.Helper()
	return []target{
		&databaseTarget{postgresqlDB(t), "postgresql"},
		&databaseTarget{mysqlDB(t, servers.StartMySQL), "mysql"},
	}
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

func fromBinlog(t *testing.T, start func(testing.TB, ...servers.Option) servers.SQLServer) {
	t.Helper()
	source := mysqlDB(t, start)
	torment(t, scenario{
		source: source, reader: binlog(source), rotate: "FLUSH BINARY LOGS",
		truncate: true, evolve: true, xa: true,
		targets: databases(t),
	})
}

func initial(t *testing.T, start func(testing.TB, ...servers.Option) servers.SQLServer) {
	t.Helper()
	source := mysqlDB(t, start)
	torment(t, scenario{
		source: source, reader: binlog(source), rotate: "FLUSH BINARY LOGS", mode: "initial", sinks: 3, xa: true,
		targets: databases(t),
	})
}

func initialWAL(t *testing.T) {
	source := postgresqlDB(t)
	torment(t, scenario{
		source: source, reader: pgwal(source), rotate: "SELECT pg_switch_wal()", mode: "initial", sinks: 3,
		targets: databases(t),
	})
}

// sinksOf are the channels of a scenario into a topic.
func sinksOf(mode string) int {
	if mode == "" {
		return 1
	}
	return 3
}

func walToKafka(t *testing.T, mode string, to *topicTarget) {
	t.Helper()
	source := postgresqlDB(t)
	torment(t, scenario{
		source: source, reader: pgwal(source), rotate: "SELECT pg_switch_wal()", mode: mode, sinks: sinksOf(mode),
		keyless: true, targets: []target{to},
	})
}

func toKafka(t *testing.T, start func(testing.TB, ...servers.Option) servers.SQLServer, mode string, to *topicTarget) {
	t.Helper()
	source := mysqlDB(t, start)
	torment(t, scenario{
		source: source, reader: binlog(source), rotate: "FLUSH BINARY LOGS", mode: mode, sinks: sinksOf(mode),
		broken: true, keyless: true, xa: true, targets: []target{to},
	})
}
