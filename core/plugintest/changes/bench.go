package changes

import (
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// Orders returns rows of ten columns and about 100 bytes, as a log of a busy
// table has them, with the metadata columns: one of them inserts, or updates of
// one column.
func Orders(rows int, update bool, meta ...string) *record.Batch {
	kinds := []record.Column{{Kind: record.Int64, Native: "bigint"}, {Kind: record.String, Native: "varchar(40)", Length: 40}, {Kind: record.String, Native: "varchar(60)", Length: 60},
		{Kind: record.Int64, Native: "int"}, {Kind: record.Decimal, Native: "decimal(10,2)", Precision: 10, Scale: 2}, {Kind: record.Datetime, Native: "datetime"},
		{Kind: record.Int64, Native: "int"}, {Kind: record.String, Native: "varchar(20)", Length: 20}, {Kind: record.Float64, Native: "double"}, {Kind: record.Int64, Native: "tinyint"}}
	for i := range kinds {
		kinds[i].Name, kinds[i].Nullable = fmt.Sprintf("column_%d", i), i > 0
	}
	s := changefmt.NewSchema(record.Name{Database: "shop", Table: "orders"}, kinds, []int{0}, meta)
	b := record.NewBatch(rows, 1<<30)
	b.Reset("0")
	for i := range rows {
		op := record.Insert
		if update {
			op = record.UpdateBefore
			order(b, s, op, i, "pending")
			op = record.UpdateAfter
		}
		order(b, s, op, i, "shipped")
	}
	return b
}

func order(b *record.Batch, s *record.Schema, op record.Op, i int, state string) {
	b.Begin(s, op)
	b.Int64(int64(i))
	b.Text(record.String, "customer name 17")
	b.Text(record.String, "somebody@example.org")
	b.Int64(42)
	b.Text(record.Decimal, "1234.56")
	b.Datetime(1_700_000_000+int64(i), 0)
	b.Int64(-5)
	b.Text(record.String, state)
	b.Float64(0.25)
	b.Int64(int64(i % 2))
	for c := s.Data; c < len(s.Columns); c++ {
		switch s.Columns[c].Kind {
		case record.Timestamp:
			b.Timestamp(1_700_000_000, 0)
		case record.Bool:
			b.Bool(false)
		default:
			b.Text(record.String, "bin.000001/000000000000000154")
		}
	}
}

// Bench measures what it costs to write a message: of an insert and of an update.
func Bench(b *testing.B, newEncoder func() changefmt.Encoder) {
	for name, update := range map[string]bool{"insert": false, "update": true} {
		b.Run(name, func(b *testing.B) {
			e := newEncoder()
			batch := Orders(1024, update, e.Meta()...)
			if g, ok := e.(changefmt.Registrar); ok {
				if err := g.Register(b.Context(), Topic, batch.Schema(), batch.Schema().Key); err != nil {
					b.Fatal(err)
				}
			}
			dst := make([]byte, 0, 4<<20)
			size := 0
			b.ReportAllocs()
			b.ResetTimer()
			for n := 0; n < b.N; {
				e.Begin(Now)
				size += len(dst)
				dst = dst[:0]
				for i := 0; i < batch.Len() && n < b.N; n++ {
					ev, rows := changefmt.At(batch, i, e.Grouping())
					r := ev.Row()
					var err error
					if dst, _, err = e.AppendKey(dst, r, r.Schema().Key); err != nil {
						b.Fatal(err)
					}
					if dst, err = e.AppendValue(dst, ev); err != nil {
						b.Fatal(err)
					}
					i += rows
				}
			}
			b.ReportMetric(float64(size+len(dst))/float64(b.N), "B/message")
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}

// BenchDecoder measures what it costs to read a message: of an insert and of an
// update.
func BenchDecoder(b *testing.B, newEncoder func() changefmt.Encoder, newDecoder func() changefmt.Decoder) {
	for name, update := range map[string]bool{"insert": false, "update": true} {
		b.Run(name, func(b *testing.B) {
			e, d := newEncoder(), newDecoder()
			messages := Encode(b, e, Orders(1024, update, e.Meta()...))
			batch := record.NewBatch(2048, 1<<30)
			b.ReportAllocs()
			b.ResetTimer()
			for n := range b.N {
				if n%1024 == 0 {
					batch.Reset("0")
				}
				m := &messages[n%len(messages)]
				if _, err := d.Decode(b.Context(), &changefmt.Message{Key: m.Key, Value: m.Value}, batch); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
