package kafka

import (
	"fmt"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/changes"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// cpu is what the process has spent.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// orders returns a batch of rows of ten columns and about 100 bytes.
func orders(rows int) *record.Batch {
	var columns []record.Column
	for i, k := range []record.Kind{record.Int64, record.String, record.String, record.Int64, record.Decimal, record.Datetime,
		record.Int64, record.String, record.Float64, record.Bool} {
		columns = append(columns, record.Column{Name: fmt.Sprintf("c%d", i), Kind: k})
	}
	s := record.NewSchema(record.Name{Table: "orders"}, columns)
	b := record.NewBatch(rows, 1<<30)
	for i := range rows {
		b.Begin(s, record.Insert)
		b.Int64(int64(i))
		b.String([]byte("customer name 17"))
		b.String([]byte("someone@example"))
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

// BenchmarkWrite measures one channel, rows of 135 bytes: batches of 1,024 rows
// as the engine gives them, a flush every 256 batches; with await after each.
func BenchmarkWrite(b *testing.B) {
	kafka := servers.Kafka(b)
	for _, bench := range []struct {
		name       string
		partitions int
		key        bool
		flush      int
		settings   string
		format     string
	}{
		{"flusher", 1, false, 256, ``, "json"},
		{"await", 1, false, 1, ``, "json"},
		{"keyed12", 12, true, 256, ``, "json"},
		{"lz4", 1, false, 256, `,"compression.type":"lz4"`, "json"},
		{"debezium", 1, false, 256, ``, "debezium-json"}, // updates: a message is two rows
		{"canal", 1, false, 256, ``, "canal-json"},
	} {
		b.Run(bench.name, func(b *testing.B) {
			topic := kafka.Topic(b, bench.partitions)
			w := plugintest.NewWriter(b, Info(), fmt.Sprintf(`{"topic":%q,"format":%q,"producerSettings":{"bootstrap.servers":%q%s}}`, topic, bench.format, kafka.Addr(), bench.settings))
			defer func() { _ = w.Close() }()
			sink, err := w.Open(b.Context(), plugin.Task{Of: 1})
			if err != nil {
				b.Fatal(err)
			}
			batch := orders(1024)
			if bench.format != "json" {
				batch = changes.Orders(512, true, w.(plugin.MetaUser).Meta()...)
			}
			if bench.key {
				batch.Schema().Key = []int{0}
			}
			flush := func() {
				if err := sink.(plugin.Flusher).Flush(b.Context()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			spent := cpu(b)
			b.ResetTimer()
			n := 0
			for i := 0; n < b.N; i++ {
				if err := sink.Write(b.Context(), batch); err != nil {
					b.Fatal(err)
				}
				n += batch.Len()
				if i%bench.flush == bench.flush-1 {
					flush()
				}
			}
			flush()
			b.StopTimer()
			spent = cpu(b) - spent
			b.ReportMetric(float64(spent.Nanoseconds())/float64(n), "cpu-ns/row")
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "rows/s")
			if err := sink.Close(); err != nil {
				b.Fatal(err)
			}
		})
	}
}
