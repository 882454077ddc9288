package changes

import (
	"fmt"
	"math"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// put appends one cell.
type put func(b *record.Batch)

func texts(k record.Kind, values ...string) (list []put) {
	for _, v := range values {
		list = append(list, func(b *record.Batch) { b.Text(k, v) })
	}
	return list
}

func each[V any](of func(b *record.Batch, v V), values ...V) (list []put) {
	for _, v := range values {
		list = append(list, func(b *record.Batch) { of(b, v) })
	}
	return list
}

func allBytes() string {
	var s strings.Builder
	for i := range 256 {
		s.WriteByte(byte(i))
	}
	return s.String()
}

// moment is a second and its nanoseconds.
type moment struct {
	sec int64
	ns  uint32
}

var moments = []moment{{0, 0}, {-1, 999_999_000}, {1_700_000_000, 123_000_000}, {253_402_300_799, 999_999_000}, {-62_135_596_800, 1000}, {-70_000_000_000, 0}, {951_782_400, 1000}}

// values are the edges of each kind, as far as the formats that count
// microseconds hold them.
var values = map[record.Kind][]put{
	record.Bool:    each((*record.Batch).Bool, true, false),
	record.Int64:   each((*record.Batch).Int64, 0, 1, -1, math.MaxInt64, math.MinInt64, 1<<53+1, -(1<<53 + 1)),
	record.Uint64:  each((*record.Batch).Uint64, 0, 1, 255, 256, math.MaxInt64, 1<<63, math.MaxUint64),
	record.Float32: each((*record.Batch).Float32, 0, 0.1, -1.5, math.MaxFloat32, math.SmallestNonzeroFloat32, 16777216, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))),
	record.Float64: each((*record.Batch).Float64, 0, 0.1, -1.5, math.MaxFloat64, math.SmallestNonzeroFloat64, 1e21, 123456789.125, math.Pi, math.NaN(), math.Inf(1), math.Inf(-1)),
	record.Decimal: texts(record.Decimal, "0", "-1", "12.50", "-12.50", "0.000000000000000001", "127", "128", "-128", "-129", "999999999999999999", "1000000000000000000",
		"-99999999999999999999999999999999999.123456789012345678901234567890", "12345678901234567890123456789012345678901234567890123456789012345", "0.10"),
	record.String: texts(record.String, "", "plain", "Grüße, 世界 🙂", `quote " and ' and \ back`, "line\nbreak\tand\rreturn", "NULL", " blank ", "a,b;c", "\x00\x01\x1f\x7f", "\u2028</script>", strings.Repeat("long ", 100)),
	record.Bytes:  texts(record.Bytes, "", "\x00", "text", "\xff\xfe", allBytes()),
	record.Date: append(each((*record.Batch).Date, 0, -1, 19675, 2932896, -354285, -719529, 11016),
		func(b *record.Batch) { b.Infinity(record.Date, 1) }, func(b *record.Batch) { b.Infinity(record.Date, -1) }),
	record.Time: each((*record.Batch).Time, 0, 1000, 86_399_999_999_000, -1000, 3_020_399_999_999_000, -3_020_399_000_000_000, 86_400_000_000_000),
	record.Datetime: append(each(func(b *record.Batch, m moment) { b.Datetime(m.sec, m.ns) }, moments...),
		func(b *record.Batch) { b.Infinity(record.Datetime, 1) }, func(b *record.Batch) { b.Infinity(record.Datetime, -1) }),
	record.Timestamp: append(each(func(b *record.Batch, m moment) { b.Timestamp(m.sec, m.ns) }, moments...),
		func(b *record.Batch) { b.Infinity(record.Timestamp, 1) }, func(b *record.Batch) { b.Timestamp(1_700_000_000, 123_456_789) }),
	record.Interval: each(func(b *record.Batch, v [3]int64) { b.Interval(int32(v[0]), int32(v[1]), v[2]) }, [3]int64{0, 0, 0}, [3]int64{14, -3, 1}, [3]int64{-1, 40, -86_400_000_001}),
	record.JSON:     texts(record.JSON, `{}`, `[1,"two",null]`, `{"a":{"b":12345678901234567890.10}}`, `{"ü":"\u00e9 \" 🙂"}`),
	record.UUID:     texts(record.UUID, "6f9619ff-8b86-4011-b42d-00c04fc964ff", "00000000-0000-0000-0000-000000000000"),
}

// Kinds are the kinds of the columns of [Schema].
var Kinds = []record.Kind{record.Bool, record.Int64, record.Uint64, record.Float32, record.Float64, record.Decimal, record.String, record.Bytes,
	record.Date, record.Time, record.Datetime, record.Timestamp, record.Interval, record.JSON, record.UUID}

// Schema returns the table shop.edges, with a key column id, a nullable column of
// each kind, called c_ and its name, and the metadata columns.
func Schema(meta ...string) *record.Schema {
	columns := []record.Column{{Name: "id", Kind: record.Int64, Native: "bigint"}}
	for _, k := range Kinds {
		columns = append(columns, record.Column{Name: "c_" + k.String(), Kind: k, Nullable: true})
	}
	s := record.NewSchema(record.Name{Database: "shop", Table: "edges"}, columns, 0)
	for _, m := range record.Meta {
		for _, name := range meta {
			if m.Name == name {
				s.Columns = append(s.Columns, record.Column{Name: m.Name, Kind: m.Kind})
			}
		}
	}
	return s
}

// row appends a row: value number n of each kind, but NULL every fifth.
func row(b *record.Batch, s *record.Schema, op record.Op, id int64, n int, absent int) {
	b.Begin(s, op)
	b.Int64(id)
	for c := 1; c < s.Data; c++ {
		list := values[s.Columns[c].Kind]
		switch {
		case c == absent:
			b.Absent()
		case (n+c)%5 == 4:
			b.Null()
		default:
			list[n%len(list)](b)
		}
	}
	for c := s.Data; c < len(s.Columns); c++ {
		switch s.Columns[c].Name {
		case "_ts", "_optime":
			b.Timestamp(1_700_000_000+int64(n), 0)
		case "_lsn":
			b.Text(record.String, fmt.Sprintf("bin.000001/%018d", 154+n))
		case "_gtid":
			b.Text(record.String, fmt.Sprintf("3e11fa47-71ca-11e1-9e33-c80aa9429562:%d", n+1))
		case "_txid":
			b.Text(record.String, fmt.Sprint(700+n))
		case "_snapshot":
			b.Bool(n%2 == 0)
		default:
			b.Null()
		}
	}
}

// Batch returns changes of the table: inserts, updates with and without the row
// before, deletes, updates of the key, rows with an absent value, until every
// value was there at least twice.
func Batch(s *record.Schema) *record.Batch {
	b := record.NewBatch(1<<20, 1<<30)
	b.Reset("0")
	for n := range 90 {
		id := int64(n)
		switch n % 6 {
		case 0, 1:
			row(b, s, record.Insert, id, n, 0)
		case 2:
			row(b, s, record.UpdateBefore, id, n, 0)
			row(b, s, record.UpdateAfter, id, n+1, 0)
		case 3:
			row(b, s, record.Delete, id, n, 0)
		case 4:
			row(b, s, record.UpdateAfter, id, n, 0)
			row(b, s, record.UpdateAfter, id+1000, n, 1+n%(s.Data-1))
		case 5:
			row(b, s, record.Delete, id, n, 0)
			row(b, s, record.Insert, id+500, n+2, 0)
			b.Link()
		}
	}
	return b
}
