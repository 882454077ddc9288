package plugintest

import (
	"fmt"
	"math"
	"strconv"

	"github.com/datasync-io/datasync/core/record"
)

// AllKinds returns a schema with key column id and one nullable column of
// every kind that a cell can have, named after it.
func AllKinds(table string) *record.Schema {
	columns := []record.Column{{Name: "id", Kind: record.Int64}}
	for k := record.Bool; k < record.Any; k++ {
		columns = append(columns, record.Column{Name: "c_" + k.String(), Kind: k, Nullable: true})
	}
	return record.NewSchema(record.Name{Table: table}, columns, 0)
}

// Kinds returns a schema with key column id and a nullable column of each of
// the kinds, named c1, c2 and so on.
func Kinds(table string, kinds ...record.Kind) *record.Schema {
	columns := []record.Column{{Name: "id", Kind: record.Int64}}
	for i, k := range kinds {
		columns = append(columns, record.Column{Name: "c" + strconv.Itoa(i+1), Kind: k, Nullable: true})
	}
	return record.NewSchema(record.Name{Table: table}, columns, 0)
}

// Rows returns a batch with rows from <= i < to of s, as [AppendRow] makes them.
func Rows(s *record.Schema, from, to int) *record.Batch {
	b := record.NewBatch(max(1, to-from), math.MaxInt/4)
	b.Reset("0")
	for i := from; i < to; i++ {
		AppendRow(b, s, record.Insert, i, 0)
	}
	return b
}

// AppendRow appends row i of s in one of its versions: key columns depend on
// i alone, the others on both, and two rows never have the same key. Every
// seventh cell of a nullable column is NULL; edge values of each kind take turns.
func AppendRow(b *record.Batch, s *record.Schema, op record.Op, i, version int) {
	b.Begin(s, op)
	isKey := make(map[int]bool, len(s.Key))
	for _, k := range s.Key {
		isKey[k] = true
	}
	for c := range s.Columns {
		col := &s.Columns[c]
		n := i + version*1001
		switch {
		case isKey[c]:
			AppendKey(b, col.Kind, i)
		case col.Nullable && (n+c)%7 == 6:
			b.Null()
		default:
			AppendValue(b, col.Kind, n)
		}
	}
}

// AppendKey appends a value of kind k that differs for every n: an integer, or
// a text that holds one.
func AppendKey(b *record.Batch, k record.Kind, n int) {
	switch k {
	case record.Int64, record.Any:
		b.Int64(int64(n))
	case record.Uint64:
		b.Uint64(uint64(n))
	case record.Decimal:
		b.Text(record.Decimal, strconv.Itoa(n))
	case record.UUID:
		b.Text(record.UUID, fmt.Sprintf("00000000-0000-4000-8000-%012d", n))
	case record.Bytes:
		b.Bytes(fmt.Appendf(nil, "%06d", n))
	case record.Date:
		b.Date(int64(n))
	default:
		b.Text(record.String, fmt.Sprintf("%06d", n))
	}
}

// Edge values that take turns; each list has a length of its own, so that a
// row does not meet the same neighbours again soon.
var (
	edgeInts     = []int64{0, 1, -1, math.MaxInt64, math.MinInt64, 1 << 53, 42}
	edgeUints    = []uint64{0, math.MaxUint64, 1 << 63, 7}
	edgeFloats   = []float64{0, 0.1, -1.5, 1e300, -2.5e-300, 16777217, math.Pi}
	edgeDecimals = []string{"0", "-12.50", "99999999999999999999999999999999999.123456789012345678901234567890", "0.000000000000000001"}
	edgeStrings  = []string{"", "plain", "Grüße, 世界 🙂", `quote " and ' and \ back`, "line\nbreak\tand\rreturn", "NULL", " blank ends ", "a,b;c|d"}
	edgeJSON     = []string{`{}`, `[1,"two",null]`, `{"a":{"b":12345678901234567890}}`, `"text"`, `null`}
	edgeBytes    = []string{"", "\x00\x01\xff\xfe", "text", "\r\n\x00"}
)

// AppendValue appends value n of kind k; for Any, of a kind that n chooses.
func AppendValue(b *record.Batch, k record.Kind, n int) {
	sec := int64(1_700_000_000) + int64(n)*86_399
	switch k {
	case record.Bool:
		b.Bool(n%2 == 0)
	case record.Int64:
		b.Int64(edgeInts[n%len(edgeInts)])
	case record.Uint64:
		b.Uint64(edgeUints[n%len(edgeUints)])
	case record.Float32:
		b.Float32(float32(n) / 8)
	case record.Float64:
		b.Float64(edgeFloats[n%len(edgeFloats)])
	case record.Decimal:
		b.Text(k, edgeDecimals[n%len(edgeDecimals)])
	case record.String:
		b.Text(k, edgeStrings[n%len(edgeStrings)])
	case record.Bytes:
		b.Text(k, edgeBytes[n%len(edgeBytes)])
	case record.JSON:
		b.Text(k, edgeJSON[n%len(edgeJSON)])
	case record.UUID:
		b.Text(k, fmt.Sprintf("6f9619ff-8b86-4011-b42d-%012x", n))
	case record.Date:
		b.Date(int64(n%40_000) - 10_000)
	case record.Time:
		b.Time(int64(n%86_400)*1_000_000_000 + int64(n%1000)*1_000_000)
	case record.Datetime:
		b.Datetime(sec, uint32(n%1000)*1_000_000)
	case record.Timestamp:
		b.Timestamp(sec, uint32(n%1000)*1_000)
	case record.Interval:
		b.Interval(int32(n%14), int32(n%31), int64(n)*1_000_001)
	case record.Any:
		AppendValue(b, []record.Kind{record.Int64, record.String, record.Float64, record.Bytes}[n%4], n/4)
	default:
		panic("plugintest: no values of kind " + k.String())
	}
}
