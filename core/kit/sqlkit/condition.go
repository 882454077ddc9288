package sqlkit

import (
	"errors"
	"fmt"
	"strings"
)

// CheckCondition refuses text that cannot be the condition of a WHERE: a
// statement's end, parentheses that do not match, LIMIT or ORDER BY outside of
// a subselect.
func CheckCondition(sql string) error {
	depth := 0
	var fault error
	err := tokens(sql, func(word string) bool {
		switch strings.ToLower(word) {
		case "(":
			depth++
		case ")":
			depth--
		case ";":
			fault = errors.New("holds a ';': give a single condition")
		case "limit", "order", "group", "having", "union":
			if depth == 0 {
				fault = fmt.Errorf("holds %s, which is no part of a condition: remove it, or use customSql", strings.ToUpper(word))
			}
		case "where":
			if depth == 0 {
				fault = errors.New("begins with WHERE: give the condition alone")
			}
		}
		if depth < 0 {
			fault = errors.New("closes a parenthesis that it did not open")
		}
		return fault == nil
	})
	switch {
	case fault != nil:
		return fault
	case err != nil:
		return err
	case depth > 0:
		return errors.New("opens a parenthesis that it does not close")
	}
	return nil
}

// tokens calls yield with each word and each of ( ) ; outside of quotes and
// comments until it returns false.
func tokens(sql string, yield func(string) bool) error {
	for i := 0; i < len(sql); {
		switch c := sql[i]; {
		case c == '\'' || c == '"' || c == '`':
			n := closing(sql[i:])
			if n < 0 {
				return fmt.Errorf("a %c is not closed", c)
			}
			i += n
		case isComment(sql[i:]):
			n := strings.IndexByte(sql[i:], '\n')
			if n < 0 {
				return nil
			}
			i += n
		case strings.HasPrefix(sql[i:], "/*"):
			n := strings.Index(sql[i+2:], "*/")
			if n < 0 {
				return errors.New("a comment is not closed")
			}
			i += n + 4
		case c == '(' || c == ')' || c == ';':
			if !yield(sql[i : i+1]) {
				return nil
			}
			i++
		case isWord(c):
			n := i
			for n < len(sql) && isWord(sql[n]) {
				n++
			}
			qualified := i > 0 && sql[i-1] == '.'
			if !qualified && !yield(sql[i:n]) {
				return nil
			}
			i = n
		default:
			i++
		}
	}
	return nil
}

// isComment tells a comment to the end of the line from an operator (#>, #-).
func isComment(s string) bool {
	return strings.HasPrefix(s, "--") || s[0] == '#' && (len(s) == 1 || !strings.ContainsRune(">-=", rune(s[1])))
}

// closing returns the length of the quoted text that s begins with, or -1.
func closing(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\' && s[0] != '`':
			i++
		case s[i] == s[0] && i+1 < len(s) && s[i+1] == s[0]:
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return -1
}

func isWord(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
