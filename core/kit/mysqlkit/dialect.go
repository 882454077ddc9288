package mysqlkit

import (
	"encoding/hex"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
)

// Dialect is the SQL of MySQL, MariaDB and TiDB. Texts are spelled as hex
// digits, which no sql_mode reads differently.
var Dialect = &sqlkit.Dialect{
	Name:        "mysql",
	Quotes:      "``",
	Placeholder: func(int) string { return "?" },
	Mod:         "MOD(%s, %s)",
	Floor:       "FLOOR(%s)",
	Text:        func(s string) string { return "_utf8mb4 X'" + hex.EncodeToString([]byte(s)) + "'" },
}
