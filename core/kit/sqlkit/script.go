package sqlkit

import (
	"regexp"
	"strings"
	"sync"
)

// Statements takes a text apart at semicolons outside of quotes, comments and
// (PostgreSQL) dollar quotes; empty ones are left out. A statement whose body
// holds semicolons (CREATE PROCEDURE, FUNCTION, TRIGGER, EVENT) reaches to the
// end of the text, but where the body is quoted. SQL Server runs a text as one
// batch: there only lines that say GO part.
func (d *Dialect) Statements(text string) []string {
	if d.Scripts {
		return trimmed([]string{text})
	}
	if d.Quotes == "[]" {
		return trimmed(batchEnd().Split(text, -1))
	}
	var all []string
	start := 0
	for i := 0; i < len(text); {
		if text[i] != ';' {
			i = d.skip(text, i)
			continue
		}
		if d.Quotes == "``" && routine().MatchString(text[start:i]) {
			break
		}
		all = append(all, text[start:i])
		i++
		start = i
	}
	return trimmed(append(all, text[start:]))
}

var (
	batchEnd = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?mi)^[ \t]*GO[ \t]*\r?$`)
	})
	routine = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`(?is)^(\s|--[^\n]*\n|#[^\n]*\n|/\*.*?\*/)*(CREATE|ALTER)\b[^;]*?\b(PROCEDURE|FUNCTION|TRIGGER|EVENT)\b[^;]*\bBEGIN\b`)
	})
	dollar = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^\$([A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$`)
	})
)

func trimmed(parts []string) []string {
	var all []string
	for _, p := range parts {
		if p = strings.TrimSpace(p); p != "" {
			all = append(all, p)
		}
	}
	return all
}

// skip returns where the token that begins at i ends: a quoted text, a
// comment, or one byte.
func (d *Dialect) skip(text string, i int) int {
	rest := text[i:]
	switch c := text[i]; {
	case c == '\'' || c == '"' || c == '`':
		return i + quotedEnd(rest, d.escapes(text, i))
	case d.lineComment(rest):
		return i + end(rest, "\n")
	case strings.HasPrefix(rest, "/*"):
		return i + d.commentEnd(rest)
	case c == '$' && d.Quotes == `""` && (i == 0 || !wordByte(text[i-1])):
		if tag := dollar().FindString(rest); tag != "" {
			return i + len(tag) + end(rest[len(tag):], tag)
		}
	}
	return i + 1
}

// lineComment tells that s begins a comment that the line's end ends. MySQL
// wants a blank after the dashes.
func (d *Dialect) lineComment(s string) bool {
	if d.Quotes != "``" {
		return strings.HasPrefix(s, "--")
	}
	return s[0] == '#' || s == "--" || strings.HasPrefix(s, "--") && s[2] <= ' '
}

// commentEnd is the length of the comment that s begins with; PostgreSQL's nest.
func (d *Dialect) commentEnd(s string) int {
	depth := 1
	for i := 2; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "*/"):
			i++
			if depth--; depth == 0 {
				return i + 1
			}
		case d.Quotes == `""` && strings.HasPrefix(s[i:], "/*"):
			i++
			depth++
		}
	}
	return len(s)
}

// escapes tells that a backslash escapes in the quoted text at i: in MySQL's,
// and in PostgreSQL's E'...'.
func (d *Dialect) escapes(text string, i int) bool {
	switch d.Quotes {
	case "``":
		return text[i] != '`'
	case `""`:
		return text[i] == '\'' && i > 0 && (text[i-1] == 'E' || text[i-1] == 'e') && (i == 1 || !wordByte(text[i-2]))
	}
	return false
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// quotedEnd is the length of the quoted text that s begins with; a doubled
// quote ends one and begins the next, which comes to the same.
func quotedEnd(s string, escapes bool) int {
	for i := 1; i < len(s); i++ {
		switch {
		case escapes && s[i] == '\\':
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return len(s)
}

// end is where s goes on after the first mark in it.
func end(s, mark string) int {
	if i := strings.Index(s, mark); i >= 0 {
		return i + len(mark)
	}
	return len(s)
}
