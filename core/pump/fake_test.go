package pump_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/core/record"
)

var errFlaky = errclass.With(errclass.Transient, errors.New("the network broke"))

// dice decides what goes wrong. Safe for several goroutines.
type dice struct {
	mu    sync.Mutex
	rnd   *rand.Rand
	fails float64 // of each call
}

func newDice(seed uint64, fails float64) *dice {
	return &dice{rnd: rand.New(rand.NewPCG(seed, 1)), fails: fails}
}

func (d *dice) intn(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rnd.IntN(n)
}

func (d *dice) fail() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.rnd.Float64() < d.fails {
		return errFlaky
	}
	return nil
}

// logs is a source of several splits, each a log of transactions whose rows
// are numbered from 0.
type logs struct {
	dice   *dice
	schema *record.Schema
	splits map[string][]int  // the last row's number plus one, by transaction
	tables map[string]string // of splits that may be set aside
	broken map[string]int    // the row that reading ends at for good, by split that may be set aside; 0: it cannot be opened
}

var errBroken = errors.New("the table is gone")

const badEvery = 997 // rows that the destination refuses; each costs calls, of which some fail

func newLogs(d *dice, splits, transactions int) *logs {
	l := &logs{dice: d, splits: map[string][]int{}, schema: record.NewSchema(record.Name{Table: "log"},
		[]record.Column{{Name: "split", Kind: record.String}, {Name: "n", Kind: record.Int64}}, 0, 1)}
	for s := range splits {
		rows, ends := 0, []int{}
		for range transactions {
			rows += 1 + d.intn(40)
			if d.intn(25) == 0 {
				rows += 2500 // longer than a batch, and than twice a batch
			}
			ends = append(ends, rows)
		}
		l.splits[fmt.Sprintf("s%d", s)] = ends
	}
	return l
}

func (l *logs) total() (rows, bad int64) {
	for _, ends := range l.splits {
		n := int64(ends[len(ends)-1])
		rows += n
		bad += (n + badEvery - 1) / badEvery
	}
	return rows, bad
}

func (l *logs) plan() (plan []plugin.Progress) {
	for i := range l.splits {
		plan = append(plan, plugin.Progress{Split: plugin.Split{ID: i, Apart: l.broken != nil || l.tables != nil, Table: record.Name{Table: l.tables[i]}}})
	}
	return plan
}

func (l *logs) Close() error { return nil }

func (l *logs) Open(_ context.Context, from plugin.Progress) (plugin.Source, error) {
	if err := l.dice.fail(); err != nil {
		return nil, err
	}
	if at, breaks := l.broken[from.Split.ID]; breaks && at == 0 {
		return nil, errBroken
	}
	s := &logSource{logs: l, ends: l.splits[from.Split.ID], split: from.Split.ID}
	if from.Position != nil {
		var at struct{ At int }
		if err := json.Unmarshal(from.Position, &at); err != nil {
			return nil, err
		}
		s.row = at.At
		for s.tx < len(s.ends) && s.ends[s.tx] <= s.row {
			s.tx++
		}
		s.told = s.tx / statePeriod
		if state := strconv.Itoa(s.told); string(from.State) != state && (s.told > 0 || from.State != nil) {
			return nil, fmt.Errorf("split %s is begun again at row %d with state %s, which is %s there", from.Split.ID, s.row, from.State, state)
		}
	}
	return s, nil
}

// statePeriod is after how many transactions a log's state is another one. A mark
// has it only then.
const statePeriod = 7

type logSource struct {
	*logs
	ends    []int
	split   string
	row, tx int
	told    int // the state that the last mark is of
}

func (s *logSource) Close() error { return s.dice.fail() }

