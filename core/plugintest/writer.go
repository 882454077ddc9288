package plugintest

import (
	"math"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Destination is an empty place to write to.
type Destination struct {
	// New returns a writer to it, as one more process of the same job would
	// build it (Env.Job is the same each time). The suite closes it.
	New func(t testing.TB) plugin.Writer
	// Rows reads what is visible to others now, as Want spells it. Nothing is
	// no error.
	Rows func(t testing.TB) [][]string
}

// WriterSuite is a writer plugin's contract test.
type WriterSuite struct {
	// Open makes a fresh destination for every use. Tables for Schemas exist
	// in it, unless the writer creates them.
	Open func(t testing.TB) Destination
	// Schemas are the shapes of rows that the destination takes; with more than
	// one, batches mix them.
	Schemas []*record.Schema
	// Fill appends row i of a schema in one of its versions: the key depends on
	// i alone, other values on both. nil: [AppendRow].
	Fill func(b *record.Batch, s *record.Schema, op record.Op, i, version int)
	// Want spells a row as Rows shows it; nil: [Texts].
	Want func(r record.Row) []string
	// Ordered says that Rows keeps the order in which one sink wrote.
	Ordered bool
	// Channels is how many sinks write at once; 0: 4.
	Channels int
	// Bad appends a row that the destination refuses. nil: it refuses none.
	Bad func(b *record.Batch, s *record.Schema)
	// Absent is a column whose default at the destination is not NULL; 0: the
	// writer has no way to leave a column alone and refuses such rows.
	Absent int
	// Changes says that updates and deletes are applied by key, so that Rows
	// shows the outcome.
	Changes bool
	// BadConfigs builds writers from configurations that are at fault and
	// returns the errors, by name: none may be nil, all are of class Config.
	BadConfigs map[string]func(t testing.TB) error
	// Leaks are goroutines that others start and keep (a test server's client).
	Leaks []goleak.Option
	// Waive gives, by property, the reason why the plugin cannot have it.
	Waive map[string]string
}

// Writer runs the suite. Its properties, by name:
//
//	rows      batches of any size arrive, every kind canonical, in order where the destination has one
//	borrowed  nothing of a batch is used after Write has returned
//	channels  several sinks at once lose and double nothing
//	schemas   batches that mix schemas arrive (where there are several)
//	empty     a batch without rows is taken and writes nothing
//	bad       a refused row is named, Written is true to fact, and the sink goes on
//	durable   what was written (flushed, prepared and committed) is there although nothing was closed properly
//	close     Close without Flush or Prepare leaves at most what was written, once
//	commit    tokens commit in another process, repeatedly; discarding leaves them alone
//	discard   what was prepared but not stored is gone after Discard, and writing goes on
//	absent    an absent value is refused or left alone, never NULL
//	changes   updates and deletes are applied by key
//	cancel    Write returns soon after its context has ended
//	config    faulty configurations are errors of class Config
func Writer(t *testing.T, s WriterSuite) { s.suite().run(t) }

// CheckWriter checks the properties called names alone, within t.
func CheckWriter(t testing.TB, s WriterSuite, names ...string) { s.suite().only(t, names) }

func (s WriterSuite) suite() *suite[*WriterSuite] {
	if s.Fill == nil {
		s.Fill = AppendRow
	}
	if s.Want == nil {
		s.Want = Texts
	}
	if s.Channels == 0 {
		s.Channels = 4
	}
	return &suite[*WriterSuite]{self: &s, all: writerProperties, waive: s.Waive, leaks: s.Leaks}
}

var writerProperties = []property[*WriterSuite]{
	{"rows", (*WriterSuite).rows},
	{"borrowed", (*WriterSuite).borrowed},
	{"channels", (*WriterSuite).channels},
	{"schemas", (*WriterSuite).schemas},
	{"empty", (*WriterSuite).empty},
	{"bad", (*WriterSuite).bad},
	{"durable", (*WriterSuite).durable},
	{"close", (*WriterSuite).close},
	{"commit", (*WriterSuite).commit},
	{"discard", (*WriterSuite).discard},
	{"absent", (*WriterSuite).absent},
	{"changes", (*WriterSuite).changes},
	{"cancel", (*WriterSuite).cancel},
	{"config", (*WriterSuite).config},
}

// batch returns rows from <= i < to of the first schema.
func (s *WriterSuite) batch(from, to int) *record.Batch {
	b := newBatch()
	for i := from; i < to; i++ {
		s.Fill(b, s.Schemas[0], record.Insert, i, 0)
	}
	return b
}

func newBatch() *record.Batch {
	b := record.NewBatch(math.MaxInt/4, math.MaxInt/4)
	b.Reset("0")
	return b
}

// want spells the rows of batches as the destination is to show them.
func (s *WriterSuite) want(batches ...*record.Batch) (rows [][]string) {
	for _, b := range batches {
		for i := range b.Len() {
			rows = append(rows, s.Want(b.Row(i)))
		}
	}
	return rows
}

// compare fails unless the destination shows exactly the rows.
func (s *WriterSuite) compare(t testing.TB, what string, d Destination, want [][]string) {
	t.Helper()
	if diff := s.diff(want, d.Rows(t)); diff != "" {
		t.Errorf("%s: %s", what, diff)
	}
}

func (s *WriterSuite) diff(want, got [][]string) string {
	if s.Ordered {
		return SameOrder(want, got)
	}
	return Same(want, got)
}
