package sqlwrite

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// What becomes of a schema change, as schemaChange says.
const (
	Evolve  = "evolve"  // the target changes as the source does
	Lenient = "lenient" // the target gets what it lacks and loses nothing
	Ignore  = "ignore"  // the target stays as it is
	Stop    = "stop"    // the job ends
)

// Alterer is a Driver whose tables can be changed.
type Alterer interface {
	// Alter spells the statements of a step. What the table has and the step does
	// not speak of stays; s may be asked for it.
	Alter(ctx context.Context, s Session, table record.Name, step Step) ([]string, error)
}

// Step is one thing that is done to a table.
type Step struct {
	Kind   StepKind
	Name   string              // of the column; of RenameColumn the old one
	Column record.Column       // as the source has it, under the target's name
	Value  *sqlkit.Value       // of AddColumn what rows have that are there, of SetDefault the default; nil: none
	There  *sqlkit.TableColumn // the target's column before all steps; nil: it has none
	To     record.Name         // of RenameTable
}

// StepKind is what a step does.
type StepKind uint8

const (
	AddColumn    StepKind = iota // which takes NULL; Value is its default
	DropColumn                   //
	RenameColumn                 // to Column.Name
	ChangeColumn                 // to the type of Column
	RelaxColumn                  // it takes NULL from now on; Column is There's own, or that of a ChangeColumn before
	SetDefault                   // what the column has by itself from now on
	EmptyTable                   //
	DropTable                    //
	RenameTable                  //
)

var _ plugin.Migrator = (*writer)(nil)

// policy is what the job says of schema changes.
func (c *Config) policy() string {
	switch {
	case c.SchemaChange != "":
		return c.SchemaChange
	case c.ExecuteDDL:
		return Evolve
	}
	return Stop
}

// Migrate implements [plugin.Migrator]. What is done already is left out, so
// that a change may come again.
func (w *writer) Migrate(ctx context.Context, c *record.Change) error {
	policy := w.config.policy()
	switch {
	case c.Kind == record.Other && c.From == c.To && len(c.Columns) == 0, c.From == nil && c.To == nil:
		return nil // nothing that rows go to
	case policy == Ignore:
		w.env.Log.Warn("a schema change is not made in the target (schemaChange is ignore)", "table", c.Name.String(), "sql", c.SQL)
		return nil
	case policy == Stop:
		return errclass.With(errclass.Permanent, fmt.Errorf(
			"table %s has changed at the source (%s): change the target and start again with schemaChange ignore, or let the writer do it: set schemaChange to lenient or evolve", c.Name, c.SQL))
	}
	err := w.with(ctx, func(s Session) error { return w.migrate(ctx, s, c, policy) })
	if err == nil {
		w.forgetPlans(c)
		return nil
	}
	return ofTable(&record.Schema{Name: c.Name}, blame(err))
}

// forgetPlans forgets how rows of the changed table were written.
func (w *writer) forgetPlans(c *record.Change) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.plans, c.From)
	delete(w.plans, c.To)
}

func (w *writer) migrate(ctx context.Context, s Session, c *record.Change, policy string) error {
	if c.Kind == record.Rename && c.From != nil && c.To != nil {
		if err := w.rename(ctx, s, c, policy); err != nil {
			return err
		}
	}
	schema := c.To
	if schema == nil {
		schema = c.From
	}
	t, err := w.table(ctx, s, schema)
	switch {
	case errors.Is(err, sqlkit.ErrNoTable) && (c.Kind == record.Drop || c.Kind == record.Truncate):
		return nil
	case errors.Is(err, sqlkit.ErrNoTable) && c.To != nil:
		_, err := w.create(ctx, s, c.To)
		return err
	case err != nil:
		return err
	}
	switch c.Kind {
	case record.Create:
		return nil
	case record.Drop:
		return w.lose(ctx, s, t, c, policy, Step{Kind: DropTable})
	case record.Truncate:
		return w.lose(ctx, s, t, c, policy, Step{Kind: EmptyTable})
	}
	if c.From == nil || c.To == nil {
		return nil
	}
	steps, unfilled, err := w.steps(t, c, policy)
	if err != nil {
		return err
	}
	if err := w.untold(t, c, unfilled, policy); err != nil {
		return err
	}
	return w.alter(ctx, s, t.Name, steps...)
}

// lose does what takes rows away, if the policy is to do that.
func (w *writer) lose(ctx context.Context, s Session, t *sqlkit.Table, c *record.Change, policy string, step Step) error {
	if policy == Lenient {
		w.env.Log.Warn("the target keeps its rows (schemaChange is lenient)", "table", t.Name.String(), "sql", c.SQL)
		return nil
	}
	return w.alter(ctx, s, t.Name, step)
}

// rename follows a table that is called otherwise, where rows go by their
// tables' names.
func (w *writer) rename(ctx context.Context, s Session, c *record.Change, policy string) error {
	if w.config.table() != AnyTable {
		return nil
	}
	from, err := w.name(c.From)
	if err != nil {
		return err
	}
	to, err := w.name(c.To)
	if err != nil {
		return err
	}
	_, err = s.Table(ctx, to)
	switch {
	case err == nil:
		return nil
	case !errors.Is(err, sqlkit.ErrNoTable):
		return err
	}
	_, err = s.Table(ctx, from)
	switch {
	case err == nil && policy == Evolve:
		return w.alter(ctx, s, from, Step{Kind: RenameTable, To: to})
	case err == nil || errors.Is(err, sqlkit.ErrNoTable):
		_, err = w.create(ctx, s, c.To)
	}
	return err
}

