package mssqlkit

import (
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// Dialect is the SQL of SQL Server. A fraction's remainder is that of its
// floor, which is exact up to 38 digits.
var Dialect = &sqlkit.Dialect{
	Name:        "sqlserver",
	Quotes:      "[]",
	Placeholder: func(i int) string { return "@p" + strconv.Itoa(i) },
	Mod:         "%s %% %s",
	Floor:       "CAST(FLOOR(%s) AS decimal(38, 0))",
	Text:        text,
	Bytes:       func(hex string) string { return "0x" + hex },
	Moment:      moment,
	Fetch:       true,
}

// text spells a Unicode literal. A backslash at the end of a line would join
// it with the next one, so that the literal is parted there, as a sum that no
// limit of 4,000 characters cuts.
func text(s string) string {
	s = strings.ReplaceAll(s, "'", "''")
	if strings.Contains(s, "\\\n") || strings.Contains(s, "\\\r") {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "\\\n", "\\' + N'\n"), "\\\r", "\\' + N'\r")
		return "(CAST(N'' AS nvarchar(max)) + N'" + s + "')"
	}
	return "N'" + s + "'"
}

// moment spells a date or a time with a T, which every language of a login
// reads as year, month, day.
func moment(s string) string { return "N'" + strings.Replace(s, " ", "T", 1) + "'" }
