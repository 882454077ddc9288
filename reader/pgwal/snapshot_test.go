package pgwal

import (
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// strict is a target that applies what arrives row by row, and refuses what it
// has already and what it lacks: a double, or a gap.
type strict struct {
	t    *testing.T
	seed uint64
	rows map[string]string // by table and key: the other cells
}

func (g *strict) apply(r record.Row) {
	g.t.Helper()
	s := r.Schema()
	cells := plugintest.Cells(r)
	if strings.HasPrefix(cells[0], "op ") {
		cells = cells[1:]
	}
	key, rest := keyAndRest(s.Name.Table, cells[:s.Data], s.Key)
	was, there := g.rows[key]
	switch op := r.Op(); {
	case op == record.Insert && there:
		g.t.Fatalf("seed %d: %s arrived twice: %s, then %s", g.seed, key, was, rest)
	case op != record.Insert && !there:
		g.t.Fatalf("seed %d: %s of %s, which has not arrived", g.seed, op, key)
	case op == record.UpdateBefore && was != rest:
		g.t.Fatalf("seed %d: an update of %s from %s, the target has %s", g.seed, key, rest, was)
	case op == record.Delete:
		delete(g.rows, key)
	default:
		g.rows[key] = rest
	}
}

// writers run a transaction for each token that they are given.
func writers(t *testing.T, db servers.PostgreSQLDatabase, seed uint64, change func(rnd *rand.Rand) string) (tokens chan struct{}, stop func()) {
	t.Helper()
	ctx := t.Context()
	var wg sync.WaitGroup
	tokens = make(chan struct{}, 20)
	for i := range 3 {
		rnd := rand.New(rand.NewPCG(seed, uint64(i)))
		conn := db.Connect(t)
		wg.Go(func() {
			for range tokens {
				var sql strings.Builder
				sql.WriteString("BEGIN;")
				for range 1 + rnd.IntN(4) {
					sql.WriteString(change(rnd) + ";")
				}
				end := "COMMIT"
				if rnd.IntN(6) == 0 {
					end = "ROLLBACK"
				}
				// A deadlock, or a key that is there: the transaction is undone.
				if _, err := conn.Exec(ctx, sql.String()+end).ReadAll(); err != nil && ctx.Err() == nil {
					_, _ = conn.Exec(ctx, "ROLLBACK").ReadAll()
				}
			}
		})
	}
	return tokens, sync.OnceFunc(func() { close(tokens); wg.Wait() })
}

// run is a job as the engine would run it, whose splits are left and taken up
// again at random, as after a crash.
type run struct {
	t          *testing.T
	rnd        *rand.Rand
	parameters string
	reader     plugin.Reader
	plan       []plugin.Progress
	target     *strict
	tokens     chan struct{} // for writers; nil: there are none
}

func newRun(t *testing.T, seed uint64, parameters string) *run {
	t.Helper()
	j := &run{t: t, rnd: rand.New(rand.NewPCG(seed, 99)), parameters: parameters, target: &strict{t: t, seed: seed, rows: map[string]string{}}}
	j.restart()
	j.add(plugin.Plan{Channels: 2})
	return j
}

func (j *run) restart() {
	j.t.Helper()
	j.reader = plugintest.NewReader(j.t, Info(), j.parameters)
	if j.plan == nil {
		return
	}
	var err error
	if j.plan, err = j.reader.(plugin.Resumer).Resume(j.t.Context(), 2, j.plan); err != nil {
		j.t.Fatal(err)
	}
}

func (j *run) add(p plugin.Plan) {
	j.t.Helper()
	splits, err := j.reader.(plugin.Splitter).Splits(j.t.Context(), p)
	if err != nil {
		j.t.Fatal(err)
	}
	for _, s := range splits {
		j.plan = append(j.plan, plugin.Progress{Split: s})
	}
}

// step reads some of a split that is left, until something has come; nil: not of
// the log. False: there is none.
func (j *run) step(until func() bool) bool {
	j.t.Helper()
	for range 6 {
		select {
		case j.tokens <- struct{}{}:
		default:
		}
	}
	if j.rnd.IntN(10) == 0 {
		j.restart()
	}
	j.add(plugin.Plan{Channels: 2, Now: j.plan})
	if until == nil && j.inLog() {
		return true
	}
	var left []int
	for i := range j.plan {
		if !j.plan[i].Done && j.plan[i].Err == "" {
			left = append(left, i)
		}
	}
	if len(left) == 0 {
		return false
	}
	j.part(&j.plan[left[j.rnd.IntN(len(left))]], until)
	return true
}

// inLog tells that all that was to be copied is.
func (j *run) inLog() bool {
	n := len(j.plan)
	return n > 0 && j.plan[n-1].Split.Endless
}

// part reads some of a split: what came after the last mark is taken back.
func (j *run) part(p *plugin.Progress, until func() bool) {
	j.t.Helper()
	s, err := j.reader.Open(j.t.Context(), *p)
	if err != nil {
		j.t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			j.t.Error(err)
		}
	}()
	b, unmarked := record.NewBatch(0, 0), record.NewBatch(0, 0)
	for n := 1 + j.rnd.IntN(20); n > 0 && (until == nil || !until()); n-- {
		b.Reset(p.Split.ID)
		b.SetTarget(1+j.rnd.IntN(60), 0)
		err := s.Fill(j.t.Context(), b)
		if err != nil && err != io.EOF {
			j.t.Fatal(err)
		}
		for i := range b.Len() {
			unmarked.CopyRow(b.Row(i))
		}
		marks := b.Marks()
		if len(marks) == 0 && err == nil {
			continue
		}
		for i := range unmarked.Len() {
			j.target.apply(unmarked.Row(i))
		}
		unmarked.Reset("")
		if len(marks) > 0 && marks[0].Position != nil {
			p.Position = marks[0].Position
		}
		if len(marks) > 0 && marks[0].State != nil {
			p.State = marks[0].State
		}
		if a, ok := s.(plugin.Acker); ok && len(marks) > 0 {
			if err := a.Ack(j.t.Context(), p.Position); err != nil {
				j.t.Fatal(err)
			}
		}
		if err == io.EOF {
			p.Done = true
			return
		}
	}
}

