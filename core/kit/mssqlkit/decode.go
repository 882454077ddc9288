package mssqlkit

import (
	"bytes"
	"database/sql/driver"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// decoder appends values of the driver as cells. It is for one goroutine.
type decoder struct {
	columns  []record.Column
	families []family
	tagged   bool // sql_variants are selected by [variantExpression]
	variants variants
}

func newDecoder(columns []record.Column, tagged bool) *decoder {
	d := &decoder{columns: columns, families: make([]family, len(columns)), tagged: tagged}
	for i := range columns {
		d.families[i] = typed(columns[i].Native).family
	}
	return d
}

// append appends the first len(values) columns.
func (d *decoder) append(b *record.Batch, values []driver.Value) error {
	for i := range values {
		if err := d.cell(b, i, values[i]); err != nil {
			return err
		}
	}
	return nil
}

// cell appends the value of column i.
func (d *decoder) cell(b *record.Batch, i int, v driver.Value) error {
	switch v := v.(type) {
	case nil:
		b.Null()
	case int64:
		b.Int64(v)
	case bool:
		b.Bool(v)
	case float64:
		if d.families[i] == realFamily {
			b.Float32(float32(v))
		} else {
			b.Float64(v)
		}
	case string:
		return d.text(b, i, v)
	case []byte:
		return d.bytes(b, i, v)
	case time.Time:
		return d.time(b, i, v)
	default:
		return d.bad(i, "the driver gave a %T", v)
	}
	return nil
}

func (d *decoder) bad(i int, format string, args ...any) error {
	return errclass.BadValue(d.columns[i].Name, errclass.Conversion, format, args...)
}

func (d *decoder) text(b *record.Batch, i int, v string) error {
	if d.families[i] == variantFamily && d.tagged {
		if ok, err := d.variants.append(b, d.columns[i].Name, v); ok {
			return err
		}
	}
	kind := d.columns[i].Kind
	if kind != record.JSON {
		kind = record.String
	}
	b.Text(kind, v)
	return nil
}

func (d *decoder) bytes(b *record.Batch, i int, v []byte) error {
	switch d.families[i] {
	case decimalFamily, moneyFamily:
		b.Decimal(v)
	case uuidFamily:
		if len(v) != 16 {
			return d.bad(i, "a GUID of %d bytes", len(v))
		}
		var text [36]byte
		b.UUID(appendUUID(text[:0], v))
	case variantFamily:
		if !d.tagged {
			return errVariant(d.columns[i].Name)
		}
		b.Bytes(v)
	default:
		b.Bytes(v)
	}
	return nil
}

// time appends a moment, which the driver gives in UTC as the wall clock, or
// with its offset.
func (d *decoder) time(b *record.Batch, i int, v time.Time) error {
	switch d.families[i] {
	case dateFamily:
		b.Date(floor(v.Unix(), secondsPerDay))
	case timeFamily:
		b.Time((int64(v.Hour())*3600+int64(v.Minute())*60+int64(v.Second()))*1e9 + int64(v.Nanosecond()))
	case datetimeFamily, smalldatetimeFamily, datetime2Family:
		b.Datetime(v.Unix(), uint32(v.Nanosecond()))
	case offsetFamily:
		_, offset := v.Zone()
		b.TimestampOffset(v.Unix(), uint32(v.Nanosecond()), offset/60)
	case variantFamily:
		return errVariant(d.columns[i].Name)
	default:
		return d.bad(i, "the driver gave a time")
	}
	return nil
}

const secondsPerDay = 24 * 60 * 60

// floor divides and rounds down.
func floor(n, by int64) int64 {
	q := n / by
	if n%by < 0 {
		q--
	}
	return q
}

// uuidOrder is where the server keeps the bytes of a GUID: the first three
// groups are little-endian.
var uuidOrder = [16]int{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15}

// appendUUID appends the canonical text of a GUID as the server stores it.
func appendUUID(dst, v []byte) []byte {
	const digits = "0123456789abcdef"
	for i, at := range uuidOrder {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, digits[v[at]>>4], digits[v[at]&15])
	}
	return dst
}

// parseUUID is the reverse of appendUUID; false if the text is none.
func parseUUID(dst *[16]byte, text []byte) bool {
	if len(text) != 36 {
		return false
	}
	n := 0
	for i := 0; i < len(text); {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if text[i] != '-' {
				return false
			}
			i++
			continue
		}
		high, low := hexDigit(text[i]), hexDigit(text[i+1])
		if high < 0 || low < 0 {
			return false
		}
		dst[uuidOrder[n]] = byte(high<<4 | low)
		n++
		i += 2
	}
	return true
}

func hexDigit(c byte) int {
	if at := bytes.IndexByte([]byte("0123456789abcdef"), c|0x20); at >= 10 || c >= '0' && c <= '9' {
		return at
	}
	return -1
}

// weight is what a value holds on the heap, about.
func weight(v driver.Value) int {
	switch v := v.(type) {
	case string:
		return len(v)
	case []byte:
		return len(v)
	}
	return 8
}
