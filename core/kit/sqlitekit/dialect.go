package sqlitekit

import (
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// Dialect is how SQLite spells SQL. Identifiers stand in backticks: SQLite
// takes a name in double quotes that it does not know for a text.
func Dialect() *sqlkit.Dialect {
	return &sqlkit.Dialect{
		Name:        "sqlite",
		Quotes:      "``",
		Placeholder: func(int) string { return "?" },
		Mod:         "(%s %% %s)", // converts any value to an integer, NULL alone gives NULL
		Floor:       "CAST(%s AS INTEGER)",
		Text:        textLiteral,
		Infinity:    "9e999", // too large a number is read as infinity
		Scripts:     true,
	}
}

// textLiteral spells a text; a literal would end at a NUL.
func textLiteral(s string) string {
	quoted := "'" + strings.ReplaceAll(s, "'", "''") + "'"
	if !strings.Contains(s, "\x00") {
		return quoted
	}
	return "(" + strings.ReplaceAll(quoted, "\x00", "' || char(0) || '") + ")"
}
