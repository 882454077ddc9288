package binlogkit

import (
	"bytes"
	"encoding/binary"
	"time"
)

// Session is what the log says of the session that a statement was run in: the
// status variables of its event. Servers write those that a statement depends on.
type Session struct {
	At       time.Time // what its clock said
	Exact    bool      // At has the fraction of the second
	Zone     string    // name of its time zone, as SET time_zone takes it; "": not said
	Mode     uint64    // sql_mode, of which the bits that matter are the same everywhere
	Client   uint64    // number of a collation of the statement's text; 0: not said
	Implicit bool      // a TIMESTAMP has a default without being told one (explicit_defaults_for_timestamp is off)
}

// Numbers of status variables, of MySQL (libbinlogevents, Query_event) and from
// 128 on of MariaDB (log_event.h).
const (
	saidFlags        = 0
	saidMode         = 1
	saidCatalog      = 2
	saidIncrement    = 3
	saidCharset      = 4
	saidZone         = 5
	saidCatalogName  = 6
	saidLocale       = 7
	saidDatabase     = 8
	saidUpdated      = 9
	saidWritten      = 10
	saidInvoker      = 11
	saidDatabases    = 12
	saidMicroseconds = 13
	saidExplicit     = 16
	saidFraction     = 128

	// flagExplicit is MariaDB's OPTION_EXPLICIT_DEF_TIMESTAMP.
	flagExplicit = 1 << 24
	// manyDatabases stands for more databases than are named.
	manyDatabases = 254
)

// statusSizes are the lengths of status variables that always have the same.
var statusSizes = map[byte]int{saidFlags: 4, saidMode: 8, saidIncrement: 4, saidCharset: 6, saidLocale: 2, saidDatabase: 2, saidUpdated: 8, saidWritten: 4,
	saidMicroseconds: 3, saidExplicit: 1, saidFraction: 3}

// ParseSession reads the status variables of a statement that was begun at a
// time, in seconds since 1970. It takes what it knows: variables are ordered
// so that older ones come first.
func ParseSession(status []byte, began uint32, mariadb bool) Session {
	s := Session{At: time.Unix(int64(began), 0)}
	for len(status) > 0 {
		number := status[0]
		value, rest, ok := cutVariable(number, status[1:])
		if !ok {
			break
		}
		s.take(number, value, mariadb)
		status = rest
	}
	return s
}

// cutVariable cuts a variable's value off; false: it is not known how long it is.
func cutVariable(number byte, p []byte) (value, rest []byte, ok bool) {
	size, known := statusSizes[number]
	switch {
	case known:
	case len(p) == 0:
		return nil, nil, false
	case number == saidCatalog:
		size = int(p[0]) + 2
	case number == saidZone, number == saidCatalogName:
		size = int(p[0]) + 1
	case number == saidInvoker:
		if size = int(p[0]) + 1; size >= len(p) {
			return nil, nil, false
		}
		size += int(p[size]) + 1
	case number == saidDatabases:
		size = 1
		for n := p[0]; n > 0 && n < manyDatabases; n-- {
			end := bytes.IndexByte(p[size:], 0)
			if end < 0 {
				return nil, nil, false
			}
			size += end + 1
		}
	default:
		return nil, nil, false
	}
	if size > len(p) {
		return nil, nil, false
	}
	return p[:size], p[size:], true
}

func (s *Session) take(number byte, value []byte, mariadb bool) {
	switch number {
	case saidFlags:
		s.Implicit = mariadb && binary.LittleEndian.Uint32(value)&flagExplicit == 0
	case saidMode:
		s.Mode = binary.LittleEndian.Uint64(value)
	case saidCharset:
		s.Client = uint64(binary.LittleEndian.Uint16(value))
	case saidZone:
		s.Zone = string(value[1:])
	case saidMicroseconds, saidFraction:
		micro := uint32(value[0]) | uint32(value[1])<<8 | uint32(value[2])<<16
		s.At, s.Exact = time.Unix(s.At.Unix(), int64(micro)*1000), true
	case saidExplicit:
		s.Implicit = value[0] == 0
	}
}

// Bits of sql_mode.
const (
	modeAnsiQuotes  = 1 << 2
	modeNoBackslash = 1 << 20
)

// Plain spells a statement of the session as it is read without a sql_mode: names
// in backticks, and backslashes in texts that stand for themselves doubled.
func (s *Session) Plain(sql string) string {
	ansi, literal := s.Mode&modeAnsiQuotes != 0, s.Mode&modeNoBackslash != 0
	if !ansi && !literal {
		return sql
	}
	src := []byte(sql)
	out := make([]byte, 0, len(src)+16)
	for i := 0; i < len(src); {
		from := i
		if i = skipBlank(src, i); i > from {
			out = append(out, src[from:i]...)
			continue
		}
		c := src[i]
		if c != '\'' && c != '"' && c != '`' {
			out = append(out, c)
			i++
			continue
		}
		i = endOfQuoted(src, i, literal || c == '`' || ansi && c == '"')
		out = appendPlain(out, src[from:i], ansi && c == '"', literal)
	}
	return string(out)
}

// appendPlain spells a quoted text, or with name a name in double quotes.
func appendPlain(out, quoted []byte, name, literal bool) []byte {
	switch {
	case name:
		inner := bytes.TrimSuffix(quoted[1:], []byte{'"'})
		inner = bytes.ReplaceAll(bytes.ReplaceAll(inner, []byte(`""`), []byte(`"`)), []byte("`"), []byte("``"))
		return append(append(append(out, '`'), inner...), '`')
	case literal && quoted[0] != '`':
		return append(out, bytes.ReplaceAll(quoted, []byte(`\`), []byte(`\\`))...)
	}
	return append(out, quoted...)
}

// written is how a server ends statements that it has put together itself, which
// are UTF-8 in any session.
var written = []byte("/* generated by server */")

// Text is a statement of the session as UTF-8; as it is where its character set
// is not known.
func (s *Session) Text(query []byte, collations map[uint64]string) string {
	d, known := newDecoder(collations[s.Client])
	if !known || d == nil || bytes.HasSuffix(bytes.TrimSpace(query), written) {
		return string(query)
	}
	text, err := d.append(nil, query)
	if err != nil {
		return string(query)
	}
	return string(text)
}
