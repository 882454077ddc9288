package mysqlkit

import (
	"context"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// Table is a table's or a view's definition.
type Table struct {
	Name    record.Name
	Columns []TableColumn
	Indexes []Index // the primary key first
}

// TableColumn is one column of a table.
type TableColumn struct {
	Name     string
	Type     string // "bigint(20) unsigned"
	Nullable bool
	Hidden   bool // not part of SELECT *
}

// Index is one index that the optimizer may use.
type Index struct {
	Name     string
	Unique   bool
	Columns  []string // "" for an expression
	Prefixes bool     // some column is indexed by its beginning only
	Nullable bool     // some column may be NULL
}

// ReadTable asks for a table's definition.
func (c *Conn) ReadTable(ctx context.Context, name record.Name) (*Table, error) {
	from := Dialect.Table(name)
	columns, err := c.Query(ctx, "SHOW COLUMNS FROM "+from)
	if err != nil {
		return nil, err
	}
	t := &Table{Name: name}
	for i := range columns.Rows {
		t.Columns = append(t.Columns, TableColumn{
			Name: columns.Column(i, "Field"), Type: columns.Column(i, "Type"), Nullable: columns.Column(i, "Null") == "YES",
			Hidden: strings.Contains(strings.ToUpper(columns.Column(i, "Extra")), "INVISIBLE"),
		})
	}
	keys, err := c.Query(ctx, "SHOW INDEX FROM "+from)
	if err != nil {
		return nil, err
	}
	t.Indexes = indexes(keys)
	return t, nil
}

func indexes(keys *Result) []Index {
	var list []Index
	for i := range keys.Rows {
		name := keys.Column(i, "Key_name")
		kind := keys.Column(i, "Index_type")
		unseen := keys.Column(i, "Visible") == "NO" || keys.Column(i, "Ignored") == "YES"
		if unseen || kind == "FULLTEXT" || kind == "SPATIAL" || kind == "HASH" {
			continue
		}
		at := slices.IndexFunc(list, func(x Index) bool { return x.Name == name })
		if at < 0 {
			list = append(list, Index{Name: name, Unique: keys.Column(i, "Non_unique") == "0"})
			at = len(list) - 1
		}
		x := &list[at]
		x.Columns = append(x.Columns, keys.Column(i, "Column_name"))
		x.Prefixes = x.Prefixes || keys.Column(i, "Sub_part") != ""
		x.Nullable = x.Nullable || keys.Column(i, "Null") == "YES"
	}
	slices.SortStableFunc(list, func(a, b Index) int { return rank(a) - rank(b) })
	return list
}

// Primary is the name of the index that is the primary key.
const Primary = "PRIMARY"

func rank(x Index) int {
	if x.Name == Primary {
		return 0
	}
	return 1
}

// Column finds a column by name, whose case does not matter; nil if there is none.
func (t *Table) Column(name string) *TableColumn {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i]
		}
	}
	return nil
}
