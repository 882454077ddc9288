package changefmt

import (
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// BaseType is the first word of a type at the source, in lower case.
func BaseType(native string) string {
	if end := strings.IndexAny(native, "( "); end >= 0 {
		native = native[:end]
	}
	return strings.ToLower(native)
}

// EnumMembers are the values of an enum or set of MySQL, in their order:
// enum('a','it\'\'s','back\\slash'). nil: it is none.
func EnumMembers(native string) (all []string) {
	if base := BaseType(native); base != "enum" && base != "set" {
		return nil
	}
	_, rest, _ := strings.Cut(native, "(")
	for {
		_, after, more := strings.Cut(rest, "'")
		if !more {
			return all
		}
		var member string
		member, rest = quoted(after)
		all = append(all, member)
	}
}

// quoted reads up to the quote that ends a text.
func quoted(s string) (text, rest string) {
	var out strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\'' && i+1 < len(s) && s[i+1] == '\'':
			out.WriteByte('\'')
			i++
		case s[i] == '\'':
			return out.String(), s[i+1:]
		case s[i] == '\\' && i+1 < len(s):
			i++
			if at := strings.IndexByte("0nr", s[i]); at >= 0 {
				out.WriteByte("\x00\n\r"[at])
			} else {
				out.WriteByte(s[i])
			}
		default:
			out.WriteByte(s[i])
		}
	}
	return out.String(), ""
}

var eventNames = [...]string{record.Other: "QUERY", record.Create: "CREATE", record.Alter: "ALTER",
	record.Drop: "ERASE", record.Rename: "RENAME", record.Truncate: "TRUNCATE"}

// EventName is what Canal, and FlinkX after it, call a schema change.
func EventName(c *record.Change) string {
	if c.Kind == record.Other {
		words := strings.Fields(strings.ToUpper(c.SQL[:min(len(c.SQL), 64)]))
		for i, word := range words[:min(len(words), 4)] {
			switch {
			case word != "INDEX" || i == 0:
			case words[0] == "CREATE":
				return "CINDEX"
			case words[0] == "DROP":
				return "DINDEX"
			}
		}
	}
	return eventNames[c.Kind]
}
