package binlogkit

import (
	"encoding/binary"
	"math"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/record"
)

// orders is a table of ten columns, and the map that the log has of it.
func orders() (*replication.TableMapEvent, *Definition) {
	d := &Definition{Database: "shop", Table: "orders", Columns: []Column{
		{Name: "id", Type: "bigint unsigned"}, {Name: "customer", Type: "int"}, {Name: "status", Type: "enum('new','paid')"}, {Name: "total", Type: "decimal(12,2)"},
		{Name: "name", Type: "varchar(40)", Charset: "utf8mb4"}, {Name: "note", Type: "text", Charset: "utf8mb4", Nullable: true}, {Name: "created", Type: "datetime(3)"},
		{Name: "changed", Type: "timestamp"}, {Name: "weight", Type: "double"}, {Name: "doc", Type: "json", Nullable: true},
	}, Indexes: []Index{{Name: "PRIMARY", Primary: true, Columns: []string{"id"}}}}
	e := &replication.TableMapEvent{Schema: []byte("shop"), Table: []byte("orders"), ColumnCount: 10, NullBitmap: []byte{0x20, 0x02},
		ColumnType: []byte{mysql.MYSQL_TYPE_LONGLONG, mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_STRING, mysql.MYSQL_TYPE_NEWDECIMAL, mysql.MYSQL_TYPE_VARCHAR,
			mysql.MYSQL_TYPE_BLOB, mysql.MYSQL_TYPE_DATETIME2, mysql.MYSQL_TYPE_TIMESTAMP2, mysql.MYSQL_TYPE_DOUBLE, mysql.MYSQL_TYPE_JSON},
		ColumnMeta: []uint16{0, 0, uint16(mysql.MYSQL_TYPE_ENUM)<<8 | 1, 12<<8 | 2, 160, 2, 3, 0, 8, 4}}
	return e, d
}

// image spells the row image of an order.
func image(id uint64) []byte {
	p := []byte{0, 0} // no NULL
	p = binary.LittleEndian.AppendUint64(p, id)
	p = binary.LittleEndian.AppendUint32(p, 42)
	p = append(p, 2)                                   // paid
	p = append(p, 0x80, 0, 0, 0x30, 0x39, 50)          // 12345.50
	p = append(append(p, 11), "Zoë Smith."...)         //
	p = append(append(p, 5, 0), "hello"...)            //
	p = append(p, 0x99, 0xb2, 0xbb, 0x10, 0x83, 4, 26) // 2024-02-29 17:02:03.105
	p = binary.BigEndian.AppendUint32(p, 1_700_000_000)
	p = binary.LittleEndian.AppendUint64(p, math.Float64bits(1.25))
	doc := []byte{0, 1, 0, 12, 0, 11, 0, 1, 0, 5, 7, 0, 'a'} // {"a": 7}
	p = binary.LittleEndian.AppendUint32(p, uint32(len(doc)))
	return append(p, doc...)
}

func planned(t testing.TB, e *replication.TableMapEvent, d *Definition) *Table {
	t.Helper()
	table, err := Plan(e, d, &Options{Intern: func(s *record.Schema) *record.Schema { return s }})
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestImages(t *testing.T) {
	e, d := orders()
	table := planned(t, e, d)
	all := []byte{0xff, 0xff}
	b := record.NewBatch(0, 0)
	var m Images
	if err := m.Reset(table, Update, false, all, all, append(append(image(1), image(1)...), append(image(1), image(2)...)...)); err != nil {
		t.Fatal(err)
	}
	for m.More() {
		if err := m.Next(b, nil); err != nil {
			t.Fatal(err)
		}
	}
	var ops []record.Op
	for i := range b.Len() {
		ops = append(ops, b.Row(i).Op())
	}
	if want := []record.Op{record.UpdateBefore, record.UpdateAfter, record.Delete, record.Insert}; len(ops) != 4 || [4]record.Op(ops) != [4]record.Op(want) {
		t.Fatalf("operations %v, want %v", ops, want)
	}
	if !b.Row(3).Linked() || b.Row(2).Linked() {
		t.Error("the two rows of an update of the key are not linked")
	}
	want := []string{"1", "42", "paid", "12345.50", "Zoë Smith.", "hello", "2024-02-29 17:02:03.105", "2023-11-14 22:13:20Z", "1.25", `{"a": 7}`}
	for c, w := range want {
		if got := string(b.Row(0).AppendText(nil, c)); got != w {
			t.Errorf("column %d is %q, want %q", c, got, w)
		}
	}
}

// FuzzImages gives any bytes as row images: an error or rows, and no panic.
func FuzzImages(f *testing.F) {
	e, d := orders()
	table := planned(f, e, d)
	f.Add(uint8(0), []byte{0xff, 0x03}, []byte{0xff, 0x03}, image(7))
	f.Add(uint8(1), []byte{0xff, 0x03}, []byte{0x01, 0x02}, append(image(7), image(8)...))
	f.Add(uint8(5), []byte{0x01, 0x00}, []byte{0xff, 0x03}, append([]byte{0, 1, 0, 0, 0, 0, 0, 0, 0}, append([]byte{1, 1}, image(8)...)...))
	f.Fuzz(func(t *testing.T, kind uint8, first, second, images []byte) {
		b := record.NewBatch(0, 0)
		var m Images
		if m.Reset(table, Kind(kind%3), kind&4 != 0, first, second, images) != nil {
			return
		}
		for m.More() && !b.Over() {
			before := b.Len()
			err := m.Next(b, nil)
			if err != nil {
				return
			}
			if b.Len() == before {
				t.Fatal("no row and no error")
			}
			for i := before; i < b.Len(); i++ {
				for c := range table.Schema.Columns {
					b.Row(i).AppendText(nil, c)
				}
			}
		}
	})
}

func BenchmarkDecodeRows(b *testing.B) {
	e, d := orders()
	table := planned(b, e, d)
	var images []byte
	const rows = 100
	for i := range rows {
		images = append(images, image(uint64(i))...)
	}
	all := []byte{0xff, 0xff}
	batch := record.NewBatch(0, 0)
	var m Images
	fill := func() {
		batch.Reset("")
		if err := m.Reset(table, Insert, false, all, nil, images); err != nil {
			b.Fatal(err)
		}
		for m.More() {
			if err := m.Next(batch, nil); err != nil {
				b.Fatal(err)
			}
		}
	}
	fill()
	b.ReportAllocs()
	b.SetBytes(int64(len(images)))
	for b.Loop() {
		fill()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
}
