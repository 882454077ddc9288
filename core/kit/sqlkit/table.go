package sqlkit

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// ErrNoTable says that a table, or the schema that it should be in, is not
// there or may not be seen: errors of [NoTable], and
// of statements over such a table, match it.
var ErrNoTable = errors.New("there is no such table")

// NoTable is the error, of class Config, of a table that is not among those
// that can be seen. It names the nearest one.
func NoTable(name record.Name, seen []record.Name) error {
	names := make([]string, len(seen))
	for i := range seen {
		names[i] = seen[i].Table
	}
	if near := config.Nearest(name.Table, names); near != "" {
		return errclass.With(errclass.Config, fmt.Errorf("%w: %s; did you mean %q?", ErrNoTable, name, near))
	}
	return errclass.With(errclass.Config, fmt.Errorf("%w: %s, or it may not be seen", ErrNoTable, name))
}

// Table is the definition of a table or a view. It is immutable once read.
type Table struct {
	Name    record.Name // as the system spells it
	View    bool        // it cannot be written to, and has no index
	Comment string
	Columns []TableColumn
	Indexes []Index // that the system may use to read by; the primary key first
	Rows    int64   // the system's estimate; below 0: it has none
}

// TableColumn is one column of a table.
type TableColumn struct {
	record.Column
	Select    string // the expression to read it by, if that is not its quoted name
	Hidden    bool   // not part of "*"
	Sorts     bool   // a condition compares its values as ORDER BY sorts them, and only equal values compare as equal
	Numbers   bool   // of kind Any: a number in a condition is compared as one, a remainder can be taken of any value
	Default   bool   // an insert may leave it out though it is not nullable
	Identity  bool   // the system numbers the rows; Default is set as well
	Generated bool   // computed: it cannot be written
	Comment   string
	Collation string // of a text, as COLLATE takes it, where it may be another than its type's own; "": it is not told
}

// Index is an index.
type Index struct {
	Name     string
	Primary  bool
	Unique   bool
	Columns  []string // "" for an expression
	Prefixes bool     // some column is indexed by its beginning only
	Nullable bool     // some column may be NULL
	Partial  bool     // not all rows are in it
}

// Key tells that the index finds each row of the table by the values of its columns.
func (x *Index) Key() bool {
	return x.Unique && !x.Nullable && !x.Prefixes && !x.Partial && !slices.Contains(x.Columns, "")
}

// Column returns the column called name, whose case does not matter unless two
// columns differ in nothing else; nil if there is none.
func (t *Table) Column(name string) *TableColumn {
	var found *TableColumn
	for i := range t.Columns {
		switch c := &t.Columns[i]; {
		case c.Name == name:
			return c
		case found == nil && strings.EqualFold(c.Name, name):
			found = c
		}
	}
	return found
}

// Key returns the columns of the primary key, or of the first index that can
// stand for it; nil if there is none.
func (t *Table) Key() []string {
	for i := range t.Indexes {
		if t.Indexes[i].Key() {
			return t.Indexes[i].Columns
		}
	}
	return nil
}

// Leading returns the index to read by in order of column name: the primary
// key, or else the shortest that begins with it; nil if there is none.
func (t *Table) Leading(name string) *Index {
	var found *Index
	for i := range t.Indexes {
		x := &t.Indexes[i]
		switch {
		case x.Partial || !strings.EqualFold(x.Columns[0], name):
		case x.Primary:
			return x
		case found == nil || len(x.Columns) < len(found.Columns):
			found = x
		}
	}
	return found
}

// ColumnNames returns the names of all columns.
func (t *Table) ColumnNames() []string {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return names
}
