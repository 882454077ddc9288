package launcher_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
	"github.com/datasync-io/datasync/launcher"
)

const killCopyRows = 60_000

// killCopyReader copies two tables and goes on with their log.
func killCopyReader(url, slot string) string {
	return fmt.Sprintf(`{"name":"pgwalreader","parameter":{"username":%q,"password":%q,"url":%q,"slotName":%q,"allowCreateSlot":true,"tableList":["public.a","public.b"],"cat":"insert,update,delete","start":{"mode":"initial"}}}`,
		servers.RootUser, servers.RootPassword, url, slot)
}

// killCopyJob is slow enough to be killed while it copies.
func killCopyJob(reader, writer string) string {
	return fmt.Sprintf(`{"job":{"content":[{"reader":%s,"writer":%s}],"setting":{"speed":{"channel":2,"record":40000}}}}`, reader, writer)
}

// copySource is a database with two tables that change.
func copySource(t *testing.T) (db servers.PostgreSQLDatabase, slot string) {
	t.Helper()
	db = servers.PostgreSQL(t).DB(t)
	slot = db.Name + "_s"
	db.Exec(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int, doc text)", "CREATE TABLE b (name text PRIMARY KEY, n int, doc text)",
		fmt.Sprintf("INSERT INTO a SELECT g, g, md5(g::text) FROM generate_series(1, %d) g", killCopyRows),
		"INSERT INTO b SELECT 'k' || g, g, md5(g::text) FROM generate_series(1, 5000) g")
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

// executor is a database that runs statements in one session.
type executor interface {
	Exec(t testing.TB, statements ...string)
}

// changeCopied runs a few transactions at random.
func changeCopied(t *testing.T, db executor, rnd *rand.Rand, transactions int) {
	t.Helper()
	insert, end := "INSERT", " ON CONFLICT DO NOTHING"
	if _, mysql := db.(servers.Database); mysql {
		insert, end = "INSERT IGNORE", ""
	}
	for range transactions {
		sql := []string{"BEGIN"}
		for range 1 + rnd.IntN(4) {
			k, v := rnd.IntN(killCopyRows*11/10), rnd.IntN(1_000_000)
			sql = append(sql, []string{
				fmt.Sprintf("%s INTO a VALUES (%d, %d, 'new')%s", insert, k, v, end), fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", v, k),
				fmt.Sprintf("UPDATE a SET id = id + 1000000, n = %d WHERE id = %d", v, k), fmt.Sprintf("DELETE FROM a WHERE id BETWEEN %d AND %d", k, k+3),
				fmt.Sprintf("%s INTO b VALUES ('k%d', %d, NULL)%s", insert, k%6000, v, end), fmt.Sprintf("UPDATE b SET n = %d WHERE name = 'k%d'", v, k%6000),
				fmt.Sprintf("DELETE FROM b WHERE name = 'k%d'", k%6000),
			}[rnd.IntN(7)])
		}
		db.Exec(t, append(sql, []string{"COMMIT", "COMMIT", "COMMIT", "ROLLBACK"}[rnd.IntN(4)])...)
	}
}

// killCopies kills a job again and again while its tables change, and runs it
// then until the last change has arrived.
func killCopies(t *testing.T, db executor, text, name string, arrived func() bool) {
	t.Helper()
	state := filepath.Join(t.TempDir(), "state")
	rnd := rand.New(rand.NewPCG(11, 12))
	k := killing{test: "TestKilledCopyChild", state: state, env: []string{"DATASYNC_TEST_KILL_COPY=" + text, "DATASYNC_TEST_KILL_NAME=" + name, "DATASYNC_TEST_KILL_STATE=" + state},
		meanwhile: func() { changeCopied(t, db, rnd, 40) }}
	copying, following := 0, 0
	for n := 0; following < 5; n++ {
		if n > 60 {
			t.Fatalf("%d kills, and the copy is not done", n)
		}
		if !k.once(t, time.Duration(300+rnd.IntN(400)+60*n)*time.Millisecond) {
			t.Fatal("a job without an end has ended")
		}
		c, err := checkpoint.NewFileStore(state).Load(t.Context(), name+"-0")
		switch {
		case err != nil:
			t.Fatal(err)
		case c == nil:
		case c.Plan[len(c.Plan)-1].Split.Endless:
			following++
		case slices.ContainsFunc(c.Plan, func(p plugin.Progress) bool { return p.Done || p.Position != nil }):
			copying++
		}
	}
	t.Logf("killed %d times amid the copy, %d times in the log", copying, following)
	db.Exec(t, "INSERT INTO b VALUES ('the end', 0, NULL)")
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
}

