package metric

import (
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Counts are numbers of rows and bytes. Differences may be negative.
type Counts struct {
	Read        int64
	ReadBytes   int64
	Written     int64
	WriteBytes  int64
	Filtered    int64
	Nulls       int64
	Duplicates  int64
	Conversions int64
	Others      int64
}

// Errors is the number of dirty rows of all classes.
func (c Counts) Errors() int64 { return c.Nulls + c.Duplicates + c.Conversions + c.Others }

// Stage is a part of a row's way.
type Stage uint8

const (
	Reading Stage = iota
	Limiting
	Transforming
	Writing
	stages // how many there are
)

var stageNames = [stages]string{"read", "limit", "transform", "write"}

// String returns the stage's name.
func (s Stage) String() string { return stageNames[s] }

// shard holds what one channel adds to; its size keeps neighbours out of each
// other's cache lines.
type shard struct {
	read, readBytes, written, writeBytes, filtered atomic.Int64
	nulls, duplicates, conversions, others         atomic.Int64
	spent                                          [stages]atomic.Int64 // nanoseconds
	_                                              [3]int64
}

// Meter counts for one job. Count, Spend and Total may be called by any number
// of goroutines at any time, as may everything else.
type Meter struct {
	shards []shard
	now    func() time.Time
	begin  time.Time

	mu       sync.Mutex
	restored Counts
	snapshot int64     // numWrite as of the last checkpoint
	storedAt time.Time // of the last checkpoint; zero: none
	texts    map[string]string
	samples  []sample
	end      time.Time // zero: the job runs
}

// New returns a meter with a shard for each of the channels. The clock is
// time.Now but in tests; the job begins now.
func New(channels int, now func() time.Time) *Meter {
	m := &Meter{shards: make([]shard, max(channels, 1)), now: now, begin: now(), texts: map[string]string{}}
	m.samples = []sample{{at: m.begin}}
	return m
}

// Count adds what a channel did with a batch, or takes it back.
func (m *Meter) Count(channel int, c Counts) {
	s := m.shard(channel)
	add(&s.read, c.Read)
	add(&s.readBytes, c.ReadBytes)
	add(&s.written, c.Written)
	add(&s.writeBytes, c.WriteBytes)
	add(&s.filtered, c.Filtered)
	add(&s.nulls, c.Nulls)
	add(&s.duplicates, c.Duplicates)
	add(&s.conversions, c.Conversions)
	add(&s.others, c.Others)
}

func add(n *atomic.Int64, d int64) {
	if d != 0 {
		n.Add(d)
	}
}

// Spend adds time that a channel spent in a stage.
func (m *Meter) Spend(channel int, s Stage, d time.Duration) {
	m.shard(channel).spent[s].Add(int64(d))
}

func (m *Meter) shard(channel int) *shard { return &m.shards[uint(channel)%uint(len(m.shards))] }

// Restore makes the counts begin at what a checkpoint holds. Rates count from there.
func (m *Meter) Restore(c Counts) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.restored = c
	m.snapshot = c.Written
	m.samples = []sample{{at: m.now(), counts: m.total()}}
}

// Total returns the counts so far, the restored ones included.
func (m *Meter) Total() Counts {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.total()
}

func (m *Meter) total() Counts {
	c := m.restored
	for i := range m.shards {
		c.Add(m.shards[i].counts())
	}
	return c
}

// Channels returns the counts of each channel, without the restored ones.
func (m *Meter) Channels() []Counts {
	all := make([]Counts, len(m.shards))
	for i := range m.shards {
		all[i] = m.shards[i].counts()
	}
	return all
}

func (s *shard) counts() Counts {
	return Counts{
		Read: s.read.Load(), ReadBytes: s.readBytes.Load(), Written: s.written.Load(), WriteBytes: s.writeBytes.Load(), Filtered: s.filtered.Load(),
		Nulls: s.nulls.Load(), Duplicates: s.duplicates.Load(), Conversions: s.conversions.Load(), Others: s.others.Load(),
	}
}

// Add adds d.
func (c *Counts) Add(d Counts) {
	c.Read += d.Read
	c.ReadBytes += d.ReadBytes
	c.Written += d.Written
	c.WriteBytes += d.WriteBytes
	c.Filtered += d.Filtered
	c.Nulls += d.Nulls
	c.Duplicates += d.Duplicates
	c.Conversions += d.Conversions
	c.Others += d.Others
}

// Spent returns the time spent in a stage, summed over the channels.
func (m *Meter) Spent(s Stage) time.Duration {
	var sum int64
	for i := range m.shards {
		sum += m.shards[i].spent[s].Load()
	}
	return time.Duration(sum)
}

// Checkpointed says how many rows were written as of the checkpoint just stored.
func (m *Meter) Checkpointed(written int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.snapshot, m.storedAt = written, m.now()
}

// saved is when the last checkpoint was stored; zero: none was.
func (m *Meter) saved() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.storedAt
}

// SetText sets an accumulator that is a text, such as startLocation and
// endLocation.
func (m *Meter) SetText(name, value string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.texts[name] = value
}

// End stops the clock: the job is over.
func (m *Meter) End() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.end.IsZero() {
		m.end = m.now()
	}
}

// Elapsed is how long the job has run, in this process.
func (m *Meter) Elapsed() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.elapsed()
}

func (m *Meter) elapsed() time.Duration {
	if m.end.IsZero() {
		return m.now().Sub(m.begin)
	}
	return m.end.Sub(m.begin)
}

func (m *Meter) textValues() map[string]string { return maps.Clone(m.texts) }
