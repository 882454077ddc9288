package binlogkit

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Kind is what a rows event does.
type Kind uint8

// Kinds of rows events.
const (
	Insert Kind = iota
	Update
	Delete
)

// Images are the row images of one event. The zero value is empty; Reset makes
// it those of an event.
type Images struct {
	table         *Table
	kind          Kind
	partial       bool // updates of JSON may be differences
	first, second []byte
	allFirst      bool
	allSecond     bool
	p             []byte // unread
	raw           []byte // of the change returned last
	keys          [][]byte
	jsons         [][]byte // of the image read last, by their number among the JSON columns
	before        [][]byte // jsons of the image before
	bad           error    // first value of the row that is none
}

// Reset begins an event: its table, the bitmaps of the columns that are
// present (second: in the images after updates) and the images.
func (m *Images) Reset(t *Table, kind Kind, partial bool, first, second, images []byte) error {
	n := (len(t.columns) + 7) / 8
	if len(first) < n || kind == Update && len(second) < n {
		return errMalformed
	}
	m.table, m.kind, m.partial, m.first, m.second, m.p = t, kind, partial, first, second, images
	m.allFirst, m.allSecond = all(first, len(t.columns)), kind == Update && all(second, len(t.columns))
	return nil
}

// More tells that there are images left.
func (m *Images) More() bool { return len(m.p) > 0 }

// Raw returns the images of the change that was read last.
func (m *Images) Raw() []byte { return m.raw }

// Tail appends the metadata columns of a row.
type Tail func(b *record.Batch)

// Next appends the next change: one row, or the two of an update. An error of
// class Data leaves the batch as it was, and the change is the one of
// [Images.Raw]; any other means that the event cannot be read.
func (m *Images) Next(b *record.Batch, tail Tail) error {
	start := m.p
	m.bad = nil
	err := m.next(b, tail)
	if m.raw = start[:len(start)-len(m.p)]; err != nil && errclass.Of(err) != errclass.Data {
		m.raw = start
	}
	return err
}

func (m *Images) next(b *record.Batch, tail Tail) error {
	op := record.Insert
	switch m.kind {
	case Delete:
		op = record.Delete
	case Update:
		op = record.UpdateBefore
	}
	start := m.p
	if err := m.row(b, op, tail, false); err != nil {
		return err
	}
	if m.kind != Update {
		return m.settle(b, 1)
	}
	m.before, m.jsons = m.jsons, m.before
	moved, err := m.keyMoved()
	if err != nil {
		return err
	}
	op = record.UpdateAfter
	if moved {
		b.Drop()
		m.p, op = start, record.Insert
		if err := m.row(b, record.Delete, tail, false); err != nil {
			return err
		}
		m.before, m.jsons = m.jsons, m.before
	}
	if err := m.row(b, op, tail, true); err != nil {
		return err
	}
	if moved {
		b.Link()
	}
	return m.settle(b, 2)
}

// settle takes the rows back if a value of them is none.
func (m *Images) settle(b *record.Batch, rows int) error {
	if m.bad == nil {
		return nil
	}
	for range rows {
		b.Drop()
	}
	return m.bad
}

// row begins a row and appends one image to it.
func (m *Images) row(b *record.Batch, op record.Op, tail Tail, after bool) error {
	b.Begin(m.table.Schema, op)
	err := m.image(b, after, op == record.Insert)
	if err != nil {
		return err
	}
	if tail != nil {
		tail(b)
	}
	return nil
}

// image appends one image. whole: columns that are not in an image after come
// from the one before.
func (m *Images) image(b *record.Batch, after, whole bool) error {
	present, every := m.first, m.allFirst
	if after {
		present, every = m.second, m.allSecond
	}
	differences, err := m.differences(after)
	if err != nil {
		return err
	}
	columns := m.table.columns
	n := len(columns)
	if !every {
		n = count(present, n)
	}
	size := (n + 7) / 8
	if len(m.p) < size {
		return errMalformed
	}
	nulls, p := m.p[:size], m.p[size:]
	if !after {
		m.keys = m.keys[:0]
	}
	m.jsons = m.jsons[:0]
	at, number := 0, 0 // among the present columns, among those of type JSON
	for i := range columns {
		c := &columns[i]
		different := false
		if c.op == opJSON {
			different = differences != nil && isSet(differences, number)
			number++
			m.jsons = append(m.jsons, nil)
		}
		if !every && !isSet(present, i) {
			m.absent(c, b, after, whole)
			continue
		}
		null := isSet(nulls, at)
		at++
		if null {
			if c.at >= 0 {
				b.Null()
			}
			if c.key && !after {
				m.keys = append(m.keys, nil)
			}
			continue
		}
		v, used, err := c.cut(p)
		if err != nil {
			return err
		}
		p = p[used:]
		if c.key && !after {
			m.keys = append(m.keys, v)
		}
		if c.op == opJSON {
			m.jsons[number-1] = v
		}
		if c.at < 0 {
			continue
		}
		if different {
			err = m.patch(c, b, v, number-1)
		} else {
			err = c.append(v, b, m.table.zero)
		}
		if err != nil {
			if errclass.Of(err) != errclass.Data {
				return fmt.Errorf("column %q: %w", c.name, err)
			}
			if m.bad == nil {
				m.bad = err
			}
			b.Null() // the row is taken back
		}
	}
	m.p = p
	return nil
}

