package sqlitekit

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
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

var errNoLiteral = errors.New("it is no literal of SQLite")

// ParseLiteral reads what [Stmt.AppendLiteral] wrote.
func ParseLiteral(text string) (sqlkit.Value, error) {
	quoted := func(prefix string) bool {
		return len(text) > len(prefix) && strings.HasPrefix(text, prefix) && strings.HasSuffix(text, "'")
	}
	switch {
	case text == "NULL":
		return sqlkit.Value{Kind: record.Null}, nil
	case quoted("'"):
		return sqlkit.Value{Kind: record.String, Text: strings.ReplaceAll(text[1:len(text)-1], "''", "'")}, nil
	case quoted("X'"):
		raw, err := hex.DecodeString(text[2 : len(text)-1])
		return sqlkit.Value{Kind: record.Bytes, Text: string(raw)}, err
	}
	if _, err := strconv.ParseInt(text, 10, 64); err == nil {
		return sqlkit.Value{Kind: record.Int64, Text: text}, nil
	}
	if _, err := strconv.ParseFloat(text, 64); err == nil || errors.Is(err, strconv.ErrRange) {
		return sqlkit.Value{Kind: record.Decimal, Text: text}, nil // as a decimal it keeps 9e999
	}
	return sqlkit.Value{}, errNoLiteral
}
