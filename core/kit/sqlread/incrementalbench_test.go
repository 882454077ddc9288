package sqlread_test

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/reader/sqlite"
)

// BenchmarkIncremental reads a table in order of an index, and as increments by
// it, which looks at every row's value and key.
func BenchmarkIncremental(b *testing.B) {
	const rows = 100_000
	path := filepath.Join(b.TempDir(), "bench.db")
	conn, err := sqlitekit.Open(path, sqlitekit.Settings{Create: true})
	if err != nil {
		b.Fatal(err)
	}
	sql := fmt.Sprintf("CREATE TABLE orders (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, note TEXT); CREATE INDEX orders_at ON orders (at);"+
		"WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d) INSERT INTO orders SELECT n, n / 3, printf('%%080d', n) FROM i", rows)
	if err := errors.Join(conn.Exec(b.Context(), sql), conn.Close()); err != nil {
		b.Fatal(err)
	}
	for name, more := range map[string]string{"ordered": `"orderByColumn": "at"`, "incremental": `"increColumn": "at"`} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if n := readAll(b, fmt.Sprintf(`{"path": %q, "table": "orders", "column": ["*"], %s}`, path, more)); n != rows {
					b.Fatalf("%d rows", n)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
		})
	}
}

func readAll(b *testing.B, job string) (rows int) {
	r := plugintest.NewReader(b, sqlite.Info(), job)
	splits, err := plugintest.Plan(b.Context(), r, plugin.Plan{Channels: 1})
	if err != nil {
		b.Fatal(err)
	}
	s, err := r.Open(b.Context(), plugin.Progress{Split: splits[0]})
	if err != nil {
		b.Fatal(err)
	}
	batch := record.NewBatch(0, 0)
	for err == nil {
		batch.Reset(splits[0].ID)
		err = s.Fill(b.Context(), batch)
		rows += batch.Len()
	}
	if !errors.Is(err, io.EOF) {
		b.Fatal(err)
	}
	if err := errors.Join(s.Close(), r.Close()); err != nil {
		b.Fatal(err)
	}
	return rows
}