func (s *logSource) Fill(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	waits := s.dice.intn(60) // "the next input would make it wait" after so many transactions
	for {
		if s.tx == len(s.ends) {
			return io.EOF
		}
		for s.row < s.ends[s.tx] {
			if at, breaks := s.broken[s.split]; breaks && s.row == at {
				return errBroken
			}
			if b.Over() {
				return s.dice.fail()
			}
			b.Begin(s.schema, record.Insert)
			b.Text(record.String, s.split)
			b.Int64(int64(s.row))
			s.row++
		}
		s.tx++
		if waits--; b.Full() || waits < 0 {
			var state []byte
			if now := s.tx / statePeriod; now != s.told {
				s.told, state = now, []byte(strconv.Itoa(now))
			}
			b.MarkState(fmt.Appendf(nil, `{"at":%d}`, s.row), state, time.Time{})
			return s.dice.fail()
		}
	}
}

// place is a destination that survives crashes: rows in order of arrival.
type place struct {
	dice *dice
	mu   sync.Mutex
	rows map[string][]int64         // by split
	made map[int]map[string][]int64 // prepared by channel, invisible
	seen map[string]plugin.Progress // the ledger
	run  uint64

	refuses map[string]int // the row from which on a split's table is refused for good

	slow time.Duration // that a write takes at most; above 0 in bubbles alone
}

func newPlace(d *dice) *place {
	return &place{dice: d, rows: map[string][]int64{}, made: map[int]map[string][]int64{}, seen: map[string]plugin.Progress{}}
}

// see keeps a mark; one without a state leaves that as it was.
func (p *place) see(m record.Mark) {
	if m.State == nil {
		m.State = p.seen[m.Split].State
	}
	p.seen[m.Split] = plugin.Progress{Split: plugin.Split{ID: m.Split}, Position: m.Position, State: m.State, Done: m.Done}
}

func (p *place) put(rows map[string][]int64) {
	for s, n := range rows {
		p.rows[s] = append(p.rows[s], n...)
	}
}

// sinkBase collects rows and refuses the bad ones in one of three ways.
type sinkBase struct {
	p    *place
	task plugin.Task
	held map[string][]int64
}

func (s *sinkBase) Close() error { return s.p.dice.fail() }

// take reads the rows of b into held; on a refusal nothing is taken unless it says so.
func (s *sinkBase) take(b *record.Batch) error {
	if ms := int(s.p.slow / time.Millisecond); ms > 0 {
		<-time.After(time.Duration(s.p.dice.intn(ms)) * time.Millisecond)
	}
	if err := s.p.dice.fail(); err != nil {
		return err
	}
	rows, refused := map[string][]int64{}, &errclass.Rows{}
	for i := range b.Len() {
		r := b.Row(i)
		if at, is := s.p.refuses[string(r.Bytes(0))]; is && r.Int64(1) >= int64(at) {
			return &plugin.TableError{Table: record.Name{Table: "bad"}, Err: errBroken}
		}
		if n := r.Int64(1); n%badEvery == 0 {
			refused.Bad = append(refused.Bad, errclass.BadRow{Index: i, Column: "n", Reason: errclass.Constraint, Err: errors.New("bad luck")})
			continue
		}
		rows[string(r.Bytes(0))] = append(rows[string(r.Bytes(0))], r.Int64(1))
	}
	how := s.p.dice.intn(3)
	if len(refused.Bad) > 0 && how == 0 {
		return errclass.With(errclass.Data, errors.New("some row is bad"))
	}
	if len(refused.Bad) > 0 && how == 1 {
		return refused
	}
	for k, n := range rows {
		s.held[k] = append(s.held[k], n...)
	}
	if len(refused.Bad) > 0 {
		refused.Written = true
		return refused
	}
	return nil
}

func (s *sinkBase) commit() {
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	s.p.put(s.held)
	s.held = map[string][]int64{}
}

// plainWriter's sinks are durable with Write.
type plainWriter struct{ p *place }

func (w *plainWriter) Close() error { return nil }
func (w *plainWriter) Open(_ context.Context, t plugin.Task) (plugin.Sink, error) {
	return &plainSink{sinkBase{p: w.p, task: t, held: map[string][]int64{}}}, w.p.dice.fail()
}

type plainSink struct{ sinkBase }

