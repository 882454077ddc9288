package tdsdb

import (
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
)

// Table is a table of the schema dbo.
type Table struct {
	Name    string
	Columns []tdspeer.Column
	Key     []string
	Check   string            // a condition, as SQLite reads it; "": none
	Default map[string]string // by column, as SQLite reads it

	captured bool // a change table, which is one of the system's
}

// column finds a column by name.
func (t *Table) column(name string) (tdspeer.Column, bool) {
	for _, c := range t.Columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return tdspeer.Column{}, false
}

// affinity is how SQLite keeps a type.
func affinity(native string) string {
	name, _, _ := strings.Cut(native, "(")
	switch name {
	case "bit", "tinyint", "smallint", "int", "bigint":
		return "INTEGER"
	case "real", "float":
		return "REAL"
	case "binary", "varbinary", "image", "rowversion", "timestamp", "hierarchyid", "geography", "geometry":
		return "BLOB"
	}
	return "TEXT"
}

// create spells the table for SQLite.
func (t *Table) create() string {
	var lines []string
	for _, c := range t.Columns {
		line := "[" + c.Name + "] " + affinity(c.Type)
		if !c.Nullable {
			line += " NOT NULL"
		}
		if d := t.Default[c.Name]; d != "" {
			line += " DEFAULT " + d
		}
		lines = append(lines, line)
	}
	if len(t.Key) > 0 {
		lines = append(lines, "PRIMARY KEY (["+strings.Join(t.Key, "], [")+"])")
	}
	if t.Check != "" {
		lines = append(lines, "CHECK ("+t.Check+")")
	}
	return "CREATE TABLE dbo.[" + t.Name + "] (" + strings.Join(lines, ", ") + ")"
}

// parseTable reads CREATE TABLE [dbo].[t] ([c] type NOT NULL, ..., PRIMARY KEY ([c])).
func parseTable(sql string) (*Table, error) {
	head, body, ok := strings.Cut(sql, " (")
	if !ok {
		return nil, fmt.Errorf("no table: %s", sql)
	}
	t := &Table{Name: lastPart(strings.TrimPrefix(head, "CREATE TABLE "))}
	for _, line := range split(strings.TrimSuffix(body, ")")) {
		if keys, ok := strings.CutPrefix(line, "PRIMARY KEY ("); ok {
			for _, k := range split(strings.TrimSuffix(keys, ")")) {
				t.Key = append(t.Key, strings.Trim(k, "[]"))
			}
			continue
		}
		name, rest, _ := strings.Cut(strings.TrimPrefix(line, "["), "] ")
		kind, _, _ := strings.Cut(rest, " ")
		t.Columns = append(t.Columns, tdspeer.Column{Name: name, Type: strings.ToLower(kind), Nullable: !strings.HasSuffix(rest, "NOT NULL")})
	}
	return t, nil
}

// lastPart is the table of [dbo].[t].
func lastPart(name string) string {
	parts := strings.Split(strings.TrimSpace(name), ".")
	return strings.Trim(parts[len(parts)-1], "[]")
}

// split cuts at commas outside of parentheses, brackets and quotes.
func split(s string) []string {
	var parts []string
	depth, from := 0, 0
	var quote byte
	for i := range len(s) {
		switch c := s[i]; {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '\'':
			quote = '\''
		case c == '[':
			quote = ']'
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			parts = append(parts, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[from:]))
}