// finish reads until the row with that key has come, and compares.
func (j *run) finish(db servers.PostgreSQLDatabase, last string, tables ...string) {
	j.t.Helper()
	come := func() bool { _, there := j.target.rows[last]; return there }
	for !come() {
		if !j.step(come) {
			j.t.Fatalf("seed %d: the job has ended before the log", j.target.seed)
		}
	}
	want := map[string]string{}
	for _, table := range tables {
		var keyed []int
		if table != "c" {
			keyed = []int{0}
		}
		rows := whole(j.t, db, table)
		for _, cells := range rows {
			key, rest := keyAndRest(table, cells, keyed)
			want[key] = rest
		}
	}
	for key, rest := range want {
		if got, there := j.target.rows[key]; !there || got != rest {
			j.t.Errorf("seed %d: %s is %q (there: %t), the source has %q", j.target.seed, key, got, there, rest)
		}
	}
	if len(j.target.rows) != len(want) {
		j.t.Errorf("seed %d: %d rows, the source has %d", j.target.seed, len(j.target.rows), len(want))
	}
}

func keyAndRest(table string, cells []string, keyed []int) (key, rest string) {
	key = table + " "
	for c, text := range cells {
		if len(keyed) == 0 || c == keyed[0] {
			key += text
		} else {
			rest += text + "|"
		}
	}
	return key, rest
}

