package checkpoint_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var schema = record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "n", Kind: record.Int64}})

// batch is one of split with that many rows; mark "" leaves it without a mark.
func batch(split string, rows int, mark string) *record.Batch {
	b := record.NewBatch(0, 0)
	b.Reset(split)
	for range rows {
		b.Begin(schema, record.Insert)
		b.Int64(1)
	}
	switch mark {
	case "":
	case "end":
		b.End()
	default:
		b.Mark([]byte(mark), time.Time{})
	}
	return b
}

func read(n int64) checkpoint.Counts { return checkpoint.Counts{Read: n} }

func done(t checkpoint.Ticket, written int64) checkpoint.Settlement {
	return checkpoint.Settlement{Ticket: t, Counts: checkpoint.Counts{Written: written}}
}

func newTracker(ended *[]string) *checkpoint.Tracker {
	t := checkpoint.NewTracker(checkpoint.Counts{}, nil, func(s string) { *ended = append(*ended, s) })
	t.Add([]plugin.Progress{{Split: plugin.Split{ID: "a"}}, {Split: plugin.Split{ID: "b"}}})
	return t
}

func TestPositionWaitsForAllBefore(t *testing.T) {
	var ended []string
	tr := newTracker(&ended)
	one := tr.Issue(batch("a", 3, "1"), read(3), 1)
	two := tr.Issue(batch("a", 2, "2"), read(2), 1)
	three := tr.Issue(batch("a", 1, "end"), read(1), 1)
	tr.Settle(0, nil, []checkpoint.Settlement{done(two, 2), done(three, 1)})
	if p := tr.Progress("a"); p.Position != nil || p.Done || len(ended) != 0 {
		t.Fatalf("the position moved over a batch that is not durable: %+v", p)
	}
	if _, _, c := tr.Snapshot(); c != (checkpoint.Counts{}) {
		t.Errorf("counted %+v", c)
	}
	tr.Settle(0, nil, []checkpoint.Settlement{done(one, 3)})
	if p := tr.Progress("a"); string(p.Position) != "2" || !p.Done || fmt.Sprint(ended) != "[a]" {
		t.Errorf("progress %+v, ended %v", p, ended)
	}
	if _, _, c := tr.Snapshot(); c.Read != 6 || c.Written != 6 {
		t.Errorf("counted %+v", c)
	}
}

func TestRowsWithoutMarkAreNoPosition(t *testing.T) {
	var ended []string
	tr := newTracker(&ended)
	one := tr.Issue(batch("a", 3, ""), read(3), 1)
	tr.Settle(0, nil, []checkpoint.Settlement{done(one, 3)})
	if p := tr.Progress("a"); p.Position != nil || !p.Begun {
		t.Fatalf("progress %+v, want begun without a position", p)
	}
	if undone := tr.Rewind("a"); undone.Read != 3 || undone.Written != 3 {
		t.Errorf("rewinding took back %+v", undone)
	}
	again := tr.Issue(batch("a", 3, ""), read(3), 1)
	last := tr.Issue(batch("a", 0, "7"), read(0), 1)
	tr.Settle(0, nil, []checkpoint.Settlement{done(again, 3), done(last, 0)})
	if p := tr.Progress("a"); string(p.Position) != "7" || p.Begun {
		t.Errorf("progress %+v", p)
	}
	if _, _, c := tr.Snapshot(); c.Read != 3 || c.Written != 3 {
		t.Errorf("counted %+v, want each row once", c)
	}
}

func TestJoinedTicketsHaveOnePosition(t *testing.T) {
	var ended []string
	tr := newTracker(&ended)
	one, two := tr.Issue(batch("a", 1, "1"), read(1), 1), tr.Issue(batch("a", 1, ""), read(1), 1)
	if !two.Follows(one) || one.Follows(two) {
		t.Error("the order of tickets is lost")
	}
	joined := done(one, 0)
	joined.Joined = true
	tr.Settle(0, nil, []checkpoint.Settlement{joined, done(two, 2)})
	if p := tr.Progress("a"); p.Position != nil {
		t.Errorf("a position between rows that were written as one: %+v", p)
	}
}

