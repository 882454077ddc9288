package mysql

import (
	"fmt"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// orders are rows of ten columns and about a hundred bytes.
const orders = `CREATE TABLE orders (id BIGINT NOT NULL PRIMARY KEY, customer INT NOT NULL, product INT UNSIGNED NOT NULL, quantity SMALLINT NOT NULL,
	price DECIMAL(10,2) NOT NULL, discount DOUBLE NOT NULL, status VARCHAR(16) NOT NULL, email VARCHAR(64) NOT NULL, note VARCHAR(200) NULL, created DATETIME NOT NULL) CHARACTER SET utf8mb4`

func orderSchema() *record.Schema {
	columns := []record.Column{{Name: "id", Kind: record.Int64}, {Name: "customer", Kind: record.Int64}, {Name: "product", Kind: record.Int64}, {Name: "quantity", Kind: record.Int64},
		{Name: "price", Kind: record.Decimal, Precision: 10, Scale: 2}, {Name: "discount", Kind: record.Float64}, {Name: "status", Kind: record.String},
		{Name: "email", Kind: record.String}, {Name: "note", Kind: record.String, Nullable: true}, {Name: "created", Kind: record.Datetime}}
	return record.NewSchema(record.Name{Table: "orders"}, columns, 0)
}

func fillOrders(b *record.Batch, s *record.Schema, from int64) {
	b.Reset("0")
	for i := from; i < from+record.TargetRows; i++ {
		b.Begin(s, record.Insert)
		b.Int64(i)
		b.Int64(i * 7919 % 300_000)
		b.Int64(i * 104729 % 20_000)
		b.Int64(i % 12)
		b.Take(record.Decimal, fmt.Appendf(b.Buffer(), "%d.%02d", i%5000, i%100))
		b.Float64(float64(i%40) / 100)
		b.Text(record.String, "delivered")
		b.Take(record.String, fmt.Appendf(b.Buffer(), "customer%d@example.com", i*7919%300_000))
		if i%8 == 0 {
			b.Null()
		} else {
			b.Text(record.String, "please ring größer")
		}
		b.Datetime(1_600_000_000+i*37, 0)
	}
}

// BenchmarkWrite writes batches of 1,024 rows, committed every 64; time and
// allocations are those of a batch.
func BenchmarkWrite(b *testing.B) {
	ways := []struct {
		name string
		verb sqlwrite.Verb
		bulk bool
		old  bool // the rows are there
	}{
		{"insert", sqlwrite.Insert, false, false}, {"load", sqlwrite.Insert, true, false}, {"upsert new", sqlwrite.Upsert, false, false}, {"upsert old", sqlwrite.Upsert, false, true},
		{"replace old", sqlwrite.Replace, false, true}, {"update", sqlwrite.Update, false, true}, {"delete", sqlwrite.Delete, false, true},
	}
	for product, server := range map[string]func(testing.TB) servers.SQLServer{"MySQL": servers.MySQL, "MariaDB": servers.MariaDB} {
		for _, way := range ways {
			b.Run(product+"/"+way.name, func(b *testing.B) {
				db := server(b).DB(b)
				db.Exec(b, orders)
				l := newLab(b, db, quiet())
				l.s.load.off = !way.bulk
				s := orderSchema()
				f, at := l.formOf(way.verb, s, nil)
				batch := record.NewBatch(0, 0)
				if way.old {
					insert, all := l.formOf(sqlwrite.Insert, s, nil)
					l.must(l.s.Begin(b.Context()))
					for i := range int64(b.N) {
						fillOrders(batch, s, i*record.TargetRows)
						if _, err := l.write(b.Context(), insert, all, batch); err != nil {
							b.Fatal(err)
						}
					}
					l.must(l.s.Commit(b.Context()))
				}
				l.must(l.s.Begin(b.Context()))
				b.ReportAllocs()
				b.ResetTimer()
				for i := range b.N {
					b.StopTimer()
					fillOrders(batch, s, int64(i)*record.TargetRows)
					b.StartTimer()
					if _, err := l.write(b.Context(), f, at, batch); err != nil {
						b.Fatal(err)
					}
					if i%64 == 63 {
						l.must(l.s.Commit(b.Context()))
						l.must(l.s.Begin(b.Context()))
					}
				}
				l.must(l.s.Commit(b.Context()))
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/record.TargetRows, "ns/row")
			})
		}
	}
}