// TestKilledCopies kills jobs that copy tables and go on with their log, with
// SIGKILL at random instants: the target is what the source is, and in a topic
// every change fits the rows before it.
func TestKilledCopies(t *testing.T) {
	t.Run("postgresql", func(t *testing.T) {
		db, slot := copySource(t)
		db.Exec(t, "CREATE SCHEMA target", "CREATE TABLE target.a (LIKE a INCLUDING ALL)", "CREATE TABLE target.b (LIKE b INCLUDING ALL)")
		writer := fmt.Sprintf(`{"name":"postgresqlwriter","parameter":{"username":%q,"password":%q,"connection":[{"jdbcUrl":%q,"schema":"target","table":["*"]}],"column":["*"],"mode":"update"}}`,
			servers.RootUser, servers.RootPassword, db.URL())
		killCopies(t, db, killCopyJob(killCopyReader(db.URL(), slot), writer), slot, func() bool {
			return len(db.Query(t, "SELECT 1 FROM target.b WHERE name = 'the end'")) > 0
		})
		for _, table := range []string{"a", "b"} {
			r := db.Query(t, fmt.Sprintf("SELECT count(*), (SELECT count(*) FROM %[1]s) FROM (SELECT * FROM %[1]s EXCEPT SELECT * FROM target.%[1]s) d", table))
			n := *db.Query(t, "SELECT count(*) FROM target."+table)[0][0]
			if *r[0][0] != "0" || n != *r[0][1] {
				t.Errorf("table %s: %s rows of the source are missing or differ, the target has %s rows, the source %s", table, *r[0][0], n, *r[0][1])
			}
		}
	})
	t.Run("postgresql to kafka", func(t *testing.T) {
		db, slot := copySource(t)
		killedIntoKafka(t, db, killCopyReader(db.URL(), slot), slot, func() [][]*string {
			return db.Query(t, "SELECT 'a', id::text, n, doc FROM a UNION ALL SELECT 'b', name, n, doc FROM b")
		})
	})
	t.Run("mysql to kafka", func(t *testing.T) {
		db := servers.MySQL(t).DB(t)
		db.Exec(t, "CREATE TABLE a (id BIGINT PRIMARY KEY, n INT, doc VARCHAR(50))", "CREATE TABLE b (name VARCHAR(30) PRIMARY KEY, n INT, doc VARCHAR(50))",
			"SET SESSION cte_max_recursion_depth = 1000000", fmt.Sprintf("INSERT INTO a WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < %d) SELECT i, i, MD5(i) FROM g", killCopyRows),
			"INSERT INTO b SELECT CONCAT('k', id), id, doc FROM a WHERE id <= 5000")
		reader := fmt.Sprintf(`{"name":"binlogreader","parameter":{"username":%q,"password":%q,"jdbcUrl":%q,"table":["a","b"],"cat":"insert,update,delete","start":{"mode":"initial"}}}`,
			servers.RootUser, servers.RootPassword, db.URL())
		killedIntoKafka(t, db, reader, db.Name, func() [][]*string {
			return db.Query(t, "SELECT 'a', CAST(id AS CHAR), n, doc FROM a UNION ALL SELECT 'b', name, n, doc FROM b")
		})
	})
}

// killedIntoKafka compares what a topic comes to with the rows of the source: a
// table's name, the key, and two columns.
func killedIntoKafka(t *testing.T, db executor, reader, name string, source func() [][]*string) {
	t.Helper()
	kafka := servers.Kafka(t)
	topic := kafka.Topic(t, 2)
	writer := fmt.Sprintf(`{"name":"kafkawriter","parameter":{"topic":%q,"format":"debezium-json","semantic":"exactly-once","partitionStrategy":"hash-by-key","producerSettings":{"bootstrap.servers":%q}}}`, topic, kafka.Addr())
	killCopies(t, db, killCopyJob(reader, writer), name, func() bool {
		_, there := replayed(t, topics.Read(t, kafka.Addr(), topic))["b the end"]
		return there
	})
	// While the job ran the partitions were read one after the other: what was
	// committed in between may have been missed in those before.
	rows := replayed(t, topics.ReadEnded(t, kafka.Addr(), topic))
	want := map[string]string{}
	for _, r := range source() {
		want[*r[0]+" "+*r[1]] = *r[2] + " " + orNull(r[3])
	}
	wrong := 0
	for key, row := range want {
		if rows[key] != row {
			wrong++
		}
	}
	if wrong > 0 || len(rows) != len(want) {
		t.Errorf("%d of %d rows are missing or differ, %d came out of the topic", wrong, len(want), len(rows))
	}
}

func orNull(s *string) string {
	if s == nil {
		return "NULL"
	}
	return *s
}

// replayed applies the messages of a topic one by one. A row that is there
// already, or a change of one that is not, is a failure.
func replayed(t *testing.T, messages [][]*sarama.ConsumerMessage) map[string]string {
	t.Helper()
	type row struct {
		ID   *json.Number
		Name *string
		N    json.Number
		Doc  *string
	}
	key := func(table string, r *row) string {
		if r.ID != nil {
			return table + " " + r.ID.String()
		}
		return table + " " + *r.Name
	}
	rows := map[string]string{}
	for _, partition := range messages {
		for _, m := range partition {
			var c struct {
				Op            string
				Before, After *row
				Source        struct{ Table string }
			}
			if err := json.Unmarshal(m.Value, &c); err != nil {
				t.Fatalf("reading %s: %v", m.Value, err)
			}
			one := c.After
			if c.Op == "d" {
				one = c.Before
			}
			k := key(c.Source.Table, one)
			_, there := rows[k]
			if inserts := c.Op == "c" || c.Op == "r"; inserts == there {
				t.Fatalf("offset %d of partition %d: %s, and the row is there: %t", m.Offset, m.Partition, m.Value, there)
			}
			if delete(rows, k); c.Op != "d" {
				rows[k] = one.N.String() + " " + orNull(one.Doc)
			}
		}
	}
	return rows
}

func TestKilledCopyChild(t *testing.T) {
	text := os.Getenv("DATASYNC_TEST_KILL_COPY")
	if text == "" {
		return // the child's part
	}
	r := runText(t.Context(), t, text, "killcopy.json", os.Getenv("DATASYNC_TEST_KILL_NAME"), os.Getenv("DATASYNC_TEST_KILL_STATE"), "30")
	t.Fatal(r.Err)
}
