package sqlread

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// storedValue is a value in a stored position: it says what it is, so that it
// can go into a statement again. Binary data, and texts that are no UTF-8, are
// kept as base64.
type storedValue struct {
	Kind   string  `json:"kind"`
	Text   string  `json:"text,omitempty"`
	Base64 *[]byte `json:"base64,omitempty"`
}

func storeValue(v sqlkit.Value) storedValue {
	s := storedValue{Kind: v.Kind.String(), Text: v.Text}
	if v.Kind == record.Bytes || !json.Valid(strconv.AppendQuote(nil, v.Text)) || strings.ToValidUTF8(v.Text, "") != v.Text {
		raw := []byte(v.Text)
		s.Text, s.Base64 = "", &raw
	}
	return s
}

func (s storedValue) value() (sqlkit.Value, error) {
	kind, ok := record.KindOf(s.Kind)
	if !ok || !sqlkit.CanResumeBy(kind) {
		return sqlkit.Value{}, fmt.Errorf("a value of kind %q is not to be sorted by", s.Kind)
	}
	v := sqlkit.Value{Kind: kind, Text: s.Text}
	if s.Base64 != nil {
		v.Text = string(*s.Base64)
	}
	return v, nil
}

// maybeEqual tells whether a database may take two values that a column holds
// for equal. It errs on the side of true: texts are equal under some collation
// unless they differ in a plain letter or digit.
func maybeEqual(ka record.Kind, a []byte, kb record.Kind, b []byte) bool {
	switch {
	case ka == kb && bytes.Equal(a, b):
		return true
	case ka == record.String && kb == record.String:
		return maybeEqualTexts(a, b)
	case ka == record.Bytes && kb == record.Bytes: // SQL Server fills up with zeros
		return bytes.Equal(bytes.TrimRight(a, "\x00"), bytes.TrimRight(b, "\x00"))
	case ka == record.Timestamp && kb == record.Timestamp:
		return hasOffset(string(a)) || hasOffset(string(b))
	case isNumeric(ka) && isNumeric(kb):
		return (ka != record.Int64 || kb != record.Int64) && (ka != record.Uint64 || kb != record.Uint64) && maybeEqualNumbers(a, b)
	}
	return false
}

// isLarger tells whether every database sorts a behind b. It errs on the side
// of false.
func isLarger(a, b sqlkit.Value) bool {
	switch {
	case isNumeric(a.Kind) && isNumeric(b.Kind):
		x, okA := new(big.Rat).SetString(a.Text)
		y, okB := new(big.Rat).SetString(b.Text)
		return okA && okB && x.Cmp(y) > 0
	case a.Kind != b.Kind:
		return false
	}
	switch a.Kind {
	case record.Timestamp:
		return !hasOffset(a.Text) && !hasOffset(b.Text) && isLargerText(a.Text, b.Text)
	case record.Date, record.Datetime, record.String:
		return isLargerText(a.Text, b.Text)
	case record.Bytes:
		return a.Text > b.Text
	}
	return false
}

// hasOffset tells that an instant is spelled by the clock of some zone.
func hasOffset(text string) bool {
	return len(text) > len(time.DateOnly) && strings.ContainsAny(text[len(time.DateOnly):], "+-")
}

// isLargerText compares texts that are alike up to a digit, as times are.
func isLargerText(a, b string) bool {
	if strings.HasPrefix(a, "-") || strings.HasPrefix(b, "-") {
		return false // years before our era
	}
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] && a[i] < 0x80 {
		i++
	}
	switch {
	case i == len(b):
		return len(a) > len(b) && a[i] < 0x80
	case i == len(a):
		return false
	}
	digits := func(s string) (n int) {
		for i+n < len(s) && s[i+n] >= '0' && s[i+n] <= '9' {
			n++
		}
		return n
	}
	return digits(a) > 0 && digits(a) == digits(b) && a[i] > b[i]
}

func isNumeric(k record.Kind) bool {
	return k == record.Int64 || k == record.Uint64 || k == record.Float64 || k == record.Decimal
}

// maybeEqualNumbers compares what is spelled differently: 1.0 and 1.00, 0 and
// -0, and what a float64 cannot tell apart.
func maybeEqualNumbers(a, b []byte) bool {
	x, errA := strconv.ParseFloat(string(a), 64)
	y, errB := strconv.ParseFloat(string(b), 64)
	return errA != nil || errB != nil || x == y
}

func maybeEqualTexts(a, b []byte) bool {
	for {
		x, restA, plainA := nextPlain(a)
		y, restB, plainB := nextPlain(b)
		switch {
		case !plainA || !plainB:
			return true
		case x != y:
			return false
		case x == 0:
			return true
		}
		a, b = restA, restB
	}
}

// nextPlain returns the next letter or digit of a text, in lower case, 0 at its
// end; plain is false where a collation may do as it likes.
func nextPlain(s []byte) (c byte, rest []byte, plain bool) {
	for i, c := range s {
		switch {
		case c >= 0x80:
			return 0, nil, false
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z':
			return c, s[i+1:], true
		case c >= 'A' && c <= 'Z':
			return c + 'a' - 'A', s[i+1:], true
		}
	}
	return 0, nil, true
}
