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
	Bytes:     func(hex string) string { return `'\x` + hex + `'::bytea` },
}

// literal spells a text; the session has standard_conforming_strings on.
func literal(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
