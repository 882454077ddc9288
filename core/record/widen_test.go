package record_test

import (
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/record"
)

var (
	narrow = record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "n", Kind: record.Int64}, {Name: "s", Kind: record.String, Nullable: true}})
	wide   = record.NewSchema(record.Name{Table: "t"}, append(narrow.Columns[:2:2],
		record.Column{Name: "_optime", Kind: record.Timestamp}, record.Column{Name: "_lsn", Kind: record.String}, record.Column{Name: "_txid", Kind: record.String, Nullable: true}))
)

func addNarrow(b *record.Batch, s *record.Schema, n int) {
	b.Begin(s, record.Insert)
	b.Int64(int64(n))
	if n%3 == 0 {
		b.Null()
	} else {
		b.Text(record.String, fmt.Sprint("row ", n))
	}
}

func addTail(b *record.Batch) {
	b.Timestamp(7, 8)
	b.Text(record.String, "file/1")
	b.Null()
}

func TestWiden(t *testing.T) {
	tail, want, got := record.NewBatch(0, 0), record.NewBatch(0, 0), record.NewBatch(0, 0)
	addNarrow(tail, wide, 1)
	addTail(tail)
	got.Widen(wide, tail.Row(0)) // of no rows
	for n := range 100 {
		addNarrow(got, narrow, n)
		addNarrow(want, wide, n)
		addTail(want)
	}
	got.Widen(wide, tail.Row(0))
	addNarrow(got, wide, 100) // it goes on
	addTail(got)
	addNarrow(want, wide, 100)
	addTail(want)
	addNarrow(got, wide, 101)
	got.Drop()
	if got.Len() != want.Len() || got.Schema() != wide {
		t.Fatalf("%d rows of %v", got.Len(), got.Schemas())
	}
	for i := range got.Len() {
		for c := range wide.Columns {
			a, b := got.Row(i), want.Row(i)
			if a.Kind(c) != b.Kind(c) || a.Kind(c) != record.Null && string(a.AppendText(nil, c)) != string(b.AppendText(nil, c)) {
				t.Fatalf("row %d, column %d differs", i, c)
			}
		}
	}
	if least := want.Size() - 99*len("file/1"); got.Size() != least { // the text is there once
		t.Errorf("size %d, expected %d", got.Size(), least)
	}
}

// TestWidenSame gives rows another schema of the same columns.
func TestWidenSame(t *testing.T) {
	same := record.NewSchema(narrow.Name, narrow.Columns)
	b, tail := record.NewBatch(0, 0), record.NewBatch(0, 0)
	addNarrow(b, narrow, 1)
	addNarrow(tail, same, 2)
	b.Widen(same, tail.Row(0))
	if r := b.Row(0); b.Schema() != same || r.Int64(0) != 1 {
		t.Errorf("got %d of %v", r.Int64(0), b.Schema())
	}
}

func BenchmarkWiden(b *testing.B) {
	b.ReportAllocs()
	tail, batch := record.NewBatch(0, 0), record.NewBatch(0, 0)
	addNarrow(tail, wide, 1)
	addTail(tail)
	for n := 0; n < b.N; n += 1000 {
		batch.Reset("")
		for range 1000 {
			batch.Begin(narrow, record.Insert)
			batch.Int64(1)
			batch.Null()
		}
		batch.Widen(wide, tail.Row(0))
	}
}
