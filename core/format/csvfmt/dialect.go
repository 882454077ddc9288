package csvfmt

import (
	"fmt"
	"strconv"
	"strings"
)

// Dialect is how fields, rows and NULL are spelled.
type Dialect struct {
	Delimiter string // between fields; not empty, no line break
	Quote     byte   // around fields that need it; 0: there are no quotes
	Null      string // a bare field that is NULL
}

// Comma and Tab are the common dialects: quotes where they are needed, NULL as
// nothing at all.
func Comma() Dialect { return Dialect{Delimiter: ",", Quote: '"'} }

// Tab is Comma with a tab.
func Tab() Dialect { return Dialect{Delimiter: "\t", Quote: '"'} }

// Check tells what is wrong with a dialect.
func (d Dialect) Check() error {
	switch {
	case d.Delimiter == "":
		return fmt.Errorf("the field delimiter is empty")
	case strings.ContainsAny(d.Delimiter, "\r\n"):
		return fmt.Errorf("the field delimiter %q holds a line break", d.Delimiter)
	case d.Quote == '\n' || d.Quote == '\r' || d.Quote >= 0x80:
		return fmt.Errorf("the quote character %q must be one ASCII character and no line break", string(rune(d.Quote)))
	case d.Quote != 0 && strings.IndexByte(d.Delimiter, d.Quote) >= 0:
		return fmt.Errorf("the field delimiter %q holds the quote character", d.Delimiter)
	case strings.ContainsAny(d.Null, "\r\n") || strings.Contains(d.Null, d.Delimiter) || d.Quote != 0 && strings.IndexByte(d.Null, d.Quote) >= 0:
		return fmt.Errorf("the text %q for NULL holds a line break, the delimiter or the quote character", d.Null)
	}
	return nil
}

// Unescape replaces \t, \\, \', \", \a, \b, \f, \v, \r, \n, \0, octal \001, \x01 and
// as job files spell control characters. A backslash before anything else
// stands for itself.
func Unescape(text string) string {
	if !strings.Contains(text, `\`) {
		return text
	}
	var out strings.Builder
	for i := 0; i < len(text); {
		ch, n := unescapeOne(text[i:])
		out.WriteString(ch)
		i += n
	}
	return out.String()
}

func unescapeOne(s string) (ch string, n int) {
	if s[0] != '\\' || len(s) == 1 {
		return s[:1], 1
	}
	switch s[1] {
	case '\'', '"':
		return s[1:2], 2
	case 'u', 'x', 'a', 'b', 'f', 'v', 't', 'r', 'n', '\\':
		if r, multibyte, tail, err := strconv.UnquoteChar(s, 0); err == nil {
			if multibyte {
				return string(r), len(s) - len(tail)
			}
			return string([]byte{byte(r)}), len(s) - len(tail)
		}
		return s[:1], 1
	}
	end := 1
	for end < len(s) && end < 4 && s[end] >= '0' && s[end] <= '7' {
		end++
	}
	if v, err := strconv.ParseUint(s[1:end], 8, 8); err == nil {
		return string([]byte{byte(v)}), end
	}
	return s[:1], 1
}
