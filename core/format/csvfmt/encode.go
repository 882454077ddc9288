package csvfmt

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"strconv"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// Encoder writes rows in a dialect: numbers in digits, times in ISO 8601 with
// a blank, bytes as base64, everything else as it is. It is safe for several
// goroutines.
type Encoder struct {
	dialect Dialect
	special [256]bool // bytes that a bare field cannot hold
	words   [4]uint64 // the same bytes, each eight times
	careful bool      // the delimiter or NULL may occur in numbers and times
}

// NewEncoder returns an encoder for a dialect that [Dialect.Check] accepts.
func NewEncoder(d Dialect) *Encoder {
	e := &Encoder{dialect: d}
	e.special['\n'], e.special['\r'] = true, true
	if d.Quote != 0 {
		e.special[d.Quote] = true
	}
	first := d.Delimiter[0]
	e.special[first] = true
	e.words = [4]uint64{ones * '\n', ones * '\r', ones * uint64(first), ones * uint64(first)}
	if d.Quote != 0 {
		e.words[3] = ones * uint64(d.Quote)
	}
	e.careful = plain(first) || d.Null != ""
	for i := range len(d.Null) {
		e.careful = e.careful && (plain(first) || plain(d.Null[i]))
	}
	return e
}

// plain tells the bytes that numbers, times and base64 are made of.
func plain(ch byte) bool {
	return ch >= '0' && ch <= '9' || ch >= 'A' && ch <= 'Z' || ch >= 'a' && ch <= 'z' || bytes.IndexByte([]byte(" +-.:/="), ch) >= 0
}

// AppendRow appends the row's data columns and a line feed. An error is a data
// error that names the column; dst is then returned as it was.
func (e *Encoder) AppendRow(dst []byte, r record.Row) ([]byte, error) {
	start := len(dst)
	s := r.Schema()
	for c := range s.Data {
		if c > 0 {
			dst = append(dst, e.dialect.Delimiter...)
		}
		at := len(dst)
		var err error
		switch k := r.Kind(c); k {
		case record.String, record.JSON:
			dst, err = e.appendText(dst, r.Bytes(c))
			if err == nil {
				continue
			}
		case record.Null:
			dst = append(dst, e.dialect.Null...)
			continue
		case record.Absent:
			err = errclass.BadValue("", errclass.Other, "the change says nothing about this column, and delimited text cannot leave one out")
		case record.Bytes:
			dst = base64.StdEncoding.AppendEncode(dst, r.Bytes(c))
		case record.Int64:
			dst = strconv.AppendInt(dst, r.Int64(c), 10)
		case record.Decimal:
			dst = append(dst, r.Bytes(c)...)
		case record.Float64:
			dst = appendFloat(dst, r.Float64(c))
		default:
			dst = r.AppendText(dst, c)
		}
		if err == nil && (e.careful || len(dst) == at) {
			dst, err = e.again(dst, len(dst)-at)
		}
		if err != nil {
			return dst[:start], named(err, s.Columns[c].Name)
		}
	}
	return append(dst, '\n'), nil
}

// AppendNames appends a header line.
func (e *Encoder) AppendNames(dst []byte, names []string) ([]byte, error) {
	start := len(dst)
	for i, name := range names {
		if i > 0 {
			dst = append(dst, e.dialect.Delimiter...)
		}
		var err error
		if dst, err = e.appendText(dst, []byte(name)); err != nil {
			return dst[:start], named(err, name)
		}
	}
	return append(dst, '\n'), nil
}

// again quotes the last n bytes of dst if they need it.
func (e *Encoder) again(dst []byte, n int) ([]byte, error) {
	v := dst[len(dst)-n:]
	if !e.needsQuotes(v) {
		return dst, nil
	}
	return e.appendQuoted(dst[:len(dst)-n], bytes.Clone(v))
}

func (e *Encoder) appendText(dst, v []byte) ([]byte, error) {
	if e.needsQuotes(v) {
		return e.appendQuoted(dst, v)
	}
	return append(dst, v...), nil
}

func (e *Encoder) needsQuotes(v []byte) bool {
	if string(v) == e.dialect.Null {
		return true
	}
	i := 0
	for w := &e.words; i+8 <= len(v); i += 8 {
		x := binary.LittleEndian.Uint64(v[i:])
		a, b, c, d := x^w[0], x^w[1], x^w[2], x^w[3]
		if ((a-ones)&^a|(b-ones)&^b|(c-ones)&^c|(d-ones)&^d)&highs != 0 { // one of the eight is one of the four
			return true
		}
	}
	for _, ch := range v[i:] {
		if e.special[ch] {
			return true
		}
	}
	return false
}

func (e *Encoder) appendQuoted(dst, v []byte) ([]byte, error) {
	quote := e.dialect.Quote
	if quote == 0 {
		if e.bare(v) {
			return append(dst, v...), nil
		}
		return dst, errclass.BadValue("", errclass.Encoding, "the text %.40q holds the delimiter or a line break, or is the text for NULL, and there is no quote character", v)
	}
	dst = append(dst, quote)
	for {
		i := bytes.IndexByte(v, quote)
		if i < 0 {
			break
		}
		dst = append(append(dst, v[:i+1]...), quote)
		v = v[i+1:]
	}
	return append(append(dst, v...), quote), nil
}

// bare tells that v can be read back without quotes. Nothing at all is NULL
// and an empty text at once where NULL is spelled so.
func (e *Encoder) bare(v []byte) bool {
	d := &e.dialect
	return !bytes.ContainsAny(v, "\r\n") && !bytes.Contains(v, []byte(d.Delimiter)) && !e.seam(v) && (len(v) == 0 || string(v) != d.Null)
}

// seam tells that a bare v before a delimiter of several bytes would make one
// begin too early: "a|" before "||".
func (e *Encoder) seam(v []byte) bool {
	d := e.dialect.Delimiter
	for n := 1; n < len(d); n++ {
		if bytes.HasSuffix(v, []byte(d[:n])) {
			return true
		}
	}
	return false
}

// appendFloat is record.AppendFloat, quicker for few digits.
func appendFloat(dst []byte, v float64) []byte {
	if out, ok := jsonfmt.AppendShort(dst, v); ok {
		return out
	}
	return record.AppendFloat(dst, v, 64)
}

func named(err error, column string) error {
	b := errclass.AsBadRow(0, err)
	return errclass.With(errclass.Data, &errclass.Value{Column: column, Reason: b.Reason, Err: b.Err})
}
