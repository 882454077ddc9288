package mysqlkit

import (
	"errors"
	"testing"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// everyField is one field of each type of the wire.
func everyField() []*mysql.Field {
	var fields []*mysql.Field
	for number := range 256 {
		for _, flag := range []uint16{0, mysql.UNSIGNED_FLAG, mysql.ZEROFILL_FLAG} {
			fields = append(fields, &mysql.Field{Name: []byte{'c'}, Type: uint8(number), Flag: flag, Charset: 45, ColumnLength: uint32(flag)})
		}
	}
	return fields
}

// FuzzDecode shows that no packet, of any types, makes the decoder panic, read
// beyond it, or leave half a row.
func FuzzDecode(f *testing.F) {
	fields := everyField()
	f.Add(uint16(3), []byte{0, 0, 5, 0, 0})
	f.Add(uint16(12*3), []byte{0, 0, 7, 0xe8, 7, 2, 29, 1, 2, 3})
	f.Add(uint16(253*3), []byte{0, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, at uint16, packet []byte) {
		from := int(at) % (len(fields) - 3)
		sh := (&Settings{ZeroDateNull: at%2 == 0}).NewShape(fields[from:from+3], make([]string, 3))
		two := record.NewSchema(record.Name{}, sh.Columns[:2])
		b := record.NewBatch(0, 0)
		b.Begin(two, record.Insert)
		if err := sh.Append(packet, b, 2); err != nil {
			b.Drop()
			if errclass.Of(err) != errclass.Data && !errors.Is(err, errMalformed) {
				t.Fatalf("%v is of class %v", err, errclass.Of(err))
			}
			return
		}
		for c := range 2 {
			if k := b.Row(0).Kind(c); k != record.Null && k != sh.Columns[c].Kind {
				t.Fatalf("column %d is of kind %v, its cell of %v", c, sh.Columns[c].Kind, k)
			}
		}
		b.Begin(record.NewSchema(record.Name{}, []record.Column{sh.Columns[0], sh.Columns[2]}), record.Insert)
		if err := sh.Pick(packet, b, []int{0, 2}); err != nil && errclass.Of(err) != errclass.Data && !errors.Is(err, errMalformed) {
			t.Fatalf("picking: %v is of class %v", err, errclass.Of(err))
		}
	})
}

// row is a packet of ten columns and about a hundred bytes.
func row() ([]*mysql.Field, []byte) {
	types := []uint8{mysql.MYSQL_TYPE_LONGLONG, mysql.MYSQL_TYPE_LONG, mysql.MYSQL_TYPE_VAR_STRING, mysql.MYSQL_TYPE_SHORT, mysql.MYSQL_TYPE_NEWDECIMAL,
		mysql.MYSQL_TYPE_DOUBLE, mysql.MYSQL_TYPE_VAR_STRING, mysql.MYSQL_TYPE_DATETIME, mysql.MYSQL_TYPE_TIMESTAMP, mysql.MYSQL_TYPE_VAR_STRING}
	var fields []*mysql.Field
	for i, t := range types {
		fields = append(fields, &mysql.Field{Name: []byte{byte('a' + i)}, Type: t, Charset: 45})
	}
	p := []byte{0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3, 0}
	p = append(append(p, 12), "SKU-00004711"...)
	p = append(append(p, 7, 0, 7), "1234.56"...)
	p = append(append(p, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f, 8), "returned"...)
	p = append(p, 7, 0xe8, 7, 2, 29, 23, 59, 59, 11, 0xe8, 7, 2, 29, 23, 59, 59, 0x40, 0xe2, 1, 0)
	return fields, append(append(p, 24), "note of order number 4711"[:24]...)
}

func BenchmarkDecode(b *testing.B) {
	fields, packet := row()
	sh := (&Settings{}).NewShape(fields, make([]string, len(fields)))
	schema := record.NewSchema(record.Name{}, sh.Columns)
	batch := record.NewBatch(0, 0)
	for range record.TargetRows { // the batch's memory is there
		batch.Begin(schema, record.Insert)
		if err := sh.Append(packet, batch, len(fields)); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(packet)))
	for b.Loop() {
		if batch.Full() {
			batch.Reset("")
		}
		batch.Begin(schema, record.Insert)
		if err := sh.Append(packet, batch, len(fields)); err != nil {
			b.Fatal(err)
		}
	}
}
