package pgwal

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// replayer reads a split as a destination does that keeps positions with the
// rows: what comes after the last mark is taken back whenever the stream ends.
type replayer struct {
	t        *testing.T
	reader   plugin.Reader
	at       plugin.Progress
	events   []string // up to the last mark
	unmarked []string
	within   int // marks inside of transactions
	crashes  int
}

func newReplayer(t *testing.T, parameters string) *replayer {
	t.Helper()
	env := plugintest.Env()
	env.Meta = []string{"_optime", "_lsn", "_txid"}
	env.Folder = filepath.Join(t.TempDir(), "folder")
	r, err := plugintest.BuildReader(env, Info(), parameters)
	if err != nil {
		t.Fatal(err)
	}
	splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	return &replayer{t: t, reader: r, at: plugin.Progress{Split: splits[0]}}
}

// until reads up to a row, and gives the stream up before that with a chance of
// one in crash at each batch; 0: never.
func (p *replayer) until(rnd *rand.Rand, crash int, last string) {
	p.t.Helper()
	for len(p.events) == 0 || !strings.Contains(p.events[len(p.events)-1], last) {
		s, err := p.reader.Open(p.t.Context(), p.at)
		if err != nil {
			p.t.Fatal(err)
		}
		err = p.follow(s, rnd, crash, last)
		if err != nil && errclass.Of(err) != errclass.Transient {
			p.t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			p.t.Fatal(err)
		}
		p.unmarked = nil
		p.crashes++
	}
}

func (p *replayer) follow(s plugin.Source, rnd *rand.Rand, crash int, last string) error {
	b := record.NewBatch(0, 0)
	for {
		b.Reset(p.at.Split.ID)
		b.SetTarget(1+rnd.IntN(300), 0)
		if err := s.Fill(p.t.Context(), b); err != nil {
			return err
		}
		for i := range b.Len() {
			p.unmarked = append(p.unmarked, b.Row(i).Schema().Name.Table+" "+strings.Join(plugintest.Cells(b.Row(i)), "|"))
		}
		for _, m := range b.Marks() {
			p.at.Position = m.Position
			if m.State != nil {
				p.at.State = m.State
			}
			if strings.Contains(string(m.Position), "within") {
				p.within++
			}
			p.events, p.unmarked = append(p.events, p.unmarked...), nil
		}
		if c := b.SchemaChange(); c != nil { // after the mark, and again by whoever begins there
			p.unmarked = append(p.unmarked, fmt.Sprintf("change %d of %s: %d columns, then %d", c.Kind, c.Name.Table, len(c.From.Columns), len(c.To.Columns)))
		}
		if n := len(p.events); n > 0 && strings.Contains(p.events[n-1], last) || crash > 0 && rnd.IntN(crash) == 0 {
			return nil
		}
	}
}

// session is a connection whose statements stay in one transaction.
type session struct {
	t *testing.T
	c *pgconn.PgConn
}

func (s session) exec(format string, args ...any) {
	s.t.Helper()
	if _, err := s.c.Exec(context.Background(), fmt.Sprintf(format, args...)).ReadAll(); err != nil {
		s.t.Fatalf("%s: %v", fmt.Sprintf(format, args...), err)
	}
}

