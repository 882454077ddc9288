// Package copies has what tests of readers share that copy tables and go on with
// their log: a run whose splits are left and taken up again at random, into a
// target that finds each gap and each double ([Run]).
package copies

import (
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
)

// strict is a target that applies what arrives row by row, and refuses what it
// has already and what it lacks: a double, or a gap.
type strict struct {
	t    *testing.T
	seed uint64
	rows map[string]string // by table and key: the other cells

	again map[string]bool // tables that are copied again: their rows come as the target has them
	twice int             // rows that have
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
	case op == record.Insert && there && was == rest && g.again[s.Name.Table]:
		g.twice++
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

// Run is a job as the engine would run it, whose splits are left and taken up
// again at random, as after a crash.
type Run struct {
	t          *testing.T
	rnd        *rand.Rand
	info       plugin.ReaderInfo
	parameters string
	reader     plugin.Reader
	plan       []plugin.Progress
	target     *strict
	pending    []plugin.Signal

	Tokens chan struct{} // a transaction of a writer each; nil: there are none
}

// New plans a job.
func New(t *testing.T, seed uint64, info plugin.ReaderInfo, parameters string) *Run {
	t.Helper()
	j := &Run{t: t, rnd: rand.New(rand.NewPCG(seed, 99)), info: info, parameters: parameters, target: &strict{t: t, seed: seed, rows: map[string]string{}, again: map[string]bool{}}}
	j.restart()
	j.add(plugin.Plan{Channels: 2})
	return j
}

func (j *Run) restart() {
	j.t.Helper()
	j.reader = plugintest.NewReader(j.t, j.info, j.parameters)
	if j.plan == nil {
		return
	}
	if s, ok := j.reader.(plugin.Signaler); ok && len(j.pending) > 0 {
		s.Signals(j.pending)
	}
	var err error
	if j.plan, err = j.reader.(plugin.Resumer).Resume(j.t.Context(), 2, j.plan); err != nil {
		j.t.Fatal(err)
	}
}

func (j *Run) add(p plugin.Plan) {
	j.t.Helper()
	splits, err := j.reader.(plugin.Splitter).Splits(j.t.Context(), p)
	if err != nil {
		j.t.Fatal(err)
	}
	for _, s := range splits {
		j.plan = append(j.plan, plugin.Progress{Split: s})
	}
}

// Step reads some of a split that is left, until something has come; nil: not of
// the log. False: there is none.
func (j *Run) Step(until func() bool) bool {
	j.t.Helper()
	for range 6 {
		select {
		case j.Tokens <- struct{}{}:
		default:
		}
	}
	if j.rnd.IntN(10) == 0 {
		j.restart()
	}
	j.add(plugin.Plan{Channels: 2, Now: j.plan})
	if until == nil && j.InLog() {
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

// InLog tells that all that was to be copied is.
func (j *Run) InLog() bool {
	n := len(j.plan)
	return n > 0 && j.plan[n-1].Split.Endless
}

// part reads some of a split: what came after the last mark is taken back.
func (j *Run) part(p *plugin.Progress, until func() bool) {
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

// SetAside gives up the parts of a table that are still to be copied.
func (j *Run) SetAside(table string) {
	for i := range j.plan {
		if p := &j.plan[i]; !p.Done && !p.Split.Endless && p.Split.Table.Table == table {
			p.Err = "set aside"
		}
	}
}

// With is another run, with other parameters.
func (j *Run) With(parameters string) {
	j.t.Helper()
	j.parameters = parameters
	j.restart()
}

// Signal sends a signal to the job; tables of a snapshot may come again.
func (j *Run) Signal(s plugin.Signal) {
	for _, table := range s.Tables {
		j.target.again[table.Table] = true
	}
	j.pending = append(j.pending, s)
	j.reader.(plugin.Signaler).Signals(j.pending)
}

// Forget forgets the rows of a table.
func (j *Run) Forget(table string) {
	for key := range j.target.rows {
		if strings.HasPrefix(key, table+" ") {
			delete(j.target.rows, key)
		}
	}
}

// Twice counts the rows that came again.
func (j *Run) Twice() int { return j.target.twice }

// Copying is what is being copied beside the log, as it is stored. Signals that
// it has noted are pending no longer.
func (j *Run) Copying() *plugin.Copying {
	j.t.Helper()
	c, err := j.info.Signals.Copying(j.plan)
	if err != nil {
		j.t.Fatal(err)
	}
	n := len(j.pending)
	j.pending = slices.DeleteFunc(j.pending, func(s plugin.Signal) bool { return slices.Contains(c.Noted, s.ID) })
	if len(j.pending) < n {
		j.reader.(plugin.Signaler).Signals(j.pending)
	}
	return c
}

// Again is another run, which takes up what was set aside.
func (j *Run) Again() {
	j.t.Helper()
	for i := range j.plan {
		j.plan[i].Err = ""
	}
	j.restart()
}

// Until reads until the row with that key of a table has come.
func (j *Run) Until(table, key string) {
	j.t.Helper()
	come := func() bool { _, there := j.target.rows[table+" "+key]; return there }
	for !come() {
		if !j.Step(come) {
			j.t.Fatalf("seed %d: the job has ended before the log", j.target.seed)
		}
	}
}

// Finish reads until the row with that key of a table has come, and compares
// with what the source has then.
func (j *Run) Finish(table, key string, want map[string]string) {
	j.t.Helper()
	j.Until(table, key)
	for key, rest := range want {
		if got, there := j.target.rows[key]; !there || got != rest {
			j.t.Errorf("seed %d: %s is %q (there: %t), the source has %q", j.target.seed, key, got, there, rest)
		}
	}
	if len(j.target.rows) != len(want) {
		j.t.Errorf("seed %d: %d rows, the source has %d", j.target.seed, len(j.target.rows), len(want))
	}
}

// All reads a job to its end and returns its rows as Finish compares them.
func (j *Run) All() map[string]string {
	j.t.Helper()
	for j.Step(nil) {
		if j.InLog() {
			j.t.Fatal("the job goes on with a log")
		}
	}
	return j.target.rows
}

func keyAndRest(table string, cells []string, keyed []int) (key, rest string) {
	key = table + " "
	for c, text := range cells {
		if len(keyed) == 0 || slices.Contains(keyed, c) {
			if len(keyed) > 1 && c != slices.Min(keyed) {
				key += "/"
			}
			key += text
		} else {
			rest += text + "|"
		}
	}
	return key, rest
}
