package parquetfmt_test

import (
	"bytes"
	"testing"

	"github.com/datasync-io/datasync/core/format/parquetfmt"
	"github.com/datasync-io/datasync/core/record"
)

// tenColumns returns a batch of rows of about 100 bytes.
func tenColumns(rows int) *record.Batch {
	s := record.NewSchema(record.Name{Table: "t"}, []record.Column{
		{Name: "id", Kind: record.Int64}, {Name: "name", Kind: record.String}, {Name: "mail", Kind: record.String}, {Name: "n", Kind: record.Int64},
		{Name: "price", Kind: record.Decimal, Precision: 10, Scale: 2}, {Name: "at", Kind: record.Datetime}, {Name: "m", Kind: record.Int64},
		{Name: "state", Kind: record.String}, {Name: "f", Kind: record.Float64}, {Name: "ok", Kind: record.Bool},
	})
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
	batch := tenColumns(1024)
	e := encoder(b, batch.Row(0).Schema(), parquetfmt.Settings{})
	e.Begin(0)
	var dst []byte
	var err error
	size := 0
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if dst, err = e.Append(dst, batch.Row(n%1024)); err != nil {
			b.Fatal(err)
		}
		if n%1024 == 1023 {
			if dst, err = e.Settle(dst, batch.Size()); err != nil {
				b.Fatal(err)
			}
			size += len(dst)
			dst = dst[:0]
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	batch := tenColumns(100_000)
	data := segment(b, encoder(b, batch.Row(0).Schema(), parquetfmt.Settings{}), nil, batch)
	f, err := parquetfmt.Open(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		b.Fatal(err)
	}
	s := record.NewSchema(record.Name{}, f.Columns())
	r := f.Read([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, len(f.Groups()))
	out := record.NewBatch(0, 0)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		if n%100_000 == 99_999 {
			_ = r.Close()
			r = f.Read([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 0, len(f.Groups()))
		}
		if err := r.Next(); err != nil {
			b.Fatal(err)
		}
		if n%1024 == 0 {
			out.Reset("")
		}
		out.Begin(s, record.Insert)
		for i := range 10 {
			if err := r.Append(out, i); err != nil {
				b.Fatal(err)
			}
		}
	}
}
