package mysqlkit

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// appendLength appends a length-encoded integer.
func appendLength(buf []byte, n int) []byte {
	switch {
	case n < 251:
		return append(buf, byte(n))
	case n < 1<<16:
		return append(buf, 0xfc, byte(n), byte(n>>8))
	case n < 1<<24:
		return append(buf, 0xfd, byte(n), byte(n>>8), byte(n>>16))
	}
	return binary.LittleEndian.AppendUint64(append(buf, 0xfe), uint64(n))
}

// text refuses what is no UTF-8 or too long. Blanks at the end of a CHAR do not
// count: it keeps none.
func (c *encoded) text(row record.Row, at int) ([]byte, error) {
	v := row.Bytes(at)
	if !utf8.Valid(v) {
		return nil, c.bad(errclass.Encoding, "%.80q is no UTF-8", v)
	}
	if c.length > 0 && len(v) > c.length {
		kept := v
		if c.fixed {
			kept = bytes.TrimRight(v, " ")
		}
		if n := utf8.RuneCount(kept); n > c.length {
			return nil, c.bad(errclass.Overflow, "a text of %d characters does not fit %s", n, c.native)
		}
	}
	if c.bytes > 0 && len(v) > c.bytes && v[len(v)-1] == ' ' {
		// The server cuts blanks without a word, and refuses the rest.
		return nil, c.bad(errclass.Overflow, "a text of %d bytes does not fit %s", len(v), c.native)
	}
	return v, nil
}

func textParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.text(row, at)
	return append(appendLength(buf, len(v)), v...), err
}

func textField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.text(row, at)
	return appendEscaped(buf, v), err
}

// escapes are what stands after a backslash for the bytes that mean something
// in a loaded file.
var escapes = [256]byte{0: '0', '\t': 't', '\n': 'n', '\\': '\\'}

func appendEscaped(buf, v []byte) []byte {
	from := 0
	for i, b := range v {
		if e := escapes[b]; e != 0 {
			buf = append(append(buf, v[from:i]...), '\\', e)
			from = i + 1
		}
	}
	return append(buf, v[from:]...)
}

// member refuses what is not spelled as one of an enum's texts: the server
// takes a number for the member with that number, and "NEW" for "new".
func (c *encoded) member(row record.Row, at int) ([]byte, error) {
	v := row.Bytes(at)
	if _, ok := c.members[string(v)]; !ok {
		return nil, c.bad(errclass.Conversion, "%.80q is no member of %.200s", v, c.native)
	}
	return v, nil
}

func enumParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.member(row, at)
	return append(appendLength(buf, len(v)), v...), err
}

func enumField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.member(row, at)
	return appendEscaped(buf, v), err
}

// set refuses a list with a part that is no member. A JSON array of the members
// is taken too: Maxwell's messages have that.
func (c *encoded) set(row record.Row, at int) ([]byte, error) {
	v := row.Bytes(at)
	if len(v) > 0 && v[0] == '[' {
		var parts []string
		if json.Unmarshal(v, &parts) == nil {
			v = []byte(strings.Join(parts, ","))
		}
	}
	for rest := v; len(rest) > 0; {
		part, tail, more := bytes.Cut(rest, []byte{','})
		if _, ok := c.members[string(part)]; !ok || more && len(tail) == 0 {
			return nil, c.bad(errclass.Conversion, "%.80q is no list of members of %.200s", v, c.native)
		}
		rest = tail
	}
	return v, nil
}

func setParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.set(row, at)
	return append(appendLength(buf, len(v)), v...), err
}

func setField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.set(row, at)
	return appendEscaped(buf, v), err
}

// data refuses what is too long, and what a BINARY would be filled up with zeros.
func (c *encoded) data(row record.Row, at int) ([]byte, error) {
	v := row.Bytes(at)
	switch {
	case c.length > 0 && len(v) > c.length:
		return nil, c.bad(errclass.Overflow, "%d bytes do not fit %s", len(v), c.native)
	case c.fixed && len(v) < c.length:
		return nil, c.bad(errclass.Conversion, "%d bytes would be filled up with zeros to those of %s: declare the column VARBINARY", len(v), c.native)
	}
	return v, nil
}

func bytesParameter(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.data(row, at)
	return append(appendLength(buf, len(v)), v...), err
}

// bytesField spells the bytes as hex digits, see [LoadTarget].
func bytesField(c *encoded, buf []byte, row record.Row, at int) ([]byte, error) {
	v, err := c.data(row, at)
	return appendHex(buf, v), err
}

func appendHex(buf, v []byte) []byte { return hex.AppendEncode(buf, v) }