// absent appends the value of a column that an image does not have.
func (m *Images) absent(c *column, b *record.Batch, after, whole bool) {
	switch {
	case c.key && !after:
		m.keys = append(m.keys, nil)
		fallthrough
	case !after || !c.key && !whole:
		switch {
		case c.at < 0:
		case m.kind == Insert:
			b.Copy(m.table.unsaid.Row(0), c.at)
		default:
			b.Absent()
		}
	case c.at >= 0:
		b.Copy(b.Row(b.Len()-2), c.at)
	}
}

// keyMoved tells that the image that follows, which is that after an update,
// has another key than the one before it.
func (m *Images) keyMoved() (bool, error) {
	t := m.table
	if t.lastKey < 0 {
		return false, nil
	}
	p := m.p
	if m.partial {
		differences, rest, err := t.header(p)
		if err != nil {
			return false, err
		}
		_ = differences
		p = rest
	}
	n := len(t.columns)
	if !m.allSecond {
		n = count(m.second, n)
	}
	size := (n + 7) / 8
	if len(p) < size {
		return false, errMalformed
	}
	nulls, p := p[:size], p[size:]
	at, key := 0, 0
	for i := range t.columns[:t.lastKey+1] {
		c := &t.columns[i]
		if !m.allSecond && !isSet(m.second, i) {
			if c.key {
				key++
			}
			continue
		}
		null := isSet(nulls, at)
		at++
		var v []byte
		if !null {
			var used int
			var err error
			if v, used, err = c.cut(p); err != nil {
				return false, err
			}
			p = p[used:]
		}
		if !c.key {
			continue
		}
		if !bytes.Equal(v, m.keys[key]) {
			return true, nil
		}
		key++
	}
	return false, nil
}

// differences reads what stands before an image after a partial update: nil,
// or a bit for each JSON column.
func (m *Images) differences(after bool) ([]byte, error) {
	if !after || !m.partial {
		return nil, nil
	}
	bitmap, rest, err := m.table.header(m.p)
	m.p = rest
	return bitmap, err
}

const partialJSON = 1 // of binlog_row_value_options

func (t *Table) header(p []byte) (differences, rest []byte, err error) {
	options, n, err := LengthInt(p)
	if err != nil {
		return nil, nil, err
	}
	p = p[n:]
	if options&partialJSON == 0 {
		return nil, p, nil
	}
	size := (t.jsons + 7) / 8
	if len(p) < size {
		return nil, nil, errMalformed
	}
	return p[:size], p[size:], nil
}

// patch appends a document that the log has as differences from the one before.
func (m *Images) patch(c *column, b *record.Batch, differences []byte, number int) error {
	if number >= len(m.before) || m.before[number] == nil {
		return errNoDocument
	}
	buf, err := AppendPatched(b.Buffer(), m.before[number], differences)
	if err != nil {
		return err
	}
	b.Take(record.JSON, buf)
	return nil
}

var errNoDocument = errclass.With(errclass.Permanent, errors.New(
	"the log has only what was changed inside of the document (binlog_row_value_options=PARTIAL_JSON), and not the document before: set binlog_row_image=FULL, or binlog_row_value_options=''"))

func isSet(bitmap []byte, i int) bool { return bitmap[i>>3]&(1<<(i&7)) != 0 }

// count returns how many of the first n bits are set.
func count(bitmap []byte, n int) (set int) {
	for i := range n {
		if isSet(bitmap, i) {
			set++
		}
	}
	return set
}

func all(bitmap []byte, n int) bool { return count(bitmap, n) == n }
