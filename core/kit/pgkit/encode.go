package pgkit

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// encodeFunc appends a cell, neither null nor absent, as the value of a column
// in binary. On an error, which names the column, what was appended is of no
// use.
type encodeFunc func(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error)

// Encoder turns rows into what COPY FROM STDIN takes for some columns of a
// table: in binary, or in text if a column's binary form is not known (arrays,
// ranges, network addresses ...). It is immutable: several goroutines may use
// it, also with other connections to the same database.
type Encoder struct {
	table   record.Name
	names   []string
	columns []typeInfo
	text    bool
}

// Encoder asks for the types of a table's columns and chooses their functions.
// An error of class Config says that table or column are not there.
func (c *Conn) Encoder(ctx context.Context, table record.Name, columns []string) (*Encoder, error) {
	fields, err := c.describe(ctx, "SELECT "+strings.Join(Dialect.QuoteAll(columns), ", ")+" FROM "+Dialect.Table(table))
	if err != nil {
		return nil, err
	}
	e := &Encoder{table: table, names: columns}
	if e.columns, err = c.describeFields(ctx, fields); err != nil {
		return nil, err
	}
	for i := range e.columns {
		e.text = e.text || !e.columns[i].binary
	}
	for i := range e.columns {
		if t := &e.columns[i]; e.text && t.oid == oidMoney {
			if err := c.plainMoney(ctx, t); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

// plainMoney makes the session read money in text as digits with a point.
func (c *Conn) plainMoney(ctx context.Context, t *typeInfo) error {
	if t.cents != 2 {
		return errclass.With(errclass.Config, fmt.Errorf("column %q: money with %d fraction digits cannot be written beside a column that goes as text: leave one of them out", t.column.Name, t.cents))
	}
	return c.Exec(ctx, "SET lc_monetary = 'C'")
}

// Text tells that rows go in text format.
func (e *Encoder) Text() bool { return e.text }

// Columns describe the table's columns, as [Conn.ReadTable] does.
func (e *Encoder) Columns() []record.Column {
	columns := make([]record.Column, len(e.columns))
	for i := range e.columns {
		columns[i] = e.columns[i].column
	}
	return columns
}

// CopySQL returns the statement that takes the rows into table, or, if that is
// the zero Name, into the table that the encoder was made for.
func (e *Encoder) CopySQL(table record.Name) string {
	if table == (record.Name{}) {
		table = e.table
	}
	format := "binary"
	if e.text {
		format = "text, ENCODING 'UTF8'"
	}
	return "COPY " + Dialect.Table(table) + " (" + strings.Join(Dialect.QuoteAll(e.names), ", ") + ") FROM STDIN (FORMAT " + format + ")"
}

const copySignature = "PGCOPY\n\xff\r\n\x00"

// AppendHeader appends what comes before the first row.
func (e *Encoder) AppendHeader(dst []byte) []byte {
	if e.text {
		return dst
	}
	return append(append(dst, copySignature...), 0, 0, 0, 0, 0, 0, 0, 0)
}

// AppendTrailer appends what comes after the last row.
func (e *Encoder) AppendTrailer(dst []byte) []byte {
	if e.text {
		return dst
	}
	return append(dst, 0xff, 0xff)
}

// AppendRow appends a row. columns are the row's columns for those of the
// encoder, in their order. The error, an [*errclass.Value] of class Data, names
// the table's column; dst then comes back as it was.
func (e *Encoder) AppendRow(dst []byte, r record.Row, columns []int) ([]byte, error) {
	if len(columns) != len(e.columns) {
		panic("pgkit: another number of columns than the encoder has")
	}
	if e.text {
		return e.appendText(dst, r, columns)
	}
	out := binary.BigEndian.AppendUint16(dst, uint16(len(columns)))
	for i, c := range columns {
		var err error
		if out, err = e.columns[i].appendField(out, r, c); err != nil {
			return dst, err
		}
	}
	return out, nil
}

// appendField appends a value of a row in binary, after its length.
func (t *typeInfo) appendField(dst []byte, r record.Row, c int) ([]byte, error) {
	k := r.Kind(c)
	if k == record.Null {
		return append(dst, 0xff, 0xff, 0xff, 0xff), nil
	}
	f := t.wire.encode[k]
	if f == nil {
		return dst, t.unfit(k)
	}
	out, err := f(t, append(dst, 0, 0, 0, 0), r, c)
	if err != nil {
		return dst, err
	}
	n := len(out) - len(dst) - 4
	if n > maxField {
		return dst, t.bad(errclass.TooLarge, "%d bytes are more than a field of PostgreSQL holds", n)
	}
	binary.BigEndian.PutUint32(out[len(dst):], uint32(n))
	return out, nil
}

// maxField is the size of a value that PostgreSQL takes (MaxAllocSize).
const maxField = 1<<30 - 1

func (t *typeInfo) bad(reason errclass.Reason, format string, args ...any) error {
	return errclass.BadValue(t.column.Name, reason, format, args...)
}

func (t *typeInfo) unfit(k record.Kind) error {
	if k == record.Absent {
		return t.bad(errclass.Other, "the change says nothing about this column")
	}
	return t.bad(errclass.Conversion, "a value of kind %s cannot become a %s", k, t.column.Native)
}

func (t *typeInfo) overflow(value any) error {
	return t.bad(errclass.Overflow, "%v does not fit a %s", value, t.column.Native)
}

// The functions by type; the index is the kind of the cell.
var (
	toBool  = [record.Any]encodeFunc{record.Bool: encodeBool}
	toInt2  = [record.Any]encodeFunc{record.Int64: encodeInt2, record.Uint64: encodeInt2}
	toInt4  = [record.Any]encodeFunc{record.Int64: encodeInt4, record.Uint64: encodeInt4}
	toInt8  = [record.Any]encodeFunc{record.Int64: encodeInt8, record.Uint64: encodeInt8}
	toOid   = [record.Any]encodeFunc{record.Int64: encodeOid, record.Uint64: encodeOid}
	toXid8  = [record.Any]encodeFunc{record.Int64: encodeXid8, record.Uint64: encodeXid8}
	toBytea = [record.Any]encodeFunc{record.Bytes: encodeBytes}

	toFloat4 = [record.Any]encodeFunc{record.Float32: encodeFloat4}
	toFloat8 = [record.Any]encodeFunc{record.Float64: encodeFloat8, record.Float32: encodeWidened}

	toNumeric = [record.Any]encodeFunc{record.Decimal: encodeDecimal, record.Int64: encodePrintedNumber, record.Uint64: encodePrintedNumber}
	toMoney   = [record.Any]encodeFunc{record.Decimal: encodeMoney, record.Int64: encodeMoney, record.Uint64: encodeMoney}

	toText = [record.Any]encodeFunc{
		record.String: encodeText, record.JSON: encodeText, record.UUID: encodeText, record.Decimal: encodeText,
		record.Bool: encodePrinted, record.Int64: encodePrinted, record.Uint64: encodePrinted, record.Float32: encodePrinted,
		record.Float64: encodePrinted, record.Date: encodePrinted, record.Time: encodePrinted, record.Datetime: encodePrinted,
		record.Timestamp: encodePrinted, record.Interval: encodePrinted,
	}
	toJSONB = [record.Any]encodeFunc{record.JSON: encodeJSONB, record.String: encodeJSONB}
	toUUID  = [record.Any]encodeFunc{record.UUID: encodeUUID, record.String: encodeUUID}
	toBits  = [record.Any]encodeFunc{record.String: encodeBits, record.Uint64: encodeBits, record.Bool: encodeBits}

	toDate        = [record.Any]encodeFunc{record.Date: encodeDate}
	toTime        = [record.Any]encodeFunc{record.Time: encodeTime}
	toTimetz      = [record.Any]encodeFunc{record.Time: encodeTimetz}
	toTimestamp   = [record.Any]encodeFunc{record.Datetime: encodeMoment}
	toTimestamptz = [record.Any]encodeFunc{record.Timestamp: encodeMoment}
	toInterval    = [record.Any]encodeFunc{record.Interval: encodeInterval, record.Time: encodeDuration}
)

func encodeBool(_ *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	if r.Bool(c) {
		return append(dst, 1), nil
	}
	return append(dst, 0), nil
}

// whole returns an integer cell; false if it is above the signed ones.
func whole(r record.Row, c int) (int64, bool) {
	v := r.Int64(c)
	return v, v >= 0 || r.Kind(c) == record.Int64
}

func encodeInt2(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	v, ok := whole(r, c)
	if !ok || v < math.MinInt16 || v > math.MaxInt16 {
		return dst, t.tooWide(r, c)
	}
	return binary.BigEndian.AppendUint16(dst, uint16(v)), nil
}

func encodeInt4(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	v, ok := whole(r, c)
	if !ok || v < math.MinInt32 || v > math.MaxInt32 {
		return dst, t.tooWide(r, c)
	}
	return binary.BigEndian.AppendUint32(dst, uint32(v)), nil
}

func encodeInt8(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	v, ok := whole(r, c)
	if !ok {
		return dst, t.tooWide(r, c)
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
}

func encodeOid(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	v, ok := whole(r, c)
	if !ok || v < 0 || v > math.MaxUint32 {
		return dst, t.tooWide(r, c)
	}
	return binary.BigEndian.AppendUint32(dst, uint32(v)), nil
}

func encodeXid8(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	v, ok := whole(r, c)
	if ok && v < 0 {
		return dst, t.tooWide(r, c)
	}
	return binary.BigEndian.AppendUint64(dst, uint64(v)), nil
}

func (t *typeInfo) tooWide(r record.Row, c int) error {
	return t.overflow(string(r.AppendText(nil, c)))
}

func encodeFloat4(_ *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	return binary.BigEndian.AppendUint32(dst, math.Float32bits(r.Float32(c))), nil
}

func encodeFloat8(_ *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(r.Float64(c))), nil
}

func encodeWidened(_ *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	return binary.BigEndian.AppendUint64(dst, math.Float64bits(float64(r.Float32(c)))), nil
}

func encodeBytes(_ *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	return append(dst, r.Bytes(c)...), nil
}
