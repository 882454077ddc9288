package pgkit

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// sound checks what PostgreSQL takes as text: UTF-8 without NUL.
func (t *typeInfo) sound(v []byte) error {
	if i := bytes.IndexByte(v, 0); i >= 0 {
		return t.bad(errclass.Encoding, "the text holds a NUL at byte %d, which PostgreSQL's texts cannot", i)
	}
	if !utf8.Valid(v) {
		return t.bad(errclass.Encoding, "the text is no UTF-8")
	}
	return nil
}

// short checks the length that the column is declared with, in characters.
// PostgreSQL would cut blanks at the end off silently.
func (t *typeInfo) short(v []byte) error {
	if most := t.column.Length; most > 0 && len(v) > most {
		if n := utf8.RuneCount(v); n > most {
			return t.bad(errclass.Overflow, "%d characters do not fit a %s", n, t.column.Native)
		}
	}
	return nil
}

func encodeText(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	v := r.Bytes(c)
	if err := t.sound(v); err != nil {
		return dst, err
	}
	if err := t.short(v); err != nil {
		return dst, err
	}
	return append(dst, v...), nil
}

// encodePrinted: a value as datasync prints it, which holds neither NUL nor
// anything beyond ASCII.
func encodePrinted(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	at := len(dst)
	dst = r.AppendText(dst, c)
	return dst, t.short(dst[at:])
}

func encodeJSONB(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	v := r.Bytes(c)
	if err := t.sound(v); err != nil {
		return dst, err
	}
	return append(append(dst, 1), v...), nil
}

// encodeUUID takes 32 hexadecimal digits with or without hyphens.
func encodeUUID(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	v := r.Bytes(c)
	if len(v) == 36 && v[8] == '-' && v[13] == '-' && v[18] == '-' && v[23] == '-' {
		return t.appendHex(dst, v, v[:8], v[9:13], v[14:18], v[19:23], v[24:])
	}
	if digits := bytes.ReplaceAll(v, []byte("-"), nil); len(digits) == 32 {
		return t.appendHex(dst, v, digits)
	}
	return dst, t.notA(v)
}

// appendHex appends the bytes that pieces of v are the digits of.
func (t *typeInfo) appendHex(dst, v []byte, pieces ...[]byte) ([]byte, error) {
	for _, p := range pieces {
		var err error
		if dst, err = hex.AppendDecode(dst, p); err != nil {
			return dst, t.notA(v)
		}
	}
	return dst, nil
}

func (t *typeInfo) notA(v []byte) error {
	const most = 64
	if len(v) > most {
		v = append(append([]byte{}, v[:most]...), "..."...)
	}
	return t.bad(errclass.Conversion, "%q is no %s", v, t.column.Native)
}

// encodeBits: texts of 0 and 1, numbers as so many bits as the column has,
// truth values as one.
func encodeBits(t *typeInfo, dst []byte, r record.Row, c int) ([]byte, error) {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	n := 0
	put := func(one bool) {
		if n&7 == 0 {
			dst = append(dst, 0)
		}
		if one {
			dst[len(dst)-1] |= 0x80 >> (n & 7)
		}
		n++
	}
	switch r.Kind(c) {
	case record.Bool:
		put(r.Bool(c))
	case record.Uint64:
		width := t.bitWidth(r.Uint64(c))
		if width < 64 && r.Uint64(c)>>width != 0 {
			return dst, t.tooWide(r, c)
		}
		for i := width - 1; i >= 0; i-- {
			put(i < 64 && r.Uint64(c)>>i&1 != 0)
		}
	default:
		for _, ch := range r.Bytes(c) {
			if ch != '0' && ch != '1' {
				return dst, t.notA(r.Bytes(c))
			}
			put(ch == '1')
		}
	}
	if most := t.column.Length; most > 0 && (n > most || n < most && t.oid == oidBit) {
		return dst, t.bad(errclass.Overflow, "%d bits do not fit a %s", n, t.column.Native)
	}
	binary.BigEndian.PutUint32(dst[at:], uint32(n))
	return dst, nil
}

// bitWidth is how many bits a number is written as: all of a bit(n), as few as
// it needs for a bit varying.
func (t *typeInfo) bitWidth(v uint64) int {
	if t.oid == oidBit && t.column.Length > 0 {
		return t.column.Length
	}
	n := 1
	for v>>n != 0 && n < 64 {
		n++
	}
	return n
}
