package changefmt

import (
	"bytes"
	"fmt"
	"strconv"
)

// System is the kind of database whose log a place is in.
type System uint8

const (
	Unknown System = iota
	MySQL
	PostgreSQL
	SQLServer
)

// Place is a position in a source's log as the members that formats have for it.
// Texts are borrowed.
type Place struct {
	System         System
	File           []byte // MySQL: of the binary log
	Pos            int64  // MySQL: in the file
	LSN            uint64 // PostgreSQL
	Commit, Change []byte // SQL Server: of the commit and of the change in it
}

// ParsePlace reads the text of the metadata column _lsn:
//
//	MySQL       mysql-bin.000001/000000000000000154
//	PostgreSQL  00000000/016B3748, also without the zeros or the slash
//	SQL Server  00000027:00000758:0005, or two of them parted by a slash: commit/change
//
// Anything else is of an unknown system.
func ParsePlace(text []byte) (p Place) {
	slash := bytes.LastIndexByte(text, '/')
	if bytes.IndexByte(text, ':') >= 0 {
		p.System = SQLServer
		p.Commit = text
		if slash >= 0 {
			p.Commit, p.Change = text[:slash], text[slash+1:]
		}
		return p
	}
	if slash < 0 {
		if len(text) == 16 {
			if low, ok := hexadecimal(text); ok {
				return Place{System: PostgreSQL, LSN: low}
			}
		}
		return p
	}
	if bytes.IndexByte(text[:slash], '.') < 0 {
		high, ok1 := hexadecimal(text[:slash])
		low, ok2 := hexadecimal(text[slash+1:])
		if ok1 && ok2 && high <= 0xffffffff && low <= 0xffffffff {
			return Place{System: PostgreSQL, LSN: high<<32 | low}
		}
	}
	pos, ok := decimal(text[slash+1:])
	if !ok {
		return p
	}
	return Place{System: MySQL, File: text[:slash], Pos: pos}
}

// AppendPlace appends the text that ParsePlace reads.
func AppendPlace(dst []byte, p Place) []byte {
	switch p.System {
	case MySQL:
		dst = append(append(dst, p.File...), '/')
		digits := strconv.AppendInt(make([]byte, 0, 20), p.Pos, 10)
		for range offsetDigits - len(digits) {
			dst = append(dst, '0')
		}
		return append(dst, digits...)
	case PostgreSQL:
		return fmt.Appendf(dst, "%08X/%08X", p.LSN>>32, p.LSN&0xffffffff)
	case SQLServer:
		dst = append(dst, p.Commit...)
		if len(p.Change) > 0 {
			dst = append(append(dst, '/'), p.Change...)
		}
	}
	return dst
}

// offsetDigits is how wide the place in a file is written, so that texts sort
// like the log.
const offsetDigits = 18

func hexadecimal(b []byte) (v uint64, ok bool) {
	for _, c := range b {
		switch {
		case c-'0' <= 9:
			v = v<<4 | uint64(c-'0')
		case c|0x20-'a' <= 5:
			v = v<<4 | uint64(c|0x20-'a'+10)
		default:
			return 0, false
		}
	}
	return v, len(b) > 0 && len(b) <= 16
}

func decimal(b []byte) (v int64, ok bool) {
	for _, c := range b {
		if c-'0' > 9 {
			return 0, false
		}
		v = v*10 + int64(c-'0')
	}
	return v, len(b) > 0 && len(b) <= offsetDigits
}
