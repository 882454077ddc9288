package sqlwrite

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// plan is how rows of one schema are written to their table. It is immutable.
type plan struct {
	table   *sqlkit.Table
	columns []Column // that are written
	from    []int    // the row's column for each
	key     []int    // indices into columns; nil: there is none
	isKey   []bool   // by column

	// Where some column has to be converted, all of them are put into rows of
	// their own, in the order of columns.
	converted *record.Schema // nil: rows are written as they are
	funcs     []convert.Func

	warnings []warning
	skipped  []string // generated columns that are not written
	clocked  []string // columns without a zone that take instants of one whose clocks are set back
}

// warning says which of a column's values the target refuses.
type warning struct{ column, text string }

// newPlan maps a schema's columns to those of a table and compares them. All
// faults are found; they are of class Config.
func (w *writer) newPlan(t *sqlkit.Table, s *record.Schema) (*plan, error) {
	entries, err := w.config.mapping(w.env.Named, s)
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("table %s: %w", t.Name, err))
	}
	p := &plan{table: t}
	var (
		errs    []error
		targets []record.Column
		same    = true
		seen    = map[string]bool{}
	)
	for from, entry := range entries {
		if entry == nil {
			continue
		}
		c, err := w.writable(t, entry.Name, seen)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if c == nil {
			p.skipped = append(p.skipped, entry.Name)
			continue
		}
		source := &s.Columns[from]
		to, bits := w.driver.Target(source, c)
		to.Name = c.Name
		f, err := convert.Plan(*source, to, convert.Options{Zone: w.env.Zone, Bits: bits, Format: entry.Format, ParseFormat: entry.ParseFormat, Days: w.env.Dialect == "datax"})
		if err != nil {
			errs = append(errs, err)
			continue
		}
		same = same && passes(source, &to, bits) && entry.Format == "" && entry.ParseFormat == ""
		if text := narrower(w.driver, source, c, &to, bits); text != "" {
			p.warnings = append(p.warnings, warning{c.Name, text})
		}
		if source.Kind == record.Timestamp && to.Kind == record.Datetime && setsBack(w.env.Zone) {
			p.clocked = append(p.clocked, c.Name)
		}
		p.columns, p.from = append(p.columns, Column{TableColumn: c, From: *source}), append(p.from, from)
		p.funcs, targets = append(p.funcs, f), append(targets, to)
	}
	errs = append(errs, p.required(t)...)
	errs = append(errs, p.findKey(w.config))
	if err := errors.Join(errs...); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	if !same {
		p.converted = record.NewSchema(t.Name, targets)
		for i := range p.columns {
			p.columns[i].From = targets[i]
		}
	}
	return p, nil
}

// mapping returns the entry of the column list that each data column of a
// schema goes to, nil for none.
func (c *Config) mapping(named bool, s *record.Schema) ([]*sqlkit.Column, error) {
	entries := make([]*sqlkit.Column, s.Data)
	switch {
	case sqlkit.Star(c.Column):
		for i := range entries {
			entries[i] = &sqlkit.Column{Name: s.Columns[i].Name}
		}
	case len(c.Column) == s.Data && (!named || !c.within(s)):
		for i := range entries {
			entries[i] = &c.Column[i]
		}
	default:
		for i := range c.Column {
			at := dataIndex(s, c.Column[i].Name)
			if at < 0 {
				return nil, fmt.Errorf("column: the writer lists %d columns, the rows have %d and none is called %q: list as many, or columns of the same names",
					len(c.Column), s.Data, c.Column[i].Name)
			}
			entries[at] = &c.Column[i]
		}
	}
	return entries, nil
}

// within tells that the rows have all columns of the list.
func (c *Config) within(s *record.Schema) bool {
	return !slices.ContainsFunc(c.Column, func(e sqlkit.Column) bool { return dataIndex(s, e.Name) < 0 })
}

// dataIndex finds a data column, whose case matters only where two differ in nothing else.
func dataIndex(s *record.Schema, name string) int {
	found := -1
	for i := range s.Data {
		switch {
		case s.Columns[i].Name == name:
			return i
		case found < 0 && strings.EqualFold(s.Columns[i].Name, name):
			found = i
		}
	}
	return found
}

// writable finds the table's column for a name; nil is one that the database
// computes, where the job names no columns.
func (w *writer) writable(t *sqlkit.Table, name string, seen map[string]bool) (*sqlkit.TableColumn, error) {
	c := t.Column(name)
	switch {
	case c == nil:
		hint := "it has " + strings.Join(t.ColumnNames(), ", ")
		if near := config.Nearest(name, t.ColumnNames()); near != "" {
			hint = fmt.Sprintf("did you mean %q?", near)
		}
		return nil, fmt.Errorf("column: table %s has no column %q, %s", t.Name, name, hint)
	case c.Generated && sqlkit.Star(w.config.Column):
		return nil, nil
	case c.Generated:
		return nil, fmt.Errorf("column: %q of table %s is generated and cannot be written: leave it out", c.Name, t.Name)
	case seen[c.Name]:
		return nil, fmt.Errorf("column: %q of table %s is written twice", c.Name, t.Name)
	}
	seen[c.Name] = true
	return c, nil
}

// required names the columns that a row cannot do without.
func (p *plan) required(t *sqlkit.Table) (errs []error) {
	for i := range t.Columns {
		c := &t.Columns[i]
		written := slices.ContainsFunc(p.columns, func(w Column) bool { return w.TableColumn == c })
		if !written && !c.Nullable && !c.Default && !c.Generated {
			errs = append(errs, fmt.Errorf("column: %q of table %s takes no NULL and has no default, but is not written: add it, or give it a default", c.Name, t.Name))
		}
	}
	return errs
}

// findKey finds the columns by which rows are found. Without a key, rows can
// be added only.
func (p *plan) findKey(c *Config) error {
	names, configured := c.key(), true
	if len(names) == 0 {
		names, configured = p.table.Key(), false
	}
	p.isKey = make([]bool, len(p.columns))
	var missing []string
	for _, name := range names {
		i := p.index(name)
		if i < 0 {
			missing = append(missing, name)
			continue
		}
		p.key = append(p.key, i)
		p.isKey[i] = true
	}
	switch {
	case len(missing) > 0 && configured:
		return fmt.Errorf("uniqueKey: %s of table %s is not among the columns that are written", strings.Join(missing, ", "), p.table.Name)
	case len(names) > 0 && len(missing) == 0:
		return nil
	case c.updates():
		return fmt.Errorf("mode %s: table %s has no primary key among the columns that are written: name a uniqueKey, or use mode insert", c.Mode, p.table.Name)
	}
	p.key, p.isKey = nil, make([]bool, len(p.columns))
	return nil
}

// index finds a written column.
func (p *plan) index(name string) int {
	found := -1
	for i := range p.columns {
		switch {
		case p.columns[i].Name == name:
			return i
		case found < 0 && strings.EqualFold(p.columns[i].Name, name):
			found = i
		}
	}
	return found
}

// passes tells that every value of from is one for a column like to.
func passes(from, to *record.Column, bits int) bool {
	switch {
	case to.Kind == record.Any:
		return true
	case from.Kind != to.Kind:
		return false
	case to.Kind == record.Int64 || to.Kind == record.Uint64:
		return bits == 0 || bits >= 64
	case to.Kind == record.Decimal && to.Precision > 0:
		return from.Precision > 0 && from.Precision-from.Scale <= to.Precision-to.Scale && from.Scale <= to.Scale
	}
	return true
}
