package csvfmt

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/bits"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/lines"
)

// Field is one field of a record. Its text is lent until the next call.
type Field struct {
	Text   []byte
	Quoted bool
}

// errOpen says that a line ends inside quotes.
var errOpen = errors.New("a quote is open")

// Decoder takes delimited text apart. Records end with a line feed, before
// which a carriage return is dropped; inside quotes both are kept. A quote
// inside a field that does not begin with one is a character like any other.
// It is for one goroutine.
type Decoder struct {
	dialect Dialect
	in      *lines.Scanner
	raw     []byte
	fields  []Field
	plain   []byte // quoted fields without their quotes
}

// NewDecoder returns a decoder of the lines of in.
func NewDecoder(d Dialect, in *lines.Scanner) *Decoder { return &Decoder{dialect: d, in: in} }

// Next returns the fields of the next record; an empty line is one empty
// field. The error is io.EOF, one of the input, or a data error about this
// record alone: then Next goes on behind it, and Raw is what was wrong.
func (d *Decoder) Next() ([]Field, error) {
	var err error
	if d.raw, err = d.in.Next(); err != nil {
		if errors.Is(err, lines.ErrTooLong) {
			return nil, errclass.BadValue("", errclass.TooLarge, "%w", err)
		}
		return nil, err
	}
	d.fields = d.fields[:0]
	if d.dialect.Quote == 0 || bytes.IndexByte(d.raw, d.dialect.Quote) < 0 {
		d.bare(d.raw)
		return d.fields, nil
	}
	err = d.quoted()
	if errors.Is(err, errOpen) { // the record goes on in the next line
		if err := d.complete(); err != nil {
			return nil, err
		}
		d.fields = d.fields[:0]
		err = d.quoted()
	}
	return d.fields, err
}

// Skip goes over the next record, with the errors of Next but one: it does not
// look behind closing quotes.
func (d *Decoder) Skip() error {
	var err error
	if d.raw, err = d.in.Next(); err != nil {
		if errors.Is(err, lines.ErrTooLong) {
			return errclass.BadValue("", errclass.TooLarge, "%w", err)
		}
		return err
	}
	if d.dialect.Quote == 0 || bytes.IndexByte(d.raw, d.dialect.Quote) < 0 {
		return nil
	}
	return d.complete()
}

// Quotes tells whether a record may go over several lines.
func (d *Decoder) Quotes() bool { return d.dialect.Quote != 0 }

// Raw is the record that Next looked at, without its line end.
func (d *Decoder) Raw() []byte { return d.raw }

// Null tells that a field is NULL.
func (d *Decoder) Null(f *Field) bool { return !f.Quoted && string(f.Text) == d.dialect.Null }

func (d *Decoder) index(b []byte) int {
	if len(d.dialect.Delimiter) == 1 {
		return bytes.IndexByte(b, d.dialect.Delimiter[0])
	}
	return bytes.Index(b, []byte(d.dialect.Delimiter))
}

// bare splits a record without quotes.
func (d *Decoder) bare(b []byte) {
	if len(d.dialect.Delimiter) == 1 {
		d.words(b)
		return
	}
	for {
		i := d.index(b)
		if i < 0 {
			d.fields = append(d.fields, Field{Text: b})
			return
		}
		d.fields = append(d.fields, Field{Text: b[:i:i]})
		b = b[i+len(d.dialect.Delimiter):]
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// words is bare for a delimiter of one byte. It looks at eight bytes at once:
// fields are too short for a call each.
func (d *Decoder) words(b []byte) {
	delimiter := d.dialect.Delimiter[0]
	pattern := ones * uint64(delimiter)
	fields, start, i := d.fields, 0, 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:]) ^ pattern
		// the high bit of each byte that is 0 in w, without carries between bytes
		for hits := ^((w&^highs + ^uint64(highs)) | w | ^uint64(highs)); hits != 0; hits &= hits - 1 {
			end := i + bits.TrailingZeros64(hits)/8
			fields = append(fields, Field{Text: b[start:end:end]})
			start = end + 1
		}
	}
	for ; i < len(b); i++ {
		if b[i] == delimiter {
			fields = append(fields, Field{Text: b[start:i:i]})
			start = i + 1
		}
	}
	d.fields = append(fields, Field{Text: b[start:]})
}

