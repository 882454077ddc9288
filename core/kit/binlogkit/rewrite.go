package binlogkit

import (
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// The parser is one of TiDB's language, which lacks some types and clauses of
// MySQL and MariaDB. A statement that it refuses is read again with stand-ins:
// VARBINARY of a length that no column can have for a type.

// standIns are the types that the parser does not know; the place of each is
// its number.
var standIns = [...]string{"geometry", "point", "linestring", "polygon", "multipoint", "multilinestring", "multipolygon", "geometrycollection",
	"geomcollection", "uuid", "inet6", "inet4"}

const (
	standInLength = 900_000_000
	// hiddenFormat stands for INVISIBLE.
	hiddenFormat = "FIXED"
)

func stoodFor(length int) (string, bool) {
	if n := length - standInLength; n >= 0 && n < len(standIns) {
		return standIns[n], true
	}
	return "", false
}

// noTypes are the words that a column's or an index's name comes after, and no type.
var noTypes = map[string]bool{"column": true, "add": true, "modify": true, "change": true, "drop": true, "table": true, "exists": true, "after": true,
	"rename": true, "to": true, "key": true, "index": true, "by": true, "first": true, "on": true, "like": true, "unique": true, "as": true}

// rewrite puts stand-ins into a statement.
func rewrite(sql string) string {
	var out strings.Builder
	src := []byte(sql)
	last := "" // the word, quoted name or sign before
	for i := 0; i < len(src); {
		from := i
		if i = skipBlank(src, i); i > from {
			out.Write(src[from:i])
			continue
		}
		switch c := src[i]; {
		case c == '\'' || c == '"' || c == '`':
			i = skipQuoted(src, i)
			if last = "'"; c == '`' {
				last = "`"
			}
			out.Write(src[from:i])
		case isWord(c):
			for i < len(src) && isWord(src[i]) {
				i++
			}
			text := string(src[from:i])
			out.WriteString(standIn(text, last, &src, &i))
			last = strings.ToLower(text)
		default:
			out.WriteByte(c)
			last = string(c)
			i++
		}
	}
	return out.String()
}

// standIn returns what to write for a word that follows last.
func standIn(text, last string, src *[]byte, i *int) string {
	low := strings.ToLower(text)
	follows := last == "`" || last != "" && isWord(last[0]) && !noTypes[last]
	for n, name := range standIns {
		if low == name && follows {
			return fmt.Sprintf("VARBINARY(%d)", standInLength+n)
		}
	}
	switch low {
	case "charset", "character":
		if text, ok := standInCharset(low, last, *src, i); ok {
			return text
		}
	case "collate":
		if text, ok := standInCollation(*src, i); ok {
			return text
		}
	case "start": // CREATE TABLE ... SELECT is logged with it
		if next, end := wordAt(*src, skipBlank(*src, *i)); strings.EqualFold(next, "transaction") {
			*i = end
			return ""
		}
	case "spatial":
		return ""
	case "default":
		if text, ok := standInDefault(*src, i); ok {
			return text
		}
	case "invisible":
		if last != ")" && last != "`" {
			return "COLUMN_FORMAT " + hiddenFormat
		}
	case "srid", "ref_system_id":
		at := skipBlank(*src, *i)
		if at < len(*src) && (*src)[at] == '=' {
			at = skipBlank(*src, at+1)
		}
		end := at
		for end < len(*src) && (*src)[end] >= '0' && (*src)[end] <= '9' {
			end++
		}
		if end > at {
			*i = end
			return ""
		}
	case "replace":
		if last == "or" {
			return ""
		}
	case "or":
		if last == "create" {
			return ""
		}
	}
	return text
}

// standInFunction stands for an expression, which is its argument.
const standInFunction = "datasync_expression"

// standInDefault writes an expression behind DEFAULT that the parser may not
// take there as a function of its text: one in parentheses, or of MariaDB a
// function with or without.
func standInDefault(src []byte, i *int) (string, bool) {
	from := skipBlank(src, *i)
	name, end := wordAt(src, from)
	switch at := skipBlank(src, end); {
	case from < len(src) && src[from] == '(':
		end = endOfParentheses(src, from)
	case clocks[strings.ToLower(name)].Form == formNow && !clocks[strings.ToLower(name)].UTC:
		return "", false // ON UPDATE may follow
	case name != "" && at < len(src) && src[at] == '(':
		end = endOfParentheses(src, at)
	case !bareFunctions[strings.ToLower(name)]:
		return "", false
	}
	*i = end
	return fmt.Sprintf("DEFAULT (%s(x'%x'))", standInFunction, src[from:end]), true
}

// bareFunctions are those that are called without parentheses.
var bareFunctions = map[string]bool{"current_date": true, "current_time": true, "utc_date": true, "utc_time": true, "utc_timestamp": true,
	"current_user": true, "current_role": true}

// endOfParentheses returns where what begins with a parenthesis at i ends.
func endOfParentheses(src []byte, i int) int {
	for depth := 0; i < len(src); {
		if i = skipBlank(src, i); i >= len(src) {
			break
		}
		switch c := src[i]; c {
		case '\'', '"', '`':
			i = skipQuoted(src, i)
			continue
		case '(':
			depth++
		case ')':
			depth--
		}
		if i++; depth == 0 {
			return i
		}
	}
	return len(src)
}

// parsed are the character sets that the parser knows.
var parsed = map[string]bool{"utf8mb4": true, "utf8mb3": true, "utf8": true, "ascii": true, "latin1": true, "binary": true, "gbk": true, "gb18030": true}

// standInCharset writes a character set that the parser does not know as the
// collation of its bytes, which it does not look into.
func standInCharset(word, last string, src []byte, i *int) (string, bool) {
	at := *i
	if word == "character" {
		set, end := wordAt(src, skipBlank(src, at))
		if !strings.EqualFold(set, "set") {
			return "", false
		}
		at = end
	}
	name, end := assigned(src, at)
	if name = strings.ToLower(name); name == "" || parsed[name] || name == "default" {
		return "", false
	}
	*i = end
	if last == "to" { // CONVERT TO
		return "CHARACTER SET utf8mb4 COLLATE " + name + "_bin", true
	}
	return "COLLATE " + name + "_bin", true
}

// standInCollation writes a collation of MariaDB's newer ones, which do not
// all name their character set, as another one of its set.
func standInCollation(src []byte, i *int) (string, bool) {
	name, end := assigned(src, *i)
	charset, _, found := strings.Cut(strings.ToLower(name), "uca1400")
	if !found {
		return "", false
	}
	*i = end
	if charset == "" {
		return "", true
	}
	return "COLLATE " + charset + "bin", true
}

// assigned reads a name that may stand after an equals sign and in quotes.
func assigned(src []byte, at int) (name string, end int) {
	if at = skipBlank(src, at); at < len(src) && src[at] == '=' {
		at = skipBlank(src, at+1)
	}
	if at < len(src) && (src[at] == '\'' || src[at] == '"' || src[at] == '`') {
		end = skipQuoted(src, at)
		return strings.Trim(string(src[at:end]), "'\"`"), end
	}
	return wordAt(src, at)
}

func wordAt(src []byte, at int) (word string, end int) {
	for end = at; end < len(src) && isWord(src[end]); end++ {
	}
	return string(src[at:end]), end
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// skipBlank returns where blanks and comments end that begin at i.
func skipBlank(s []byte, i int) int {
	for i < len(s) {
		switch {
		case s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r':
			i++
		case s[i] == '#' || s[i] == '-' && i+2 < len(s) && s[i+1] == '-' && (s[i+2] == ' ' || s[i+2] == '\t' || s[i+2] == '\n'):
			for i < len(s) && s[i] != '\n' {
				i++
			}
		case s[i] == '/' && i+1 < len(s) && s[i+1] == '*' && (i+2 >= len(s) || s[i+2] != '!' && s[i+2] != 'M'):
			end := strings.Index(string(s[i+2:]), "*/")
			if end < 0 {
				return len(s)
			}
			i += end + 4
		default:
			return i
		}
	}
	return i
}

// skipQuoted returns where a quoted text ends that begins at i.
func skipQuoted(s []byte, i int) int { return endOfQuoted(s, i, s[i] == '`') }

// endOfQuoted is skipQuoted where backslashes may be literal.
func endOfQuoted(s []byte, i int, literal bool) int {
	quote := s[i]
	for i++; i < len(s); i++ {
		switch {
		case s[i] == '\\' && !literal:
			i++
		case s[i] == quote && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return len(s)
}

// Target returns the table that a statement which cannot be read is about, as
// far as its first words tell.
func Target(database, sql string) (record.Name, bool) {
	src := []byte(sql)
	i, isTable := 0, false
	for {
		i = skipBlank(src, i)
		if i >= len(src) {
			return record.Name{}, false
		}
		if !isWord(src[i]) && src[i] != '`' {
			return record.Name{}, false
		}
		part, end := identifier(src, i)
		if !isTable {
			i, isTable = end, strings.EqualFold(part, "table")
			continue
		}
		switch strings.ToLower(part) {
		case "if", "not", "exists", "ignore", "online":
			if src[i] != '`' {
				i = end
				continue
			}
		}
		name := record.Name{Database: database, Table: part}
		if at := skipBlank(src, end); at < len(src) && src[at] == '.' {
			if at = skipBlank(src, at+1); at < len(src) {
				name.Database = part
				name.Table, _ = identifier(src, at)
			}
		}
		return name, true
	}
}

func identifier(s []byte, i int) (string, int) {
	if s[i] == '`' {
		end := skipQuoted(s, i)
		return strings.ReplaceAll(strings.TrimSuffix(string(s[i+1:end]), "`"), "``", "`"), end
	}
	from := i
	for i < len(s) && isWord(s[i]) {
		i++
	}
	return string(s[from:i]), i
}
