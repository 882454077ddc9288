package pgkit_test

import (
	"errors"
	"io"
	"testing"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// rowsOfBench are read or written per iteration: ten columns, about 100 bytes.
const rowsOfBench = 200_000

const benchTable = `CREATE TABLE orders (id bigint PRIMARY KEY, customer int NOT NULL, sku varchar(20) NOT NULL, quantity smallint NOT NULL,
 price numeric(12,2) NOT NULL, discount double precision, paid boolean NOT NULL, ordered timestamp NOT NULL, note text, tag uuid);
 INSERT INTO orders SELECT i, i % 9973, 'SKU-' || i % 1000, i % 50, (i % 100000) / 100.0, CASE WHEN i % 3 = 0 THEN i / 7.0 END, i % 2 = 0,
 timestamp '2024-01-01' + i * interval '1 second', 'note number ' || i, md5(i::text)::uuid FROM generate_series(1, 200000) i; ANALYZE orders`

func benchDB(b *testing.B) *pgkit.Settings {
	db := servers.StartPostgreSQL(b, servers.WithBench()).DB(b)
	db.Exec(b, benchTable)
	return settings(b, db.URL(), nil)
}

// BenchmarkRead reads and decodes a table.
func BenchmarkRead(b *testing.B) {
	c := dial(b, benchDB(b))
	batch := record.NewBatch(0, 0)
	b.ReportAllocs()
	for b.Loop() {
		s, err := c.Prepare(b.Context(), "SELECT * FROM orders")
		if err != nil {
			b.Fatal(err)
		}
		rows, err := s.Rows(b.Context(), 0)
		if err != nil {
			b.Fatal(err)
		}
		schema := record.NewSchema(record.Name{Table: "orders"}, s.Columns())
		n := 0
		for ; ; n++ {
			row, err := rows.Next(0)
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				b.Fatal(err)
			}
			if batch.Full() {
				batch.Reset("")
			}
			batch.Begin(schema, record.Insert)
			if err := s.Decoder().Append(batch, row, len(schema.Columns)); err != nil {
				b.Fatal(err)
			}
		}
		batch.Reset("")
		if n != rowsOfBench {
			b.Fatalf("read %d rows", n)
		}
	}
	perRow(b)
}

func perRow(b *testing.B) {
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rowsOfBench, "ns/row")
}

// BenchmarkWrite encodes and copies a table's rows into another.
func BenchmarkWrite(b *testing.B) {
	c := dial(b, benchDB(b))
	batch, schema := read(b, c, "SELECT * FROM orders")
	if err := c.Exec(b.Context(), "CREATE TABLE copies (LIKE orders)"); err != nil {
		b.Fatal(err)
	}
	names := make([]string, len(schema.Columns))
	for i := range names {
		names[i] = schema.Columns[i].Name
	}
	b.ReportAllocs()
	for b.Loop() {
		if n, err := write(c, "copies", names, batch); err != nil || n != rowsOfBench {
			b.Fatalf("%d rows, %v", n, err)
		}
		b.StopTimer()
		if err := c.Exec(b.Context(), "TRUNCATE copies"); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	perRow(b)
}

// BenchmarkCodec is the cost of datasync's own side: no server takes part.
func BenchmarkCodec(b *testing.B) {
	c := dial(b, benchDB(b))
	ctx := b.Context()
	s, err := c.Prepare(ctx, "SELECT * FROM orders LIMIT 1000")
	if err != nil {
		b.Fatal(err)
	}
	stream, err := s.Rows(ctx, 0)
	if err != nil {
		b.Fatal(err)
	}
	var rows [][]byte
	for {
		row, err := stream.Next(0)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			b.Fatal(err)
		}
		rows = append(rows, append([]byte{}, row...))
	}
	schema := record.NewSchema(record.Name{Table: "orders"}, s.Columns())
	columns := make([]int, len(schema.Columns))
	names := make([]string, len(schema.Columns))
	for i := range columns {
		columns[i], names[i] = i, schema.Columns[i].Name
	}
	e, err := c.Encoder(ctx, record.Name{Table: "orders"}, names)
	if err != nil {
		b.Fatal(err)
	}
	batch := record.NewBatch(0, 0)
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if batch.Full() {
				batch.Reset("")
			}
			batch.Begin(schema, record.Insert)
			if err := s.Decoder().Append(batch, rows[i%len(rows)], len(columns)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("encode", func(b *testing.B) {
		batch.Reset("")
		for _, row := range rows {
			batch.Begin(schema, record.Insert)
			if err := s.Decoder().Append(batch, row, len(columns)); err != nil {
				b.Fatal(err)
			}
		}
		var buf []byte
		b.ReportAllocs()
		for i := 0; b.Loop(); i++ {
			if buf, err = e.AppendRow(buf[:0], batch.Row(i%batch.Len()), columns); err != nil {
				b.Fatal(err)
			}
		}
	})
}
