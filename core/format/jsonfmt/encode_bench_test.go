package jsonfmt_test

import (
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// tenColumns returns a batch of rows of about 100 bytes.
func tenColumns(rows int) *record.Batch {
	kinds := []record.Kind{record.Int64, record.String, record.String, record.Int64, record.Decimal, record.Datetime, record.Int64, record.String, record.Float64, record.Bool}
	s := schema(kinds...)
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

func benchmark(b *testing.B, e encoder) {
	batch := tenColumns(1024)
	dst := make([]byte, 0, 1<<20)
	var err error
	size := 0
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if i%1024 == 0 {
			size += len(dst)
			dst = dst[:0]
		}
		if dst, err = e.AppendRow(dst, batch.Row(i%1024)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(size+len(dst))/float64(b.N), "B/row")
}

func BenchmarkEncoder(b *testing.B) { benchmark(b, jsonfmt.NewEncoder()) }

func BenchmarkFlinkX(b *testing.B) {
	benchmark(b, jsonfmt.NewFlinkX([]string{"c0", "c1", "c2", "c3", "c4", "c5", "c6", "c7", "c8", "c9"}, time.UTC))
}

func BenchmarkFlinkXMessage(b *testing.B) { benchmark(b, jsonfmt.NewFlinkX(nil, time.UTC)) }
