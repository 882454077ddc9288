package mysql

import "strings"

// token is a word, a number, a quoted text or name, a comment, a sign, or all
// between two parentheses with these.
type token struct {
	text  string
	tight bool // nothing stands between it and the one before
}

// scan takes SQL of the server's own spelling apart.
func scan(sql string) (tokens []token) {
	tight := false
	for i := 0; i < len(sql); {
		if strings.IndexByte(" \t\r\n", sql[i]) >= 0 {
			tight, i = false, i+1
			continue
		}
		end := tokenEnd(sql, i)
		tokens = append(tokens, token{text: sql[i:end], tight: tight})
		tight, i = true, end
	}
	return tokens
}

// tokenEnd returns where the token ends that begins at i.
func tokenEnd(sql string, i int) int {
	switch c := sql[i]; {
	case c == '\'' || c == '"' || c == '`':
		return quotedEnd(sql, i)
	case c == '(':
		for j := i + 1; j < len(sql); {
			if sql[j] == ')' {
				return j + 1
			}
			j = tokenEnd(sql, j)
		}
		return len(sql)
	case strings.HasPrefix(sql[i:], "/*"):
		if n := strings.Index(sql[i:], "*/"); n >= 0 {
			return i + n + 2
		}
		return len(sql)
	case isWord(c):
		for i++; i < len(sql) && isWord(sql[i]); i++ {
		}
		return i
	}
	return i + 1
}

// quotedEnd returns where a quoted text or name ends; the quote may be doubled
// in it, and in a text be written with a backslash.
func quotedEnd(sql string, i int) int {
	quote := sql[i]
	for i++; i < len(sql); i++ {
		switch {
		case sql[i] == '\\' && quote == '\'':
			i++
		case sql[i] == quote && i+1 < len(sql) && sql[i+1] == quote:
			i++
		case sql[i] == quote:
			return i + 1
		}
	}
	return len(sql)
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c == '.' || c >= 0x80
}
