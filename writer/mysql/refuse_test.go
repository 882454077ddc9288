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

// TestRefused writes values that a column does not keep as they are. Each is
// refused by row and column, in a set of rows as well as alone.
func TestRefused(t *testing.T) {
	put := func(kind record.Kind, v string) func(*record.Batch) {
		return func(b *record.Batch) { b.Text(kind, v) }
	}
	number := func(v int64) func(*record.Batch) { return func(b *record.Batch) { b.Int64(v) } }
	infinite := func(k record.Kind) func(*record.Batch) { return func(b *record.Batch) { b.Infinity(k, 1) } }
	null := (*record.Batch).Null
	list := []struct {
		typ    string
		kind   record.Kind
		put    func(*record.Batch)
		reason errclass.Reason
		good   func(*record.Batch)
	}{
		{"TINYINT", record.Int64, number(128), errclass.Overflow, number(1)},
		{"TINYINT", record.Int64, number(-129), errclass.Overflow, number(1)},
		{"INT UNSIGNED", record.Int64, number(-1), errclass.Overflow, number(1)},
		{"BIGINT", record.Uint64, u64(1 << 63), errclass.Overflow, u64(1)},
		{"MEDIUMINT UNSIGNED", record.Uint64, u64(1 << 24), errclass.Overflow, u64(1)},
		{"YEAR", record.Int64, number(69), errclass.Overflow, number(2020)},
		{"BIT(3)", record.Uint64, u64(8), errclass.Overflow, u64(7)},
		{"FLOAT", record.Float32, f32(float32(inf())), errclass.Overflow, f32(1)},
		{"DOUBLE", record.Float64, f64(inf() - inf()), errclass.Overflow, f64(1)},
		{"DOUBLE(7,2)", record.Float64, f64(1.005), errclass.Overflow, f64(1.25)},
		{"DECIMAL(10,2)", record.Decimal, put(record.Decimal, "NaN"), errclass.Overflow, put(record.Decimal, "1")},
		{"DECIMAL(10,2)", record.Decimal, put(record.Decimal, "-Infinity"), errclass.Overflow, put(record.Decimal, "1")},
		{"DECIMAL(5,2) UNSIGNED", record.Decimal, put(record.Decimal, "-1"), errclass.Overflow, put(record.Decimal, "1")},
		{"DATE", record.Date, infinite(record.Date), errclass.Overflow, moment(record.Date, 2020, 1, 1, 0, 0)},
		{"DATE", record.Date, moment(record.Date, 0, 12, 31, 0, 0), errclass.Overflow, moment(record.Date, 2020, 1, 1, 0, 0)},
		{"DATETIME", record.Datetime, moment(record.Datetime, 10000, 1, 1, 0, 0), errclass.Overflow, moment(record.Datetime, 2020, 1, 1, 0, 0)},
		{"DATETIME", record.Datetime, moment(record.Datetime, -43, 3, 15, 0, 0), errclass.Overflow, moment(record.Datetime, 2020, 1, 1, 0, 0)},
		{"DATETIME(3)", record.Datetime, moment(record.Datetime, 2020, 1, 1, 0, 1_000), errclass.Overflow, moment(record.Datetime, 2020, 1, 1, 0, 1_000_000)},
		{"DATETIME(6)", record.Datetime, moment(record.Datetime, 2020, 1, 1, 0, 100), errclass.Overflow, moment(record.Datetime, 2020, 1, 1, 0, 1_000)},
		{"TIMESTAMP NULL", record.Timestamp, moment(record.Timestamp, 1970, 1, 1, 0, 0), errclass.Overflow, moment(record.Timestamp, 2020, 1, 1, 0, 0)},
		{"TIMESTAMP NULL", record.Timestamp, moment(record.Timestamp, 2107, 1, 1, 0, 0), errclass.Overflow, moment(record.Timestamp, 2020, 1, 1, 0, 0)},
		{"TIME", record.Time, duration(longest + 1_000_000_000), errclass.Overflow, duration(1_000_000_000)},
		{"TIME", record.Time, duration(-1), errclass.Overflow, duration(1_000_000_000)},
		{"TIME", record.Time, func(b *record.Batch) { b.TimeOffset(0, 60) }, errclass.Conversion, duration(0)},
		{"VARCHAR(5)", record.String, put(record.String, "abcde "), errclass.Overflow, put(record.String, "zoë€😀")},
		{"CHAR(5)", record.String, put(record.String, "abcdef"), errclass.Overflow, put(record.String, "abcde  ")},
		{"VARCHAR(5)", record.String, put(record.String, "a\xff"), errclass.Encoding, put(record.String, "a\x00")},
		{"VARCHAR(9) CHARACTER SET latin1", record.String, put(record.String, "李"), anyReason, put(record.String, "é")},
		{"TINYTEXT", record.String, put(record.String, strings.Repeat("x", 256)), errclass.Overflow, put(record.String, strings.Repeat("x", 255))},
		{"TINYTEXT", record.String, put(record.String, strings.Repeat("x", 255)+" "), errclass.Overflow, put(record.String, strings.Repeat("x", 255))},
		{"BINARY(4)", record.Bytes, put(record.Bytes, "abc"), errclass.Conversion, put(record.Bytes, "abcd")},
		{"VARBINARY(4)", record.Bytes, put(record.Bytes, "abcde"), errclass.Overflow, put(record.Bytes, "abcd")},
		{"TINYBLOB", record.Bytes, put(record.Bytes, strings.Repeat("x", 256)), errclass.Overflow, put(record.Bytes, "x")},
		{"ENUM('a','b')", record.String, put(record.String, "2"), errclass.Conversion, put(record.String, "b")},
		{"ENUM('a','b')", record.String, put(record.String, ""), errclass.Conversion, put(record.String, "b")},
		{"SET('a','b')", record.String, put(record.String, "3"), errclass.Conversion, put(record.String, "b,a")},
		{"SET('a','b')", record.String, put(record.String, "a,"), errclass.Conversion, put(record.String, "")},
		{"JSON", record.JSON, put(record.JSON, "{"), anyReason, put(record.JSON, "{}")},
		{"GEOMETRY", record.Bytes, put(record.Bytes, "point"), anyReason, null},
		{"INT NOT NULL", record.Int64, null, errclass.Null, number(1)},
		{"TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP", record.Timestamp, null, errclass.Null, moment(record.Timestamp, 2020, 1, 1, 0, 0)},
		{"INT CHECK (c < 5)", record.Int64, number(5), errclass.Constraint, number(4)},
	}
	products(t, func(t *testing.T, db servers.Database) {
		l := newLab(t, db, quiet())
		l.must(l.s.Exec(t.Context(), "SET max_error_count = 0")) // warnings count all the same
		for i, tt := range list {
			t.Run(tt.typ, func(t *testing.T) {
				table := fmt.Sprintf("r%d", i)
				db.Exec(t, "CREATE TABLE "+table+" (id INT PRIMARY KEY, c "+tt.typ+")")
				s := record.NewSchema(record.Name{Table: table}, []record.Column{{Name: "id", Kind: record.Int64}, {Name: "c", Kind: tt.kind}}, 0)
				for _, rows := range []int{1, 9, 80} {
					b := record.NewBatch(0, 0)
					for id := range rows {
						b.Begin(s, record.Insert)
						b.Int64(int64(id))
						if id == rows/2 {
							tt.put(b)
						} else {
							tt.good(b)
						}
					}
					f, at := l.formOf(sqlwrite.Insert, s, func(f *sqlwrite.Form) { f.Bulk = "load" })
					l.s.load.skip = 0
					l.must(l.s.Begin(t.Context()))
					_, err := l.write(t.Context(), f, at, b)
					var bad *errclass.Rows
					named := errors.As(err, &bad)
					switch {
					case errclass.Of(err) != errclass.Data:
						t.Fatalf("%d rows: %v, want an error of class data", rows, err)
					case !named && rows > 1 && (tt.reason == errclass.Constraint || tt.reason == anyReason):
						// The server names no row: the engine searches for it.
					case !named || len(bad.Bad) != 1 || bad.Bad[0].Index != rows/2 || bad.Written:
						t.Errorf("%d rows: %v names %+v, want row %d", rows, err, bad, rows/2)
					case tt.reason != errclass.Constraint && tt.reason != anyReason && bad.Bad[0].Column != "c":
						t.Errorf("%d rows: %v names no column", rows, err)
					case tt.reason != anyReason && bad.Bad[0].Reason != tt.reason:
						t.Errorf("%d rows: %v of reason %s, want %s", rows, err, bad.Bad[0].Reason, tt.reason)
					}
					l.must(l.s.Rollback(t.Context()))
				}
			})
		}
	})
}

func inf() float64 {
	zero := 0.0
	return 1 / zero
}

// anyReason is for what only the server can tell: the products call it by
// different numbers, and not all name the row.
const anyReason = errclass.Reason(255)
