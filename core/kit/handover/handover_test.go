package handover_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// model is a database of one table whose log goes on while it is read. A
// position is the number of transactions before it.
type model struct {
	t       *testing.T
	rnd     *rand.Rand
	text    bool // keys are texts, which the database sorts backwards
	partial bool // updates tell the changed column alone, now and then
	pieces  bool // views show each row as it is when they read it, and some of the rows each
	table   *record.Schema
	logged  *record.Schema // with metadata
	log     [][]change
	states  []map[int]int // by position: value by key, whose thousands are a column of their own
	gone    int           // key that was deleted last
	moves   bool          // keys change, and the new row is told in part
	late    bool          // the last transactions of the log may not be visible yet
	gate    chan struct{} // that a view waits for; nil: none
	most    int           // rows of a view; 0: all
}

type change struct {
	op         record.Op
	key        int
	value, was int
	partial    bool
}

const keys = 60

func newModel(t *testing.T, seed uint64, text, partial, pieces bool) *model {
	m := &model{t: t, rnd: rand.New(rand.NewPCG(seed, 7)), text: text, partial: partial, pieces: pieces, states: []map[int]int{{}}}
	kind := record.Int64
	if text {
		kind = record.String
	}
	name := record.Name{Database: "d", Table: "t"}
	columns := []record.Column{{Name: "k", Kind: kind}, {Name: "v", Kind: record.Int64}, {Name: "w", Kind: record.Int64}}
	m.table = record.NewSchema(name, columns, 0)
	m.logged = &record.Schema{Name: name, Columns: append(slices.Clone(columns), record.Column{Name: "_snapshot", Kind: record.Bool}), Data: 3, Key: []int{0}}
	for range 40 {
		m.commit()
	}
	return m
}

// now is the position of the log's end, after some more transactions.
func (m *model) now() int {
	for range m.rnd.IntN(3) {
		m.commit()
	}
	return len(m.log)
}

func (m *model) commit() {
	state := map[int]int{}
	for k, v := range m.states[len(m.states)-1] {
		state[k] = v
	}
	var tx []change
	for range 1 + m.rnd.IntN(4) {
		k, v := m.rnd.IntN(keys), m.rnd.IntN(1_000_000)
		was, there := state[k]
		switch {
		case !there:
			tx = append(tx, change{op: record.Insert, key: k, value: v})
			state[k] = v
		case m.rnd.IntN(3) == 0:
			tx = append(tx, change{op: record.Delete, key: k, was: was})
			delete(state, k)
			to := m.gone // whose row of before a view may show
			if m.gone = k; m.moves && to != k && !has(state, to) {
				state[to] = was/1000*1000 + v%1000
				tx = append(tx, change{op: record.Insert, key: to, value: state[to], partial: true})
			}
		default:
			partial := m.partial && m.rnd.IntN(3) == 0
			if partial {
				v = was/1000*1000 + v%1000
			}
			tx = append(tx, change{op: record.UpdateAfter, key: k, value: v, was: was, partial: partial})
			state[k] = v
		}
	}
	m.log = append(m.log, tx)
	m.states = append(m.states, state)
}

func has(state map[int]int, k int) bool {
	_, there := state[k]
	return there
}

func (m *model) putKey(b *record.Batch, k int) {
	if m.text {
		b.Text(record.String, keyText(k))
	} else {
		b.Int64(int64(k))
	}
}

func keyText(k int) string { return fmt.Sprintf("k%02d", k) }

func number(text string) int {
	n, err := strconv.Atoi(text[max(0, len(text)-2):])
	if err != nil {
		panic(err)
	}
	return n
}

// put appends a change as the log tells it.
func (m *model) put(b *record.Batch, c change) {
	row := func(op record.Op, v int, partial bool) {
		b.Begin(m.logged, op)
		m.putKey(b, c.key)
		b.Int64(int64(v % 1000))
		if partial {
			b.Absent()
		} else {
			b.Int64(int64(v / 1000))
		}
		b.Bool(false)
	}
	switch c.op {
	case record.Insert:
		row(c.op, c.value, c.partial)
	case record.Delete:
		row(c.op, c.was, false)
	default:
		row(record.UpdateBefore, c.was, false)
		row(record.UpdateAfter, c.value, c.partial)
	}
}

