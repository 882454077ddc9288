package pump

import (
	"testing"

	"github.com/datasync-io/datasync/core/record"
)

// TestKeysOfOneSink has texts that a destination with a case insensitive
// collation takes for one key go to one sink, and spreads others.
func TestKeysOfOneSink(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "k", Kind: record.String}}, 0)
	l := newLane(&Pump{c: Config{Budget: NewBudget(1 << 20)}}, 0, 1, 64)
	d := &dealer{}
	sinks := func(keys ...string) map[int]bool {
		b := record.NewBatch(0, 0)
		b.Reset("log")
		for _, k := range keys {
			b.Begin(s, record.Insert)
			b.String([]byte(k))
		}
		used := map[int]bool{}
		for _, p := range d.deal(l, b) {
			used[p.sink] = true
		}
		return used
	}
	for _, same := range [][]string{
		{"abc", "ABC", "aBc", "abc  "}, {"r\u00e9sum\u00e9", "resume", "RESUME\u0301", "R\u00c9SUM\u00c9 "}, {"stra\u00dfe", "STRASSE"}, {"\uff21", "a"}, {"", " "},
	} {
		if got := sinks(same...); len(got) != 1 {
			t.Errorf("%q went to %d sinks", same, len(got))
		}
	}
	if got := sinks("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"); len(got) < 3 {
		t.Errorf("ten keys went to %d of 64 sinks", len(got))
	}
}

func BenchmarkDeal(b *testing.B) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "k", Kind: record.String}}, 0)
	l := newLane(&Pump{c: Config{Budget: NewBudget(1 << 20), bytes: 1 << 20}}, 0, 1, 4)
	batch := record.NewBatch(0, 0)
	batch.Reset("log")
	for range 1024 {
		batch.Begin(s, record.Insert)
		batch.String([]byte("Order-2024-000123"))
	}
	d := &dealer{}
	b.ReportAllocs()
	for b.Loop() {
		for _, p := range d.deal(l, batch) {
			l.release(p)
		}
	}
}
