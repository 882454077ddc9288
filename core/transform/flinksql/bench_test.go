package flinksql_test

import (
	"context"
	"testing"

	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/flinksql"
)

// BenchmarkTransformSQL reports rows that are read, per second of one channel.
func BenchmarkTransformSQL(b *testing.B) {
	s := record.NewSchema(record.Name{Table: "v"}, []record.Column{{Name: "a", Kind: record.Int64}, {Name: "b", Kind: record.Int64},
		{Name: "c", Kind: record.String}, {Name: "d", Kind: record.Int64}, {Name: "e", Kind: record.Decimal, Precision: 12, Scale: 2}, {Name: "f", Kind: record.Datetime}}, 0)
	in := record.NewBatch(0, 0)
	for i := range int64(record.TargetRows) {
		in.Begin(s, record.Insert)
		in.Int64(i)
		in.Int64(i * 7)
		in.String([]byte("a text of some length"))
		in.Int64(i % 20)
		in.Decimal([]byte("1234567.89"))
		in.Datetime(1_700_000_000+i, 0)
	}
	for _, bb := range []struct{ name, sql string }{
		{"filter", "SELECT a, b + 1, UPPER(c) FROM v WHERE d > 10"},
		{"decimal", "SELECT a, e * 1.19 AS gross, e / 3 AS third, e + b AS total FROM v"},
		{"text", "SELECT a, c || '-' || CAST(b AS VARCHAR) AS x, CASE WHEN d IN (1, 2, 3) THEN 'low' ELSE 'high' END AS y FROM v WHERE c LIKE 'a%' AND f > '2020-01-01'"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			q, err := flinksql.Parse(bb.sql, "v")
			if err != nil {
				b.Fatal(err)
			}
			t := q.NewTransform(flinksql.Options{})
			out := record.NewBatch(0, 0)
			b.ReportAllocs()
			for b.Loop() {
				out.Reset("")
				if err := t.Apply(context.Background(), in, out); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*record.TargetRows/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
