package mysql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// origin is what is read: a table or a statement, and the columns of it that
// the job names. It is immutable.
type origin struct {
	name    record.Name     // zero for a statement
	table   *mysqlkit.Table // nil for a statement
	from    string
	columns []sqlkit.Column // without "*"
	fields  []field         // all there are
}

// field is one column that can be read, or read in order of.
type field struct {
	name     string
	native   string
	kind     record.Kind
	nullable bool
	sorts    bool // a condition compares its values as ORDER BY sorts them
}

func newOrigin(ctx context.Context, c *mysqlkit.Conn, cfg *Config) (*origin, error) {
	o := &origin{}
	var err error
	if cfg.CustomSQL == "" {
		if o.name, err = cfg.table(); err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		if o.table, err = c.ReadTable(ctx, o.name); err != nil {
			return nil, o.missing(ctx, c, err)
		}
		o.from = mysqlkit.Dialect.Table(o.name)
	} else {
		o.from = mysqlkit.Dialect.Derived(cfg.CustomSQL)
	}
	if err := o.readFields(ctx, c); err != nil {
		return nil, err
	}
	return o, errclass.With(errclass.Config, o.choose(cfg))
}

// String names the origin for messages.
func (o *origin) String() string {
	if o.table == nil {
		return "customSql"
	}
	return "table " + o.name.String()
}

// missing explains that the table cannot be looked at.
func (o *origin) missing(ctx context.Context, c *mysqlkit.Conn, err error) error {
	if code := mysqlkit.Code(err); code != 1146 && code != 1049 {
		return fmt.Errorf("looking at %s: %w", mysqlkit.Dialect.Table(o.name), err)
	}
	hint := "check connection[0].table"
	if tables, err := c.Query(ctx, "SHOW TABLES FROM "+mysqlkit.Dialect.Quote(o.name.Database)); err == nil {
		var names []string
		for _, row := range tables.Rows {
			names = append(names, *row[0])
		}
		if near := config.Nearest(o.name.Table, names); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
	}
	return errclass.With(errclass.Config, errorAt("connection[0].table", "%w; %s", err, hint))
}

// readFields asks for the columns by preparing a statement that selects all.
func (o *origin) readFields(ctx context.Context, c *mysqlkit.Conn) error {
	sel := sqlkit.Select{Dialect: mysqlkit.Dialect, From: o.from, Items: []sqlkit.Item{{SQL: "*"}}}
	natives := map[string]string{}
	if o.table != nil {
		sel.Items = nil
		for _, col := range o.table.Columns {
			sel.Items = append(sel.Items, sqlkit.Item{SQL: mysqlkit.Dialect.Quote(col.Name)})
			natives[col.Name] = col.Type
		}
	}
	st, err := c.Prepare(ctx, sel.String())
	if err != nil {
		return fmt.Errorf("looking at %s: %w", o, err)
	}
	for _, f := range st.Fields() {
		o.fields = append(o.fields, newField(c.Settings().Describe(f, natives[string(f.Name)]), f))
	}
	return st.Close(ctx)
}

func newField(col record.Column, f *gomysql.Field) field {
	word := f.Flag&(gomysql.ENUM_FLAG|gomysql.SET_FLAG) != 0 // sorted by number, compared as text
	return field{name: col.Name, native: col.Native, kind: col.Kind, nullable: col.Nullable,
		sorts: sqlkit.CanResumeBy(col.Kind) && !word}
}

// find returns the field called name, whose case does not matter; nil if there is none.
func (o *origin) find(name string) *field {
	for i := range o.fields {
		if strings.EqualFold(o.fields[i].name, name) {
			return &o.fields[i]
		}
	}
	return nil
}

func (o *origin) names() []string {
	names := make([]string, len(o.fields))
	for i := range o.fields {
		names[i] = o.fields[i].name
	}
	return names
}

// unknown says that there is no such column.
func (o *origin) unknown(key, name string) error {
	if near := config.Nearest(name, o.names()); near != "" {
		return errorAt(key, "%s has no column %q, did you mean %q?", o, name, near)
	}
	return errorAt(key, "%s has no column %q, it has %s", o, name, strings.Join(o.names(), ", "))
}

