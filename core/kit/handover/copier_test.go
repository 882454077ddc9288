package handover_test

import (
	"context"
	"encoding/json"
	"strconv"
	"testing"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Whole implements [handover.Tables].
func (m *model) Whole(_ context.Context, table record.Name, rows int) (plugin.Split, handover.Chunk, error) {
	c := handover.Chunk{Table: table}
	spec, err := json.Marshal(c)
	m.most = rows
	return plugin.Split{ID: "whole", Spec: spec}, c, err
}

// follower reads a model's log, and copies its table beside it. What it hands
// on is at the target with the mark that follows, and lost where it is killed
// before.
type follower struct {
	m        *model
	at       int // transactions that were read
	in       *handover.Signals
	c        *handover.Copier[int, int]
	state    *handover.Copies
	g        *target
	unmarked []func()
	stored   []byte // of the last mark
	storedAt int
}

// open begins at the last mark.
func (f *follower) open(t *testing.T) {
	f.state = &handover.Copies{}
	if err := json.Unmarshal(f.stored, f.state); err != nil {
		t.Fatal(err)
	}
	f.at, f.unmarked = f.storedAt, nil
	f.c = handover.NewCopier(handover.Log[int, int]{
		Parse:   func(raw json.RawMessage) (int, error) { return strconv.Atoi(string(raw)) },
		Covers:  func(low, tx int) bool { return tx < low },
		Passed:  func(high int) bool { return f.at >= high },
		Here:    func() func(int) bool { at := f.at; return func(low int) bool { return low >= at } },
		Follows: func(n record.Name) bool { return n == f.m.table.Name },
	}, f.m, f.state, f.in)
}

func (f *follower) mark(t *testing.T) {
	raw, err := json.Marshal(f.c.State())
	if err != nil {
		t.Fatal(err)
	}
	for _, apply := range f.unmarked {
		apply()
	}
	f.c.Noted()
	f.stored, f.storedAt, f.unmarked = raw, f.at, nil
}

func (f *follower) hand(b *record.Batch, snapshot bool) {
	kept := record.NewBatch(0, 0)
	for i := range b.Len() {
		kept.CopyRow(b.Row(i))
	}
	for i := range kept.Len() {
		f.unmarked = append(f.unmarked, func() { f.g.take(kept.Row(i), snapshot) })
	}
}

// turn reads on by one step.
func (f *follower) turn(t *testing.T) handover.Turn {
	turn, err := f.c.Next(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	switch turn {
	case handover.Hand:
		b := record.NewBatch(1+f.m.rnd.IntN(4), 0)
		b.Reset("log")
		done := f.c.Hand(b)
		f.hand(b, true)
		if done {
			f.mark(t)
		}
	case handover.Note:
		f.mark(t)
	case handover.Wait:
		if read := f.c.Reading(); read != nil && f.m.rnd.IntN(4) == 0 {
			select {
			case f.m.gate <- struct{}{}:
				<-read
			case <-read:
			}
		}
		f.log(t)
	default:
		f.log(t)
	}
	return turn
}

// log reads a transaction, if there is one. The log goes on.
func (f *follower) log(t *testing.T) {
	if f.m.rnd.IntN(5) < 2 {
		f.m.commit()
	}
	if f.at == len(f.m.log) || f.m.rnd.IntN(4) == 0 { // it waits, or lags behind
		return
	}
	f.c.Begin(f.at)
	b, keep := record.NewBatch(0, 0), record.NewBatch(0, 0)
	for _, c := range f.m.log[f.at] {
		f.m.put(b, c)
	}
	for i := range b.Len() {
		skip, err := f.c.Skip(t.Context(), b.Row(i))
		if err != nil {
			t.Fatal(err)
		}
		if !skip {
			keep.CopyRow(b.Row(i))
		}
	}
	f.at++
	f.hand(keep, false)
	if f.m.rnd.IntN(3) == 0 {
		f.mark(t)
	}
}

// take applies a row. One of a snapshot that the target has already must be as
// the target has it: everything before it has arrived.
func (g *target) take(r record.Row, snapshot bool) {
	g.t.Helper()
	k := number(string(r.AppendText(nil, 0)))
	was, there := g.rows[k]
	switch {
	case !snapshot && g.damaged:
		if r.Op() == record.Delete {
			delete(g.rows, k)
		} else if r.Op() != record.UpdateBefore {
			g.rows[k] = valueOf(r, was)
		}
	case !snapshot:
		g.apply(r)
	case r.Op() != record.Insert || !r.Bool(3):
		g.t.Fatalf("seed %d: a row of a snapshot does not say that it is one", g.seed)
	case r.Kind(2) == record.Absent:
		g.t.Fatalf("seed %d: a part of a row is handed on as the row", g.seed)
	case g.damaged:
		g.rows[k] = valueOf(r, was)
	case there && g.first:
		g.t.Fatalf("seed %d: key %d arrived twice", g.seed, k)
	case !there && !g.first:
		g.t.Fatalf("seed %d: key %d comes back from a snapshot, it was deleted", g.seed, k)
	case there && was != valueOf(r, was):
		g.t.Fatalf("seed %d: key %d comes from a snapshot as %d, it is %d", g.seed, k, valueOf(r, was), was)
	default:
		g.copied++
		g.rows[k] = valueOf(r, was)
	}
}

// TestCopier copies a table amid its log, killed at random: one whose rows are
// all there, one whose rows are damaged, and one that was added.
func TestCopier(t *testing.T) {
	kinds := map[string]struct{ text, partial bool }{"numbers": {}, "texts": {text: true}, "parts of rows": {partial: true}}
	for name, k := range kinds {
		for _, how := range []string{"intact", "damaged", "added"} {
			t.Run(name+" "+how, func(t *testing.T) {
				copied := 0
				for seed := range uint64(60) {
					m := newModel(t, seed, k.text, k.partial, false)
					m.late, m.gate, m.moves = seed%2 == 0, make(chan struct{}), k.partial && how == "intact"
					copied += copyBeside(t, m, &target{t: t, seed: seed, damaged: how == "damaged", first: how == "added"})
				}
				if copied == 0 && how != "damaged" {
					t.Error("nothing was copied")
				}
			})
		}
	}
}

func copyBeside(t *testing.T, m *model, g *target) (copied int) {
	f := &follower{m: m, g: g, in: new(handover.Signals), stored: []byte("{}"), storedAt: len(m.log)}
	f.open(t)
	f.c.SetChunk(1 + m.rnd.IntN(9))
	g.rows = map[int]int{}
	switch {
	case g.first:
		f.c.Add(m.table.Name)
	default:
		for k, v := range m.states[f.at] {
			if !g.damaged || m.rnd.IntN(3) > 0 {
				g.rows[k] = v + m.rnd.IntN(2)*btoi(g.damaged)
			}
		}
		f.in.Put([]plugin.Signal{{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{m.table.Name}}})
	}
	begun := false
	for range 10_000 {
		f.turn(t)
		copying := len(f.c.State().Tables) > 0
		begun = begun || copying
		if begun && !copying && len(f.unmarked) == 0 {
			break
		}
		if m.rnd.IntN(60) == 0 { // killed
			size := 1 + m.rnd.IntN(9)
			f.c.Close()
			f.open(t)
			f.c.SetChunk(size)
		}
	}
	defer f.c.Close()
	if !begun || len(f.c.State().Tables) > 0 {
		t.Fatalf("seed %d: the copy does not end", g.seed)
	}
	for f.at < len(m.log) {
		f.log(t)
	}
	f.mark(t)
	want := m.states[f.at]
	for k, v := range want {
		if got, there := g.rows[k]; !there || got != v {
			t.Fatalf("seed %d: key %d is %d (there: %t), want %d", g.seed, k, got, there, v)
		}
	}
	for k := range g.rows {
		if _, there := want[k]; !there {
			t.Fatalf("seed %d: key %d is not in the source", g.seed, k)
		}
	}
	return g.copied
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
