package checkpoint_test

import (
	"context"
	"log/slog"
	"reflect"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// mixed is a batch with rows of these tables, in order.
func mixed(split, position string, tables ...string) *record.Batch {
	b := record.NewBatch(0, 0)
	b.Reset(split)
	schemas := map[string]*record.Schema{}
	for i, name := range tables {
		if schemas[name] == nil {
			schemas[name] = record.NewSchema(record.Name{Database: "d", Table: name}, []record.Column{{Name: "id", Kind: record.Int64}})
		}
		b.Begin(schemas[name], record.Insert)
		b.Int64(int64(i))
	}
	if position != "" {
		b.Mark([]byte(position), time.Time{})
	}
	return b
}

func written(b *record.Batch, bad ...int) (t checkpoint.Tables) {
	var rows []errclass.BadRow
	for _, i := range bad {
		rows = append(rows, errclass.BadRow{Index: i})
		t.Add(b.Row(i).Schema().Name, checkpoint.TableCounts{Errors: 1})
	}
	t.Wrote(b, rows)
	return t
}

// TestTables counts what is read at once, what is written when it is durable,
// and takes back what is going to be read again; a checkpoint holds what is
// behind its positions.
func TestTables(t *testing.T) {
	tr := newTracker(new([]string))
	tr.RestoreTables(map[string]checkpoint.TableCounts{"d.y": {Read: 100, Written: 90, Errors: 10}, "d.z": {Read: 1}})
	first, second := mixed("a", "1", "x", "x", "y", "x"), mixed("a", "2", "y", "y")
	tr.Issue(first, read(4), 1)
	two := tr.Issue(second, read(2), 1)
	want := func(when string, x, y checkpoint.TableCounts) {
		t.Helper()
		all := map[string]checkpoint.TableCounts{"d.x": x, "d.y": y, "d.z": {Read: 1}}
		if x == (checkpoint.TableCounts{}) {
			delete(all, "d.x")
		}
		if got := tr.Tables(); !reflect.DeepEqual(got, all) {
			t.Errorf("%s: got %v, want %v", when, got, all)
		}
	}
	type c = checkpoint.TableCounts
	want("read", c{Read: 3}, c{Read: 103, Written: 90, Errors: 10})
	tr.Settle(0, nil, []checkpoint.Settlement{{Ticket: two, Tables: written(second, 1)}})
	want("the second batch is in", c{Read: 3}, c{Read: 103, Written: 91, Errors: 11})
	tr.Rewind("a")
	want("rewound", c{}, c{Read: 100, Written: 90, Errors: 10})
	one := tr.Issue(first, read(4), 1)
	two = tr.Issue(second, read(2), 1)
	tr.Settle(0, nil, []checkpoint.Settlement{{Ticket: one, Tables: written(first, 0)}})
	want("the first batch is in", c{Read: 3, Written: 2, Errors: 1}, c{Read: 103, Written: 91, Errors: 10})

	stored := &checkpoint.Checkpoint{Job: "j", Run: 1}
	co := checkpoint.NewCoordinator(checkpoint.NewFileStore(t.TempDir()), stored, tr, nil, func(context.Context) error { return nil }, slog.New(slog.DiscardHandler))
	if err := co.Save(t.Context()); err != nil {
		t.Fatal(err)
	}
	behind := map[string]checkpoint.TableCounts{"d.x": {Read: 3, Written: 2, Errors: 1}, "d.y": {Read: 101, Written: 91, Errors: 10}, "d.z": {Read: 1}}
	if !reflect.DeepEqual(stored.Tables, behind) {
		t.Errorf("stored %v, want %v", stored.Tables, behind)
	}
	tr.Settle(0, nil, []checkpoint.Settlement{{Ticket: two, Tables: written(second)}})
	want("all is in", c{Read: 3, Written: 2, Errors: 1}, c{Read: 103, Written: 93, Errors: 10})
}

// TestSourceTime is that of the split farthest behind.
func TestSourceTime(t *testing.T) {
	tr := newTracker(new([]string))
	marked := func(split string, at int64, end bool) {
		b := record.NewBatch(0, 0)
		b.Reset(split)
		var when time.Time
		if at > 0 {
			when = time.Unix(at, 0)
		}
		b.Mark([]byte(`{}`), when)
		if end {
			b.End()
		}
		tr.Settle(0, nil, []checkpoint.Settlement{{Ticket: tr.Issue(b, read(0), 1)}})
	}
	for i, step := range []struct {
		split string
		at    int64
		end   bool
		want  int64 // 0: unknown
	}{{"a", 0, false, 0}, {"a", 50, false, 50}, {"a", 0, false, 50}, {"b", 30, false, 30}, {"b", 70, false, 50}, {"a", 60, true, 70}, {"b", 80, true, 0}} {
		marked(step.split, step.at, step.end)
		if got := tr.At(); got.IsZero() != (step.want == 0) || step.want != 0 && got.Unix() != step.want {
			t.Errorf("step %d: %v, want %d", i, got, step.want)
		}
	}
}

// BenchmarkTables counts a batch of one table, and one whose rows alternate
// between two.
func BenchmarkTables(b *testing.B) {
	names := make([]string, record.TargetRows)
	for i := range names {
		names[i] = []string{"x", "y"}[i%2]
	}
	for name, batch := range map[string]*record.Batch{"one": mixed("a", "", names[:1]...), "alternating": mixed("a", "", names...)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var t checkpoint.Tables
				t.Read(batch)
			}
		})
	}
}
