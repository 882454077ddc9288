package torture

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// scenario is a source, its writers, and the targets that follow it.
type scenario struct {
	source  *database
	reader  func(tables []*table) map[string]any
	targets []target
	rotate  string // the statement that begins another log file
	mode    string // start.mode; "": the log alone, from where it ends
	sinks   int    // channels that write; 0: one

	broken bool // the first target is killed once for certain

	truncate, evolve, keyless, xa bool
	load                          load
}

// load is how much a round is.
type load struct {
	transactions int // of each writer
	troubles     int
	large        int  // rows of a large transaction
	copied       int  // rows of a table that are there before the start, if any are
	brief        bool // without what takes ten seconds: MySQL is slow to end while it is read from
}

// limit is how long the writers of a round may take.
func (l load) limit() time.Duration {
	return time.Minute + time.Duration(l.transactions)*500*time.Millisecond
}

const writers = 4

// trial is a scenario that runs.
type trial struct {
	scenario
	t      *testing.T
	seed   uint64
	tables []*table
	events *history
	jobs   []*child
	ctx    context.Context
	fail   context.CancelCauseFunc
	marker int
	past   bool // the first round
}

// start makes the tables and starts the jobs.
func (s scenario) start(t *testing.T, seed uint64) *trial {
	t.Helper()
	x := &trial{scenario: s, t: t, seed: seed, tables: tables(), events: newHistory()}
	x.ctx, x.fail = context.WithCancelCause(t.Context())
	t.Cleanup(x.end)
	for _, table := range x.tables {
		s.source.run(t, table.create(s.source.product))
		if s.source.product == postgresql && table.keys == 0 {
			s.source.run(t, `ALTER TABLE "`+table.name+`" REPLICA IDENTITY FULL`)
		}
	}
	if s.mode != "" {
		x.fill()
	}
	dir := t.TempDir()
	for _, to := range s.targets {
		to.prepare(t, x.tables)
		name := filepath.Base(s.source.name) + "_" + to.label()
		text, err := json.MarshalIndent(map[string]any{"job": map[string]any{
			"content": []any{map[string]any{"reader": s.readerOf(x.tables), "writer": to.writer(x.tables)}},
			"setting": map[string]any{"speed": s.speed(), "errorLimit": map[string]any{"record": 0}},
		}}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, name+".json")
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		c := &child{name: to.label(), file: file, state: filepath.Join(dir, "state"), binary: *binary, events: x.events,
			failed: func(why string) { x.fail(fmt.Errorf("%s", why)) }}
		x.jobs = append(x.jobs, c)
		if err := c.start(); err != nil {
			t.Fatal(err)
		}
	}
	x.begun()
	return x
}

// speed has a snapshot take a while.
func (s *scenario) speed() map[string]any {
	speed := map[string]any{"channel": max(s.sinks, 1)}
	if s.mode != "" {
		speed["record"] = 4 * s.load.copied
	} else {
		speed["readerChannel"] = 1
	}
	return speed
}

func (s *scenario) readerOf(tables []*table) map[string]any {
	r := s.reader(tables)
	if s.mode != "" {
		r["parameter"].(map[string]any)["start"] = map[string]any{"mode": s.mode}
	}
	return r
}

// fill puts rows into the tables that are there when the jobs start.
func (x *trial) fill() {
	x.t.Helper()
	a := &author{product: x.source.product, tables: x.tables, random: rand.New(rand.NewPCG(x.seed, 1<<32))}
	for _, t := range x.tables {
		rows := x.load.copied
		if t.outOfLine || t.keys == 0 {
			rows /= 5
		}
		var statements []string
		for done := 0; done < rows; done += 100 {
			if t.keys > 0 {
				numbers := keysFrom(done, 100)
				for i, n := range numbers {
					if n >= keySpace { // rows get the keys above for a moment
						numbers[i] = n + keySpace
					}
				}
				statements = append(statements, a.insert(t, numbers, false))
				continue
			}
			for range 100 / 4 {
				statements = append(statements, a.unkeyed(t)...)
			}
		}
		x.source.run(x.t, statements...)
	}
}

// begun waits until the jobs know where they begin: rows come after that.
func (x *trial) begun() {
	x.t.Helper()
	for _, c := range x.jobs {
		x.await("job "+c.name+" has a plan", func() (bool, error) {
			saved, err := c.saved()
			return saved.Started, err
		})
	}
}

// copied waits until the jobs have copied all tables: a row that is added then
// comes with the log.
func (x *trial) copied() {
	x.t.Helper()
	for _, c := range x.jobs {
		x.await("job "+c.name+" reads the log", func() (bool, error) {
			saved, err := c.saved()
			return slices.ContainsFunc(saved.Plan, func(p progress) bool { return !strings.HasPrefix(p.Split.ID, "snapshot/") }), err
		})
	}
}

