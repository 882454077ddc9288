package sqlkit

import (
	"fmt"
	"strings"
)

// ParseName splits a table's name as people write it (t, db.t, `db`.`t`,
// "s"."t", [s].[t]) into its parts, without quotes. most is how many parts
// the system knows.
func ParseName(text string, most int) ([]string, error) {
	var parts []string
	rest := strings.TrimSpace(text)
	for {
		part, tail, err := firstPart(rest)
		if err != nil {
			return nil, fmt.Errorf("%q is no table name: %w", text, err)
		}
		parts = append(parts, part)
		if tail == "" {
			break
		}
		rest = strings.TrimSpace(tail[1:])
	}
	if len(parts) > most {
		return nil, fmt.Errorf("%q is no table name: it has %d parts, at most %d are known (quote a name that contains a dot)", text, len(parts), most)
	}
	return parts, nil
}

// firstPart cuts one identifier off; tail is empty or begins with a dot.
func firstPart(s string) (part, tail string, err error) {
	if s == "" {
		return "", "", fmt.Errorf("a part is empty")
	}
	shut := map[byte]byte{'`': '`', '"': '"', '[': ']'}[s[0]]
	if shut == 0 {
		if i := strings.IndexByte(s, '.'); i >= 0 {
			part, tail = s[:i], s[i:]
		} else {
			part = s
		}
		part = strings.TrimSpace(part)
		if part == "" {
			return "", "", fmt.Errorf("a part is empty")
		}
		return part, tail, nil
	}
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != shut {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == shut {
			b.WriteByte(shut)
			i++
			continue
		}
		tail = strings.TrimSpace(s[i+1:])
		if tail != "" && tail[0] != '.' {
			return "", "", fmt.Errorf("unexpected text after a closing quote")
		}
		if b.Len() == 0 {
			return "", "", fmt.Errorf("a part is empty")
		}
		return b.String(), tail, nil
	}
	return "", "", fmt.Errorf("a quote is not closed")
}