func (s *plainSink) Write(_ context.Context, b *record.Batch) error {
	err := s.take(b)
	s.commit()
	return err
}

// flushWriter's sinks buffer; what a crash leaves of the buffer is luck.
type flushWriter struct{ p *place }

func (w *flushWriter) Close() error { return nil }
func (w *flushWriter) Open(_ context.Context, t plugin.Task) (plugin.Sink, error) {
	return &flushSink{sinkBase{p: w.p, task: t, held: map[string][]int64{}}}, w.p.dice.fail()
}

type flushSink struct{ sinkBase }

func (s *flushSink) Write(_ context.Context, b *record.Batch) error {
	err := s.take(b)
	if s.p.dice.intn(4) == 0 {
		s.commit()
	}
	return err
}

func (s *flushSink) Flush(context.Context) error {
	s.commit()
	return s.p.dice.fail()
}

// twoPhaseWriter's rows become visible with Commit.
type twoPhaseWriter struct{ p *place }

func (w *twoPhaseWriter) Close() error { return nil }
func (w *twoPhaseWriter) Open(_ context.Context, t plugin.Task) (plugin.Sink, error) {
	return &twoPhaseSink{sinkBase{p: w.p, task: t, held: map[string][]int64{}}}, w.p.dice.fail()
}

// Commit shows what the tokens name; a token is the number of rows per split
// of all that the channel has prepared.
func (w *twoPhaseWriter) Commit(_ context.Context, _ uint64, tokens [][]byte) error {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	for channel, token := range tokens {
		if token == nil {
			continue
		}
		var lengths map[string]int
		if err := json.Unmarshal(token, &lengths); err != nil {
			return err
		}
		for split, n := range lengths {
			if have := len(w.p.made[channel][split]); have < n {
				return fmt.Errorf("channel %d: token names %d rows of %s, prepared are %d", channel, n, split, have)
			}
		}
	}
	return nil
}

func (w *twoPhaseWriter) Discard(_ context.Context, _ uint64, tokens [][]byte) error {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	kept := map[int]map[string][]int64{}
	for channel, token := range tokens {
		if token == nil {
			continue
		}
		var lengths map[string]int
		if err := json.Unmarshal(token, &lengths); err != nil {
			return err
		}
		kept[channel] = map[string][]int64{}
		for split, n := range lengths {
			kept[channel][split] = w.p.made[channel][split][:n]
		}
	}
	w.p.made = kept
	return nil
}

type twoPhaseSink struct{ sinkBase }

func (s *twoPhaseSink) Write(_ context.Context, b *record.Batch) error { return s.take(b) }

func (s *twoPhaseSink) Prepare(context.Context, uint64) ([]byte, error) {
	if err := s.p.dice.fail(); err != nil {
		return nil, err
	}
	s.p.mu.Lock()
	defer s.p.mu.Unlock()
	made := s.p.made[s.task.Channel]
	if made == nil {
		made = map[string][]int64{}
		s.p.made[s.task.Channel] = made
	}
	if len(s.held) == 0 && len(made) > 0 {
		return nil, nil
	}
	lengths := map[string]int{}
	for k, n := range s.held {
		made[k] = append(made[k], n...)
	}
	for k, n := range made {
		lengths[k] = len(n)
	}
	s.held = map[string][]int64{}
	return json.Marshal(lengths)
}

// ledgerWriter keeps marks with the rows.
type ledgerWriter struct{ p *place }

func (w *ledgerWriter) Close() error { return nil }
func (w *ledgerWriter) Open(_ context.Context, t plugin.Task) (plugin.Sink, error) {
	return &ledgerSink{sinkBase: sinkBase{p: w.p, task: t, held: map[string][]int64{}}}, w.p.dice.fail()
}

func (w *ledgerWriter) Forget(context.Context, string) error { return nil }

