package metric_test

import (
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/metric"
)

// clock is a time that a test moves by hand.
type clock struct{ now time.Time }

func newClock() *clock                   { return &clock{now: time.Unix(1000, 0)} }
func (c *clock) Now() time.Time          { return c.now }
func (c *clock) Forward(d time.Duration) { c.now = c.now.Add(d) }

func TestCountsOfAllChannels(t *testing.T) {
	m := metric.New(3, time.Now)
	m.Restore(metric.Counts{Read: 1000, Written: 900, Conversions: 100})
	var wg sync.WaitGroup
	for channel := range 8 { // more than shards
		wg.Go(func() {
			for range 1000 {
				m.Count(channel, metric.Counts{Read: 5, ReadBytes: 50, Written: 2, WriteBytes: 20, Filtered: 1, Nulls: 1, Duplicates: 1})
				m.Count(channel, metric.Counts{Others: 1})
				m.Count(channel, metric.Counts{Others: -1, Conversions: 1, Read: 1})
				m.Spend(channel, metric.Writing, time.Millisecond)
			}
		})
	}
	wg.Wait()
	want := metric.Counts{Read: 49000, ReadBytes: 400000, Written: 16900, WriteBytes: 160000, Filtered: 8000, Nulls: 8000, Duplicates: 8000, Conversions: 8100}
	got := m.Total()
	if got != want || got.Errors() != 24100 {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got.Read != got.Written+got.Errors()+got.Filtered {
		t.Error("rows are lost between the counts")
	}
	if m.Spent(metric.Writing) != 8*time.Second {
		t.Errorf("spent %v", m.Spent(metric.Writing))
	}
}

func TestRates(t *testing.T) {
	c := newClock()
	m := metric.New(1, c.Now)
	step := func(d time.Duration, rows int64) metric.Rates {
		c.Forward(d)
		m.Count(0, metric.Counts{Read: rows, ReadBytes: rows * 100, Written: rows / 2, WriteBytes: rows * 50})
		return m.Rates()
	}
	if r := m.Rates(); r != (metric.Rates{}) {
		t.Errorf("at the start %+v", r)
	}
	for range 10 {
		if r := step(time.Second, 1000); r != (metric.Rates{Read: 1000, ReadBytes: 100000, Written: 500, WriteBytes: 50000}) {
			t.Fatalf("steady %+v", r)
		}
	}
	for range 20 {
		step(time.Second, 100)
	}
	if r := step(0, 0); r.Read != 100 {
		t.Errorf("20 s later the old rate still counts: %+v", r)
	}
	if r := step(time.Minute, 600); r.Read != 10 {
		t.Errorf("since the last question %+v, want 10 rows/s", r)
	}
	if r := step(time.Second, -1000000); r.Read != 0 {
		t.Errorf("a rate below 0: %+v", r)
	}
}

func TestRestoredRowsHaveNoRate(t *testing.T) {
	c := newClock()
	m := metric.New(1, c.Now)
	m.Restore(metric.Counts{Read: 1e9, Written: 1e9})
	c.Forward(time.Second)
	m.Count(0, metric.Counts{Read: 10})
	if r, mean := m.Rates(), m.Mean(); r.Read != 10 || mean.Read != 10 {
		t.Errorf("rate %v, mean %v", r.Read, mean.Read)
	}
}

func job(t *testing.T) *metric.Meter {
	t.Helper()
	c := newClock()
	m := metric.New(2, c.Now)
	m.Count(0, metric.Counts{Read: 12, ReadBytes: 1200, Written: 10, WriteBytes: 1000, Nulls: 1, Others: 1})
	m.Spend(0, metric.Reading, 1500*time.Millisecond)
	m.Spend(1, metric.Writing, 500*time.Millisecond)
	m.Checkpointed(7)
	m.SetText("endLocation", "42")
	c.Forward(2 * time.Second)
	m.End()
	c.Forward(time.Hour)
	if m.Elapsed() != 2*time.Second {
		t.Errorf("elapsed %v", m.Elapsed())
	}
	return m
}

func TestText(t *testing.T) {
	var b strings.Builder
	if err := job(t).Report().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	const want = `*********************************************
numRead                |  12
byteRead               |  1200
readDuration           |  1500
numWrite               |  10
byteWrite              |  1000
writeDuration          |  500
nErrors                |  2
nullErrors             |  1
duplicateErrors        |  0
conversionErrors       |  0
otherErrors            |  1
numFiltered            |  0
snapshotWrite          |  7
endLocation            |  42
numReadPerSecond       |  6
byteReadPerSecond      |  600
numWritePerSecond      |  5
byteWritePerSecond     |  500
readTimeShare          |  75.0%
limitTimeShare         |  0.0%
transformTimeShare     |  0.0%
writeTimeShare         |  25.0%
*********************************************
`
	if b.String() != want {
		t.Errorf("got:\n%s", b.String())
	}
}

func TestJSON(t *testing.T) {
	got, err := json.Marshal(job(t).Report())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"accumulators":{"numRead":12,"byteRead":1200,"readDuration":1500,"numWrite":10,"byteWrite":1000,"writeDuration":500,` +
		`"nErrors":2,"nullErrors":1,"duplicateErrors":0,"conversionErrors":0,"otherErrors":1,"numFiltered":0,"snapshotWrite":7,"endLocation":"42"},` +
		`"rates":{"numReadPerSecond":6,"byteReadPerSecond":600,"numWritePerSecond":5,"byteWritePerSecond":500},` +
		`"timeShares":{"read":0.75,"limit":0,"transform":0,"write":0.25}}`
	if string(got) != want {
		t.Errorf("got %s", got)
	}
}

func BenchmarkCount(b *testing.B) {
	m := metric.New(8, time.Now)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			m.Count(1, metric.Counts{Read: 1024, ReadBytes: 1 << 18})
		}
	})
}
