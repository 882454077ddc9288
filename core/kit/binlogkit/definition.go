package binlogkit

import (
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// Column is a column of a table's definition.
type Column struct {
	Name     string `json:"name"`
	Type     string `json:"type"`              // as SHOW COLUMNS spells it: "int unsigned"
	Charset  string `json:"charset,omitempty"` // of a text, an enum or a set
	Nullable bool   `json:"nullable,omitempty"`
	Hidden   bool   `json:"hidden,omitempty"` // not part of "*"
	Comment  string `json:"comment,omitempty"`

	Default Default `json:"default,omitzero"`

	from  string // its name before the last statement; "": it has come with that
	plain bool   // that statement says neither of a default nor of NULL
}

// Index is a primary key or a unique index; others say nothing about rows.
type Index struct {
	Name     string   `json:"name"`
	Primary  bool     `json:"primary,omitempty"`
	Columns  []string `json:"columns"`            // "" for an expression
	Prefixes bool     `json:"prefixes,omitempty"` // some column is indexed by its beginning only
}

// Definition is what a table is at a place of the log. It is immutable once
// it is in a [History].
type Definition struct {
	Database string   `json:"database"`
	Table    string   `json:"table"`
	Charset  string   `json:"charset,omitempty"` // of columns that name none
	Comment  string   `json:"comment,omitempty"`
	Columns  []Column `json:"columns"`
	Indexes  []Index  `json:"indexes,omitempty"`
}

// Name returns the table's name.
func (d *Definition) Name() record.Name { return record.Name{Database: d.Database, Table: d.Table} }

// Column returns the index of a column, whose case does not matter, or -1.
func (d *Definition) Column(name string) int {
	return slices.IndexFunc(d.Columns, func(c Column) bool { return strings.EqualFold(c.Name, name) })
}

// Key returns the columns that the server finds a row by: those of the primary
// key, or else of the first unique index over columns that are never NULL; nil
// if there is neither.
func (d *Definition) Key() []string {
	for i := range d.Indexes {
		if x := &d.Indexes[i]; x.Primary && !slices.ContainsFunc(x.Columns, func(c string) bool { return d.Column(c) < 0 }) {
			return x.Columns
		}
	}
	for i := range d.Indexes {
		if x := &d.Indexes[i]; !x.Prefixes && !slices.ContainsFunc(x.Columns, d.nullable) {
			return x.Columns
		}
	}
	return nil
}

// nullable tells that a column may be NULL, or is none.
func (d *Definition) nullable(name string) bool {
	i := d.Column(name)
	return i < 0 || d.Columns[i].Nullable
}

// clone returns a copy that may be changed.
func (d *Definition) clone() *Definition {
	c := *d
	c.Columns = slices.Clone(d.Columns)
	c.Indexes = slices.Clone(d.Indexes)
	for i := range c.Indexes {
		c.Indexes[i].Columns = slices.Clone(c.Indexes[i].Columns)
	}
	return &c
}

// begin notes what the columns are called before a statement.
func (d *Definition) begin() {
	for i := range d.Columns {
		d.Columns[i].from = d.Columns[i].Name
	}
}

// SQL spells a CREATE TABLE of the definition: its columns and keys.
func (d *Definition) SQL() string {
	quote := func(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }
	var b strings.Builder
	b.WriteString("CREATE TABLE " + quote(d.Database) + "." + quote(d.Table) + " (")
	for i, c := range d.Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quote(c.Name) + " " + c.Type)
		if c.Charset != "" && c.Charset != d.Charset {
			b.WriteString(" CHARACTER SET " + c.Charset)
		}
		if !c.Nullable {
			b.WriteString(" NOT NULL")
		}
		if c.Comment != "" {
			b.WriteString(" COMMENT " + quoteMember(strings.ReplaceAll(c.Comment, `\`, `\\`)))
		}
	}
	for _, x := range d.Indexes {
		if x.Prefixes || slices.Contains(x.Columns, "") {
			continue
		}
		names := make([]string, len(x.Columns))
		for i, c := range x.Columns {
			names[i] = quote(c)
		}
		kind := "PRIMARY KEY"
		if !x.Primary {
			kind = "UNIQUE KEY " + quote(x.Name)
		}
		b.WriteString(", " + kind + " (" + strings.Join(names, ", ") + ")")
	}
	b.WriteString(")")
	if d.Charset != "" {
		b.WriteString(" DEFAULT CHARSET=" + d.Charset)
	}
	return b.String()
}
