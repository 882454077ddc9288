package jsonfmt

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"unsafe"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// quickValue is where a member's value stands in the object.
type quickValue struct {
	form       quickForm
	start, end int // of the text between the quotes, of the number
}

type quickForm uint8

const (
	missing quickForm = iota
	plainText
	escapedText
	number
	isTrue
	isFalse
	isNull
)

// quick reads an object of plain members in one pass: no lists or objects as
// values, no escapes in names, nothing that a strict decoder refuses. false
// for all others, and for what is no JSON: they take the general way.
func (d *Decoder) quick(b []byte) bool {
	clear(d.quicks)
	i := blanks(b, 0)
	if i == len(b) || b[i] != '{' {
		return false
	}
	if i = blanks(b, i+1); i < len(b) && b[i] == '}' {
		return blanks(b, i+1) == len(b)
	}
	for next := 0; ; {
		if i == len(b) || b[i] != '"' {
			return false
		}
		end, plain := textEnd(b, i+1)
		if !plain {
			return false
		}
		column := d.column(b[i+1:end], next)
		if column < 0 && d.strict {
			return false
		}
		if i = blanks(b, end+1); i == len(b) || b[i] != ':' {
			return false
		}
		v, after := quickRead(b, blanks(b, i+1))
		if v.form == missing {
			return false
		}
		if column >= 0 {
			if d.quicks[column].form != missing {
				return false
			}
			d.quicks[column] = v
			next = column + 1
		}
		if i = blanks(b, after); i == len(b) {
			return false
		}
		switch b[i] {
		case '}':
			return blanks(b, i+1) == len(b)
		case ',':
			i = blanks(b, i+1)
		default:
			return false
		}
	}
}

// column returns the column of a name, which is probably that of next; -1 if
// nobody asked for it.
func (d *Decoder) column(name []byte, next int) int {
	if next < len(d.names) && d.names[next] == string(name) {
		return next
	}
	if i, ok := d.index[string(name)]; ok {
		return i
	}
	return -1
}

func blanks(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\t' || b[i] == '\n' || b[i] == '\r') {
		i++
	}
	return i
}

// textEnd returns the index of the quote that ends the text at i; plain is
// false if there is none, or an escape or a control character before it.
func textEnd(b []byte, i int) (end int, plain bool) {
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:])
		quote, slash := w^ones*'"', w^ones*'\\'
		hits := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs
		if hits != 0 { // the first is exact: a borrow runs towards later bytes only
			i += bits.TrailingZeros64(hits) / 8
			return i, b[i] == '"'
		}
	}
	for ; i < len(b); i++ {
		if c := b[i]; c == '"' || c == '\\' || c < 0x20 {
			return i, c == '"'
		}
	}
	return i, false
}

// quickRead reads the value at i.
func quickRead(b []byte, i int) (v quickValue, after int) {
	if i == len(b) {
		return v, i
	}
	switch c := b[i]; {
	case c == '"':
		return quickText(b, i+1)
	case c == '-' || c-'0' <= 9:
		return quickNumber(b, i)
	case c == 't' && bytes.HasPrefix(b[i:], []byte("true")):
		return quickValue{form: isTrue}, i + 4
	case c == 'f' && bytes.HasPrefix(b[i:], []byte("false")):
		return quickValue{form: isFalse}, i + 5
	case c == 'n' && bytes.HasPrefix(b[i:], []byte("null")):
		return quickValue{form: isNull}, i + 4
	}
	return v, i
}

func quickText(b []byte, start int) (v quickValue, after int) {
	form := plainText
	for i := start; ; {
		end, plain := textEnd(b, i)
		if plain {
			return quickValue{form: form, start: start, end: end}, end + 1
		}
		if end+1 >= len(b) || b[end] != '\\' {
			return v, end
		}
		form = escapedText
		switch b[end+1] {
		case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
			i = end + 2
		case 'u':
			if i = end + 6; i > len(b) || !isHex(b[end+2:i]) {
				return v, end
			}
		default:
			return v, end
		}
	}
}

func isHex(b []byte) bool {
	for _, c := range b {
		if c-'0' > 9 && c|0x20-'a' > 5 {
			return false
		}
	}
	return true
}

// quickNumber reads a number (RFC 8259, section 6).
func quickNumber(b []byte, start int) (v quickValue, after int) {
	i := start
	if b[i] == '-' {
		i++
	}
	whole := i
	for i < len(b) && b[i]-'0' <= 9 {
		i++
	}
	if i == whole || b[whole] == '0' && i > whole+1 {
		return v, i
	}
	if i < len(b) && b[i] == '.' {
		places := i + 1
		for i++; i < len(b) && b[i]-'0' <= 9; i++ {
		}
		if i == places {
			return v, i
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		if i++; i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		exponent := i
		for i < len(b) && b[i]-'0' <= 9 {
			i++
		}
		if i == exponent {
			return v, i
		}
	}
	return quickValue{form: number, start: start, end: i}, i
}

// appendQuick appends what quick has found.
func (d *Decoder) appendQuick(to *record.Batch, b []byte) error {
	for i := range d.quicks {
		v := &d.quicks[i]
		switch v.form {
		case plainText:
			to.String(b[v.start:v.end])
		case number:
			text := b[v.start:v.end]
			appendDigits(to, unsafe.String(unsafe.SliceData(text), len(text))) // read only during the call
		case isTrue, isFalse:
			to.Bool(v.form == isTrue)
		case escapedText:
			text := b[v.start:v.end]
			buf, ok := unescape(to.Buffer(), unsafe.String(unsafe.SliceData(text), len(text)))
			if !ok {
				return errclass.BadValue(d.names[i], errclass.Encoding, "the text holds half of a surrogate pair")
			}
			to.Take(record.String, buf)
		default:
			to.Null()
		}
	}
	return nil
}
