package sqlread

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// model is a database with one table: committed rows, and transactions that
// are open. An increment value is the tick at which it was written, coarsened
// so that there are ties.
type model struct {
	rnd    *rand.Rand
	now    int // ticks
	coarse int
	rows   map[int]int // by key: the increment value
	open   []*modelTx
	next   int // key of the next row
}

type modelTx struct {
	began  int
	writes map[int]int
}

func (m *model) value() int { return m.now / m.coarse }

// step lets one thing happen.
func (m *model) step() {
	m.now += m.rnd.IntN(3)
	switch n := m.rnd.IntN(10); {
	case n < 2:
		m.open = append(m.open, &modelTx{began: m.now, writes: map[int]int{}})
		fallthrough
	case n < 5 && len(m.open) > 0:
		m.write(m.open[m.rnd.IntN(len(m.open))])
	case n < 7:
		tx := &modelTx{began: m.now, writes: map[int]int{}}
		m.write(tx)
		m.commit(tx)
	case n < 8:
		m.remove()
	case len(m.open) > 0:
		i := m.rnd.IntN(len(m.open))
		tx := m.open[i]
		m.open = slices.Delete(m.open, i, i+1)
		if m.rnd.IntN(10) > 0 {
			m.commit(tx)
		}
	}
}

// write inserts a row with a key at either end, or updates one that no other
// transaction has written.
func (m *model) write(tx *modelTx) {
	if m.rnd.IntN(2) == 0 {
		m.next++
		key := m.next
		if m.rnd.IntN(2) == 0 {
			key = -key
		}
		tx.writes[key] = m.value()
		return
	}
	keys := slices.Sorted(maps.Keys(m.rows))
	m.rnd.Shuffle(len(keys), func(i, j int) { keys[i], keys[j] = keys[j], keys[i] })
	for _, key := range keys {
		old := m.rows[key]
		locked := slices.ContainsFunc(m.open, func(o *modelTx) bool { _, ok := o.writes[key]; return ok && o != tx })
		if old != m.value() && !locked {
			tx.writes[key] = m.value()
			return
		}
	}
}

// remove deletes a row that nobody has written, mostly the one with the
// largest value.
func (m *model) remove() {
	rows := m.snapshot(bound{}, forEver)
	if len(rows) == 0 {
		return
	}
	row := rows[len(rows)-1]
	if m.rnd.IntN(3) == 0 {
		row = rows[m.rnd.IntN(len(rows))]
	}
	if !slices.ContainsFunc(m.open, func(o *modelTx) bool { _, ok := o.writes[row.key]; return ok }) {
		delete(m.rows, row.key)
	}
}

func (m *model) commit(tx *modelTx) {
	for key, v := range tx.writes {
		m.rows[key] = v
	}
}

// oldest is when the oldest transaction that has written began.
func (m *model) oldest() (int, bool) {
	began, found := 0, false
	for _, tx := range m.open {
		if len(tx.writes) > 0 && (!found || tx.began < began) {
			began, found = tx.began, true
		}
	}
	return began, found
}

type modelRow struct{ value, key int }

func (m *model) snapshot(b bound, through int) []modelRow {
	var rows []modelRow
	for key, v := range m.rows {
		r := modelRow{v, key}
		if v <= through && inBound(b, r) {
			rows = append(rows, r)
		}
	}
	slices.SortFunc(rows, compareModel)
	return rows
}

func compareModel(a, b modelRow) int {
	return cmp.Or(cmp.Compare(a.value, b.value), cmp.Compare(a.key, b.key))
}

func number(v sqlkit.Value) int {
	n, err := strconv.Atoi(v.Text)
	if err != nil {
		panic(err)
	}
	return n
}

func inBound(b bound, r modelRow) bool {
	switch b.op {
	case fromAbove:
		return r.value > number(b.values[0])
	case fromValue:
		return r.value >= number(b.values[0])
	case fromAfter:
		return compareModel(r, modelRow{number(b.values[0]), number(b.values[1])}) > 0
	}
	return true
}

func (r modelRow) identity() identity {
	value := strconv.AppendInt(nil, int64(r.value), 10)
	id := appendPart(nil, record.Int64, value)
	return identity{kind: record.Int64, value: value, id: appendPart(id, record.Int64, strconv.AppendInt(nil, int64(r.key), 10))}
}

func intValue(n int) sqlkit.Value { return sqlkit.Value{Kind: record.Int64, Text: strconv.Itoa(n)} }

// modelRun is a reader of the model and what a destination with transactions
// has of it: rows become durable with the position after them.
type modelRun struct {
	t        *testing.T
	m        *model
	c        *cursor
	report   report
	durable  []byte             // the position; nil: none
	pending  []modelRow         // delivered after it
	slid     bool               // the last poll gave up a part of its window
	arrivals map[modelRow][]int // the ticks at which a row became durable
}

