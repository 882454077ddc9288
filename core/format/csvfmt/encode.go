package csvfmt

import (
	"bytes"
	"encoding/base64"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Encoder writes rows in a dialect: numbers in digits, times in ISO 8601 with
// a blank, bytes as base64, everything else as it is. It is safe for several
// goroutines.
type Encoder struct {
	dialect Dialect
	special [256]bool // bytes that a bare field cannot hold
	careful bool      // the delimiter may occur in numbers and times
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
	e.careful = first >= '0' && first <= '9' || first >= 'A' && first <= 'Z' || first >= 'a' && first <= 'z' ||
		bytes.IndexByte([]byte(" +-.:"), first) >= 0 || d.Null != ""
	return e
}

// AppendRow appends the row's data columns and a line feed. An error is a data
// error that names the column; dst is then returned as it was.
func (e *Encoder) AppendRow(dst []byte, r record.Row) ([]byte, error) {
	start := len(dst)
	for c := range r.Schema().Data {
		if c > 0 {
			dst = append(dst, e.dialect.Delimiter...)
		}
		var err error
		switch k := r.Kind(c); k {
		case record.String, record.JSON:
			dst, err = e.appendText(dst, r.Bytes(c))
		case record.Null:
			dst = append(dst, e.dialect.Null...)
		case record.Absent:
			err = errclass.BadValue("", errclass.Other, "the change says nothing about this column, and delimited text cannot leave one out")
		case record.Bytes:
			dst = base64.StdEncoding.AppendEncode(dst, r.Bytes(c))
			if len(r.Bytes(c)) == 0 || e.careful {
				dst, err = e.again(dst, base64.StdEncoding.EncodedLen(len(r.Bytes(c))))
			}
		default:
			at := len(dst)
			dst = r.AppendText(dst, c)
			if e.careful {
				dst, err = e.again(dst, len(dst)-at)
			}
		}
		if err != nil {
			return dst[:start], named(err, r.Schema().Columns[c].Name)
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
	for _, ch := range v {
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

func named(err error, column string) error {
	b := errclass.AsBadRow(0, err)
	return errclass.With(errclass.Data, &errclass.Value{Column: column, Reason: b.Reason, Err: b.Err})
}
