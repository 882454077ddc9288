package sqlite

import (
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// declared are the types of columns in tables that the writer creates: those
// that keep every value of the kind.
var declared = map[record.Kind]string{
	record.Bool: "BOOLEAN", record.Int64: "INTEGER", record.Float32: "REAL", record.Float64: "REAL",
	record.Bytes: "BLOB", record.Any: "",
}

// createTable spells the table for rows of a schema, under the writer's names.
func (c *Config) createTable(s *record.Schema) string {
	d := sqlitekit.Dialect()
	names := make([]string, s.Data)
	for i := range names {
		names[i] = s.Columns[i].Name
		if !sqlkit.Star(c.Column) && len(c.Column) == s.Data {
			names[i] = c.Column[i].Name
		}
	}
	lines := make([]string, 0, s.Data+1)
	for i, name := range names {
		kind, known := declared[s.Columns[i].Kind]
		if !known {
			kind = "TEXT"
		}
		line := strings.TrimSpace(d.Quote(name) + " " + kind)
		if !s.Columns[i].Nullable {
			line += " NOT NULL"
		}
		lines = append(lines, line)
	}
	key := c.key()
	if len(key) == 0 {
		for _, i := range s.Key {
			key = append(key, names[i])
		}
	}
	if len(key) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(d.QuoteAll(key), ", ")+")")
	}
	return "CREATE TABLE IF NOT EXISTS " + d.Table(record.Name{Table: c.tableOf(s)}) + " (" + strings.Join(lines, ", ") + ")"
}
