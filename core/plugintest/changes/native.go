package changes

import (
	"fmt"
	"math"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// nativeColumns are columns whose type at MySQL decides how formats write them.
var nativeColumns = []record.Column{
	{Name: "id", Kind: record.Int64, Native: "int unsigned"},
	{Name: "b10", Kind: record.Uint64, Native: "bit(10)", Length: 10, Nullable: true},
	{Name: "b64", Kind: record.Uint64, Native: "bit(64)", Length: 64, Nullable: true},
	{Name: "en", Kind: record.String, Native: "enum('a','b c','it''s, \u00fc')", Nullable: true},
	{Name: "st", Kind: record.String, Native: "set('a','b','\u00fc')", Nullable: true},
	{Name: "pt", Kind: record.Bytes, Native: "point", Nullable: true},
	{Name: "gm", Kind: record.Bytes, Native: "geometry", Nullable: true},
}

// Natives returns rows of the table shop.natives, which has the types of MySQL
// that are not told by their kind: bits, enum, set, and spatial ones.
func Natives(meta ...string) *record.Batch {
	s := changefmt.NewSchema(record.Name{Database: "shop", Table: "natives"}, nativeColumns, []int{0}, meta)
	const point = "\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\x04\xc0" // POINT(1 -2.5)
	const line = "\x01\x02\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0\x3f\x00\x00\x00\x00\x00\x00\xf0\x3f"
	b := record.NewBatch(100, 1<<20)
	b.Reset("0")
	add := func(op record.Op, id int64, bits uint64, en, st, pt, gm string) {
		b.Begin(s, op)
		b.Int64(id)
		b.Uint64(bits & 1023)
		b.Uint64(bits)
		b.Text(record.String, en)
		b.Text(record.String, st)
		b.Bytes([]byte(pt))
		b.Bytes([]byte(gm))
		for c := s.Data; c < len(s.Columns); c++ {
			switch s.Columns[c].Name {
			case changefmt.LSN:
				b.Text(record.String, fmt.Sprintf("bin.000001/%018d", 154))
			case changefmt.Server, changefmt.Thread, changefmt.RowNo:
				b.Int64(id)
			case changefmt.Snapshot:
				b.Bool(false)
			case changefmt.Optime:
				b.Timestamp(1_700_000_000, 123_456_789)
			default:
				b.Null()
			}
		}
	}
	add(record.Insert, 1, 515, "it's, \u00fc", "a,\u00fc", "\x00\x00\x00\x00"+point, "\xe6\x10\x00\x00"+line)
	add(record.UpdateBefore, 2, math.MaxUint64, "a", "", "\xe6\x10\x00\x00"+point, "\x00\x00\x00\x00"+point)
	add(record.UpdateAfter, 2, 1<<63, "b c", "b", "\x00\x00\x00\x00"+point, "\x00\x00\x00\x00"+point)
	return b
}

// SameInterval tells whether a text is a cell's interval as Debezium spells it.
func SameInterval(text string, r record.Row, c int) bool {
	var years, months, days, hours, minutes int64
	var seconds float64
	if _, err := fmt.Sscanf(text, "P%dY%dM%dDT%dH%dM%gS", &years, &months, &days, &hours, &minutes, &seconds); err != nil {
		return false
	}
	m, d, us := r.Interval(c)
	return int32(years*12+months) == m && int32(days) == d && hours*3600e6+minutes*60e6+int64(math.Round(seconds*1e6)) == us
}