// before tells how the database sorts keys.
func (m *model) before(a, b int) bool {
	if m.text {
		return a > b
	}
	return a < b
}

func (m *model) Compare(_ context.Context, _ record.Name, a, b handover.Key) (int, error) {
	if !m.text {
		m.t.Error("asked for the order of numbers")
	}
	x, y := number(a[0].Text), number(b[0].Text)
	switch {
	case x == y:
		return 0, nil
	case m.before(x, y):
		return -1, nil
	}
	return 1, nil
}

// View shows the table as of a position between low and high.
func (m *model) View(ctx context.Context, split plugin.Split, after json.RawMessage) (handover.View, error) {
	var c handover.Chunk
	if err := json.Unmarshal(split.Spec, &c); err != nil {
		return handover.View{}, err
	}
	if m.gate != nil {
		select {
		case <-m.gate:
		case <-ctx.Done():
			return handover.View{}, ctx.Err()
		}
	}
	low, at := m.now(), m.now()
	if m.late {
		low -= m.rnd.IntN(min(4, low))
		at = low + m.rnd.IntN(at-low+1)
	}
	s := &viewSource{m: m, state: m.states[at]}
	all := make([]int, 0, keys)
	for k := range keys {
		if _, there := s.state[k]; there || m.pieces {
			all = append(all, k)
		}
	}
	for _, k := range all {
		from, to := -1, -1
		if c.From != nil {
			from = number(c.From.Text)
		}
		if c.To != nil {
			to = number(c.To.Text)
		}
		if from >= 0 && m.before(k, from) || to >= 0 && !m.before(k, to) {
			continue
		}
		if after != nil {
			var last int
			if err := json.Unmarshal(after, &last); err != nil {
				return handover.View{}, err
			}
			if !m.before(last, k) {
				continue
			}
		}
		s.keys = append(s.keys, k)
	}
	slices.SortFunc(s.keys, func(a, b int) int {
		if m.before(a, b) {
			return -1
		}
		return 1
	})
	if m.most > 0 && len(s.keys) > m.most {
		s.keys = s.keys[:m.most]
	}
	through := m.piece(s)
	high := m.now()
	return handover.View{Source: s, Low: fmt.Append(nil, low), High: fmt.Append(nil, high), Through: through, Schema: m.logged,
		Stamp: func(b *record.Batch) { b.Bool(true) }, Changes: func(_ context.Context, add func(record.Row)) error { return m.changes(low, high, add) }}, nil
}

// piece reads some of the source's keys, each at a moment of its own, and returns
// the last one; nil: all are read.
func (m *model) piece(s *viewSource) handover.Key {
	if !m.pieces {
		return nil
	}
	s.state = map[int]int{}
	var read []int
	for n := 1 + m.rnd.IntN(12); len(s.keys) > 0 && len(read) < n; s.keys = s.keys[1:] {
		k := s.keys[0]
		if v, there := m.states[m.now()][k]; there {
			s.state[k] = v
			read = append(read, k)
		}
	}
	left := len(s.keys) > 0
	s.keys = read
	if !left {
		return nil
	}
	through, err := m.Key(handover.Chunk{}, fmt.Append(nil, read[len(read)-1]))
	if err != nil {
		m.t.Fatal(err)
	}
	return through
}

func (m *model) Key(_ handover.Chunk, position json.RawMessage) (handover.Key, error) {
	var k int
	err := json.Unmarshal(position, &k)
	if m.text {
		return handover.Key{{Kind: record.String, Text: keyText(k)}}, err
	}
	return handover.Key{{Kind: record.Int64, Text: strconv.Itoa(k)}}, err
}

func (m *model) changes(from, to int, add func(record.Row)) error {
	for _, tx := range m.log[from:to] {
		b := record.NewBatch(0, 0)
		for _, c := range tx {
			m.put(b, c)
		}
		for i := range b.Len() {
			add(b.Row(i))
		}
		b.Poison()
	}
	return nil
}