// alter runs steps.
func (w *writer) alter(ctx context.Context, s Session, table record.Name, steps ...Step) error {
	if len(steps) == 0 {
		return nil
	}
	a, ok := w.driver.(Alterer)
	if !ok {
		return errclass.With(errclass.Permanent, fmt.Errorf("table %s: tables of %s are not changed by this writer: change it, and set schemaChange to ignore", table, w.driver.Dialect().Name))
	}
	for _, step := range steps {
		statements, err := a.Alter(ctx, s, table, step)
		if err != nil {
			return fmt.Errorf("changing table %s: %w", table, err)
		}
		for _, sql := range statements {
			if err := s.Exec(ctx, sql); err != nil {
				return fmt.Errorf("changing table %s (%s): %w", table, sql, err)
			}
			w.env.Log.Info("table changed", "table", table.String(), "sql", sql)
		}
	}
	return nil
}

// steps are what the table lacks to take rows of c.To; unfilled names the columns
// that these add and that the rows there would have to have something in that is
// not known.
func (w *writer) steps(t *sqlkit.Table, c *record.Change, policy string) (steps []Step, unfilled []string, err error) {
	now, err := w.targets(c.To)
	if err != nil {
		return nil, nil, err
	}
	was, err := w.targets(c.From)
	if err != nil {
		return nil, nil, err
	}
	var last []Step
	renamed := map[string]bool{}
	for i := range c.To.Data {
		name := now[i]
		if name == "" {
			continue
		}
		column := c.To.Columns[i]
		column.Name, column.Nullable = name, true
		there := t.Column(name)
		told := toldOf(c, i)
		old := ""
		if there == nil && !told.Added && i < len(was) && !holds(now, was[i]) && !holds(was, name) && c.From.Columns[i].Kind == column.Kind {
			old = was[i]
		}
		switch {
		case old != "" && t.Column(old) != nil && policy == Evolve:
			renamed[old] = true
			steps = append(steps, Step{Kind: RenameColumn, Name: old, Column: column})
			there = t.Column(old)
		case there == nil:
			value, known, err := w.fill(&column, told)
			if err != nil {
				return nil, nil, err
			}
			if !known {
				unfilled = append(unfilled, name)
			}
			steps = append(steps, Step{Kind: AddColumn, Name: name, Column: column, Value: value})
			if old != "" && t.Column(old) != nil {
				w.env.Log.Warn("a column has another name at the source: the target keeps the old one, and rows that are there have NULL in the new one (schemaChange is lenient): copy the table again for these",
					"table", t.Name.String(), "column", old, "new", name, "sql", c.SQL)
			}
		}
		step, err := w.keep(&column, told, policy)
		if err != nil {
			return nil, nil, err
		}
		if there == nil {
			last = append(last, step...)
			continue
		}
		before, at := name, there.Name // in the source until now, and in the table from here on
		if renamed[old] {
			before, at = old, name
		}
		for n := range step {
			step[n].Name = at
		}
		last = append(last, step...)
		own := there.Column
		if w.widens(there, c, i, before, was, policy) {
			column.Nullable = c.To.Columns[i].Nullable || there.Nullable
			steps = append(steps, Step{Kind: ChangeColumn, Name: at, Column: column, There: there})
			own = column
		}
		if c.To.Columns[i].Nullable && !there.Nullable {
			steps = append(steps, Step{Kind: RelaxColumn, Name: at, Column: own, There: there})
		}
	}
	steps = append(steps, w.left(t, was, now, renamed, policy)...)
	return append(steps, last...), unfilled, nil
}

// widens tells that a column's type is to be changed: where the source's has,
// by evolve in any case and by lenient if the target refuses some of its values.
// One that the source has not changed stays as the target has it, which may
// have chosen another type. before is the column's name in the table until now.
func (w *writer) widens(there *sqlkit.TableColumn, c *record.Change, i int, before string, was []string, policy string) bool {
	to := &c.To.Columns[i]
	for n, old := range was {
		if strings.EqualFold(old, before) && sameType(&c.From.Columns[n], to) {
			return false
		}
	}
	if policy == Evolve && holds(was, before) {
		return true
	}
	target, bits := w.driver.Target(to, there)
	value := *to
	value.Nullable = there.Nullable // that is a step of its own
	return narrower(w.driver, &value, there, &target, bits) != ""
}

// sameType tells that two columns of the source take the same values.
func sameType(a, b *record.Column) bool {
	return a.Kind == b.Kind && a.Native == b.Native && a.Length == b.Length && a.Precision == b.Precision && a.Scale == b.Scale
}

// left are the columns that the source has no more.
func (w *writer) left(t *sqlkit.Table, was, now []string, renamed map[string]bool, policy string) (steps []Step) {
	for _, name := range was {
		there := t.Column(name)
		if name == "" || there == nil || holds(now, name) || renamed[name] {
			continue
		}
		switch {
		case policy == Evolve:
			steps = append(steps, Step{Kind: DropColumn, Name: there.Name})
		case !there.Nullable && !there.Default:
			steps = append(steps, Step{Kind: RelaxColumn, Name: there.Name, Column: there.Column, There: there})
		}
	}
	return steps
}

// targets are the names that a schema's data columns have in the table; "" for
// one that is not written.
func (w *writer) targets(s *record.Schema) ([]string, error) {
	names := make([]string, s.Data)
	if sqlkit.Star(w.config.Column) {
		for i := range names {
			names[i] = s.Columns[i].Name
		}
		return names, nil
	}
	entries, err := w.config.mapping(w.env.Named, s)
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	for i, e := range entries {
		if e != nil {
			names[i] = e.Name
		}
	}
	return names, nil
}

func holds(names []string, name string) bool {
	for _, n := range names {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}