func (w *ledgerWriter) Claim(_ context.Context, _ string, least uint64) (uint64, []plugin.Progress, error) {
	w.p.mu.Lock()
	defer w.p.mu.Unlock()
	w.p.run = max(least, w.p.run+1)
	var stored []plugin.Progress
	for _, p := range w.p.seen {
		stored = append(stored, p)
	}
	return w.p.run, stored, nil
}

type ledgerSink struct{ sinkBase }

func (s *ledgerSink) Write(_ context.Context, b *record.Batch) error {
	if err := s.take(b); err != nil || len(b.Marks()) == 0 {
		return err
	}
	s.p.mu.Lock()
	fenced := s.p.run != s.task.Run
	if !fenced {
		s.p.put(s.held)
		s.held = map[string][]int64{}
		for _, m := range b.Marks() {
			s.p.see(m)
		}
	}
	s.p.mu.Unlock()
	if fenced {
		return errclass.With(errclass.Fenced, errors.New("an older run"))
	}
	return s.p.dice.fail() // committed, and the answer is lost
}

// ledgerFlushWriter keeps marks with the rows, several batches at a time.
type ledgerFlushWriter struct{ ledgerWriter }

func (w *ledgerFlushWriter) Open(_ context.Context, t plugin.Task) (plugin.Sink, error) {
	return &ledgerFlushSink{sinkBase: sinkBase{p: w.p, task: t, held: map[string][]int64{}}, marks: map[string]record.Mark{}}, w.p.dice.fail()
}

type ledgerFlushSink struct {
	sinkBase
	marks map[string]record.Mark
	tail  bool // rows have come after the last mark
}

func (s *ledgerFlushSink) Write(ctx context.Context, b *record.Batch) error {
	if err := s.take(b); err != nil {
		return err
	}
	s.tail = b.Len() > 0
	for _, m := range b.Marks() {
		if m.State == nil {
			m.State = s.marks[m.Split].State
		}
		s.marks[m.Split], s.tail = m, false
	}
	if s.tail || s.p.dice.intn(5) > 0 {
		return nil
	}
	return s.Flush(ctx)
}

func (s *ledgerFlushSink) Flush(context.Context) error {
	if s.tail {
		return errors.New("flushed where rows wait for their mark")
	}
	s.p.mu.Lock()
	fenced := s.p.run != s.task.Run
	if !fenced {
		s.p.put(s.held)
		s.held = map[string][]int64{}
		for _, m := range s.marks {
			s.p.see(m)
		}
		clear(s.marks)
	}
	s.p.mu.Unlock()
	if fenced {
		return errclass.With(errclass.Fenced, errors.New("an older run"))
	}
	return s.p.dice.fail() // committed, and the answer is lost
}

// memoryStore is a Store that survives the death of a run.
type memoryStore struct {
	mu    sync.Mutex
	saved []byte
}

func (s *memoryStore) Load(context.Context, string) (*checkpoint.Checkpoint, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.saved == nil {
		return nil, nil
	}
	c := new(checkpoint.Checkpoint)
	return c, json.Unmarshal(s.saved, c)
}

func (s *memoryStore) Save(_ context.Context, c *checkpoint.Checkpoint) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var err error
	s.saved, err = json.Marshal(c)
	return err
}

func (s *memoryStore) Lock(context.Context, string) (func() error, error) {
	return func() error { return nil }, nil
}

// bin collects dirty rows.
type bin struct {
	mu   sync.Mutex
	rows map[string]map[int64]bool
}

func (d *bin) Flush(context.Context) error { return nil }
func (d *bin) Reject(_ context.Context, r record.Row, _ []byte, _ error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	s := string(r.Bytes(0))
	if d.rows[s] == nil {
		d.rows[s] = map[int64]bool{}
	}
	d.rows[s][r.Int64(1)] = true
	return nil
}

// tally is a Meter.
type tally struct {
	mu     sync.Mutex
	counts checkpoint.Counts
}

func (m *tally) Spend(int, pump.Stage, time.Duration) {}
func (m *tally) Count(_ int, c checkpoint.Counts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts.Add(c)
}
