package sqlservercdc

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// lsn is a place in the log as the server keeps it, binary(10): it sorts by its
// bytes. The zero value is before everything.
type lsn [10]byte

func (l lsn) compare(o lsn) int { return bytes.Compare(l[:], o[:]) }

func (l lsn) before(o lsn) bool { return l.compare(o) < 0 }

func (l lsn) isZero() bool { return l == lsn{} }

// next is the place after l, as sys.fn_cdc_increment_lsn has it.
func (l lsn) next() lsn {
	for i := len(l) - 1; i >= 0; i-- {
		if l[i]++; l[i] != 0 {
			break
		}
	}
	return l
}

// previous is the place before l, as sys.fn_cdc_decrement_lsn has it; that of
// zero is zero.
func (l lsn) previous() lsn {
	if l.isZero() {
		return l
	}
	for i := len(l) - 1; i >= 0; i-- {
		if l[i]--; l[i] != 0xff {
			break
		}
	}
	return l
}

// The widths of the three parts of an LSN's text, in digits.
var lsnParts = [3]int{8, 8, 4}

// String spells 00000032:00002038:0005, which sorts as places do.
func (l lsn) String() string { return string(l.append(nil)) }

func (l lsn) append(dst []byte) []byte {
	dst = hex.AppendEncode(dst, l[:4])
	dst = append(dst, ':')
	dst = hex.AppendEncode(dst, l[4:8])
	dst = append(dst, ':')
	return hex.AppendEncode(dst, l[8:])
}

// literal spells a constant of the server's language.
func (l lsn) literal() string { return "0x" + hex.EncodeToString(l[:]) }

// parseLSN reads what String spells, zeros in front of a part left out or not,
// and 0x with twenty digits.
func parseLSN(text string) (l lsn, err error) {
	wrong := func() (lsn, error) {
		return lsn{}, fmt.Errorf("expected a place in the log such as 00000032:00002038:0005, found %q", text)
	}
	digits, whole := strings.CutPrefix(strings.TrimSpace(text), "0x")
	if !whole {
		parts := strings.Split(digits, ":")
		if len(parts) != len(lsnParts) {
			return wrong()
		}
		digits = ""
		for i, p := range parts {
			if p == "" || len(p) > lsnParts[i] {
				return wrong()
			}
			digits += strings.Repeat("0", lsnParts[i]-len(p)) + p
		}
	}
	raw, err := hex.DecodeString(digits)
	if err != nil || len(raw) != len(l) {
		return wrong()
	}
	return lsn(raw), nil
}

// lsnOf takes a binary(10) of the server; false if it is none.
func lsnOf(raw string) (l lsn, ok bool) {
	if len(raw) != len(l) {
		return l, false
	}
	copy(l[:], raw)
	return l, true
}

// encode is the place as the highs of a snapshot have it.
func (l lsn) encode() []byte { return strconv.AppendQuote(nil, l.String()) }
