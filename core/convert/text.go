package convert

import (
	"encoding/hex"
	"encoding/json"
	"math"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

func textFromAny(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Take(record.String, r.AppendText(dst.Buffer(), c))
	return nil
}

// textFromDecimal writes without an exponent.
func textFromDecimal(_ *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	if n, ok := scan(b); ok && n.exp != 0 {
		dst.Take(record.String, n.appendPlain(dst.Buffer()))
		return nil
	}
	dst.Take(record.String, append(dst.Buffer(), b...))
	return nil
}

func textFromBytes(p *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	if !utf8.Valid(b) {
		return p.bad(errclass.Encoding, "%s is no UTF-8", quote(b))
	}
	dst.Take(record.String, append(dst.Buffer(), b...))
	return nil
}

// textFromText writes a text that a pattern reads in another.
func textFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	if p.parser == nil {
		dst.Copy(r, c)
		return nil
	}
	m, ok := p.moment(r.Bytes(c))
	if !ok {
		return p.badText(r.Bytes(c), "time in the column's format")
	}
	if m.infinity != 0 {
		dst.Copy(r, c)
		return nil
	}
	dst.Take(record.String, p.writer.append(dst.Buffer(), m, p.zone))
	return nil
}

func bytesFromText(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Take(record.Bytes, r.AppendText(dst.Buffer(), c))
	return nil
}

func bytesFromUUID(p *pair, dst *record.Batch, r record.Row, c int) error {
	var id [16]byte
	if !parseUUID(&id, r.Bytes(c)) {
		return p.badText(r.Bytes(c), "UUID")
	}
	dst.Take(record.Bytes, append(dst.Buffer(), id[:]...))
	return nil
}

func uuidFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	var id [16]byte
	if !parseUUID(&id, r.Bytes(c)) {
		return p.badText(r.Bytes(c), "UUID")
	}
	dst.Take(record.UUID, appendUUID(dst.Buffer(), &id))
	return nil
}

func uuidFromBytes(p *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	if len(b) != 16 {
		return p.bad(errclass.Conversion, "%d bytes are no UUID, which has 16", len(b))
	}
	dst.Take(record.UUID, appendUUID(dst.Buffer(), (*[16]byte)(b)))
	return nil
}

func appendUUID(dst []byte, id *[16]byte) []byte {
	for i, v := range id {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hexDigits[v>>4], hexDigits[v&15])
	}
	return dst
}

const hexDigits = "0123456789abcdef"

// parseUUID reads 8-4-4-4-12 hexadecimal digits, also in braces or without hyphens.
func parseUUID(id *[16]byte, b []byte) bool {
	if len(b) == 38 && b[0] == '{' && b[37] == '}' {
		b = b[1:37]
	}
	var digits [32]byte
	switch len(b) {
	case 32:
		copy(digits[:], b)
	case 36:
		if b[8] != '-' || b[13] != '-' || b[18] != '-' || b[23] != '-' {
			return false
		}
		copy(digits[:], b[:8])
		copy(digits[8:], b[9:13])
		copy(digits[12:], b[14:18])
		copy(digits[16:], b[19:23])
		copy(digits[20:], b[24:])
	default:
		return false
	}
	_, err := hex.Decode(id[:], digits[:])
	return err == nil
}

func jsonFromLiteral(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Take(record.JSON, r.AppendText(dst.Buffer(), c))
	return nil
}

func jsonFromFloat(p *pair, dst *record.Batch, r record.Row, c int) error {
	if v := float(r, c); math.IsNaN(v) || math.IsInf(v, 0) {
		return p.bad(errclass.Conversion, "JSON has no %v", v)
	}
	return jsonFromLiteral(p, dst, r, c)
}

func jsonFromDecimal(p *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	n, ok := scan(b)
	if !ok {
		return p.bad(errclass.Conversion, "JSON has no %s", b)
	}
	if n.plain(b) {
		dst.Take(record.JSON, append(dst.Buffer(), b...))
		return nil
	}
	dst.Take(record.JSON, n.appendPlain(dst.Buffer()))
	return nil
}

func jsonFromText(p *pair, dst *record.Batch, r record.Row, c int) error {
	b := r.Bytes(c)
	if !json.Valid(b) {
		return p.badText(b, "JSON")
	}
	dst.Take(record.JSON, append(dst.Buffer(), b...))
	return nil
}

// jsonFromQuoted is for kinds whose text needs no escapes.
func jsonFromQuoted(_ *pair, dst *record.Batch, r record.Row, c int) error {
	dst.Take(record.JSON, append(r.AppendText(append(dst.Buffer(), '"'), c), '"'))
	return nil
}
