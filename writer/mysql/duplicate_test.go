package mysql

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestDuplicates names the row of a set whose key is there, by the text that
// the server gives of the key; where that is not possible, none is named.
func TestDuplicates(t *testing.T) {
	text := func(format string) func(b *record.Batch, i int) {
		return func(b *record.Batch, i int) { b.Text(record.String, fmt.Sprintf(format, i)) }
	}
	list := []struct {
		typ, literal string // of row 100
		kind         record.Kind
		put          func(b *record.Batch, i int)
		unnamed      bool
	}{
		{"INT", "100", record.Int64, func(b *record.Batch, i int) { b.Int64(int64(i)) }, false},
		{"BIGINT UNSIGNED", "18446744073709551515", record.Uint64, func(b *record.Batch, i int) { b.Uint64(1<<64 - 1 - uint64(i)) }, false},
		{"VARCHAR(40)", "'it''s - 100'", record.String, text("it's - %d"), false},
		{"VARCHAR(40)", "'ROW 100'", record.String, text("row %d"), false},
		{"CHAR(40)", "'zoë 100'", record.String, text("zoë %d  "), false},
		{"DECIMAL(10,3)", "-100.5", record.Decimal, func(b *record.Batch, i int) { b.Text(record.Decimal, fmt.Sprintf("-%d.50", i)) }, false},
		{"DATE", "'1970-04-11'", record.Date, func(b *record.Batch, i int) { b.Date(int64(i)) }, false},
		{"DATETIME(3)", "'1970-01-01 00:01:40.5'", record.Datetime, func(b *record.Batch, i int) { b.Datetime(int64(i), 500_000_000) }, false},
		{"TIMESTAMP", "'1970-01-01 00:01:41'", record.Timestamp, func(b *record.Batch, i int) { b.Timestamp(int64(i)+1, 0) }, false},
		{"VARBINARY(8)", "X'ff64'", record.Bytes, func(b *record.Batch, i int) { b.Bytes([]byte{0xff, byte(i)}) }, true},
		{"DOUBLE", "100.25", record.Float64, func(b *record.Batch, i int) { b.Float64(float64(i) + 0.25) }, true},
	}
	products(t, func(t *testing.T, db servers.Database) {
		l := newLab(t, db, quiet())
		for n, tt := range list {
			t.Run(tt.typ, func(t *testing.T) {
				table := fmt.Sprintf("d%d", n)
				db.Exec(t, "SET time_zone = '+00:00'", "CREATE TABLE "+table+" (k "+tt.typ+" NOT NULL, n INT NOT NULL, UNIQUE `a.b` (n, k)) CHARACTER SET utf8mb4", "INSERT INTO "+table+" VALUES ("+tt.literal+", 7)")
				s := record.NewSchema(record.Name{Table: table}, []record.Column{{Name: "k", Kind: tt.kind}, {Name: "n", Kind: record.Int64}}, 0)
				b := record.NewBatch(0, 0)
				for i := range 130 {
					b.Begin(s, record.Insert)
					tt.put(b, i)
					b.Int64(7)
				}
				f, at := l.formOf(sqlwrite.Insert, s, nil)
				l.must(l.s.Begin(t.Context()))
				_, err := l.write(t.Context(), f, at, b)
				l.must(l.s.Rollback(t.Context()))
				var bad *errclass.Rows
				switch named := errors.As(err, &bad); {
				case errclass.Of(err) != errclass.Data || !strings.Contains(err.Error(), "Duplicate"):
					t.Errorf("a duplicate key gave %v", err)
				case named == tt.unnamed:
					t.Errorf("named: %v, %v", named, err)
				case named && (len(bad.Bad) != 1 || bad.Bad[0].Index != 100 || bad.Bad[0].Reason != errclass.Duplicate):
					t.Errorf("%+v, want row 100", bad.Bad)
				}
			})
		}
	})
}
