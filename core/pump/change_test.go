package pump_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// changes is a source of one endless split: a log of numbered changes of the
// rows of two tables, with statements among them that change a table.
type changes struct {
	dice    *dice
	schemas [2]*record.Schema
	log     []event
	store   *memoryStore
	acked   int // the furthest position acknowledged
}

// event is a change of a row, or of a schema if change is not nil.
type event struct {
	table, key int
	op         record.Op
	ends       bool // of a transaction
	change     *record.Change
}

const changedKeys = 20

func newChanges(d *dice, store *memoryStore) *changes {
	c := &changes{dice: d, store: store}
	for i := range c.schemas {
		c.schemas[i] = record.NewSchema(record.Name{Table: fmt.Sprintf("t%d", i)},
			[]record.Column{{Name: "k", Kind: record.Int64}, {Name: "n", Kind: record.Int64}}, 0)
	}
	for range 300 {
		for range 1 + d.intn(30) {
			e := event{table: d.intn(2), key: d.intn(changedKeys), op: record.Insert}
			switch d.intn(4) {
			case 0:
				e.op = record.Delete
			case 1:
				c.log = append(c.log, event{table: e.table, key: e.key, op: record.UpdateBefore})
				e.op = record.UpdateAfter
			}
			c.log = append(c.log, e)
		}
		c.log[len(c.log)-1].ends = true
		if d.intn(15) == 0 {
			t := d.intn(2)
			c.log = append(c.log, event{ends: true, change: &record.Change{
				Kind: record.Alter, Name: c.schemas[t].Name, From: c.schemas[t], To: c.schemas[t], SQL: fmt.Sprint(len(c.log))}})
		}
	}
	return c
}

func (c *changes) plan() []plugin.Progress {
	return []plugin.Progress{{Split: plugin.Split{ID: "log", Endless: true, Apart: true}}}
}

func (c *changes) Close() error { return nil }

func (c *changes) Open(_ context.Context, from plugin.Progress) (plugin.Source, error) {
	s := &changeSource{changes: c}
	if from.Position != nil {
		var at struct{ At int }
		if err := json.Unmarshal(from.Position, &at); err != nil {
			return nil, err
		}
		s.at = at.At
	}
	return s, c.dice.fail()
}

type changeSource struct {
	*changes
	at int
}

func (s *changeSource) Close() error { return nil }

// Ack checks that the position is stored and none before the last.
func (s *changeSource) Ack(_ context.Context, position []byte) error {
	if err := s.dice.fail(); err != nil {
		return err
	}
	s.store.mu.Lock()
	defer s.store.mu.Unlock()
	if !bytes.Contains(s.store.saved, position) {
		return fmt.Errorf("told of %s, stored is %s", position, s.store.saved)
	}
	var at struct{ At int }
	if err := json.Unmarshal(position, &at); err != nil {
		return err
	}
	s.acked = max(s.acked, at.At)
	return nil
}

func (s *changeSource) Fill(ctx context.Context, b *record.Batch) error {
	waits := s.dice.intn(20)
	for ctx.Err() == nil {
		if s.at == len(s.log) {
			return io.EOF
		}
		e := s.log[s.at]
		if e.change != nil {
			b.Mark(fmt.Appendf(nil, `{"at":%d}`, s.at), time.Time{})
			b.Change(e.change)
			s.at++
			return s.dice.fail()
		}
		if b.Over() && e.op != record.UpdateAfter {
			return s.dice.fail()
		}
		b.Begin(s.schemas[e.table], e.op)
		b.Int64(int64(e.key))
		b.Int64(int64(s.at))
		s.at++
		if waits--; e.ends && (b.Full() || waits < 0) {
			b.Mark(fmt.Appendf(nil, `{"at":%d}`, s.at), time.Time{})
			return s.dice.fail()
		}
	}
	return ctx.Err()
}

// table is a destination that follows changes. It keeps per key the numbers of
// the changes in their order of arrival.
type table struct {
	log     []event
	dice    *dice
	mu      sync.Mutex
	arrived map[[2]int][]int
	here    map[int]bool // changes of rows that are durable
	altered map[int]bool // changes of schemas that were made
	wrong   error
	refuses string // a table that is not taken
}

func (t *table) Close() error { return nil }
func (t *table) Open(context.Context, plugin.Task) (plugin.Sink, error) {
	return &tableSink{t: t}, t.dice.fail()
}

func (t *table) taken(e event) bool { return fmt.Sprintf("t%d", e.table) != t.refuses }

func (t *table) Migrate(_ context.Context, c *record.Change) error {
	if err := t.dice.fail(); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	var at int
	if _, err := fmt.Sscan(c.SQL, &at); err != nil {
		return err
	}
	for n := range at {
		if t.log[n].change == nil && !t.here[n] && t.taken(t.log[n]) {
			t.wrong = fmt.Errorf("change %d of a schema was made before row change %d was durable", at, n)
		}
	}
	t.altered[at] = true
	return t.dice.fail()
}

type tableSink struct {
	t    *table
	held []int
}

