package sqlite

import (
	"context"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// input is what is read: found out once, from the first connection.
type input struct {
	table  *sqlitekit.Table // nil for customSql
	from   string           // as [sqlkit.Select.From]
	items  []sqlkit.Item
	schema *record.Schema
}

// describe looks at the table, or at the statement, and at the columns.
func (c *Config) describe(ctx context.Context, conn *sqlitekit.Conn) (*input, error) {
	d := sqlitekit.Dialect()
	in := &input{}
	if c.CustomSQL != "" {
		in.from = d.Derived(c.CustomSQL)
	} else {
		parts, err := sqlkit.ParseName(c.table(), 2)
		if err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		if in.table, err = conn.Table(ctx, parts[len(parts)-1]); err != nil {
			return nil, err
		}
		in.from = d.Table(record.Name{Table: in.table.Name})
	}
	if err := c.choose(d, in); err != nil {
		return nil, err
	}
	return in, c.shape(conn, in)
}

// choose lists what to select.
func (c *Config) choose(d *sqlkit.Dialect, in *input) error {
	star := sqlkit.Star(c.Column)
	switch {
	case star && in.table == nil:
		in.items = []sqlkit.Item{{SQL: "*"}}
		return nil
	case star:
		for _, col := range in.table.Columns {
			in.items = append(in.items, sqlkit.Item{SQL: d.Quote(col.Name)})
		}
		return nil
	}
	for i := range c.Column {
		col := &c.Column[i]
		if _, constant := col.Constant(); !constant && in.table != nil && in.table.Index(col.Name) < 0 && !in.table.IsRowID(col.Name) {
			return unknownColumn("column", col.Name, in.table)
		}
		in.items = append(in.items, d.Item(col))
	}
	return nil
}

// unknownColumn says which columns there are.
func unknownColumn(key, name string, t *sqlitekit.Table) error {
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = t.Columns[i].Name
	}
	return errclass.With(errclass.Config, fmt.Errorf("%s: table %s has no column %q; it has %s", key, t.Name, name, strings.Join(names, ", ")))
}

// shape prepares the SELECT once and makes the schema of its rows.
func (c *Config) shape(conn *sqlitekit.Conn, in *input) error {
	s, err := conn.Prepare((&sqlkit.Select{Dialect: sqlitekit.Dialect(), Items: in.items, From: in.from, Where: []string{c.Where}}).String())
	if err != nil {
		return fmt.Errorf("preparing the SELECT: %w", err)
	}
	defer s.Close()
	name := record.Name{}
	if in.table != nil {
		name.Table = in.table.Name
	}
	columns := make([]record.Column, s.Columns())
	at := map[int]int{} // column of the table: place in the schema
	for i := range columns {
		columns[i] = record.Column{Name: s.Name(i), Kind: record.Any, Native: s.Declared(i), Nullable: true}
		if in.table == nil {
			continue
		}
		if !sqlkit.Star(c.Column) {
			if _, constant := c.Column[i].Constant(); constant {
				columns[i].Kind, columns[i].Nullable, columns[i].Name = record.String, false, c.Column[i].Name
				continue
			}
		}
		if t := in.table.Index(columns[i].Name); t >= 0 {
			columns[i] = in.table.Column(t)
			at[t] = i
		} else {
			columns[i].Kind, columns[i].Nullable = record.Int64, false // the rowid under its own name
		}
	}
	in.schema = record.NewSchema(name, columns, schemaKey(in.table, at)...)
	return nil
}

// schemaKey is the primary key, if all of it is read.
func schemaKey(t *sqlitekit.Table, at map[int]int) (key []int) {
	if t == nil {
		return nil
	}
	for _, column := range t.PrimaryKey() {
		i, read := at[column]
		if !read {
			return nil
		}
		key = append(key, i)
	}
	return key
}

// order returns the columns that rows are read in order of so that a split can
// be resumed after any of them; none: it cannot. A range of an indexed column
// is read in order of that index, which costs no sorting.
func (in *input) order(spec *sqlkit.Spec) []string {
	t := in.table
	switch {
	case t == nil || t.View:
		return nil
	case t.NoRowID:
		var key []string
		for _, i := range t.PrimaryKey() {
			key = append(key, t.Columns[i].Name)
		}
		return key
	case t.RowID == "":
		return nil
	}
	if spec.Kind == sqlkit.Range && !t.IsRowID(spec.Column) && t.Indexed(spec.Column) && t.Columns[t.Index(spec.Column)].NotNull {
		return []string{spec.Column, t.RowID}
	}
	return []string{t.RowID}
}