func newModelRun(t *testing.T, seed uint64) *modelRun {
	rnd := rand.New(rand.NewPCG(seed, 1))
	m := &model{rnd: rnd, coarse: 1 + rnd.IntN(8), rows: map[int]int{}}
	r := &modelRun{t: t, m: m, arrivals: map[modelRow][]int{}, report: report{column: "v", spell: func(v sqlkit.Value) string { return v.Text }}}
	r.restart()
	return r
}

// restart makes the cursor of what is durable; what was pending is undone.
func (r *modelRun) restart() {
	r.pending = nil
	r.c = &cursor{limit: rememberedRows, cursorShape: cursorShape{keyed: true, sorted: true,
		columns: []sqlkit.KeyColumn{{Name: "v", Kind: record.Int64}, {Name: "k", Kind: record.Int64}}}}
	if r.durable == nil {
		return
	}
	var err error
	if r.c.cursorState, err = parseCursor(r.durable); err != nil {
		r.t.Fatal(err)
	}
}

func (r *modelRun) mark(raw []byte) {
	if raw == nil {
		return
	}
	r.durable = raw
	for _, row := range r.pending {
		r.arrivals[row] = append(r.arrivals[row], r.m.now)
	}
	r.pending = nil
}

// read reads one statement, while the database goes on, and may crash.
func (r *modelRun) read(rows []modelRow, window bool) (crashed bool) {
	r.c.start(window)
	for _, row := range rows { // a snapshot: what happens meanwhile is not in it
		if r.m.rnd.IntN(4) == 0 {
			r.m.step()
		}
		if r.c.see(row.identity()) {
			r.pending = append(r.pending, row)
		}
		switch r.m.rnd.IntN(30) {
		case 0:
			return true
		case 1, 2, 3:
			r.mark(r.c.position(&r.report))
		}
	}
	return false
}

const forEver = 1 << 30

// TestModelPolling polls a database in which transactions commit late and
// rows tie, with crashes at any point: nothing that is committed in the end
// was missed, and no version of a row came twice. Where few rows can be
// remembered some may be missed, which polling says; none comes twice then.
func TestModelPolling(t *testing.T) {
	slid := 0
	for seed := range uint64(200) {
		limit := rememberedRows
		if seed%5 == 0 {
			limit = 1 + int(seed)%23
		}
		slid += pollModel(t, seed, limit)
	}
	if slid == 0 {
		t.Error("no window was longer than its limit")
	}
}

// pollModel returns how many polls had to give up a part of their window.
func pollModel(t *testing.T, seed uint64, limit int) (slid int) {
	r := newModelRun(t, seed)
	h := &history{}
	tick := func(n int) time.Time { return time.Unix(int64(n), 0) }
	const polls = 60
	for poll := range polls {
		r.c.limit = limit
		for range r.m.rnd.IntN(8) {
			r.m.step()
		}
		if poll == polls-1 {
			for _, tx := range r.m.open {
				r.m.commit(tx)
			}
			r.m.open = nil
		}
		committed := r.m.snapshot(bound{}, forEver)
		done := r.poll(h, tick)
		if r.slid {
			slid++
		}
		if !done {
			r.restart()
			h.forget()
			continue
		}
		for _, row := range committed {
			if v, ok := r.m.rows[row.key]; ok && v == row.value && len(r.arrivals[row]) == 0 && limit == rememberedRows {
				t.Fatalf("seed %d: poll %d missed %+v, which was committed before it began", seed, poll, row)
			}
		}
		if r.m.rnd.IntN(10) == 0 {
			r.restart()
			h.forget()
		}
	}
	r.checkTwice(seed)
	return slid
}

// checkTwice makes sure that no row came twice as it was: a value and key were
// written once, so they may arrive once.
func (r *modelRun) checkTwice(seed uint64) {
	for row, at := range r.arrivals {
		if len(at) > 1 {
			r.t.Fatalf("seed %d: %+v arrived %d times, at ticks %v", seed, row, len(at), at)
		}
	}
}

// poll does what polling does; false: it crashed.
func (r *modelRun) poll(h *history, tick func(int) time.Time) bool {
	r.slid = false
	if len(h.known) == 0 {
		rows := r.m.snapshot(r.c.bound, forEver)
		if len(rows) == 0 {
			return true
		}
		most := rows[len(rows)-1].value
		h.note(tick(r.m.now), intValue(most))
		r.m.step()
		if _, open := r.m.oldest(); !open {
			if r.read(r.m.snapshot(r.c.bound, most-1), false) {
				return false
			}
			below := intValue(most)
			r.c.finish(&below, nil)
			r.mark(r.c.position(&r.report))
		}
	}
	asked := r.m.now
	began, open := r.m.oldest()
	if !open {
		began = asked
	}
	low := h.until(tick(began - 1))
	if r.m.rnd.IntN(2) == 0 {
		r.m.step() // between the question and the poll
	}
	if r.read(r.m.snapshot(r.c.bound, forEver), true) {
		return false
	}
	some := r.c.begun
	if r.slid = r.c.gaveUp && r.c.window; r.c.gaveUp {
		low = nil
		h.forget()
	}
	r.c.finish(nil, low)
	r.mark(r.c.position(&r.report))
	if some {
		h.note(tick(r.m.now), *r.c.last)
	}
	return true
}

