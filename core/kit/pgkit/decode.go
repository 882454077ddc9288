package pgkit

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// decodeFunc appends a value, which is not NULL, as one cell. On an error
// nothing is appended.
type decodeFunc func(t *typeInfo, b *record.Batch, v []byte) error

// Decoder turns the rows of a result into cells. It is immutable.
type Decoder struct {
	columns []record.Column
	values  []typeInfo
}

// newDecoder chooses the function of each column. A database without an
// encoding holds any bytes.
func newDecoder(infos []typeInfo, encoding string) *Decoder {
	d := &Decoder{values: infos, columns: make([]record.Column, len(infos))}
	for i := range infos {
		t := &infos[i]
		d.columns[i] = t.column
		if encoding == encodingNone && (t.wire.kind == record.String || t.wire.kind == record.JSON) {
			t.wire.decode = checkUTF8(t.wire.decode)
		}
	}
	return d
}

// Columns describe the cells.
func (d *Decoder) Columns() []record.Column { return d.columns }

// Fits returns an error of class PositionLost if the rows of other are not like
// those of d.
func (d *Decoder) Fits(other *Decoder) error {
	if len(d.columns) != len(other.columns) {
		return errclass.With(errclass.PositionLost, fmt.Errorf("the result has %d columns, %d were expected", len(other.columns), len(d.columns)))
	}
	for i := range d.columns {
		if d.values[i].oid != other.values[i].oid {
			return errclass.With(errclass.PositionLost, fmt.Errorf("column %q has another type than at the start", d.columns[i].Name))
		}
	}
	return nil
}

// Append appends the first n values of a row (see [Rows]) to the row begun in
// b. An error of class Data, an [*errclass.Value], says that a value is none;
// the caller drops the row.
func (d *Decoder) Append(b *record.Batch, row []byte, n int) error {
	if len(row) < 2 || int(binary.BigEndian.Uint16(row)) < n {
		return Classify(errMalformed)
	}
	p := row[2:]
	for i := range d.values[:n] {
		// As field has it, which is not inlined.
		if len(p) < 4 {
			return Classify(errMalformed)
		}
		size := int32(binary.BigEndian.Uint32(p))
		p = p[4:]
		if size < 0 {
			b.Null()
			continue
		}
		if int(size) > len(p) {
			return Classify(errMalformed)
		}
		t := &d.values[i]
		if err := t.wire.decode(t, b, p[:size]); err != nil {
			return d.explain(i, err)
		}
		p = p[size:]
	}
	return nil
}

// Pick appends some values of a row, by ascending index, to the row begun in b.
// It looks at no other.
func (d *Decoder) Pick(b *record.Batch, row []byte, columns []int) error {
	if len(row) < 2 {
		return Classify(errMalformed)
	}
	p := row[2:]
	at := 0
	for _, c := range columns {
		var v []byte
		var err error
		for ; at <= c; at++ {
			if v, p, err = field(p); err != nil {
				return Classify(err)
			}
		}
		if v == nil {
			b.Null()
			continue
		}
		t := &d.values[c]
		if err := t.wire.decode(t, b, v); err != nil {
			return d.explain(c, err)
		}
	}
	return nil
}

func (d *Decoder) explain(i int, err error) error {
	name := d.columns[i].Name
	var v *errclass.Value
	if errors.As(err, &v) {
		return errclass.With(errclass.Data, &errclass.Value{Column: name, Reason: v.Reason, Err: v.Err})
	}
	return Classify(fmt.Errorf("column %q: %w", name, err))
}

// Raw returns the first n values of a row as a JSON object of texts, for the
// dirty sink. A value that cannot be decoded is there in hexadecimal digits.
func (d *Decoder) Raw(row []byte, n int) []byte {
	if len(row) < 2 {
		return row
	}
	out := []byte{'{'}
	p := row[2:]
	for i := range min(n, len(d.values)) {
		v, rest, err := field(p)
		if err != nil {
			return row
		}
		p = rest
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(out, quoted(d.columns[i].Name)...), ':')
		if v == nil {
			out = append(out, "null"...)
			continue
		}
		out = append(out, quoted(d.text(i, v))...)
	}
	return append(out, '}')
}

func (d *Decoder) text(i int, v []byte) string {
	var b record.Batch
	b.Begin(record.NewSchema(record.Name{}, d.columns[i:i+1]), record.Insert)
	t := &d.values[i]
	if t.wire.decode(t, &b, v) != nil || t.wire.kind == record.Bytes {
		return `\x` + hex.EncodeToString(v)
	}
	return string(b.Row(0).AppendText(nil, 0))
}

