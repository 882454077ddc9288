package launcher_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/launcher"
)

// streamSource is a database whose log is followed from now on, and which sends
// transactions before they end once they are of some size.
func streamSource(t *testing.T, statements ...string) (db servers.PostgreSQLDatabase, slot string) {
	t.Helper()
	db = servers.PostgreSQL(t).DB(t)
	slot = db.Name + "_s"
	db.Exec(t, append(statements, "ALTER DATABASE "+db.Name+" SET logical_decoding_work_mem = '64kB'",
		"CREATE PUBLICATION followed FOR ALL TABLES", "SELECT pg_create_logical_replication_slot('"+slot+"', 'pgoutput')")...)
	t.Cleanup(func() {
		db.Exec(t, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '"+slot+"' AND active_pid IS NOT NULL")
		for *db.Query(t, "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = '"+slot+"'")[0][0] != "0" {
			if t.Context().Err() != nil && t.Failed() {
				return
			}
		}
		db.Exec(t, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '"+slot+"'")
	})
	return db, slot
}

// streamReader reads tables of a database from its log; more is further keys.
func streamReader(db servers.PostgreSQLDatabase, slot, tables, more string) string {
	return fmt.Sprintf(`{"name":"pgwalreader","parameter":{"username":%q,"password":%q,"url":%q,"slotName":%q,"publicationName":"followed","tableList":[%s],"cat":"insert,update,delete","ddlSkip":false,%s}}`,
		servers.RootUser, servers.RootPassword, db.URL(), slot, tables, more)
}

// killStreams kills a job again and again while transactions are made, and runs
// it then until the last one has arrived.
func killStreams(t *testing.T, reader, writer, name string, work func(n int), end func(), arrived func() bool) {
	t.Helper()
	text := fmt.Sprintf(`{"job":{"content":[{"reader":%s,"writer":%s}],"setting":{"speed":{"channel":1}}}}`, reader, writer)
	state := filepath.Join(t.TempDir(), "state")
	rnd := rand.New(rand.NewPCG(21, 22))
	worked := 0
	k := killing{test: "TestKilledCopyChild", state: state, env: []string{"DATASYNC_TEST_KILL_COPY=" + text, "DATASYNC_TEST_KILL_NAME=" + name, "DATASYNC_TEST_KILL_STATE=" + state},
		meanwhile: func() {
			for range 4 {
				work(worked)
				worked++
			}
		}}
	for n := range 9 {
		if !k.once(t, time.Duration(250+rnd.IntN(500)+20*n)*time.Millisecond) {
			t.Fatal("a job without an end has ended")
		}
	}
	end()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan *launcher.Result)
	go func() { ended <- runText(ctx, t, text, "killcopy.json", name, state, "30") }()
	for !arrived() {
		select {
		case r := <-ended:
			cancel()
			t.Fatalf("a job without an end has ended: %v", r.Err)
		default:
		}
	}
	cancel()
	<-ended
	if left, err := filepath.Glob(filepath.Join(state, "*", "reader", "*", "*")); err != nil || len(left) > 0 {
		t.Errorf("files of transactions are left: %v, %v", left, err)
	}
}

// ways of reading transactions.
var logWays = map[string]string{
	"whole": `"streaming":false`, "streamed": `"streaming":true`, "cut": `"maxTransactionRows":100`,
}

// TestKilledAmidSchemaChanges kills jobs whose source changes and empties a
// table between changes of its rows, in one transaction, with SIGKILL at random
// instants. Tables without keys show that each row is there once.
func TestKilledAmidSchemaChanges(t *testing.T) {
	for name, way := range logWays {
		t.Run(name, func(t *testing.T) {
			db, slot := streamSource(t, "CREATE TABLE a (id int)", "CREATE TABLE notes (n int, note text)", "CREATE TABLE large (n int, id int, t text)",
				"CREATE SCHEMA target", "CREATE TABLE target.a (LIKE a)", "CREATE TABLE target.notes (LIKE notes)", "CREATE TABLE target.large (LIKE large)")
			work := func(n int) {
				large := func(tag string) string {
					return fmt.Sprintf("INSERT INTO large SELECT %d, g, '%s' || md5(g::text) FROM generate_series(1, 700) g", n, tag)
				}
				db.Exec(t, strings.Join([]string{"BEGIN", fmt.Sprintf("INSERT INTO a (id) VALUES (%d)", n), fmt.Sprintf("INSERT INTO notes VALUES (%d, 'before')", n), large("x"),
					fmt.Sprintf("ALTER TABLE a ADD COLUMN c%d int", n), fmt.Sprintf("INSERT INTO a (id, c%[1]d) VALUES (%[1]d, 1)", n), fmt.Sprintf("INSERT INTO notes VALUES (%d, 'between')", n),
					"SAVEPOINT s", large("gone"), "ROLLBACK TO s", "TRUNCATE a", fmt.Sprintf("INSERT INTO a (id, c%[1]d) VALUES (%[1]d, 2)", n), large("y"),
					fmt.Sprintf("INSERT INTO notes VALUES (%d, 'after')", n), "COMMIT"}, "; "))
			}
			writer := fmt.Sprintf(`{"name":"postgresqlwriter","parameter":{"username":%q,"password":%q,"connection":[{"jdbcUrl":%q,"schema":"target","table":["*"]}],"column":["*"],"schemaChange":"evolve"}}`,
				servers.RootUser, servers.RootPassword, db.URL())
			killStreams(t, streamReader(db, slot, `"public.a","public.notes","public.large"`, way), writer, slot, work,
				func() { db.Exec(t, "INSERT INTO notes VALUES (-1, 'the end')") },
				func() bool { return len(db.Query(t, "SELECT 1 FROM target.notes WHERE note = 'the end'")) > 0 })
			for _, table := range []string{"a", "notes", "large"} {
				r := db.Query(t, fmt.Sprintf("SELECT (SELECT count(*) FROM (SELECT * FROM %[1]s EXCEPT ALL SELECT * FROM target.%[1]s) x), (SELECT count(*) FROM (SELECT * FROM target.%[1]s EXCEPT ALL SELECT * FROM %[1]s) x), (SELECT count(*) FROM %[1]s)", table))
				t.Logf("table %s: %s rows", table, *r[0][2])
				if *r[0][0] != "0" || *r[0][1] != "0" {
					t.Errorf("table %s: %s rows are missing, %s are too many", table, *r[0][0], *r[0][1])
				}
			}
		})
	}
}

// TestKilledStreamsIntoKafka kills jobs while large transactions at once, with
// parts that are rolled back, go into a topic: every change fits the rows before
// it, and what they come to is what the source is.
func TestKilledStreamsIntoKafka(t *testing.T) {
	db, slot := streamSource(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int, doc text)", "CREATE TABLE b (name text PRIMARY KEY, n int, doc text)")
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 2)
	one, other := db.Connect(t), db.Connect(t)
	rnd := rand.New(rand.NewPCG(5, 6))
	work := func(n int) {
		base := n * 1000
		for _, sql := range []struct {
			first bool
			text  string
		}{
			{true, fmt.Sprintf("BEGIN; INSERT INTO a SELECT g, %d, md5(g::text) FROM generate_series(%d, %d) g", n, base, base+799)},
			{false, fmt.Sprintf("BEGIN; INSERT INTO b SELECT 'k' || g, %d, md5(g::text) FROM generate_series(%d, %d) g", n, base, base+799)},
			{true, fmt.Sprintf("SAVEPOINT s; UPDATE a SET n = -1 WHERE id >= %d; DELETE FROM a WHERE id %% 7 = 0; ROLLBACK TO s; UPDATE a SET doc = NULL WHERE id >= %d AND id %% 5 = %d", base, base, rnd.IntN(5))},
			{false, fmt.Sprintf("UPDATE b SET n = n + 1 WHERE n >= %d; SAVEPOINT s; DELETE FROM b WHERE n < %d; %s", n-2, n-5, []string{"ROLLBACK TO s", "RELEASE s"}[rnd.IntN(2)])},
			{true, []string{"COMMIT", "COMMIT", "ROLLBACK"}[rnd.IntN(3)]},
			{false, []string{"COMMIT", "COMMIT", "ROLLBACK"}[rnd.IntN(3)]},
		} {
			c := other
			if sql.first {
				c = one
			}
			if _, err := c.Exec(context.Background(), sql.text).ReadAll(); err != nil {
				t.Fatalf("%s: %v", sql.text, err)
			}
		}
	}
	writer := fmt.Sprintf(`{"name":"kafkawriter","parameter":{"topic":%q,"format":"debezium-json","semantic":"exactly-once","partitionStrategy":"hash-by-key","producerSettings":{"bootstrap.servers":%q}}}`, topic, kafka.Addr())
	killStreams(t, streamReader(db, slot, `"public.a","public.b"`, logWays["streamed"]), writer, slot, work,
		func() { db.Exec(t, "INSERT INTO b VALUES ('the end', 0, NULL)") },
		func() bool {
			_, there := replayed(t, topics.Read(t, kafka.Addr(), topic))["b the end"]
			return there
		})
	rows := replayed(t, topics.ReadEnded(t, kafka.Addr(), topic))
	want := db.Query(t, "SELECT 'a ' || id, n || ' ' || coalesce(doc, 'NULL') FROM a UNION ALL SELECT 'b ' || name, n || ' ' || coalesce(doc, 'NULL') FROM b")
	wrong := 0
	for _, r := range want {
		if rows[*r[0]] != *r[1] {
			wrong++
		}
	}
	if wrong > 0 || len(rows) != len(want) {
		t.Errorf("%d of %d rows are missing or differ, %d came out of the topic", wrong, len(want), len(rows))
	}
	if n := *db.Query(t, "SELECT stream_txns > 0 FROM pg_stat_replication_slots WHERE slot_name = '"+slot+"'")[0][0]; n != "t" {
		t.Error("no transaction was streamed")
	}
}
