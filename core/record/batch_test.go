package record_test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/record"
)

var two = record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "a", Kind: record.Int64}, {Name: "b", Kind: record.Int64}}, 0)

func everyKind() *record.Schema {
	var columns []record.Column
	for k := record.Bool; k < record.Any; k++ {
		columns = append(columns, record.Column{Name: k.String(), Kind: k})
	}
	return record.NewSchema(record.Name{Schema: "s", Table: "all"}, columns)
}

func fillEveryKind(b *record.Batch, s *record.Schema) {
	b.Begin(s, record.Insert)
	b.Bool(true)
	b.Int64(math.MinInt64)
	b.Uint64(math.MaxUint64)
	b.Float32(16777216)
	b.Float64(-0.1)
	b.Decimal([]byte("-12.50"))
	b.String([]byte("zoë"))
	b.Bytes([]byte{0, 255})
	b.Date(-719529) // 0000-12-30 less two days
	b.Time(-3_020_399_123_456_000)
	b.Datetime(-62135596800, 999_999_999)
	b.TimestampOffset(1_700_000_000, 5000, -90)
	b.Interval(14, -3, -1_500_000)
	b.JSON([]byte(`{"a":1}`))
	b.UUID([]byte("123e4567-e89b-12d3-a456-426614174000"))
}

func TestTextOfEveryKind(t *testing.T) {
	s := everyKind()
	b := record.NewBatch(0, 0)
	fillEveryKind(b, s)
	c := record.NewBatch(0, 0)
	c.CopyRow(b.Row(0))
	b.Poison()
	want := []string{"true", "-9223372036854775808", "18446744073709551615", "16777216", "-0.1", "-12.50", "zoë", "\x00\xff",
		"-0001-12-31", "-838:59:59.123456", "0001-01-01 00:00:00.999999999", "2023-11-14 20:43:20.000005-01:30", "P14M-3DT-1.5S",
		`{"a":1}`, "123e4567-e89b-12d3-a456-426614174000"}
	row := c.Row(0)
	for i := range s.Columns {
		if got := string(row.AppendText(nil, i)); got != want[i] {
			t.Errorf("%s: %q, want %q", s.Columns[i].Name, got, want[i])
		}
		if row.Kind(i) != s.Columns[i].Kind {
			t.Errorf("%s: kind %v", s.Columns[i].Name, row.Kind(i))
		}
	}
	if got := string(row.AppendISO(nil, 10)); got != "0001-01-01T00:00:00.999999999" {
		t.Errorf("ISO text %q", got)
	}
	if b.Size() != row.Size() || b.Size() != c.Size() {
		t.Errorf("sizes differ: batch %d, row %d, copy %d", b.Size(), row.Size(), c.Size())
	}
}

func TestDropRestoresTheBatch(t *testing.T) {
	s := everyKind()
	b := record.NewBatch(0, 0)
	fillEveryKind(b, s)
	size := b.Size()
	b.Begin(s, record.Delete)
	b.Null()
	b.Int64(1)
	b.Interval(1, 1, 1)
	b.Drop()
	if b.Len() != 1 || b.Size() != size {
		t.Fatalf("after Drop: %d rows of %d bytes, want 1 of %d", b.Len(), b.Size(), size)
	}
	fillEveryKind(b, s)
	if b.Len() != 2 || b.Size() != 2*size {
		t.Fatalf("after refilling: %d rows of %d bytes", b.Len(), b.Size())
	}
}

func TestIncompleteRowPanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a row with a missing cell was taken")
		}
	}()
	b := record.NewBatch(0, 0)
	b.Begin(two, record.Insert)
	b.Int64(1)
	b.Begin(two, record.Insert)
}