// work is large transactions at once, with parts that are rolled back, schema
// changes, and small transactions in between.
func work(t *testing.T, db servers.PostgreSQLDatabase, rnd *rand.Rand, rounds int) {
	t.Helper()
	sessions := make([]session, 3)
	open, ids := make([]bool, len(sessions)), 0
	for i := range sessions {
		sessions[i] = session{t, db.Connect(t)}
	}
	insert := func(i, rows int) {
		ids += rows
		sessions[i].exec("INSERT INTO a SELECT g, repeat(md5(g::text), 4) FROM generate_series(%d, %d) g", ids-rows+1, ids)
	}
	for range rounds {
		i := rnd.IntN(len(sessions))
		s := sessions[i]
		if !open[i] {
			s.exec("BEGIN")
			open[i] = true
		}
		switch rnd.IntN(12) {
		case 0, 1, 2, 3:
			insert(i, 1+rnd.IntN(900))
		case 4, 5:
			s.exec("SAVEPOINT x")
			insert(i, 1+rnd.IntN(900))
			s.exec("SAVEPOINT y")
			insert(i, 1+rnd.IntN(900))
			s.exec("%s", []string{"ROLLBACK TO x", "ROLLBACK TO y", "RELEASE y", "RELEASE x"}[rnd.IntN(4)])
			insert(i, 1+rnd.IntN(20))
		case 6:
			s.exec("UPDATE a SET t = 'u' || t WHERE id IN (SELECT id FROM a ORDER BY md5((id + %d)::text) LIMIT 30 FOR UPDATE SKIP LOCKED)", rnd.IntN(1000))
		case 7:
			ids++
			s.exec("INSERT INTO d%[1]d (id) VALUES (1); ALTER TABLE d%[1]d ADD COLUMN c%[2]d int; INSERT INTO d%[1]d (id, c%[2]d) VALUES (2, 7)", i, ids)
		case 8:
			s.exec("SAVEPOINT z; INSERT INTO d%[1]d (id) SELECT g FROM generate_series(1, 2000) g; ROLLBACK TO z; INSERT INTO d%[1]d (id) VALUES (3)", i)
		case 9:
			s.exec("INSERT INTO d%[1]d (id) VALUES (4); TRUNCATE d%[1]d; INSERT INTO d%[1]d (id) VALUES (5)", i)
		case 10:
			db.Exec(t, fmt.Sprintf("INSERT INTO b VALUES (%d, 'small')", rnd.IntN(1000)))
		case 11:
			end := []string{"COMMIT", "COMMIT", "ROLLBACK"}[rnd.IntN(3)]
			s.exec("%s", end)
			open[i] = false
		}
	}
	for i, s := range sessions {
		if open[i] {
			s.exec("COMMIT")
		}
	}
	db.Exec(t, "INSERT INTO b VALUES (1, 'the end')")
}

