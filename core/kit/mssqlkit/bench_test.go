package mssqlkit_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/record"
)

// benchColumns are a row of about 100 bytes.
var benchColumns = []tdspeer.Column{{Name: "id", Type: "bigint"}, {Name: "name", Type: "nvarchar(40)", Nullable: true}, {Name: "price", Type: "decimal(12,2)", Nullable: true},
	{Name: "at", Type: "datetime2(3)", Nullable: true}, {Name: "note", Type: "varchar(60)", Nullable: true}, {Name: "n", Type: "int", Nullable: true}}

func benchRecord() []record.Column {
	columns := make([]record.Column, len(benchColumns))
	for i, c := range benchColumns {
		columns[i] = mssqlkit.Column(c.Name, c.Type, c.Nullable)
	}
	return columns
}

func benchDial(b *testing.B, h tdspeer.Handler) *mssqlkit.Conn {
	peer := tdspeer.Start(b, h)
	peer.Unread = true
	c, err := mssqlkit.Dial(context.Background(), settings(peer))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c
}

// BenchmarkRead reads rows from a peer in this process, which has encoded them before.
func BenchmarkRead(b *testing.B) {
	row := []any{int64(123456789), "Grüße an 世界, and more", "12345.67", utc(2024, 2, 29, 12, 30, 15, 123e6), strings.Repeat("note ", 8), int64(42)}
	c := benchDial(b, func(q *tdspeer.Request) tdspeer.Reply {
		if q.SQL != "SELECT" {
			return tdspeer.Reply{}
		}
		return tdspeer.Reply{Results: []tdspeer.Result{{Columns: benchColumns, Rows: [][]any{row}, Repeat: b.N}}}
	})
	columns := benchRecord()
	schema := record.NewSchema(record.Name{}, columns)
	batch := record.NewBatch(0, 0)
	b.ReportAllocs()
	b.ResetTimer()
	rows, err := c.Stream(context.Background(), "SELECT", columns, 0)
	if err != nil {
		b.Fatal(err)
	}
	for {
		if err := rows.Next(0); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			b.Fatal(err)
		}
		if batch.Full() {
			batch.Reset("")
		}
		batch.Begin(schema, record.Insert)
		if err := rows.Append(batch, len(columns)); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoad loads batches of 1,024 rows into a peer that does not look at them.
func BenchmarkLoad(b *testing.B) {
	c := benchDial(b, func(q *tdspeer.Request) tdspeer.Reply {
		if strings.HasPrefix(q.SQL, "select * from") {
			return tdspeer.Reply{Results: []tdspeer.Result{{Columns: benchColumns}}}
		}
		return tdspeer.Reply{}
	})
	columns := make([]*sqlkit.TableColumn, len(benchColumns))
	cells := make([]int, len(columns))
	for i, column := range benchRecord() {
		columns[i], cells[i] = &sqlkit.TableColumn{Column: column}, i
	}
	loader, err := c.NewLoader("[t]", columns, map[string]int{"note": 1252})
	if err != nil {
		b.Fatal(err)
	}
	const rows = 1024
	batch := record.NewBatch(0, 0)
	schema := record.NewSchema(record.Name{}, benchRecord())
	for i := range rows {
		batch.Begin(schema, record.Insert)
		batch.Int64(int64(i))
		batch.Text(record.String, "Grüße an 世界, and more")
		batch.Text(record.Decimal, "12345.67")
		batch.Datetime(1709209815, 123e6)
		batch.Text(record.String, strings.Repeat("note ", 8))
		batch.Int64(42)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for n := 0; n < b.N; n += rows {
		if _, err := loader.Load(context.Background(), mssqlkit.Source{Len: rows, Row: batch.Row, Cells: cells}); err != nil {
			b.Fatal(err)
		}
	}
}
