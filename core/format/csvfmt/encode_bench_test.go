package csvfmt_test

import (
	"testing"

	"github.com/datasync-io/datasync/core/format/csvfmt"
	"github.com/datasync-io/datasync/core/record"
)

// tenColumns returns a batch of rows of about 100 bytes.
func tenColumns(rows int) *record.Batch {
	var columns []record.Column
	for _, k := range []record.Kind{record.Int64, record.String, record.String, record.Int64, record.Decimal, record.Datetime, record.Int64, record.String, record.Float64, record.Bool} {
		columns = append(columns, record.Column{Name: "c", Kind: k})
	}
	s := record.NewSchema(record.Name{Table: "t"}, columns)
	b := record.NewBatch(rows, 1<<30)
	for i := range rows {
		b.Begin(s, record.Insert)
		b.Int64(int64(i))
		b.String([]byte("customer name 17"))
		b.String([]byte("somebody@example.org"))
		b.Int64(42)
		b.Decimal([]byte("1234.56"))
		b.Datetime(1_700_000_000+int64(i), 0)
		b.Int64(-5)
		b.String([]byte("shipped"))
		b.Float64(0.25)
		b.Bool(i%2 == 0)
	}
	return b
}

func BenchmarkEncode(b *testing.B) {
	for _, tt := range []struct {
		name    string
		dialect csvfmt.Dialect
	}{{"csv", csvfmt.Comma()}, {"null", csvfmt.Dialect{Delimiter: ",", Quote: '"', Null: `\N`}}} {
		b.Run(tt.name, func(b *testing.B) {
			e := csvfmt.NewEncoder(tt.dialect)
			batch := tenColumns(1024)
			dst := make([]byte, 0, 1<<20)
			var err error
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%1024 == 0 {
					dst = dst[:0]
				}
				if dst, err = e.AppendRow(dst, batch.Row(n%1024)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
