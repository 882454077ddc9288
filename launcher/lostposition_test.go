package launcher_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

const lostRows = 40_000

// logSource is a database whose log a job follows, and how it loses it.
type logSource struct {
	target
	reader string // what a job file says
	slot   string
	cut    func(t *testing.T) // ends the session that the log is read by
	lose   func(t *testing.T) // takes away what the job needs to go on
}

// mysqlSource is a server of its own with a table.
func mysqlSource(start func(testing.TB, ...servers.Option) servers.SQLServer, lose func(t *testing.T, db servers.Database), options ...string) func(t *testing.T) logSource {
	return func(t *testing.T) logSource {
		db := start(t, servers.WithArgs(options...)).DB(t)
		db.Exec(t, "CREATE TABLE a (id BIGINT PRIMARY KEY, n INT, doc VARCHAR(50))")
		s := logSource{target: db, slot: db.Name, lose: func(t *testing.T) { lose(t, db) }}
		s.reader = fmt.Sprintf(`{"name":"binlogreader","parameter":{"username":%q,"password":%q,"jdbcUrl":%q,"table":["a"],"cat":"insert,update,delete","onPositionLost":"snapshot"}}`,
			servers.RootUser, servers.RootPassword, db.URL())
		s.cut = func(t *testing.T) {
			for _, r := range db.Query(t, "SELECT id FROM information_schema.processlist WHERE command LIKE 'Binlog Dump%'") {
				db.Exec(t, "KILL "+*r[0])
			}
		}
		for from := 0; from < lostRows; from += 10_000 {
			rows := make([]string, 10_000)
			for i := range rows {
				rows[i] = fmt.Sprintf("(%d,%d,'text')", from+i, i)
			}
			db.Exec(t, "INSERT INTO a VALUES "+strings.Join(rows, ","))
		}
		return s
	}
}

// purged removes every log file but the newest.
func purged(t *testing.T, db servers.Database) {
	db.Exec(t, "FLUSH BINARY LOGS")
	files := db.Query(t, "SHOW BINARY LOGS")
	newest := *files[len(files)-1][0]
	for { // a server keeps what it sends to somebody who is gone without its knowing
		db.Exec(t, "PURGE BINARY LOGS TO '"+newest+"'")
		if files = db.Query(t, "SHOW BINARY LOGS"); *files[0][0] == newest {
			return
		}
		if t.Context().Err() != nil {
			t.Fatal("nothing was purged")
		}
	}
}

func resetLog(t *testing.T, db servers.Database) { db.Exec(t, "DO SLEEP(1.1)", "RESET MASTER") }

