package pgkit

import (
	"encoding/binary"

	"github.com/datasync-io/datasync/core/record"
)

// lendFrom is how long a value is that is sent from the batch's own memory: a
// copy of it costs more than a write of its own.
const lendFrom = 256 << 10

// Row takes a row, with columns as [Encoder.AppendRow] has them. An error of
// class Data is of the row, of which a part may be sent: Abort then. After any
// other one the connection is of no use.
func (w *CopyIn) Row(e *Encoder, r record.Row, columns []int) error {
	if e.text {
		buf, err := e.appendText(w.buf, r, columns)
		if err != nil {
			return err
		}
		return w.Put(buf)
	}
	out := binary.BigEndian.AppendUint16(w.buf, uint16(len(columns)))
	for i, c := range columns {
		t := &e.columns[i]
		v, err := t.large(r, c)
		if err != nil {
			return err
		}
		if v != nil {
			if err := w.lend(binary.BigEndian.AppendUint32(out, uint32(len(v))), v); err != nil {
				return err
			}
			out = w.buf
			continue
		}
		if out, err = t.appendField(out, r, c); err != nil {
			return err
		}
	}
	return w.Put(out)
}

// large returns the value of a cell that goes as it is and is worth to be lent;
// nil: it is another one.
func (t *typeInfo) large(r record.Row, c int) ([]byte, error) {
	switch k := r.Kind(c); {
	case k == record.Bytes && t.wire.encode == &toBytea:
		if v := r.Bytes(c); len(v) >= lendFrom && len(v) <= maxField {
			return v, nil
		}
	case (k == record.String || k == record.JSON) && t.wire.encode == &toText:
		v := r.Bytes(c)
		if len(v) < lendFrom || len(v) > maxField {
			return nil, nil
		}
		if err := t.sound(v); err != nil {
			return nil, err
		}
		return v, t.short(v)
	}
	return nil, nil
}
