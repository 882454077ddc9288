package sqlread

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// origin is what is known of a place: the table or the statement, the columns
// of it that the job names, and the shape of the rows that are handed on. It is
// immutable and shared by all who read there, so that they share its schema.
type origin struct {
	place
	table    *sqlkit.Table // nil for a statement
	from     string        // as [sqlkit.Select.From]
	fields   []sqlkit.TableColumn
	columns  []sqlkit.Column   // without "*"
	selected []int             // of columns: the field, or -1 for a constant
	schema   *record.Schema    // of the rows before dates are spelled
	format   *sqlkit.Formatter // nil: no column has a date pattern
}

// look asks a session for the origin at a place.
func (r *reader) look(ctx context.Context, s Session, p place) (*origin, error) {
	o := &origin{place: p}
	var err error
	if p.isStatement() {
		o.from = r.dialect.Derived(r.cfg.CustomSQL)
		all := sqlkit.Select{Dialect: r.dialect, Items: []sqlkit.Item{{SQL: "*"}}, From: o.from}
		if o.fields, err = s.Columns(ctx, all.String()); err != nil {
			return nil, r.explain(o, err)
		}
	} else {
		if o.table, err = s.Table(ctx, p.table); err != nil {
			return nil, missing(p, err)
		}
		o.from, o.fields = r.dialect.Table(o.table.Name), o.table.Columns
	}
	if err := r.compute(ctx, s, o); err != nil {
		return nil, err
	}
	if err := o.choose(r.cfg); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	o.schema = o.newSchema(r.meta)
	o.format, err = sqlkit.NewFormatter(o.schema, o.columns, r.zone)
	return o, err
}

// missing explains that a table cannot be looked at.
func missing(p place, err error) error {
	if !errors.Is(err, sqlkit.ErrNoTable) {
		return fmt.Errorf("looking at %s: %w", p, err)
	}
	return errclass.With(errclass.Config, errorAt(p.key(), "%w", err))
}

// errorAt puts a fault found at the server to the key that it comes from.
func errorAt(key, format string, args ...any) error {
	return fmt.Errorf("%s: %w", key, fmt.Errorf(format, args...))
}

// find returns the index of the field called name, or -1. Its case does not
// matter unless two fields differ in nothing else.
func (o *origin) find(name string) int {
	found := -1
	for i := range o.fields {
		switch {
		case o.fields[i].Name == name:
			return i
		case found < 0 && strings.EqualFold(o.fields[i].Name, name):
			found = i
		}
	}
	return found
}

// field returns the field called name; nil if there is none.
func (o *origin) field(name string) *sqlkit.TableColumn {
	if i := o.find(name); i >= 0 {
		return &o.fields[i]
	}
	return nil
}

// unknown says that there is no such column.
func (o *origin) unknown(key, name string) error {
	var names []string
	for i := range o.fields {
		if !o.fields[i].Hidden {
			names = append(names, o.fields[i].Name)
		}
	}
	if near := config.Nearest(name, names); near != "" {
		return errorAt(key, "%s has no column %q, did you mean %q?", o, name, near)
	}
	return errorAt(key, "%s has no column %q, it has %s", o, name, strings.Join(names, ", "))
}

// compute asks what the expressions of the column list are, and adds them to
// the fields.
func (r *reader) compute(ctx context.Context, s Session, o *origin) error {
	all := sqlkit.Select{Dialect: r.dialect, From: o.from}
	for i := range r.cfg.Column {
		if c := &r.cfg.Column[i]; c.Expr != "" {
			all.Items = append(all.Items, sqlkit.Item{SQL: c.Expr, As: c.Name})
		}
	}
	if len(all.Items) == 0 {
		return nil
	}
	fields, err := s.Columns(ctx, all.String())
	if err != nil {
		return fmt.Errorf("column: looking at the expressions: %w", err)
	}
	o.fields = slices.Clone(o.fields)
	for i, f := range fields {
		f.Name, f.Select, f.Hidden, f.Sorts = all.Items[i].As, all.Items[i].SQL, true, false
		o.fields = append(o.fields, f)
	}
	return nil
}