// end leaves no process, and tells what was done if that went wrong.
func (x *trial) end() {
	for _, c := range x.jobs {
		c.kill()
	}
	if x.t.Failed() {
		_, name, _ := strings.Cut(x.t.Name(), "/")
		x.t.Logf("seed %d: go on with make torture SCENARIO='^%s$' SEED=%d", x.seed, name, x.seed)
		x.events.tell(x.t)
	}
}

// await waits for a condition; errors are told when it does not come though the
// jobs have nothing left to do. On a machine that is busy they may take long.
func (x *trial) await(what string, is func() (bool, error)) {
	x.t.Helper()
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	over, read := time.NewTimer(patience), x.read()
	defer over.Stop()
	for {
		ok, err := is()
		if ok {
			return
		}
		select {
		case <-look.C:
		case <-x.ctx.Done():
			x.t.Fatalf("waiting until %s: %v", what, context.Cause(x.ctx))
		case <-over.C:
			if now := x.read(); now > read {
				read = now
				over.Reset(patience)
				continue
			}
			x.blame()
			x.t.Fatalf("after %v it is not so that %s: %v", patience, what, err)
		}
	}
}

// read is how many rows the jobs have stored that they have read.
func (x *trial) read() (rows int64) {
	for _, c := range x.jobs {
		if saved, err := c.saved(); err == nil { // else there is none yet
			rows += saved.Counters.Read
		}
	}
	return rows
}

// blame has the jobs tell where they stand.
func (x *trial) blame() {
	for _, c := range x.jobs {
		x.t.Logf("job %s:\n%s", c.name, c.said())
	}
}

// round is a round of writing and trouble, after which both ends are the same.
func (x *trial) round(n int) {
	x.t.Helper()
	x.events.note("round %d", n)
	tally := newTally()
	ctx, cancel := context.WithTimeout(x.ctx, x.load.limit())
	defer cancel()
	var all sync.WaitGroup
	for i := range writers {
		w := &writer{db: x.source, tally: tally, events: x.events, number: i, author: &author{
			product: x.source.product, tables: x.tables, random: rand.New(rand.NewPCG(x.seed, uint64(n*100+i))),
			truncate: x.truncate, evolve: x.evolve, keyless: x.keyless, xa: x.xa, large: x.load.large,
		}}
		all.Go(func() { w.run(ctx, x.load.transactions) })
	}
	done := make(chan struct{})
	writing, over := context.WithCancel(ctx)
	defer over()
	trouble := &trouble{trial: x, random: rand.New(rand.NewPCG(x.seed, uint64(n*100+99))), tally: tally, writing: writing}
	go func() {
		defer close(done)
		trouble.run(ctx)
	}()
	all.Wait()
	over()
	<-done
	if err := context.Cause(ctx); err != nil {
		x.blame()
		x.t.Fatalf("round %d, after %d commits: %v", n, tally.commits.Load(), err)
	}
	x.events.note("round %d: %d transactions committed, %d rolled back, %d refused, %d changes of tables", n,
		tally.commits.Load(), tally.rollbacks.Load(), tally.refused.Load(), tally.alters.Load())
	x.past = true
	x.settle()
	x.compare()
}

// settle waits until the jobs have passed the last transaction, a row of its
// own, and has them end.
func (x *trial) settle() {
	x.t.Helper()
	if x.mode != "" {
		x.copied()
	}
	x.marker--
	// PostgreSQL's log tells of a table's columns with its next row.
	last := &author{product: x.source.product, tables: x.tables, random: rand.New(rand.NewPCG(x.seed, uint64(-x.marker)))}
	for _, t := range x.tables {
		if t.keys == 0 {
			x.source.run(x.t, last.unkeyed(t)...)
			continue
		}
		x.source.run(x.t, last.insert(t, []int{2*bulk - x.marker}, false))
	}
	x.source.run(x.t, fmt.Sprintf("INSERT INTO %s (%s) VALUES (%d)", quote(x.source.product, "wide"), quote(x.source.product, "id"), x.marker))
	for i, to := range x.targets {
		x.await(fmt.Sprintf("the last row is in %s", to.label()), func() (bool, error) { return to.holds(x.marker) })
		if err := x.jobs[i].drain(); err != nil {
			x.t.Fatal(err)
		}
	}
	if err := context.Cause(x.ctx); err != nil { // what the jobs have said in their last moments
		x.t.Fatal(err)
	}
	x.events.note("drained")
}

// compare compares both ends.
func (x *trial) compare() {
	x.t.Helper()
	for _, t := range x.tables {
		want, err := x.source.contents(t)
		if err != nil {
			x.t.Fatal(err)
		}
		for _, to := range x.targets {
			got, err := to.contents(t)
			if err != nil {
				x.t.Fatal(err)
			}
			for _, d := range differences(want, got) {
				x.t.Errorf("%s, table %s: %s", to.label(), t.name, d)
			}
		}
	}
	if x.t.Failed() {
		x.blame()
		x.t.FailNow()
	}
}

// resume starts the jobs for another round.
func (x *trial) resume() {
	x.t.Helper()
	for _, c := range x.jobs {
		if err := c.start(); err != nil {
			x.t.Fatal(err)
		}
	}
}
