package dirty

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/record"
)

// ErrTorn is in the chain of the error for a line that a crash cut off. Its
// row stands further down again; a caller may go on with the next line.
var ErrTorn = errors.New("the line is not complete")

// Entry is a line of a dirty file, read back.
type Entry struct {
	Time                         time.Time
	Class, Reason, Column, Error string
	Schema                       *record.Schema // nil for input that is no row
	Raw                          []byte         // input that is no row
	AsRead                       bool           // refused by a transform: not as it would be written

	text   []byte // the line
	op     record.Op
	linked bool
	kinds  []record.Kind
	values []json.RawMessage
}

// Reader reads a dirty file. It is not safe for concurrent use.
type Reader struct {
	in      *bufio.Reader
	line    int
	offset  int64                     // of the next line
	schemas map[string]*record.Schema // interned: one pointer per shape
}

// NewReader returns a reader of the lines that a [FileSink] wrote.
func NewReader(r io.Reader) *Reader {
	return &Reader{in: bufio.NewReader(r), schemas: map[string]*record.Schema{}}
}

// Next returns the next entry; io.EOF after the last. After an error that comes
// with an entry, which then is the line alone, the line after it comes next.
func (r *Reader) Next() (*Entry, error) {
	for {
		text, err := r.in.ReadBytes('\n')
		if err != nil && (err != io.EOF || len(text) == 0) {
			return nil, err
		}
		r.line++
		r.offset += int64(len(text))
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return &Entry{text: text}, fmt.Errorf("reading line %d of dirty rows: %w: %w", r.line, ErrTorn, err)
		}
		e, err := r.entry(&l)
		if err != nil {
			return &Entry{text: text}, fmt.Errorf("reading line %d of dirty rows: %w", r.line, err)
		}
		e.text = text
		return e, nil
	}
}

func (r *Reader) entry(l *line) (*Entry, error) {
	e := &Entry{Time: l.Time, Class: l.Class, Reason: l.Reason, Column: l.Column, Error: l.Error, AsRead: l.AsRead, linked: l.Linked, values: l.Values}
	var err error
	if l.Schema == nil {
		e.Raw, err = decodeText(l.Raw)
		return e, err
	}
	if e.Schema, err = r.schema(l.Schema); err != nil {
		return nil, err
	}
	if len(l.Kinds) != len(e.Schema.Columns) || len(l.Values) != len(e.Schema.Columns) {
		return nil, fmt.Errorf("%d columns, %d kinds and %d values", len(e.Schema.Columns), len(l.Kinds), len(l.Values))
	}
	known := false
	for op := record.Insert; op <= record.Delete; op++ {
		if op.String() == l.Op {
			e.op, known = op, true
		}
	}
	if !known {
		return nil, fmt.Errorf("unknown op %q", l.Op)
	}
	for _, name := range l.Kinds {
		k, ok := record.KindOf(name)
		if !ok || k == record.Any {
			return nil, fmt.Errorf("unknown kind %q", name)
		}
		e.kinds = append(e.kinds, k)
	}
	return e, nil
}

func (r *Reader) schema(raw json.RawMessage) (*record.Schema, error) {
	if s := r.schemas[string(raw)]; s != nil {
		return s, nil
	}
	var l schemaLine
	if err := json.Unmarshal(raw, &l); err != nil {
		return nil, err
	}
	s := &record.Schema{Name: record.Name{Database: l.Database, Schema: l.Schema, Table: l.Table}, Data: l.Data, Key: l.Key}
	for _, c := range l.Columns {
		k, ok := record.KindOf(c.Kind)
		if !ok {
			return nil, fmt.Errorf("column %q: unknown kind %q", c.Name, c.Kind)
		}
		s.Columns = append(s.Columns, record.Column{
			Name: c.Name, Kind: k, Native: c.Native, Length: c.Length, Precision: c.Precision, Scale: c.Scale, Nullable: c.Nullable,
		})
	}
	if s.Data < 0 || s.Data > len(s.Columns) {
		return nil, fmt.Errorf("%d data columns of %d", s.Data, len(s.Columns))
	}
	for _, c := range s.Key {
		if c < 0 || c >= s.Data {
			return nil, fmt.Errorf("key column %d of %d", c, s.Data)
		}
	}
	r.schemas[string(raw)] = s
	return s, nil
}

// AppendTo appends the row to b as it was, or as somebody has corrected it: a
// value that is there though the cell had none is of the column's kind, null in
// place of a value is NULL, and numbers need no quotes. An entry without a row
// appends nothing. After an error b is as before.
func (e *Entry) AppendTo(b *record.Batch) error {
	if e.Schema == nil {
		return nil
	}
	b.Begin(e.Schema, e.op)
	if e.linked && b.Len() > 1 {
		b.Link()
	}
	for c, k := range e.kinds {
		k = corrected(k, e.Schema.Columns[c].Kind, e.values[c])
		if err := appendValue(b, k, e.values[c]); err != nil {
			b.Drop()
			return fmt.Errorf("column %q: %w", e.Schema.Columns[c].Name, err)
		}
	}
	return nil
}

// corrected is the kind of a cell that was of kind k when it was refused.
func corrected(k, column record.Kind, raw json.RawMessage) record.Kind {
	missing := bytes.Equal(bytes.TrimSpace(raw), []byte("null"))
	switch {
	case k == record.Null || k == record.Absent:
		if missing {
			return k
		}
		if column == record.Any {
			return record.String
		}
		return column
	case missing:
		return record.Null
	}
	return k
}

func decodeText(raw json.RawMessage) ([]byte, error) {
	if len(raw) > 0 && (raw[0] == '-' || raw[0] >= '0' && raw[0] <= '9') {
		return raw, nil
	}
	if len(raw) > 0 && raw[0] == '{' {
		var o struct {
			Base64 []byte `json:"base64"`
		}
		err := json.Unmarshal(raw, &o)
		return o.Base64, err
	}
	var s string
	err := json.Unmarshal(raw, &s)
	return []byte(s), err
}

func appendValue(b *record.Batch, k record.Kind, raw json.RawMessage) error {
	switch k {
	case record.Absent:
		b.Absent()
		return nil
	case record.Null:
		b.Null()
		return nil
	case record.Bool:
		var v bool
		if err := json.Unmarshal(raw, &v); err != nil {
			return err
		}
		b.Bool(v)
		return nil
	}
	text, err := decodeText(raw)
	if err != nil {
		return err
	}
	switch k {
	case record.Decimal, record.String, record.JSON, record.UUID:
		b.Text(k, string(text))
	case record.Bytes:
		v, err := base64.StdEncoding.DecodeString(string(text))
		if err != nil {
			return err
		}
		b.Bytes(v)
	case record.Int64, record.Uint64, record.Float32, record.Float64:
		return appendNumber(b, k, string(text))
	default:
		return appendTime(b, k, string(text))
	}
	return nil
}

func appendNumber(b *record.Batch, k record.Kind, text string) error {
	switch k {
	case record.Int64:
		v, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return err
		}
		b.Int64(v)
	case record.Uint64:
		v, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return err
		}
		b.Uint64(v)
	case record.Float32:
		v, err := strconv.ParseFloat(text, 32)
		if err != nil {
			return err
		}
		b.Float32(float32(v))
	default:
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return err
		}
		b.Float64(v)
	}
	return nil
}