// TestModelIncremental runs one bounded run after the other, each up to the
// maximum at its start. Transactions are short here: a run makes no promise
// for those that commit below its maximum. Ties with the maximum, and rows that
// are updated to it under a smaller key, are neither lost nor doubled.
func TestModelIncremental(t *testing.T) {
	for seed := range uint64(400) {
		r := newModelRun(t, seed)
		r.c.limit = 1 + int(seed%7)*1000
		for range 30 {
			for range r.m.rnd.IntN(12) {
				r.m.now += r.m.rnd.IntN(3)
				tx := &modelTx{writes: map[int]int{}}
				r.m.write(tx)
				r.m.commit(tx)
			}
			all := r.m.snapshot(bound{}, forEver)
			if len(all) == 0 {
				continue
			}
			end := all[len(all)-1].value
			for r.readShort(r.m.snapshot(r.c.bound, end)) {
				r.restart()
				r.c.limit = rememberedRows
			}
			r.c.finish(nil, nil)
			r.mark(r.c.position(&r.report))
			r.restart()
			if seed%7 == 0 {
				continue // one row is remembered: rows under smaller keys may be lost, which is told
			}
			for _, row := range all {
				if row.value <= end && len(r.arrivals[row]) == 0 {
					t.Fatalf("seed %d: %+v was missed", seed, row)
				}
			}
		}
		r.checkTwice(seed)
	}
}

// readShort is read of a statement while nothing is written.
func (r *modelRun) readShort(rows []modelRow) (crashed bool) {
	r.c.start(false)
	for _, row := range rows {
		if r.c.see(row.identity()) {
			r.pending = append(r.pending, row)
		}
		switch r.m.rnd.IntN(20) {
		case 0:
			return true
		case 1, 2, 3:
			r.mark(r.c.position(&r.report))
		}
	}
	return false
}

// TestModelWithoutKey reads below the maximum, in groups: every row comes once
// when a larger value is there.
func TestModelWithoutKey(t *testing.T) {
	for seed := range uint64(200) {
		r := newModelRun(t, seed)
		r.c.keyed = false
		for range 20 {
			for range r.m.rnd.IntN(12) {
				r.m.now += r.m.rnd.IntN(3)
				r.m.next++
				r.m.rows[r.m.next] = r.m.value()
			}
			all := r.m.snapshot(bound{}, forEver)
			if len(all) == 0 {
				continue
			}
			end := all[len(all)-1].value
			for r.readGroups(r.m.snapshot(r.c.bound, end-1)) {
				r.restart()
				r.c.keyed = false
			}
			below := intValue(end)
			r.c.finish(&below, nil)
			r.mark(r.c.position(&r.report))
			r.restart()
			r.c.keyed = false
			for _, row := range all {
				if n := len(r.arrivals[row]); (n == 1) != (row.value < end) {
					t.Fatalf("seed %d: %+v arrived %d times below %d", seed, row, n, end)
				}
			}
		}
		r.checkTwice(seed)
	}
}

func (r *modelRun) readGroups(rows []modelRow) (crashed bool) {
	r.c.start(false)
	for _, row := range rows {
		r.c.see(row.identity())
		if r.c.turned && r.m.rnd.IntN(3) == 0 {
			r.mark(r.c.positionAt(r.c.before, &r.report))
		}
		r.pending = append(r.pending, row)
		if r.m.rnd.IntN(20) == 0 {
			return true
		}
	}
	return false
}

// TestModelFindsFaults makes sure that the model would notice: a reader that
// takes the largest value for the place to go on from loses rows.
func TestModelFindsFaults(t *testing.T) {
	lost := 0
	for seed := range uint64(50) {
		r := newModelRun(t, seed)
		for range 40 {
			for range r.m.rnd.IntN(8) {
				r.m.step()
			}
			rows := r.m.snapshot(r.c.bound, forEver)
			r.c.start(false)
			for _, row := range rows {
				if r.c.see(row.identity()) {
					r.arrivals[row] = append(r.arrivals[row], r.m.now)
				}
			}
			r.c.finish(nil, nil)
		}
		for _, row := range r.m.snapshot(bound{}, forEver) {
			if len(r.arrivals[row]) == 0 {
				lost++
			}
		}
	}
	if lost == 0 {
		t.Error("no late commit was lost without a window: the model shows nothing")
	}
	fmt.Fprintln(t.Output(), "rows lost without a window:", lost)
}