// TestStreamedTransactions reads the same transactions as they end, as they come,
// cut, and both, in streams that end at any place: the rows are the same each
// time, and so are the schema changes among them where transactions are cut alike.
func TestStreamedTransactions(t *testing.T) {
	ways := []struct {
		name  string
		more  map[string]any
		crash int
	}{
		{"whole", nil, 0},
		{"streamed", map[string]any{"streaming": true}, 0},
		{"streamed and ended", map[string]any{"streaming": true}, 25},
		{"cut", map[string]any{"maxTransactionRows": 70}, 0},
		{"cut and ended", map[string]any{"maxTransactionRows": 50}, 25},
		{"streamed, cut and ended", map[string]any{"streaming": true, "maxTransactionRows": 60}, 25},
	}
	for seed := range uint64(2) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rnd := rand.New(rand.NewPCG(seed, 5))
			db := prepared(t, "CREATE TABLE a (id bigint PRIMARY KEY, t text)", "CREATE TABLE b (x int, y text)", "ALTER TABLE b REPLICA IDENTITY FULL",
				"CREATE TABLE d0 (id int)", "CREATE TABLE d1 (id int)", "CREATE TABLE d2 (id int)")
			db.Exec(t, "ALTER DATABASE "+db.Name+" SET logical_decoding_work_mem = '64kB'")
			slot := func(i int) string { return fmt.Sprintf("%s_w%d", db.Name, i) }
			for i := range ways {
				db.Exec(t, "SELECT pg_create_logical_replication_slot('"+slot(i)+"', 'pgoutput')")
				t.Cleanup(func() { db.Exec(t, "SELECT pg_drop_replication_slot('"+slot(i)+"')") })
			}
			work(t, db, rnd, 60)
			var first [][]string // events as they are to be, whole and cut
			for i, way := range ways {
				more := map[string]any{"ddlSkip": false, "slotName": slot(i)}
				for k, v := range way.more {
					more[k] = v
				}
				p := newReplayer(t, parameters(t, db, more))
				p.until(rnd, way.crash, "the end")
				t.Logf("%s: %d events, %d streams, %d marks within transactions", way.name, len(p.events), p.crashes, p.within)
				if i == 0 || i == 3 {
					first = append(first, p.events)
				}
				same(t, way.name+", rows", rowsOf(p.events), rowsOf(first[0]))
				same(t, way.name, p.events, first[len(first)-1])
				if (way.more["maxTransactionRows"] != nil) && p.within < 30 {
					t.Errorf("%s: transactions were cut %d times", way.name, p.within)
				}
				if way.more["streaming"] != nil {
					wasStreamed(t, db, slot(i))
				}
				if left, err := os.ReadDir(filepath.Join(p.reader.(*reader).env.Folder, "transactions")); err == nil {
					t.Errorf("%s: files are left: %v", way.name, left)
				}
				if err := p.reader.Close(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// rowsOf leaves the schema changes out.
func rowsOf(events []string) []string {
	return slices.DeleteFunc(slices.Clone(events), func(e string) bool { return strings.HasPrefix(e, "change ") })
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	for i := range min(len(got), len(want)) {
		if got[i] != want[i] {
			t.Errorf("%s: event %d is\n%s, want\n%s", what, i, got[i], want[i])
			return
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: %d events, want %d", what, len(got), len(want))
	}
}

// wasStreamed waits until the server says that it has sent a transaction before
// its end; it says so some time later.
func wasStreamed(t *testing.T, db servers.PostgreSQLDatabase, slot string) {
	t.Helper()
	for *db.Query(t, "SELECT stream_txns FROM pg_stat_replication_slots WHERE slot_name = '"+slot+"'")[0][0] == "0" {
		if t.Context().Err() != nil {
			t.Fatal("no transaction was streamed")
		}
	}
}

// TestDefinitionRolledBack streams a transaction that changes a table and rolls
// that back to a savepoint: neither its rows nor its definition come.
func TestDefinitionRolledBack(t *testing.T) {
	db := prepared(t, "CREATE TABLE a (id int, t text)", "CREATE TABLE d (id int)")
	db.Exec(t, "ALTER DATABASE "+db.Name+" SET logical_decoding_work_mem = '64kB'")
	p := newReplayer(t, parameters(t, db, map[string]any{"ddlSkip": false, "streaming": true}))
	db.Exec(t, "INSERT INTO d VALUES (1)")
	large := "INSERT INTO a SELECT g, repeat('x', 200) FROM generate_series(1, 2000) g"
	db.Exec(t, strings.Join([]string{"BEGIN", large, "INSERT INTO d VALUES (2)", "SAVEPOINT z", "ALTER TABLE d ADD COLUMN gone int", "INSERT INTO d SELECT g, g FROM generate_series(1, 2000) g",
		"ROLLBACK TO z", "INSERT INTO d VALUES (3)", large, "COMMIT"}, "; "), "INSERT INTO a VALUES (0, 'the end')")
	p.until(rand.New(rand.NewPCG(1, 1)), 0, "the end")
	var got []string
	for _, e := range p.events {
		if strings.HasPrefix(e, "d ") {
			got = append(got, strings.Join(strings.Split(e, "|")[:1], "|"))
		} else if strings.HasPrefix(e, "change") {
			t.Errorf("the log gave a %s", e)
		}
	}
	same(t, "rows of d", got, []string{"d int64 1", "d int64 2", "d int64 3"})
	if len(p.events) != 4004 {
		t.Errorf("%d events, want 4004", len(p.events))
	}
	wasStreamed(t, db, db.Name+"_s")
	if err := p.reader.Close(); err != nil {
		t.Error(err)
	}
}
