package mssqlkit_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// random are columns and what makes a value of each: any that the type has.
var random = []struct {
	native string
	value  func(r *rand.Rand, b *record.Batch)
}{
	{"bit", func(r *rand.Rand, b *record.Batch) { b.Bool(r.IntN(2) == 0) }},
	{"tinyint", func(r *rand.Rand, b *record.Batch) { b.Int64(r.Int64N(256)) }},
	{"smallint", func(r *rand.Rand, b *record.Batch) { b.Int64(int64(int16(r.Uint64()))) }},
	{"int", func(r *rand.Rand, b *record.Batch) { b.Int64(int64(int32(r.Uint64()))) }},
	{"bigint", func(r *rand.Rand, b *record.Batch) { b.Int64(int64(r.Uint64())) }},
	{"real", func(r *rand.Rand, b *record.Batch) {
		for {
			if f := math.Float32frombits(r.Uint32()); !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0) {
				b.Float32(f)
				return
			}
		}
	}},
	{"float", func(r *rand.Rand, b *record.Batch) {
		for {
			if f := math.Float64frombits(r.Uint64()); !math.IsNaN(f) && !math.IsInf(f, 0) {
				b.Float64(f)
				return
			}
		}
	}},
	{"decimal(38,10)", func(r *rand.Rand, b *record.Batch) { b.Text(record.Decimal, digits(r, 28, 10)) }},
	{"decimal(19,0)", func(r *rand.Rand, b *record.Batch) { b.Text(record.Decimal, digits(r, 19, 0)) }},
	{"decimal(9,9)", func(r *rand.Rand, b *record.Batch) { b.Text(record.Decimal, digits(r, 0, 9)) }},
	{"money", func(r *rand.Rand, b *record.Batch) { b.Text(record.Decimal, scaled(int64(r.Uint64()))) }},
	{"smallmoney", func(r *rand.Rand, b *record.Batch) { b.Text(record.Decimal, scaled(int64(int32(r.Uint64())))) }},
	{"nvarchar(20)", func(r *rand.Rand, b *record.Batch) { b.Text(record.String, letters(r, 10)) }},
	{"nvarchar(max)", func(r *rand.Rand, b *record.Batch) { b.Text(record.String, letters(r, 3000)) }},
	{"varbinary(40)", func(r *rand.Rand, b *record.Batch) { b.Text(record.Bytes, noise(r, 40)) }},
	{"varbinary(max)", func(r *rand.Rand, b *record.Batch) { b.Text(record.Bytes, noise(r, 20_000)) }},
	{"uniqueidentifier", func(r *rand.Rand, b *record.Batch) {
		b.Text(record.UUID, fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", r.Uint32(), r.IntN(1<<16), r.IntN(1<<16), r.IntN(1<<16), r.Int64N(1<<48)))
	}},
	{"date", func(r *rand.Rand, b *record.Batch) { b.Date(yearOne/86400 + r.Int64N((afterLast-yearOne)/86400)) }},
	{"time(7)", func(r *rand.Rand, b *record.Batch) { b.Time(r.Int64N(864_000_000_000) * 100) }},
	{"time(3)", func(r *rand.Rand, b *record.Batch) { b.Time(r.Int64N(86_400_000) * 1_000_000) }},
	{"datetime2(7)", func(r *rand.Rand, b *record.Batch) {
		b.Datetime(yearOne+r.Int64N(afterLast-yearOne), uint32(r.IntN(10_000_000))*100)
	}},
	{"datetime", func(r *rand.Rand, b *record.Batch) {
		b.Datetime(-6847804800+r.Int64N(afterLast+6847804800-1), uint32([]int{0, 3, 7}[r.IntN(3)]+10*r.IntN(100))*1_000_000)
	}},
	{"smalldatetime", func(r *rand.Rand, b *record.Batch) { b.Datetime(-2208988800+60*r.Int64N(94_000_000), 0) }},
	{"datetimeoffset(7)", func(r *rand.Rand, b *record.Batch) {
		b.TimestampOffset(yearOne+100_000+r.Int64N(afterLast-yearOne-200_000), uint32(r.IntN(10_000_000))*100, r.IntN(2*840+1)-840)
	}},
}

// digits is a decimal of up to so many digits before and after the point, as
// the type spells it.
func digits(r *rand.Rand, before, after int) string {
	var b strings.Builder
	for i := range r.IntN(before + 1) {
		b.WriteByte("1234567890"[r.IntN(10-1/(i+1))])
	}
	if b.Len() == 0 {
		b.WriteByte('0')
	}
	if after > 0 {
		b.WriteByte('.')
		for range after {
			b.WriteByte("0123456789"[r.IntN(10)])
		}
	}
	if strings.Trim(b.String(), "0.") != "" && r.IntN(2) == 0 {
		return "-" + b.String()
	}
	return b.String()
}

// scaled is an integer as a decimal of four digits after the point.
func scaled(n int64) string {
	text, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		text, sign = text[1:], "-"
	}
	if len(text) < 5 {
		text = strings.Repeat("0", 5-len(text)) + text
	}
	return sign + text[:len(text)-4] + "." + text[len(text)-4:]
}

func letters(r *rand.Rand, most int) string {
	runes := make([]rune, r.IntN(most+1))
	for i := range runes {
		runes[i] = []rune("aZ0 '\\\n\x00éß世\U0001F600\uFFFD\u200d")[r.IntN(14)]
	}
	return string(runes)
}

func noise(r *rand.Rand, most int) string {
	b := make([]byte, r.IntN(most+1))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

// TestRandomRows loads random rows and reads them again: each cell is what it was.
func TestRandomRows(t *testing.T) {
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	table := &tdsdb.Table{Name: "t"}
	schema := &record.Schema{}
	var columns []*sqlkit.TableColumn
	var cells []int
	for i, x := range random {
		name := "c" + strconv.Itoa(i)
		table.Columns = append(table.Columns, tdspeer.Column{Name: name, Type: x.native, Nullable: true})
		c := mssqlkit.Column(name, x.native, true)
		schema.Columns = append(schema.Columns, c)
		columns, cells = append(columns, &sqlkit.TableColumn{Column: c}), append(cells, i)
	}
	schema.Data = len(schema.Columns)
	b := record.NewBatch(0, 0)
	const rows = 400
	for range rows {
		b.Begin(schema, record.Insert)
		for _, x := range random {
			if r.IntN(10) == 0 {
				b.Null()
			} else {
				x.value(r, b)
			}
		}
	}
	_, server := tdsdb.Start(t, table)
	c := dial(t, server)
	loader, err := c.NewLoader("[dbo].[t]", columns, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n, err := loader.Load(t.Context(), mssqlkit.Source{Len: rows, Row: b.Row, Cells: cells}); err != nil || n != rows {
		t.Fatalf("seed %d: %d rows, %v", seed, n, err)
	}
	want, got := plugintest.BatchCells(b), read(t, c, "SELECT * FROM [dbo].[t]", schema.Columns...)
	if len(got) != rows {
		t.Fatalf("seed %d: %d rows came back", seed, len(got))
	}
	for i := range want {
		for n := range want[i] {
			if want[i][n] != got[i][n] {
				t.Errorf("seed %d, row %d, %s: %.100q became %.100q", seed, i, random[n].native, want[i][n], got[i][n])
			}
		}
	}
}