// postgresSource is a database with a table and a slot of the job.
func postgresSource(lose string) func(t *testing.T) logSource {
	return func(t *testing.T) logSource {
		db := servers.PostgreSQL(t).DB(t)
		slot := db.Name + "_s"
		db.Exec(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int, doc text)", fmt.Sprintf("INSERT INTO a SELECT g, g, 'text' FROM generate_series(1, %d) g", lostRows))
		s := logSource{target: db, slot: slot}
		s.reader = fmt.Sprintf(`{"name":"pgwalreader","parameter":{"username":%q,"password":%q,"url":%q,"slotName":%q,"allowCreateSlot":true,"tableList":["public.a"],"cat":"insert,update,delete","onPositionLost":"snapshot"}}`,
			servers.RootUser, servers.RootPassword, db.URL(), slot)
		s.cut = func(*testing.T) {}
		free := func(t *testing.T) {
			db.Exec(t, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '"+slot+"' AND active_pid IS NOT NULL")
		}
		s.lose = func(t *testing.T) {
			for { // the job takes it again as soon as it can
				free(t)
				db.Exec(t, "DO $$ BEGIN PERFORM pg_drop_replication_slot('"+slot+"'); EXCEPTION WHEN object_in_use THEN NULL; END $$")
				if *db.Query(t, "SELECT count(*) FROM pg_replication_slots WHERE slot_name = '"+slot+"'")[0][0] == "0" {
					break
				}
				if t.Context().Err() != nil {
					t.Fatal("the slot cannot be dropped")
				}
			}
			if lose != "" {
				db.Exec(t, lose, "SELECT pg_create_logical_replication_slot('"+slot+"', 'pgoutput')")
			}
		}
		t.Cleanup(func() {
			for *db.Query(t, "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = '"+slot+"'")[0][0] != "0" {
				free(t)
			}
			db.Exec(t, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '"+slot+"'")
		})
		return s
	}
}

// said is what a job has logged.
type said struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *said) has(text string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Contains(s.text.String(), text)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// running is a job that runs in this process.
type running struct {
	t      *testing.T
	cancel context.CancelFunc
	ended  chan *launcher.Result
	said   said
}

func runJob(t *testing.T, text, name, state string) *running {
	t.Helper()
	registry, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	j, err := job.Parse([]byte(text), job.Options{File: "lost.json", JobName: name, ConfProp: `{"flink.checkpoint.interval":"30"}`})
	if err != nil {
		t.Fatal(err)
	}
	r := &running{t: t, ended: make(chan *launcher.Result, 1)}
	runner, err := launcher.New(j, launcher.Options{Registry: registry, StateDir: state, Log: slog.New(slog.NewTextHandler(&r.said, nil))})
	if err != nil {
		t.Fatal(err)
	}
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	go func() { r.ended <- runner.Run(context.Background(), ctx) }()
	t.Cleanup(r.cancel)
	return r
}

// until waits for something that the job is to do.
func (r *running) until(what string, done func() bool) {
	r.t.Helper()
	came := eventually(func() bool {
		select {
		case res := <-r.ended:
			r.t.Fatalf("%s: the job has ended: %v\n%s", what, res.Err, &r.said)
		default:
		}
		return done()
	})
	if !came {
		r.t.Fatalf("%s: waited in vain\n%s", what, &r.said)
	}
}

func (r *running) stop() {
	r.t.Helper()
	r.cancel()
	if res := <-r.ended; res.ExitCode != 0 {
		r.t.Fatalf("exit code %d: %v\n%s", res.ExitCode, res.Err, &r.said)
	}
}

// TestLostPositionsAreCopiedAgain takes the log away from jobs that follow it,
// while they run and while they do not, and kills them amid the copy: the
// destination gets all that the source has, and keeps what was deleted meanwhile.
func TestLostPositionsAreCopiedAgain(t *testing.T) {
	for name, build := range map[string]func(t *testing.T) logSource{
		"MySQL, reset":             mysqlSource(servers.StartMySQL, resetLog),
		"MySQL, files, reset":      mysqlSource(servers.StartMySQL, resetLog, "--gtid-mode=OFF", "--enforce-gtid-consistency=OFF"),
		"MySQL, purged":            mysqlSource(servers.StartMySQL, purged),
		"MariaDB, purged":          mysqlSource(servers.StartMariaDB, purged),
		"PostgreSQL, dropped":      postgresSource(""),
		"PostgreSQL, made another": postgresSource("INSERT INTO a VALUES (-10, 0, 'between')"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Run("stopped", func(t *testing.T) { lostWhileStopped(t, build(t)) })
			if !strings.HasSuffix(name, "purged") && !strings.HasSuffix(name, "another") { // which a running job prevents
				t.Run("running", func(t *testing.T) { lostWhileRunning(t, build(t)) })
			}
		})
	}
}

// lostTarget is where the rows go: with their position, in one transaction.
func lostTarget(t *testing.T, s logSource) (db servers.PostgreSQLDatabase, text string) {
	t.Helper()
	db = servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int, doc text)")
	writer := fmt.Sprintf(`{"name":"postgresqlwriter","parameter":{"username":%q,"password":%q,"connection":[{"jdbcUrl":%q,"schema":"public","table":["a"]}],"column":["*"],"mode":"update"}}`,
		servers.RootUser, servers.RootPassword, db.URL())
	return db, fmt.Sprintf(`{"job":{"content":[{"reader":%s,"writer":%s}],"setting":{"speed":{"channel":2,"record":20000}}}}`, s.reader, writer)
}

func arrivedAt(t *testing.T, db servers.PostgreSQLDatabase, id int) func() bool {
	return func() bool { return len(db.Query(t, fmt.Sprintf("SELECT 1 FROM a WHERE id = %d", id))) > 0 }
}

// compareLost compares the two ends; one row was deleted when nobody looked.
func compareLost(t *testing.T, s logSource, to servers.PostgreSQLDatabase) {
	t.Helper()
	rows := func(db interface {
		Query(t testing.TB, sql string) [][]*string
	}) []string {
		var all []string
		for _, r := range db.Query(t, "SELECT id, n, doc FROM a ORDER BY id") {
			all = append(all, *r[0]+" "+*r[1]+" "+*r[2])
		}
		return all
	}
	want, got := rows(s.target.(interface {
		Query(t testing.TB, sql string) [][]*string
	})), rows(to)
	if i := slices.Index(got, "-2 0 gone"); i < 0 {
		t.Error("a row that was deleted while nobody read the log is gone")
	} else {
		got = slices.Delete(got, i, i+1)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the target has %d rows, the source %d, and they differ", len(got), len(want))
	}
}

