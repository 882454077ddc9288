package flinksql

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// matcher is a pattern of LIKE, planned.
type matcher func(text []byte) bool

// planLike plans a pattern: % is any text, _ one character, escape (0: none)
// takes the meaning of the next one of the three away.
func planLike(pattern string, escape rune) (matcher, error) {
	var parts []string // literal texts between %
	var text strings.Builder
	single := false
	var re strings.Builder
	re.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); {
		r, n := utf8.DecodeRuneInString(pattern[i:])
		i += n
		switch {
		case escape != 0 && r == escape:
			next, n := utf8.DecodeRuneInString(pattern[i:])
			if n == 0 || next != '%' && next != '_' && next != escape {
				return nil, fmt.Errorf("after ESCAPE's character there must be %%, _ or itself")
			}
			i += n
			text.WriteRune(next)
			re.WriteString(regexp.QuoteMeta(string(next)))
		case r == '%':
			parts = append(parts, text.String())
			text.Reset()
			re.WriteString(".*")
		case r == '_':
			single = true
			re.WriteByte('.')
		default:
			text.WriteRune(r)
			re.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	if single {
		compiled, err := regexp.Compile(re.String() + `\z`)
		if err != nil {
			return nil, err
		}
		return compiled.Match, nil
	}
	return literalLike(append(parts, text.String())), nil
}

// literalLike matches texts in order, the first and last at the ends.
func literalLike(parts []string) matcher {
	first, last := []byte(parts[0]), []byte(parts[len(parts)-1])
	if len(parts) == 1 {
		return func(b []byte) bool { return bytes.Equal(b, first) }
	}
	var middle [][]byte
	for _, p := range parts[1 : len(parts)-1] {
		if p != "" {
			middle = append(middle, []byte(p))
		}
	}
	return func(b []byte) bool {
		if len(b) < len(first)+len(last) || !bytes.HasPrefix(b, first) || !bytes.HasSuffix(b, last) {
			return false
		}
		b = b[len(first) : len(b)-len(last)]
		for _, m := range middle {
			i := bytes.Index(b, m)
			if i < 0 {
				return false
			}
			b = b[i+len(m):]
		}
		return true
	}
}