func TestFullAndOver(t *testing.T) {
	b := record.NewBatch(2, 1<<20)
	for i, want := range []struct{ full, over bool }{{false, false}, {false, false}, {true, false}, {true, false}, {true, true}} {
		if b.Full() != want.full || b.Over() != want.over {
			t.Errorf("after %d rows: full %v, over %v", i, b.Full(), b.Over())
		}
		b.Begin(two, record.Insert)
		b.Int64(int64(i))
		b.Null()
	}
	b = record.NewBatch(100, 10)
	b.Reject([]byte("0123456789"), errors.New("no row"))
	if !b.Full() || b.Over() {
		t.Error("rejected input does not count")
	}
	b = record.NewBatch(math.MaxInt, math.MaxInt)
	for range 3000 {
		b.Begin(two, record.Insert)
		b.Int64(1)
		b.Null()
	}
	if b.Full() || b.Over() {
		t.Error("a batch without a bound is full")
	}
}

func TestAppendMovesMarks(t *testing.T) {
	fill := func(split string, rows int, mark string) *record.Batch {
		b := record.NewBatch(0, 0)
		b.Reset(split)
		for range rows {
			b.Begin(two, record.Insert)
			b.Int64(1)
			b.Null()
		}
		if mark != "" {
			b.Mark([]byte(mark), time.Time{})
		}
		return b
	}
	for _, tt := range []struct {
		name   string
		pieces []*record.Batch
		want   map[string]string
	}{
		{"newest wins", []*record.Batch{fill("s", 1, "1"), fill("s", 1, "2")}, map[string]string{"s": "2"}},
		{"rows take the mark away", []*record.Batch{fill("s", 1, "1"), fill("s", 1, "")}, map[string]string{}},
		{"an empty batch takes nothing away", []*record.Batch{fill("s", 1, "1"), fill("s", 0, "")}, map[string]string{"s": "1"}},
		{"splits apart", []*record.Batch{fill("s", 1, "1"), fill("t", 1, ""), fill("t", 0, "9")}, map[string]string{"s": "1", "t": "9"}},
	} {
		b := tt.pieces[0]
		for _, p := range tt.pieces[1:] {
			b.Append(p)
		}
		got := map[string]string{}
		for _, m := range b.Marks() {
			got[m.Split] = string(m.Position)
		}
		if len(got) != len(tt.want) {
			t.Errorf("%s: marks %v, want %v", tt.name, got, tt.want)
		}
		for s, p := range tt.want {
			if got[s] != p {
				t.Errorf("%s: marks %v, want %v", tt.name, got, tt.want)
			}
		}
	}
}

func TestSchemasOfABatch(t *testing.T) {
	b := record.NewBatch(0, 0)
	other := record.NewSchema(record.Name{Table: "u"}, []record.Column{{Name: "x", Kind: record.Any}})
	b.Begin(two, record.Insert)
	b.Int64(1)
	b.Int64(2)
	if b.Schema() != two {
		t.Error("one schema is not named")
	}
	b.Begin(other, record.Delete)
	b.Text(record.String, "x")
	b.Link()
	b.Begin(two, record.UpdateAfter)
	b.Int64(3)
	b.Absent()
	if b.Schema() != nil || len(b.Schemas()) != 2 {
		t.Error("two schemas look like one")
	}
	if b.Row(1).Schema() != other || b.Row(2).Schema() != two || !b.Row(1).Linked() || b.Row(2).Linked() {
		t.Error("rows lost their schema or link")
	}
	buf := b.Buffer()
	_ = append(buf, "left alone"...)
	b.Begin(other, record.Insert)
	b.Take(record.JSON, append(b.Buffer(), `[1]`...))
	if got := string(b.Row(3).Bytes(0)); got != "[1]" || b.Row(3).Kind(0) != record.JSON {
		t.Errorf("taken value %q", got)
	}
}

func TestCivilIsTheInverseOfDays(t *testing.T) {
	for days := int64(-800_000); days < 3_000_000; days += 7 {
		y, m, d := record.Civil(days)
		if back := record.Days(y, m, d); back != days {
			t.Fatalf("day %d is %d-%d-%d and that is day %d", days, y, m, d, back)
		}
		if at := time.Unix(days*86400, 0).UTC(); int64(at.Year()) != y || int(at.Month()) != m || at.Day() != d {
			t.Fatalf("day %d is %d-%d-%d, want %v", days, y, m, d, at)
		}
	}
}