// TestStateOfJoinedTicket joins a batch whose mark has a state to one whose mark
// says that it is as before.
func TestStateOfJoinedTicket(t *testing.T) {
	var ended []string
	tr := newTracker(&ended)
	b := batch("a", 1, "")
	b.MarkState([]byte("1"), []byte("new"), time.Time{})
	one, two, three := tr.Issue(b, read(1), 1), tr.Issue(batch("a", 1, ""), read(1), 1), tr.Issue(batch("a", 1, "3"), read(1), 1)
	joined := []checkpoint.Settlement{done(one, 0), done(two, 0), done(three, 3)}
	joined[0].Joined, joined[1].Joined = true, true
	tr.Settle(0, nil, joined)
	if p := tr.Progress("a"); string(p.Position) != "3" || string(p.State) != "new" {
		t.Errorf("position %s with state %q", p.Position, p.State)
	}
}

func TestTokensMoveWithPositions(t *testing.T) {
	var ended []string
	tr := newTracker(&ended)
	a, b := tr.Issue(batch("a", 1, "1"), read(1), 1), tr.Issue(batch("b", 1, "1"), read(1), 1)
	tr.Settle(1, []byte("tb"), []checkpoint.Settlement{done(b, 1)})
	tr.Settle(0, nil, []checkpoint.Settlement{done(a, 1)})
	plan, tokens, _ := tr.Snapshot()
	if len(tokens) != 2 || tokens[0] != nil || string(tokens[1]) != "tb" {
		t.Errorf("tokens %q", tokens)
	}
	if string(plan[0].Position) != "1" || string(plan[1].Position) != "1" {
		t.Errorf("plan %+v", plan)
	}
}

// journal is a Store, Committer and dirty sink that writes down what is asked of it.
type journal struct {
	calls []string
	fail  string
}

func (j *journal) note(call string) error {
	j.calls = append(j.calls, call)
	if j.fail == call {
		return errors.New("no " + call)
	}
	return nil
}

func (j *journal) Load(context.Context, string) (*checkpoint.Checkpoint, error) { return nil, nil }
func (j *journal) Lock(context.Context, string) (func() error, error)           { return nil, nil }
func (j *journal) Save(context.Context, *checkpoint.Checkpoint) error           { return j.note("save") }
func (j *journal) Commit(context.Context, uint64, [][]byte) error               { return j.note("commit") }
func (j *journal) Discard(context.Context, uint64, [][]byte) error              { return j.note("discard") }
func (j *journal) flush(context.Context) error                                  { return j.note("dirty") }

func TestSaveInOrder(t *testing.T) {
	for fail, want := range map[string]string{"": "[dirty save commit]", "dirty": "[dirty]", "save": "[dirty save]", "commit": "[dirty save commit]"} {
		j := &journal{fail: fail}
		var ended []string
		tr := newTracker(&ended)
		tr.Settle(0, []byte("token"), []checkpoint.Settlement{done(tr.Issue(batch("a", 1, "1"), read(1), 1), 1)})
		c := checkpoint.NewCoordinator(j, &checkpoint.Checkpoint{}, tr, j, j.flush, slog.New(slog.DiscardHandler))
		err := c.Save(t.Context())
		if got := fmt.Sprint(j.calls); got != want || (err != nil) != (fail != "") {
			t.Errorf("failing %q: calls %s, want %s; error %v", fail, got, want, err)
		}
	}
}

// BenchmarkSettleMany settles at once what a Flusher has taken over seconds.
func BenchmarkSettleMany(b *testing.B) {
	const n = 10_000
	for b.Loop() {
		var ended []string
		tr := newTracker(&ended)
		settled := make([]checkpoint.Settlement, n)
		one := batch("a", 1, "1")
		for i := range settled {
			settled[i] = done(tr.Issue(one, read(1), 1), 1)
		}
		tr.Settle(0, nil, settled)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/batch")
}
