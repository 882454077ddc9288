// Package javaregex compiles regular expressions that were written for Java
// with Go's engine, which takes time linear in the text.
//
// What Go's engine cannot do is refused by name: look-ahead and look-behind,
// back references, possessive quantifiers, atomic groups, intersections and
// unions inside brackets. Two things mean something slightly different: "."
// leaves out only \n (Java's also \r and three others), and "$" matches at
// the very end alone (Java's also before a final line break).
package javaregex

import (
	"fmt"
	"regexp"
	"strings"
)

// refused are beginnings that Go's engine would report in other words, or
// take for something else.
var refused = []struct{ text, what string }{
	{"(?=", "look-ahead (?=...)"}, {"(?!", "look-ahead (?!...)"}, {"(?<=", "look-behind (?<=...)"}, {"(?<!", "look-behind (?<!...)"}, {"(?>", "the atomic group (?>...)"},
}

// Compile returns the expression, or an error that names what of it cannot be done.
func Compile(pattern string) (*regexp.Regexp, error) {
	var out strings.Builder
	depth := 0 // inside [...]
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			n, err := escape(&out, pattern[i:], depth > 0)
			if err != nil {
				return nil, err
			}
			i += n - 1
			continue
		case depth > 0 && c == '[' && !strings.HasPrefix(pattern[i:], "[:"):
			return nil, fmt.Errorf("the regular expression %q cannot be used: brackets inside brackets are not supported", pattern)
		case depth > 0 && strings.HasPrefix(pattern[i:], "&&"):
			return nil, fmt.Errorf("the regular expression %q cannot be used: the intersection && is not supported", pattern)
		case depth > 0 && c == ']':
			depth--
		case depth == 0 && c == '[':
			depth++
			if strings.HasPrefix(pattern[i:], "[^") {
				out.WriteByte(c)
				i++
			}
		case depth == 0 && c == '(':
			for _, r := range refused {
				if strings.HasPrefix(pattern[i:], r.text) {
					return nil, fmt.Errorf("the regular expression %q cannot be used: %s is not supported", pattern, r.what)
				}
			}
		case depth == 0 && c == '+' && i > 0 && strings.IndexByte("*+?}", pattern[i-1]) >= 0 && (i < 2 || pattern[i-2] != '\\'):
			return nil, fmt.Errorf("the regular expression %q cannot be used: the possessive quantifier %s is not supported", pattern, pattern[i-1:i+1])
		}
		out.WriteByte(pattern[i])
	}
	re, err := regexp.Compile(out.String())
	if err != nil {
		return nil, fmt.Errorf("the regular expression %q cannot be used: %w", pattern, err)
	}
	return re, nil
}

// escape writes what begins with a backslash and returns its length in the pattern.
func escape(out *strings.Builder, rest string, inside bool) (int, error) {
	switch c := rest[1]; {
	case c == 'Q':
		n := strings.Index(rest, `\E`)
		if n < 0 {
			n = len(rest) - 2
		}
		out.WriteString(regexp.QuoteMeta(rest[2:max(n, 2)]))
		return min(n+2, len(rest)), nil
	case c == 'u' && len(rest) >= 6:
		out.WriteString(`\x{` + rest[2:6] + "}")
		return 6, nil
	case c >= '1' && c <= '9' && !inside:
		return 0, fmt.Errorf("the regular expression cannot be used: the back reference \\%c is not supported", c)
	}
	out.WriteString(rest[:2])
	return 2, nil
}
