package binlog

import (
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// BenchmarkCopyBesideTheLog copies a table of 200,000 rows of about 100 bytes
// while its log is read, which says nothing meanwhile.
func BenchmarkCopyBesideTheLog(b *testing.B) {
	const rows = 200_000
	db := servers.MySQL(b).DB(b)
	db.Exec(b, "CREATE TABLE t (id BIGINT PRIMARY KEY, a INT, b VARCHAR(80))",
		"INSERT INTO t SELECT n, n % 1000, REPEAT('x', 80) FROM (SELECT ROW_NUMBER() OVER () AS n FROM information_schema.collations a, information_schema.collations b, (SELECT 1 UNION SELECT 2 UNION SELECT 3) c) r WHERE n <= 200000")
	b.ReportAllocs()
	for b.Loop() {
		r := build(b, parameters(db, nil)).(*reader)
		s := follow(b, r)
		src := s.src
		r.Signals([]plugin.Signal{{ID: "1", Verb: plugin.SignalSnapshot, Tables: []record.Name{{Database: db.Name, Table: "t"}}}})
		batch := record.NewBatch(0, 0)
		for n := 0; n < rows; n += batch.Len() {
			batch.Reset(s.split.ID)
			if err := src.Fill(b.Context(), batch); err != nil {
				b.Fatal(err)
			}
		}
		s.close()
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
