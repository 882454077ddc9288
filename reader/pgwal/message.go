package pgwal

import (
	"encoding/binary"

	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// message reads the body of a message of pgoutput
// (https://www.postgresql.org/docs/current/protocol-logicalrep-message-formats.html).
// After the end it gives zeros and is broken.
type message struct {
	p      []byte
	broken bool
}

func (m *message) take(n int) []byte {
	if n < 0 || n > len(m.p) {
		m.p, m.broken = nil, true
		return make([]byte, min(max(n, 0), 8))
	}
	v := m.p[:n]
	m.p = m.p[n:]
	return v
}

func (m *message) int8() byte     { return m.take(1)[0] }
func (m *message) int16() int     { return int(int16(binary.BigEndian.Uint16(m.take(2)))) }
func (m *message) uint32() uint32 { return binary.BigEndian.Uint32(m.take(4)) }
func (m *message) int32() int     { return int(int32(m.uint32())) }
func (m *message) int64() int64   { return int64(binary.BigEndian.Uint64(m.take(8))) }
func (m *message) lsn() pgkit.LSN { return pgkit.LSN(m.int64()) }

// text reads up to a zero byte.
func (m *message) text() string {
	for i, c := range m.p {
		if c == 0 {
			s := string(m.p[:i])
			m.p = m.p[i+1:]
			return s
		}
	}
	m.broken = true
	return ""
}

func (m *message) err(kind byte) error {
	if !m.broken {
		return nil
	}
	return malformed("reading a message %q of pgoutput: it ends too early", kind)
}

// value is a column of a tuple.
type value struct {
	kind byte // n: NULL, u: unchanged and not sent, t: text
	text []byte
}

// tuple reads a row into values, which are borrowed from the message.
func (m *message) tuple(values []value) []value {
	values = values[:0]
	for range m.int16() {
		v := value{kind: m.int8()}
		if v.kind == 't' || v.kind == 'b' {
			v.text = m.take(m.int32())
		}
		values = append(values, v)
		if m.broken {
			break
		}
	}
	return values
}