func TestFloatText(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1e20: "100000000000000000000", 1e21: "1e+21", 1e-7: "1e-07", 0.1: "0.1",
		math.Inf(-1): "-Infinity", math.MaxFloat64: "1.7976931348623157e+308"} {
		if got := string(record.AppendFloat(nil, v, 64)); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

func BenchmarkFillAndScanTwoInt64(b *testing.B) {
	batch := record.NewBatch(0, 0)
	b.ReportAllocs()
	var sum int64
	for n := 0; n < b.N; n += record.TargetRows {
		batch.Reset("s")
		for i := int64(0); !batch.Full(); i++ {
			batch.Begin(two, record.Insert)
			batch.Int64(i)
			batch.Int64(i)
		}
		for i := range batch.Len() {
			row := batch.Row(i)
			sum += row.Int64(0) + row.Int64(1)
		}
	}
	_ = sum
}

func BenchmarkDatetimeText(b *testing.B) {
	batch := record.NewBatch(0, 0)
	batch.Begin(record.NewSchema(record.Name{}, []record.Column{{Name: "d", Kind: record.Datetime, Scale: 6}}), record.Insert)
	batch.Datetime(1_700_000_000, 123_456_000)
	row := batch.Row(0)
	b.ReportAllocs()
	var dst []byte
	for b.Loop() {
		dst = row.AppendText(dst[:0], 0)
	}
}

func TestRelabel(t *testing.T) {
	other := record.NewSchema(record.Name{Table: "o"}, []record.Column{{Name: "x", Kind: record.Int64}, {Name: "y", Kind: record.Int64}}, 0)
	third := record.NewSchema(record.Name{Table: "p"}, two.Columns, 0)
	b := record.NewBatch(0, 0)
	add := func(s *record.Schema) {
		b.Begin(s, record.Insert)
		b.Int64(1)
		b.Int64(2)
	}
	add(two)
	add(third)
	add(two)
	b.Relabel(two, other)
	add(other)
	if len(b.Schemas()) != 2 || b.Row(0).Schema() != other || b.Row(1).Schema() != third || b.Row(3).Schema() != other || b.Row(2).Int64(1) != 2 {
		t.Errorf("schemas %v", b.Schemas())
	}
	defer func() {
		if recover() == nil {
			t.Error("a schema of other columns is taken")
		}
	}()
	b.Relabel(other, record.NewSchema(record.Name{}, two.Columns[:1]))
}

// TestDropAll drops pairs, of which only the last row's bytes can be taken back
// at once: nothing may be left of them when no row is.
func TestDropAll(t *testing.T) {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{{Name: "s", Kind: record.String}})
	b := record.NewBatch(0, 0)
	b.SetTarget(100, 1000)
	for range 1000 {
		for range 2 {
			b.Begin(s, record.Insert)
			b.Text(record.String, "0123456789")
		}
		b.Drop()
		b.Drop()
	}
	if b.Size() != 0 || b.Full() || b.Over() {
		t.Errorf("an empty batch has %d bytes, is full: %v, over: %v", b.Size(), b.Full(), b.Over())
	}
}

// TestStateGoesOn merges marks of which the first alone has a state.
func TestStateGoesOn(t *testing.T) {
	batch := func(position, state string, rows int) *record.Batch {
		b := record.NewBatch(0, 0)
		b.Reset("s")
		for range rows {
			b.Begin(two, record.Insert)
			b.Int64(1)
			b.Int64(2)
		}
		var text []byte
		if state != "" {
			text = []byte(state)
		}
		b.MarkState([]byte(position), text, time.Time{})
		return b
	}
	b := batch("1", "a", 2)
	for _, next := range []*record.Batch{batch("2", "", 0), batch("3", "", 3)} {
		b.Append(next)
	}
	if m := b.Marks(); len(m) != 1 || string(m[0].Position) != "3" || string(m[0].State) != "a" {
		t.Errorf("got %v", m)
	}
	b.Append(batch("4", "b", 1))
	b.Mark([]byte("5"), time.Time{})
	if m := b.Marks(); len(m) != 1 || string(m[0].Position) != "5" || string(m[0].State) != "b" {
		t.Errorf("got %v", m)
	}
}
