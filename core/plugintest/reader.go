package plugintest

import (
	"context"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// ReaderSuite is a reader plugin's contract test.
type ReaderSuite struct {
	// New returns a reader over the same input each time it is called, as
	// another process would build it. The suite closes it.
	New func(t testing.TB) plugin.Reader
	// Want returns the rows of the whole input, spelled by Cells, in the order
	// in which one split reads them. A few hundred rows are enough; they should
	// hold every type, NULLs and duplicates where the source allows them.
	Want func(t testing.TB) [][]string
	// Cells spells a row; nil: [Cells].
	Cells func(record.Row) []string
	// Channels are the numbers of channels to plan for; nil: 1 and 4.
	Channels []int
	// Resumable says that every mark can be resumed from. A reader that is not
	// marks nothing.
	Resumable bool
	// Unordered says that the order within a split is not that of Want. It is
	// the same each time the split is read if Resumable.
	Unordered bool
	// Endless says that the splits never end; each property stops once it has
	// as many rows as Want.
	Endless bool
	// Bad builds readers from configurations that are at fault and returns the
	// errors, by name: none may be nil, all are of class Config.
	Bad map[string]func(t testing.TB) error
	// Leaks are goroutines that others start and keep (a test server's client).
	Leaks []goleak.Option
	// Waive gives, by property, the reason why the plugin cannot have it.
	Waive map[string]string
}

// Reader runs the suite. Its properties, by name:
//
//	whole      all splits together give each row exactly once, for every number of channels, read concurrently
//	order      within a split rows come in order
//	splits     are distinct values; another reader opens them after they were stored; planning again gives the same
//	fill       Fill never returns nil with nothing, a resumable reader gives a mark with every nil below the hard limit, the end is io.EOF
//	limits     no row is begun beyond the hard limit; beyond the soft one if the reader cannot be resumed
//	marks      positions are JSON objects, given once per batch, not changed afterwards
//	tiny       targets of one row and of one byte change nothing
//	poison     nothing of a batch is used after Fill has returned
//	kinds      cells are of their column's kind, keys never absent, updates whole
//	schemas    one pointer per shape
//	describe   Describe tells what the rows have
//	resume     from every mark, by a fresh reader, exactly the remaining rows follow
//	foreign    a position that the reader never gave is refused
//	cancel     Fill returns soon after its context ends, with an error of class Canceled; so does Open
//	close      Close works without Fill, after some, after an error; sources of one reader are independent
//	config     faulty configurations are errors of class Config
func Reader(t *testing.T, s ReaderSuite) { s.suite().run(t) }

// CheckReader checks the properties called names alone, within t.
func CheckReader(t testing.TB, s ReaderSuite, names ...string) { s.suite().only(t, names) }

func (s ReaderSuite) suite() *suite[*ReaderSuite] {
	if s.Channels == nil {
		s.Channels = []int{1, 4}
	}
	return &suite[*ReaderSuite]{self: &s, all: readerProperties, waive: s.Waive, leaks: s.Leaks}
}

var readerProperties = []property[*ReaderSuite]{
	{"whole", (*ReaderSuite).whole},
	{"order", (*ReaderSuite).order},
	{"splits", (*ReaderSuite).splits},
	{"fill", (*ReaderSuite).fill},
	{"limits", (*ReaderSuite).limits},
	{"marks", (*ReaderSuite).marks},
	{"tiny", (*ReaderSuite).tiny},
	{"poison", (*ReaderSuite).poison},
	{"kinds", (*ReaderSuite).kinds},
	{"schemas", (*ReaderSuite).schemas},
	{"describe", (*ReaderSuite).describe},
	{"resume", (*ReaderSuite).resume},
	{"foreign", (*ReaderSuite).foreign},
	{"cancel", (*ReaderSuite).cancel},
	{"close", (*ReaderSuite).close},
	{"config", (*ReaderSuite).config},
}

// open returns a reader that is closed at the end of the property.
func (s *ReaderSuite) open(t testing.TB) plugin.Reader {
	t.Helper()
	r := s.New(t)
	t.Cleanup(func() {
		if err := within(r.Close); err != nil {
			t.Errorf("closing the reader: %v", err)
		}
	})
	return r
}

// options completes o; remaining is how many rows are still to be read.
func (s *ReaderSuite) options(o Options, remaining int) Options {
	o.Cells = s.Cells
	if s.Endless {
		o.Limit = &atomic.Int64{}
		o.Limit.Store(int64(remaining))
	}
	return o
}

// drain reads everything and fails if that is not possible.
func (s *ReaderSuite) drain(t testing.TB, channels int, o Options) []*Reading {
	t.Helper()
	readings, err := Drain(t.Context(), s.open(t), channels, s.options(o, len(s.Want(t))))
	if err != nil {
		t.Fatalf("%d channels: %v", channels, err)
	}
	return readings
}

func rowsOf(readings []*Reading) (rows [][]string) {
	for _, g := range readings {
		rows = append(rows, g.Rows...)
	}
	return rows
}

// faults fails the property for the breaches that belong to it.
func (s *ReaderSuite) faults(t testing.TB, name propertyName, readings []*Reading) {
	t.Helper()
	for _, g := range readings {
		if text := g.faults[name]; text != "" {
			t.Error(text)
		}
	}
}

// first returns the first split of a plan for one channel.
func (s *ReaderSuite) first(t testing.TB, r plugin.Reader) plugin.Progress {
	t.Helper()
	splits, err := Plan(t.Context(), r, plugin.Plan{Channels: 1})
	if err != nil || len(splits) == 0 {
		t.Fatalf("planning for one channel: %d splits, %v", len(splits), err)
	}
	return plugin.Progress{Split: splits[0]}
}

// source opens the first split; whoever calls it closes it.
func (s *ReaderSuite) source(ctx context.Context, t testing.TB, r plugin.Reader) plugin.Source {
	t.Helper()
	src, err := r.Open(ctx, s.first(t, r))
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	return src
}