// TestSnapshotMeetsLog copies tables while they are changed, in parts that are
// left and taken up again at random, and goes on with the log: each row comes
// once and each change that it does not show.
func TestSnapshotMeetsLog(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			db := servers.PostgreSQL(t).DB(t)
			db.Exec(t, "CREATE TABLE a (id bigint PRIMARY KEY, n int, doc text)", "ALTER TABLE a ALTER doc SET STORAGE EXTERNAL",
				`CREATE TABLE b (name text COLLATE "en-x-icu" PRIMARY KEY, v int)`, "CREATE TABLE c (x int, y text)", "ALTER TABLE c REPLICA IDENTITY FULL",
				"INSERT INTO a SELECT g, g, repeat('x', g % 3000) FROM generate_series(1, 2000) g", "INSERT INTO b SELECT (CASE g % 2 WHEN 0 THEN 'k' ELSE 'K' END) || g, g FROM generate_series(1, 600) g",
				"INSERT INTO c SELECT g, 'y' FROM generate_series(1, 300) g")
			prepareSlot(t, db, seed%2 == 0)
			tokens, stop := writers(t, db, seed, func(rnd *rand.Rand) string {
				k, v := rnd.IntN(3000), rnd.IntN(1000)
				name := fmt.Sprintf("'%c%d'", "kK"[k%2], rnd.IntN(700))
				return []string{
					fmt.Sprintf("INSERT INTO a VALUES (%d, %d, 'new') ON CONFLICT DO NOTHING", k, v), fmt.Sprintf("UPDATE a SET n = %d WHERE id = %d", v, k),
					fmt.Sprintf("UPDATE a SET n = %d, id = id + 10000, doc = 'moved' WHERE id = %d", v, k), fmt.Sprintf("DELETE FROM a WHERE id = %d", k),
					fmt.Sprintf("INSERT INTO b VALUES (%s, %d) ON CONFLICT DO NOTHING", name, v), fmt.Sprintf("UPDATE b SET v = %d WHERE name = %s", v, name),
					fmt.Sprintf("DELETE FROM b WHERE name = %s", name), fmt.Sprintf("DELETE FROM c WHERE x = %d", rnd.IntN(400)),
					fmt.Sprintf("INSERT INTO c SELECT 1000000 + nextval('cs'), 'z' FROM generate_series(1, %d)", 1+rnd.IntN(3)),
				}[rnd.IntN(9)]
			})
			defer stop()
			j := newRun(t, seed, parameters(t, db, map[string]any{"tableList": []string{"a", "b", "c"}, "start": map[string]any{"mode": "initial"}, "allowCreateSlot": true}))
			j.tokens = tokens
			for !j.inLog() {
				j.step(nil)
			}
			j.tokens = nil
			stop()
			db.Exec(t, "INSERT INTO b VALUES ('the end', 0)")
			j.finish(db, "b string the end", "a", "b", "c")
		})
	}
}

// prepareSlot makes what the test needs beside its tables, and drops the slot
// at the end.
func prepareSlot(t *testing.T, db servers.PostgreSQLDatabase, slot bool) {
	t.Helper()
	db.Exec(t, "CREATE SEQUENCE cs")
	if slot {
		db.Exec(t, fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s_s', 'pgoutput')", db.Name))
	}
	t.Cleanup(func() {
		db.Exec(t, fmt.Sprintf("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '%s_s'", db.Name))
	})
}

// whole reads a table as the log's rows are.
func whole(t *testing.T, db servers.PostgreSQLDatabase, table string) (rows [][]string) {
	t.Helper()
	j := newRun(t, 0, parameters(t, db, map[string]any{"tableList": []string{table}, "start": map[string]any{"mode": "initial-only"}}))
	for i := range j.plan {
		s, err := j.reader.Open(t.Context(), j.plan[i])
		if err != nil {
			t.Fatal(err)
		}
		for b, err := record.NewBatch(0, 0), error(nil); err == nil; {
			b.Reset("")
			if err = s.Fill(t.Context(), b); err != nil && err != io.EOF {
				t.Fatal(err)
			}
			for i := range b.Len() {
				rows = append(rows, plugintest.Cells(b.Row(i)))
			}
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := *db.Query(t, "SELECT count(*) FROM "+table)[0][0]; n != fmt.Sprint(len(rows)) {
		t.Fatalf("initial-only has copied %d rows of table %s, which has %s", len(rows), table, n)
	}
	return rows
}