// followed waits until the job follows the log, and has a row that is going to
// be deleted.
func followed(t *testing.T, s logSource, to servers.PostgreSQLDatabase, r *running) {
	t.Helper()
	s.Exec(t, "INSERT INTO a VALUES (-1, 0, 'first')")
	r.until("the log", func() bool {
		s.Exec(t, "UPDATE a SET n = n + 1 WHERE id = -1") // the job may not have begun yet
		return arrivedAt(t, to, -1)()
	})
	s.Exec(t, "INSERT INTO a VALUES (-2, 0, 'gone')")
	r.until("the log", arrivedAt(t, to, -2))
}

func lostWhileRunning(t *testing.T, s logSource) {
	to, text := lostTarget(t, s)
	r := runJob(t, text, s.slot, filepath.Join(t.TempDir(), "state"))
	followed(t, s, to, r)
	s.lose(t)
	s.Exec(t, "DELETE FROM a WHERE id = -2", "INSERT INTO a VALUES (-3, 0, 'later')")
	s.cut(t)
	r.until("the copy", arrivedAt(t, to, lostRows-1))
	s.Exec(t, "UPDATE a SET n = -n WHERE id % 100 = 0", "INSERT INTO a VALUES (-4, 0, 'the end')")
	r.until("the log after the copy", arrivedAt(t, to, -4))
	r.stop()
	if !r.said.has("POSITION LOST") || !r.said.has("stay at the destination") {
		t.Errorf("nobody is warned:\n%s", &r.said)
	}
	compareLost(t, s, to)
}

func lostWhileStopped(t *testing.T, s logSource) {
	to, text := lostTarget(t, s)
	state := filepath.Join(t.TempDir(), "state")
	r := runJob(t, text, s.slot, state)
	followed(t, s, to, r)
	r.stop()
	s.Exec(t, "INSERT INTO a VALUES (-3, 0, 'unseen')", "DELETE FROM a WHERE id = -2")
	s.lose(t)
	rnd := rand.New(rand.NewPCG(3, 4))
	k := killing{test: "TestKilledCopyChild", state: state, env: []string{"DATASYNC_TEST_KILL_COPY=" + text, "DATASYNC_TEST_KILL_NAME=" + s.slot, "DATASYNC_TEST_KILL_STATE=" + state},
		meanwhile: func() {
			for range 20 {
				id := rnd.IntN(lostRows)
				s.Exec(t, fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", rnd.IntN(1000), id))
			}
		}}
	for copying := 0; copying < 3; {
		if !k.once(t, time.Duration(500+rnd.IntN(700))*time.Millisecond) {
			t.Fatal("a job without an end has ended")
		}
		c, err := checkpoint.NewFileStore(state).Load(t.Context(), s.slot+"-0")
		if err != nil {
			t.Fatal(err)
		}
		if c.Plan[len(c.Plan)-1].Split.Endless && len(c.Plan) > 1 {
			break // it is faster than the kills
		}
		if slices.ContainsFunc(c.Plan, func(p plugin.Progress) bool { return !p.Split.Endless && p.Position != nil }) {
			copying++
		}
	}
	r = runJob(t, text, s.slot, state)
	s.Exec(t, "INSERT INTO a VALUES (-4, 0, 'the end')")
	r.until("the end", arrivedAt(t, to, -4))
	r.stop()
	compareLost(t, s, to)
}

// TestLostPositionStops ends the job of several tables as a whole, and says how
// to go on; whoever does that keeps the job's state.
func TestLostPositionStops(t *testing.T) {
	s := mysqlSource(servers.StartMySQL, resetLog)(t)
	s.Exec(t, "CREATE TABLE b (id INT PRIMARY KEY)")
	snapshot := strings.Replace(s.reader, `["a"]`, `["a","b"]`, 1)
	s.reader = strings.Replace(snapshot, `,"onPositionLost":"snapshot"`, "", 1)
	to, text := lostTarget(t, s)
	text = strings.Replace(text, `"table":["a"]}]`, `"table":["*"]}]`, 1)
	text = strings.Replace(text, `"channel":2`, `"readerChannel":1,"writerChannel":2`, 1)
	state := filepath.Join(t.TempDir(), "state")
	r := runJob(t, text, s.slot, state)
	followed(t, s, to, r)
	r.stop()
	s.lose(t)
	r = runJob(t, text, s.slot, state)
	if res := <-r.ended; res.ExitCode != 4 || !strings.Contains(res.Err.Error(), "onPositionLost") {
		t.Fatalf("exit code %d: %v", res.ExitCode, res.Err)
	}
	r = runJob(t, strings.Replace(text, s.reader, snapshot, 1), s.slot, state)
	r.until("the copy", arrivedAt(t, to, lostRows-1))
	r.stop()
}