// complete extends the line until no quote is open. A quote that is never
// closed spoils its own line alone.
func (d *Decoder) complete() error {
	open := d.open(d.raw, false)
	for open {
		before := len(d.raw)
		longer, err := d.in.Extend()
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, lines.ErrTooLong):
			d.in.Shorten()
			d.raw = d.in.Bytes()
			return errclass.BadValue("", errclass.Conversion, "a quote is not closed")
		case err != nil:
			return err
		}
		open = d.open(longer[min(before, len(longer)):], true)
		d.raw = longer
	}
	return nil
}

// open tells whether a quote is open at the end of b, and was at its begin.
func (d *Decoder) open(b []byte, open bool) bool {
	quote := d.dialect.Quote
	if len(d.dialect.Delimiter) == 1 {
		return d.openQuick(b, open)
	}
	for {
		if !open && len(b) > 0 && b[0] == quote {
			open, b = true, b[1:]
		}
		for open {
			i := bytes.IndexByte(b, quote)
			if i < 0 {
				return true
			}
			b = b[i+1:]
			if len(b) > 0 && b[0] == quote {
				b = b[1:]
				continue
			}
			open = false
		}
		i := d.index(b)
		if i < 0 {
			return false
		}
		b = b[i+len(d.dialect.Delimiter):]
	}
}

// openQuick is open for a delimiter of one byte: a quote opens a field where
// it is the record's first byte or stands behind a delimiter.
func (d *Decoder) openQuick(b []byte, open bool) bool {
	quote, delimiter := d.dialect.Quote, d.dialect.Delimiter[0]
	for at := 0; ; at++ {
		i := bytes.IndexByte(b[at:], quote)
		if i < 0 {
			return open
		}
		switch at += i; {
		case !open:
			open = at == 0 || b[at-1] == delimiter
		case at+1 < len(b) && b[at+1] == quote:
			at++
		default:
			open = false
		}
	}
}

// quoted splits a record; errOpen if it ends inside quotes.
func (d *Decoder) quoted() error {
	if cap(d.plain) < len(d.raw) {
		d.plain = make([]byte, 0, 2*len(d.raw))
	}
	d.plain = d.plain[:0] // never grows below: fields are parts of it
	for b := d.raw; ; {
		if len(b) == 0 || b[0] != d.dialect.Quote {
			i := d.index(b)
			if i < 0 {
				d.fields = append(d.fields, Field{Text: b})
				return nil
			}
			d.fields = append(d.fields, Field{Text: b[:i:i]})
			b = b[i+len(d.dialect.Delimiter):]
			continue
		}
		var closed bool
		if b, closed = d.unquote(b[1:]); !closed {
			return errOpen
		}
		if len(b) == 0 {
			return nil
		}
		if !bytes.HasPrefix(b, []byte(d.dialect.Delimiter)) {
			return errclass.BadValue("", errclass.Conversion, "field %d goes on behind its closing quote with %.20q", len(d.fields), b)
		}
		b = b[len(d.dialect.Delimiter):]
	}
}

// unquote adds the field whose opening quote stands before b and returns what
// is behind its closing quote; false if there is none.
func (d *Decoder) unquote(b []byte) (rest []byte, closed bool) {
	quote := d.dialect.Quote
	i := bytes.IndexByte(b, quote)
	if i < 0 {
		return nil, false
	}
	if i+1 == len(b) || b[i+1] != quote { // nothing is doubled
		d.fields = append(d.fields, Field{Text: b[:i:i], Quoted: true})
		return b[i+1:], true
	}
	start := len(d.plain)
	for {
		d.plain = append(d.plain, b[:i]...)
		b = b[i+1:]
		if len(b) == 0 || b[0] != quote {
			break
		}
		d.plain = append(d.plain, quote)
		b = b[1:]
		if i = bytes.IndexByte(b, quote); i < 0 {
			return nil, false
		}
	}
	d.fields = append(d.fields, Field{Text: d.plain[start:len(d.plain):len(d.plain)], Quoted: true})
	return b, true
}