// viewSource reads a state in the order of its keys.
type viewSource struct {
	m     *model
	state map[int]int
	keys  []int
}

func (s *viewSource) Close() error { return nil }

func (s *viewSource) Fill(_ context.Context, b *record.Batch) error {
	for n := 1 + s.m.rnd.IntN(6); n > 0 && len(s.keys) > 0; n-- {
		k := s.keys[0]
		s.keys = s.keys[1:]
		b.Begin(s.m.table, record.Insert)
		s.m.putKey(b, k)
		b.Int64(int64(s.state[k] % 1000))
		b.Int64(int64(s.state[k] / 1000))
		b.Mark(fmt.Append(nil, k), time.Time{})
	}
	if len(s.keys) == 0 {
		return io.EOF
	}
	return nil
}

// target applies what arrives and finds gaps and doubles.
type target struct {
	t    *testing.T
	seed uint64
	rows map[int]int

	gone    int  // what was deleted last
	damaged bool // other than the source
	first   bool // nothing was copied before
	copied  int  // rows
}

func (g *target) apply(r record.Row) {
	g.t.Helper()
	k := number(string(r.AppendText(nil, 0)))
	was, there := g.rows[k]
	value := valueOf(r, was)
	if r.Op() == record.Insert {
		value = valueOf(r, g.gone)
	}
	switch op := r.Op(); {
	case op == record.Insert && there:
		g.t.Fatalf("seed %d: key %d arrived twice", g.seed, k)
	case op != record.Insert && !there:
		g.t.Fatalf("seed %d: %s of key %d, which has not arrived", g.seed, op, k)
	case (op == record.UpdateBefore || op == record.Delete) && was != value:
		g.t.Fatalf("seed %d: %s of key %d from %d, the target has %d", g.seed, op, k, value, was)
	case op == record.Delete:
		g.gone = was
		delete(g.rows, k)
	default:
		g.rows[k] = value
	}
}

// valueOf is a row's value; what it lacks is as it was.
func valueOf(r record.Row, was int) int {
	if r.Kind(2) == record.Absent {
		return was/1000*1000 + int(r.Int64(1))
	}
	return 1000*int(r.Int64(2)) + int(r.Int64(1))
}

// TestHandover reads a table in chunks, left and taken up at random, while it
// is changed, then its log. The rows and changes that come out, applied one by
// one, never meet a row that is not as they say.
func TestHandover(t *testing.T) {
	for name, c := range map[string]struct{ text, partial, pieces bool }{"numbers": {}, "texts": {text: true}, "parts of rows": {partial: true}, "in pieces": {pieces: true}, "texts in pieces": {text: true, pieces: true}} {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(400) {
				handOver(t, seed, newModel(t, seed, c.text, c.partial, c.pieces))
			}
		})
	}
}

func handOver(t *testing.T, seed uint64, m *model) {
	begin := m.now()
	g := &target{t: t, seed: seed, rows: map[int]int{}}
	chunks := []handover.Chunk{{Table: m.table.Name}}
	if !m.text || seed%2 == 0 {
		key, err := m.Key(chunks[0], fmt.Append(nil, keys/2))
		if err != nil {
			t.Fatal(err)
		}
		chunks = []handover.Chunk{{Table: m.table.Name, To: &key[0]}, {Table: m.table.Name, From: &key[0]}}
	}
	var segments []handover.Segment
	for i, c := range chunks {
		p := snapshot(t, m, i, c, g)
		more, err := handover.Segments(c, p)
		if err != nil {
			t.Fatal(err)
		}
		segments = append(segments, more...)
	}
	m.now()
	f, err := handover.NewFilter(segments,
		func(raw json.RawMessage) (int, error) { return strconv.Atoi(string(raw)) },
		func(high, tx int) bool { return tx < high }, m)
	if err != nil {
		t.Fatal(err)
	}
	for tx := begin; tx < len(m.log); tx++ {
		active := f.Pass(func(high int) bool { return high <= tx })
		f.Begin(tx)
		b := record.NewBatch(0, 0)
		for _, c := range m.log[tx] {
			m.put(b, c)
		}
		for i := range b.Len() {
			skip, err := f.Skip(t.Context(), b.Row(i))
			if err != nil {
				t.Fatal(err)
			}
			if skip && !active {
				t.Fatalf("seed %d: a filter that is done skips", seed)
			}
			if !skip {
				g.apply(b.Row(i))
			}
		}
	}
	want := m.states[len(m.log)]
	for k, v := range want {
		if got, there := g.rows[k]; !there || got != v {
			t.Fatalf("seed %d: key %d is %d (there: %t), want %d", seed, k, got, there, v)
		}
	}
	if len(g.rows) != len(want) {
		t.Fatalf("seed %d: %d rows, want %d", seed, len(g.rows), len(want))
	}
}

