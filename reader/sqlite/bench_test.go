package sqlite_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/reader/sqlite"
)

// One operation is one row of ten columns and about 100 bytes.
func BenchmarkFill(b *testing.B) {
	path := database(b, `CREATE TABLE t (id INTEGER PRIMARY KEY, customer INTEGER, product INTEGER, quantity INTEGER, price REAL, total DECIMAL(10,2),
			name TEXT, note TEXT, created DATETIME, status TEXT);
		WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < 100000)
		INSERT INTO t SELECT n, n * 7919 % 100000, n % 5000, n % 9 + 1, n % 10000 / 100.0, n % 99999 / 100.0, 'customer name ' || n % 5000,
			CASE WHEN n % 5 > 0 THEN 'some note text ' || n END, datetime(1700000000 + n, 'unixepoch'), 'delivered' FROM i`)
	r := plugintest.NewReader(b, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": "t", "column": ["*"]}`, path))
	splits, err := r.(plugin.Splitter).Splits(b.Context(), plugin.Plan{Channels: 1})
	if err != nil {
		b.Fatal(err)
	}
	open := func() plugin.Source {
		src, err := r.Open(b.Context(), plugin.Progress{Split: splits[0]})
		if err != nil {
			b.Fatal(err)
		}
		return src
	}
	src := open()
	defer func() { _ = src.Close() }()
	batch := record.NewBatch(0, 0)
	b.ReportAllocs()
	b.ResetTimer()
	for rows := 0; rows < b.N; rows += batch.Len() {
		batch.Reset("0")
		switch err := src.Fill(b.Context(), batch); {
		case errors.Is(err, io.EOF):
			if err := src.Close(); err != nil {
				b.Fatal(err)
			}
			src = open()
		case err != nil:
			b.Fatal(err)
		}
		b.SetBytes(int64(batch.Size() / max(1, batch.Len())))
	}
}