func quoted(s string) []byte {
	b, err := json.Marshal(s)
	if err != nil { // no text fails
		return []byte(`""`)
	}
	return b
}

func decodeBool(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 1 {
		return errMalformed
	}
	b.Bool(v[0] != 0)
	return nil
}

func decodeInt2(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 2 {
		return errMalformed
	}
	b.Int64(int64(int16(binary.BigEndian.Uint16(v))))
	return nil
}

func decodeInt4(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 4 {
		return errMalformed
	}
	b.Int64(int64(int32(binary.BigEndian.Uint32(v))))
	return nil
}

func decodeInt8(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 8 {
		return errMalformed
	}
	b.Int64(int64(binary.BigEndian.Uint64(v)))
	return nil
}

func decodeOid(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 4 {
		return errMalformed
	}
	b.Int64(int64(binary.BigEndian.Uint32(v)))
	return nil
}

func decodeXid8(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 8 {
		return errMalformed
	}
	b.Uint64(binary.BigEndian.Uint64(v))
	return nil
}

func decodeFloat4(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 4 {
		return errMalformed
	}
	b.Float32(math.Float32frombits(binary.BigEndian.Uint32(v)))
	return nil
}

func decodeFloat8(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 8 {
		return errMalformed
	}
	b.Float64(math.Float64frombits(binary.BigEndian.Uint64(v)))
	return nil
}

func decodeText(_ *typeInfo, b *record.Batch, v []byte) error {
	b.String(v)
	return nil
}

func decodeBytes(_ *typeInfo, b *record.Batch, v []byte) error {
	b.Bytes(v)
	return nil
}

func decodeJSON(_ *typeInfo, b *record.Batch, v []byte) error {
	b.JSON(v)
	return nil
}

// decodeJSONB: a version, then the text.
func decodeJSONB(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) == 0 || v[0] != 1 {
		return errMalformed
	}
	b.JSON(v[1:])
	return nil
}

func checkUTF8(next decodeFunc) decodeFunc {
	return func(t *typeInfo, b *record.Batch, v []byte) error {
		if !utf8.Valid(v) {
			return errclass.BadValue("", errclass.Encoding, "the text is no UTF-8 (the database's encoding is SQL_ASCII)")
		}
		return next(t, b, v)
	}
}

func decodeUUID(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 16 {
		return errMalformed
	}
	buf := append(b.Buffer(), "00000000-0000-0000-0000-000000000000"...)
	p := buf[len(buf)-36:]
	hex.Encode(p[:8], v[:4])
	hex.Encode(p[9:13], v[4:6])
	hex.Encode(p[14:18], v[6:8])
	hex.Encode(p[19:23], v[8:10])
	hex.Encode(p[24:], v[10:])
	b.Take(record.UUID, buf)
	return nil
}

// decodeBits: the number of bits, then the bits from the left.
func decodeBits(_ *typeInfo, b *record.Batch, v []byte) error {
	if len(v) < 4 {
		return errMalformed
	}
	n := int(binary.BigEndian.Uint32(v))
	v = v[4:]
	if n < 0 || (n+7)/8 != len(v) {
		return errMalformed
	}
	buf := slices.Grow(b.Buffer(), n)
	for i := range n {
		buf = append(buf, '0'+v[i>>3]>>(7-i&7)&1)
	}
	b.Take(record.String, buf)
	return nil
}

// decodeMoney: the amount in the smallest unit.
func decodeMoney(t *typeInfo, b *record.Batch, v []byte) error {
	if len(v) != 8 {
		return errMalformed
	}
	n := int64(binary.BigEndian.Uint64(v))
	buf := b.Buffer()
	abs := uint64(n)
	if n < 0 {
		buf, abs = append(buf, '-'), -abs
	}
	b.Take(record.Decimal, appendShifted(buf, abs, t.cents))
	return nil
}

// appendShifted appends n divided by ten to the power of digits.
func appendShifted(dst []byte, n uint64, digits int) []byte {
	var text [24]byte
	at := len(text)
	for i := 0; i <= digits || n > 0; i++ {
		if i == digits && digits > 0 {
			at--
			text[at] = '.'
		}
		at--
		text[at] = '0' + byte(n%10)
		n /= 10
	}
	return append(dst, text[at:]...)
}
