package pgkit

import (
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// Dialect is the SQL of PostgreSQL.
var Dialect = &sqlkit.Dialect{
	Name:        "postgresql",
	Quotes:      `""`,
	Placeholder: func(i int) string { return "$" + strconv.Itoa(i) },
	Mod:         "MOD(%s, %s)",
	// FLOOR of a double is a double, which has no MOD; what is no number has no remainder.
	Floor:     "CASE WHEN (%[1]s)::text IN ('NaN', 'Infinity', '-Infinity') THEN 0 ELSE FLOOR((%[1]s)::numeric) END",
	NullsLast: true,
	Text:      literal,
	Moment:    moment,
	Bytes:     func(hex string) string { return `'\x` + hex + `'::bytea` },
}

// literal spells a text; the session has standard_conforming_strings on.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }

// moment spells a date or a time whose year is before 1 or above 9999 as
// PostgreSQL does: with its era, and without a sign.
func moment(s string) string {
	if rest, ok := strings.CutPrefix(s, "+"); ok {
		return literal(rest)
	}
	year, rest, ok := strings.Cut(strings.TrimPrefix(s, "-"), "-")
	n, err := strconv.Atoi(year)
	if !ok || err != nil || n > 0 && s[0] != '-' {
		return literal(s)
	}
	text := strconv.Itoa(n + 1)
	text = strings.Repeat("0", max(0, 4-len(text))) + text + "-" + rest
	if zoned, ok := strings.CutSuffix(text, "Z"); ok {
		text = zoned + "+00"
	}
	return literal(text + " BC")
}
