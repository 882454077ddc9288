package record_test

import (
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/record"
)

var mixed = record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "s", Kind: record.String}}, 0)

// fillUntilFull appends rows of about the same size and returns how many.
func fillUntilFull(b *record.Batch) int {
	for i := 0; !b.Full(); i++ {
		b.Begin(mixed, record.Insert)
		b.Int64(int64(i))
		b.String(fmt.Appendf(nil, "the text of row %05d", i))
	}
	return b.Len()
}

// What a batch takes of the memory is little more than its rows, whatever its
// target, and is not left behind in pieces on the way.
func TestRoomGrowsToTheTarget(t *testing.T) {
	for _, target := range []int{10, record.TargetRows, 5000, 32768} {
		b := record.NewBatch(target, 8<<20)
		if n := fillUntilFull(b); n != target {
			t.Fatalf("full with %d rows, want %d", n, target)
		}
		for i := range b.Len() {
			if row := b.Row(i); row.Int64(0) != int64(i) || string(row.Bytes(1)) != fmt.Sprintf("the text of row %05d", i) {
				t.Fatalf("row %d of %d: %d, %q", i, target, row.Int64(0), row.Bytes(1))
			}
		}
		rows := target * (8 + 2*16 + 21)
		if got := b.Memory(); got > rows+rows/4+2048 {
			t.Errorf("%d rows, which take %d bytes, hold %d", target, rows, got)
		}
		held := testing.AllocsPerRun(1, func() {
			b.Reset("")
			for i := range target {
				b.Begin(mixed, record.Insert)
				b.Int64(int64(i))
				b.String([]byte("as long as before ..."))
			}
		})
		if held != 0 {
			t.Errorf("%d rows of the same size make %v allocations the second time", target, held)
		}
	}
	b := record.NewBatch(1<<20, 4<<20) // full by its bytes long before
	if n := fillUntilFull(b); b.Memory() > n*(8+2*16+21)*5/4 {
		t.Errorf("%d rows, full by their bytes, hold %d bytes", n, b.Memory())
	}
	grown := testing.AllocsPerRun(1, func() {
		b := record.NewBatch(32768, 8<<20)
		for range 32768 {
			b.Begin(mixed, record.Insert)
			b.Int64(1)
			b.String([]byte("as long as before ..."))
		}
	})
	if grown > 60 {
		t.Errorf("a batch of 32,768 rows is made in %v allocations", grown)
	}
}

// Rows go on beyond the targets without room being made for each of them.
func TestRoomBeyondTheTarget(t *testing.T) {
	b := record.NewBatch(0, 0)
	const rows = 20 * record.TargetRows
	allocs := testing.AllocsPerRun(1, func() {
		b = record.NewBatch(0, 0)
		for i := range rows {
			b.Begin(mixed, record.Insert)
			b.Int64(int64(i))
			b.String([]byte("some text"))
		}
	})
	if allocs > 150 || b.Len() != rows || b.Row(rows-1).Int64(0) != rows-1 {
		t.Errorf("%d rows in %v allocations", b.Len(), allocs)
	}
}

// NULLs, which count nothing as data, fill a batch by the memory they take.
func TestNullsFillABatch(t *testing.T) {
	columns := make([]record.Column, 1000)
	for i := range columns {
		columns[i] = record.Column{Name: fmt.Sprint(i), Kind: record.String}
	}
	s := record.NewSchema(record.Name{Table: "wide"}, columns, 0)
	b := record.NewBatch(32768, 4<<20)
	full := 0
	for !b.Over() {
		b.Begin(s, record.Insert)
		for range columns {
			b.Null()
		}
		if b.Full() && full == 0 {
			full = b.Len()
		}
	}
	if full < 400 || full > 600 || b.Len() < 2*full-1 || b.Len() > 2*full+1 {
		t.Errorf("full with %d rows of 16,000 bytes, over with %d, want about 520 and 1,050", full, b.Len())
	}
}