// choose resolves the columns that the job names.
func (o *origin) choose(cfg *Config) error {
	var errs []error
	for i, col := range cfg.Column {
		if _, constant := col.Constant(); constant {
			continue
		}
		if !sqlkit.Star(cfg.Column) && o.find(col.Name) == nil {
			errs = append(errs, o.unknown(fmt.Sprintf("column[%d]", i), col.Name))
		}
	}
	for _, k := range []struct{ key, name string }{{"splitPk", unquoted(cfg.SplitPk)}, {"orderByColumn", unquoted(cfg.OrderByColumn)}} {
		if k.name != "" && o.find(k.name) == nil {
			errs = append(errs, o.unknown(k.key, k.name))
		}
	}
	o.columns = cfg.Column
	if sqlkit.Star(cfg.Column) {
		o.columns = nil
		for i := range o.fields {
			if o.table == nil || !o.table.Columns[i].Hidden {
				o.columns = append(o.columns, sqlkit.Column{Name: o.fields[i].name})
			}
		}
	}
	return errors.Join(errs...)
}

// unquoted takes the quotes off a column that was written with them.
func unquoted(name string) string {
	if parts, err := sqlkit.ParseName(name, 3); err == nil {
		return parts[len(parts)-1]
	}
	return name
}

// statement returns the SELECT of a split. The columns of its order that the
// job does not read stand at the end.
func (o *origin) statement(cfg *Config, spec *sqlkit.Spec) *sqlkit.Select {
	d := mysqlkit.Dialect
	sel := &sqlkit.Select{Dialect: d, Items: d.Items(o.columns), From: o.from,
		Where: []string{cfg.Where, spec.Predicate(d)}, OrderBy: d.QuoteAll(spec.Key)}
	if x := o.leading(spec.Column); spec.Kind == sqlkit.Range && x != nil && x.Name != mysqlkit.Primary && strings.EqualFold(first(spec.Key), spec.Column) {
		sel.Hint = "FORCE INDEX (" + d.Quote(x.Name) + ")" // else the server may well read and sort the whole table for each split
	}
	for _, k := range spec.Key {
		if o.selected(k) < 0 {
			sel.Items = append(sel.Items, sqlkit.Item{SQL: d.Quote(k)})
		}
	}
	if len(spec.Key) == 0 && cfg.OrderByColumn != "" {
		sel.OrderBy = []string{d.Quote(unquoted(cfg.OrderByColumn))}
	}
	return sel
}

func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}

// selected returns the index of a column among those that the job reads, or -1.
func (o *origin) selected(name string) int {
	return slices.IndexFunc(o.columns, func(c sqlkit.Column) bool {
		_, constant := c.Constant()
		return !constant && strings.EqualFold(c.Name, name)
	})
}

// shape makes the shape of the statement's result.
func (o *origin) shape(s *mysqlkit.Settings, order []string, fields []*gomysql.Field, meta []record.Column) *mysqlkit.Shape {
	natives := make([]string, len(fields))
	for i, f := range fields {
		if known := o.find(string(f.Name)); known != nil && (i >= len(o.columns) || o.columns[i].Value == nil) {
			natives[i] = known.native
		}
	}
	data := len(o.columns)
	at, hidden := make([]int, len(order)), data
	for i, name := range order {
		if at[i] = o.selected(name); at[i] < 0 {
			at[i] = hidden
			hidden++
		}
	}
	var key []int
	for _, name := range o.primary() {
		i := o.selected(name)
		if i < 0 {
			key = nil
			break
		}
		key = append(key, i)
	}
	return s.NewShape(o.name, fields, natives, data, at, key, meta)
}

// explain turns the server's answer to a statement into one about the job.
func (o *origin) explain(err error) error {
	switch mysqlkit.Code(err) {
	case 1146:
		return errclass.With(errclass.Permanent, fmt.Errorf("%s is gone: it was dropped or renamed during the run: %w", o, err))
	case 1054:
		return fmt.Errorf("%w; check where, and column if the table was changed during the run", err)
	case 1064:
		return fmt.Errorf("%w; check where and customSql", err)
	}
	return err
}