func (s *tableSink) Close() error { return nil }

func (s *tableSink) Write(_ context.Context, b *record.Batch) error {
	if err := s.t.dice.fail(); err != nil {
		return err
	}
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	for _, schema := range b.Schemas() {
		if schema.Name.Table == s.t.refuses {
			return &plugin.TableError{Table: schema.Name, Err: errors.New("it has no key")}
		}
	}
	for i := range b.Len() {
		r := b.Row(i)
		n := int(r.Int64(1))
		if r.Op() == record.UpdateBefore && (i+1 == b.Len() || b.Row(i+1).Op() != record.UpdateAfter || b.Row(i+1).Int64(1) != int64(n)+1) {
			s.t.wrong = fmt.Errorf("row change %d came without the other half of its update", n)
		}
		for at, e := range s.t.log[:n] {
			if e.change != nil && !s.t.altered[at] && e.change.Name.Table != s.t.refuses {
				s.t.wrong = fmt.Errorf("row change %d came before change %d of a schema was made", n, at)
			}
		}
		e := s.t.log[n]
		key := [2]int{e.table, e.key}
		s.t.arrived[key] = append(s.t.arrived[key], n)
		s.held = append(s.held, n)
	}
	return nil
}

func (s *tableSink) Flush(context.Context) error {
	if err := s.t.dice.fail(); err != nil {
		return err
	}
	s.t.mu.Lock()
	defer s.t.mu.Unlock()
	for _, n := range s.held {
		s.t.here[n] = true
	}
	s.held = s.held[:0]
	return s.t.dice.fail()
}

// TestChanges follows a log of changes into one and several sinks while calls
// fail and runs are killed: every change arrives, those of a key in order, and
// each schema change falls between the rows before it and those after it.
func TestChanges(t *testing.T) {
	for _, sinks := range []int{1, 3} {
		t.Run(fmt.Sprint(sinks), func(t *testing.T) {
			acked := 0
			for seed := range uint64(12) {
				synctest.Test(t, func(t *testing.T) { acked += follow(t, seed, sinks, "") })
			}
			if acked == 0 {
				t.Error("no position was acknowledged")
			}
		})
	}
}

// TestLeftOut follows changes of two tables of which the destination refuses
// one: those of the other arrive as ever, and it is stored from where on the
// first is left out.
func TestLeftOut(t *testing.T) {
	for _, sinks := range []int{1, 3} {
		t.Run(fmt.Sprint(sinks), func(t *testing.T) {
			for seed := range uint64(12) {
				synctest.Test(t, func(t *testing.T) { follow(t, seed, sinks, "t1") })
			}
		})
	}
}

// follow returns how far positions were acknowledged.
func follow(t *testing.T, seed uint64, sinks int, refuses string) int {
	d := newDice(seed, 0)
	store, dirty := &memoryStore{}, &bin{}
	source := newChanges(d, store)
	to := &table{log: source.log, dice: d, arrived: map[[2]int][]int{}, here: map[int]bool{}, altered: map[int]bool{}, refuses: refuses}
	d.fails = 0.01
	rnd := rand.New(rand.NewPCG(seed, 3))
	for attempt := 0; ; attempt++ {
		if attempt > 2000 {
			t.Fatal("no run has ended in 2000")
		}
		ctx, kill := context.WithCancel(t.Context())
		if rnd.IntN(2) == 0 {
			time.AfterFunc(time.Duration(rnd.IntN(2000))*time.Millisecond, kill)
		}
		_, err := run(ctx, ctx, source, to, [2]int{1, sinks}, store, dirty)
		kill()
		if to.wrong != nil {
			t.Fatalf("seed %d: %v", seed, to.wrong)
		}
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) && !errors.Is(err, errFlaky) {
			t.Fatalf("seed %d: a run ended with %v", seed, err)
		}
	}
	want := map[[2]int][]int{}
	for n, e := range source.log {
		if e.change == nil {
			if to.taken(e) {
				want[[2]int{e.table, e.key}] = append(want[[2]int{e.table, e.key}], n)
			}
		} else if !to.altered[n] && e.change.Name.Table != refuses {
			t.Errorf("seed %d: change %d of a schema was not made", seed, n)
		}
	}
	for key, changes := range want {
		next := 0 // changes may come again, but none before its predecessors
		for _, n := range to.arrived[key] {
			at := 0
			for changes[at] != n {
				at++
			}
			if at > next {
				t.Fatalf("seed %d: key %v: change %d came before %d", seed, key, n, changes[next])
			}
			next = max(next, at+1)
		}
		if next != len(changes) {
			t.Errorf("seed %d: key %v: %d of %d changes arrived", seed, key, next, len(changes))
		}
	}
	c, err := store.Load(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	if aside := c.Plan[0].Aside; refuses == "" && len(aside) != 0 || refuses != "" && (len(aside) != 1 || aside[0].Table.Table != refuses) {
		t.Errorf("seed %d: left out is %+v, want %q", seed, aside, refuses)
	}
	return source.acked
}