// snapshot reads a chunk, which is left now and then: what came after the last
// mark is taken back then.
func snapshot(t *testing.T, m *model, n int, c handover.Chunk, g *target) plugin.Progress {
	spec, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	p := plugin.Progress{Split: plugin.Split{ID: fmt.Sprint(n), Spec: spec}}
	for {
		s, err := handover.Open(t.Context(), m, c, p)
		if err != nil {
			t.Fatalf("seed %d: %v", g.seed, err)
		}
		b := record.NewBatch(0, 0)
		var unmarked []func()
		for {
			b.Reset(p.Split.ID)
			b.SetTarget(1+m.rnd.IntN(4), 0)
			err := s.Fill(t.Context(), b)
			if err != nil && err != io.EOF {
				t.Fatal(err)
			}
			if b.Empty() && err == nil {
				t.Fatalf("seed %d: a batch with nothing in it", g.seed)
			}
			kept := record.NewBatch(0, 0)
			for i := range b.Len() {
				if r := b.Row(i); r.Schema() != m.logged || !r.Bool(3) {
					t.Fatalf("seed %d: a row of the snapshot does not say that it is one", g.seed)
				}
				if b.Row(i).Kind(2) == record.Absent {
					t.Fatalf("seed %d: a part of a row is handed on as the row", g.seed)
				}
				kept.CopyRow(b.Row(i))
			}
			for i := range kept.Len() {
				unmarked = append(unmarked, func() { g.apply(kept.Row(i)) })
			}
			if marks := b.Marks(); len(marks) > 0 {
				for _, apply := range unmarked {
					apply()
				}
				unmarked, p.Position = nil, marks[0].Position
			}
			if err == io.EOF {
				endsAt(t, m, c, p)
				return p
			}
			if m.rnd.IntN(12) == 0 {
				break
			}
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// endsAt begins where a chunk has ended, and must find nothing there.
func endsAt(t *testing.T, m *model, c handover.Chunk, p plugin.Progress) {
	t.Helper()
	s, err := handover.Open(t.Context(), m, c, p)
	if err != nil {
		t.Fatal(err)
	}
	b := record.NewBatch(0, 0)
	if err := s.Fill(t.Context(), b); err != io.EOF || b.Len() > 0 || len(b.Marks()) != 1 || string(b.Marks()[0].Position) != string(p.Position) {
		t.Fatalf("after its end a chunk has %d rows, marks %v, %v", b.Len(), b.Marks(), err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestSegmentsAreStored spells segments and reads them again, with values that
// are no texts.
func TestSegmentsAreStored(t *testing.T) {
	from := sqlkit.Value{Kind: record.Decimal, Text: "-5"}
	want := []handover.Segment{{
		Chunk: handover.Chunk{Table: record.Name{Database: "d", Schema: "s", Table: "t"}, From: &from},
		After: handover.Key{{Kind: record.Bytes, Text: "\xff\x00"}, {Kind: record.String, Text: "é\"<"}}, High: json.RawMessage(`"h"`),
	}}
	raw, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got []handover.Segment
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s was read as %+v", raw, got)
	}
	for _, bad := range []string{`[{"chunk":{"table":"t","from":[{"kind":"what"}]},"high":1}]`, `[{"chunk":{"table":"t","to":[{"kind":"int64"},{"kind":"int64"}]},"high":1}]`} {
		if err := json.Unmarshal([]byte(bad), &got); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