// choose resolves the columns that the job names.
func (o *origin) choose(cfg *sqlkit.ReaderConfig) error {
	var errs []error
	if sqlkit.Star(cfg.Column) {
		for i := range o.fields {
			if !o.fields[i].Hidden {
				o.columns, o.selected = append(o.columns, sqlkit.Column{Name: o.fields[i].Name}), append(o.selected, i)
			}
		}
	} else {
		o.columns, o.selected = cfg.Column, make([]int, len(cfg.Column))
		for i := range cfg.Column {
			o.selected[i] = -1
			switch _, constant := cfg.Column[i].Constant(); {
			case constant:
				continue
			case cfg.Column[i].Expr != "":
				o.selected[i] = slices.IndexFunc(o.fields, func(f sqlkit.TableColumn) bool { return f.Select == cfg.Column[i].Expr })
				continue
			}
			name := cfg.Column[i].Name
			if o.selected[i] = o.find(name); o.selected[i] < 0 {
				o.selected[i] = o.find(unquoted(name))
			}
			if o.selected[i] < 0 {
				errs = append(errs, o.unknown(fmt.Sprintf("column[%d]", i), cfg.Column[i].Name))
			}
		}
	}
	for _, k := range []struct{ key, name string }{{"splitPk", cfg.SplitPk}, {"orderByColumn", cfg.OrderByColumn}} {
		if name := unquoted(k.name); name != "" && o.find(name) < 0 {
			errs = append(errs, o.unknown(k.key, name))
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

// newSchema describes the rows: the columns that the job names, and meta.
func (o *origin) newSchema(meta []record.Column) *record.Schema {
	columns := make([]record.Column, len(o.columns), len(o.columns)+len(meta))
	for i := range columns {
		if at := o.selected[i]; at >= 0 {
			columns[i] = o.fields[at].Column
			columns[i].Comment = o.fields[at].Comment
		} else {
			columns[i] = record.Column{Name: o.columns[i].Name, Kind: record.String}
		}
	}
	name := o.place.table
	if o.table != nil {
		name = o.table.Name
	}
	s := record.NewSchema(name, append(columns, meta...), o.schemaKey()...)
	if o.table != nil {
		s.Comment = o.table.Comment
	}
	s.Data = len(o.columns)
	return s
}

// schemaKey is the primary key, or else the first index that is a key, of which
// all columns are read; nil if there is none.
func (o *origin) schemaKey() []int {
	if o.table == nil {
		return nil
	}
	var found []int
	for i := range o.table.Indexes {
		x := &o.table.Indexes[i]
		if !x.Primary && (found != nil || !x.Key()) {
			continue
		}
		key := make([]int, 0, len(x.Columns))
		for _, name := range x.Columns {
			if at := slices.Index(o.selected, o.find(name)); at >= 0 && o.find(name) >= 0 {
				key = append(key, at)
			}
		}
		if len(key) == len(x.Columns) {
			found = key
			if x.Primary {
				break
			}
		}
	}
	return found
}

// item is what to select for a field.
func (o *origin) item(d *sqlkit.Dialect, at int) sqlkit.Item {
	f := &o.fields[at]
	if f.Select != "" {
		return sqlkit.Item{SQL: f.Select, As: f.Name}
	}
	return sqlkit.Item{SQL: d.Quote(f.Name)}
}

// primary returns the columns of the table's key; nil if there is none.
func (o *origin) primary() []string {
	if o.table == nil {
		return nil
	}
	return o.table.Key()
}

// leading returns the index to read by in order of a column; nil if there is none.
func (o *origin) leading(name string) *sqlkit.Index {
	if o.table == nil || name == "" {
		return nil
	}
	return o.table.Leading(name)
}

// explain turns the answer to a statement into one about the job.
func (r *reader) explain(o *origin, err error) error {
	switch {
	case errors.Is(err, sqlkit.ErrNoTable) && o.table != nil:
		return errclass.With(errclass.Permanent, fmt.Errorf("%s is gone: it was dropped or renamed during the run: %w", o, err))
	case errclass.Of(err) == errclass.Config && (r.cfg.Where != "" || r.cfg.CustomSQL != ""):
		return fmt.Errorf("%w; check where and customSql", err)
	}
	return err
}
