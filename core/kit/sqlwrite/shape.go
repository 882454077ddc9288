package sqlwrite

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Shape implements [plugin.Shaper]: it creates missing tables if told to, and
// compares definitions; where preSql may change them, once it has run.
func (w *writer) Shape(ctx context.Context, schemas []*record.Schema) error {
	if len(w.config.PreSQL) > 0 {
		w.mu.Lock()
		w.shapes = schemas
		w.mu.Unlock()
		if !w.config.CreateTable {
			return nil
		}
	}
	return w.with(ctx, func(s Session) error { return w.shape(ctx, s, schemas) })
}

// shape finds a plan for each of the schemas; all faults are found.
func (w *writer) shape(ctx context.Context, s Session, schemas []*record.Schema) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	var errs []error
	for _, schema := range schemas {
		if _, err := w.find(ctx, s, schema); err != nil {
			errs = append(errs, ofTable(schema, err))
		}
	}
	return errors.Join(errs...)
}

// ofTable makes what is wrong for good with the table that rows of a schema go
// to an error that concerns these rows alone.
func ofTable(schema *record.Schema, err error) error {
	switch errclass.Of(err) {
	case errclass.Transient, errclass.Canceled, errclass.Fenced:
		return err
	}
	return &plugin.TableError{Table: schema.Name, Err: err}
}

// plan returns how rows of a schema are written. What is not known yet is
// asked for on another connection than the rows': a statement that fails
// costs no transaction, and one that creates a table commits none.
func (w *writer) plan(ctx context.Context, schema *record.Schema) (*plan, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.plans[schema]; p != nil {
		return p, nil
	}
	var p *plan
	err := w.with(ctx, func(s Session) (err error) {
		p, err = w.find(ctx, s, schema)
		return err
	})
	return p, err
}

// planIn is plan amid a transaction of s. What it finds is the caller's alone,
// as it may be taken back with the transaction.
func (w *writer) planIn(ctx context.Context, s Session, schema *record.Schema) (*plan, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if p := w.plans[schema]; p != nil {
		return p, nil
	}
	return w.look(ctx, s, schema)
}

// find is plan on a given connection; w.mu is held.
func (w *writer) find(ctx context.Context, s Session, schema *record.Schema) (*plan, error) {
	if p := w.plans[schema]; p != nil {
		return p, nil
	}
	p, err := w.look(ctx, s, schema)
	if err == nil {
		w.plans[schema] = p
	}
	return p, err
}

// look makes a plan of what is in the database, and says what is remarkable in it.
func (w *writer) look(ctx context.Context, s Session, schema *record.Schema) (*plan, error) {
	t, err := w.table(ctx, s, schema)
	if errors.Is(err, sqlkit.ErrNoTable) && w.config.CreateTable {
		t, err = w.create(ctx, s, schema)
	}
	if err != nil {
		return nil, err
	}
	p, err := w.newPlan(t, schema)
	if err != nil {
		return nil, err
	}
	w.remark(t, p)
	return p, nil
}

// remark says what is remarkable in a plan, each thing once; w.mu is held.
func (w *writer) remark(t *sqlkit.Table, p *plan) {
	table := t.Name.String()
	say := func(level slog.Level, text, column string, more ...any) {
		key := fmt.Sprintf("%s %s %s %v", text, table, column, more)
		if !w.said[key] {
			w.said[key] = true
			w.env.Log.Log(context.Background(), level, text, append([]any{"table", table, "column", column}, more...)...)
		}
	}
	for _, line := range p.warnings {
		say(slog.LevelWarn, "the target is narrower than the source", line.column, "values", line.text)
	}
	for _, name := range p.clocked {
		say(slog.LevelWarn, "instants become clock times of a zone whose clocks are set back: an hour cannot be told from the one before it, with -timezone UTC all can",
			name, "zone", w.env.Zone.String())
	}
	for _, name := range p.skipped {
		say(slog.LevelInfo, "a generated column is left to the database", name)
	}
}

// create makes the table for rows of a schema.
func (w *writer) create(ctx context.Context, s Session, schema *record.Schema) (*sqlkit.Table, error) {
	name, err := w.name(schema)
	if err != nil {
		return nil, err
	}
	t, err := w.newTable(name, schema)
	if err != nil {
		return nil, err
	}
	statements, err := w.driver.Create(t)
	if err != nil {
		return nil, fmt.Errorf("creating table %s: %w", name, err)
	}
	for _, sql := range statements {
		if err := s.Exec(ctx, sql); err != nil {
			return nil, fmt.Errorf("creating table %s: %w", name, blame(err))
		}
	}
	w.env.Log.Info("table created", "table", name.String())
	return w.table(ctx, s, schema)
}

// newTable describes the table for rows of a schema, under the writer's names.
func (w *writer) newTable(name record.Name, schema *record.Schema) (*NewTable, error) {
	t := &NewTable{Name: name, Comment: schema.Comment}
	entries, err := w.config.mapping(w.env.Named, schema)
	if err != nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("table %s: %w", name, err))
	}
	for i, entry := range entries {
		if entry == nil {
			continue
		}
		c := schema.Columns[i]
		c.Name = entry.Name
		if c.Kind == record.Any {
			c.Kind, c.Native = declared(c.Native), "" // the words mean other sizes elsewhere
		}
		t.Columns, t.Comments = append(t.Columns, c), append(t.Comments, c.Comment)
	}
	if t.Key = w.config.key(); len(t.Key) > 0 {
		return t, nil
	}
	for _, i := range schema.Key {
		if entries[i] == nil { // a part of a key is none
			t.Key = nil
			break
		}
		t.Key = append(t.Key, entries[i].Name)
	}
	return t, nil
}

// declared is the kind that a column is made for if its cells may be of any
// kind: what its declaration prefers, by the rules of SQLite
// (https://www.sqlite.org/datatype3.html, 3.1). A cell of another kind is
// converted, or its row refused.
func declared(native string) record.Kind {
	native = strings.ToUpper(native)
	for _, rule := range []struct {
		word string
		kind record.Kind
	}{
		{"INT", record.Int64}, {"CHAR", record.String}, {"CLOB", record.String}, {"TEXT", record.String}, {"BLOB", record.Bytes},
		{"REAL", record.Float64}, {"FLOA", record.Float64}, {"DOUB", record.Float64}, //nolint:misspell // a part of DOUBLE
	} {
		if strings.Contains(native, rule.word) {
			return rule.kind
		}
	}
	return record.Any
}

// Before implements [plugin.Hooks].
func (w *writer) Before(ctx context.Context) error {
	if len(w.config.PreSQL) == 0 {
		return nil
	}
	w.mu.Lock()
	schemas := w.shapes
	clear(w.plans) // the statements may change tables
	w.mu.Unlock()
	return w.with(ctx, func(s Session) error {
		if err := w.script(ctx, s, "preSql", w.config.PreSQL); err != nil {
			return err
		}
		return w.shape(ctx, s, schemas)
	})
}

// After implements [plugin.Hooks].
func (w *writer) After(ctx context.Context) error {
	f, finishes := w.driver.(Finisher)
	if !finishes && len(w.config.PostSQL) == 0 {
		return nil
	}
	return w.with(ctx, func(s Session) error {
		if finishes {
			if err := w.finish(ctx, s, f); err != nil {
				return err
			}
		}
		return w.script(ctx, s, "postSql", w.config.PostSQL)
	})
}

// finish finishes the tables that rows have gone to; after a run of which only
// this is left, the one that the job names.
func (w *writer) finish(ctx context.Context, s Session, f Finisher) error {
	w.mu.Lock()
	tables := map[record.Name]*sqlkit.Table{}
	for _, p := range w.plans {
		tables[p.table.Name] = p.table
	}
	w.mu.Unlock()
	if len(tables) == 0 && w.config.table() != AnyTable {
		t, err := w.table(ctx, s, nil)
		if err != nil {
			return err
		}
		tables[t.Name] = t
	}
	for _, t := range tables {
		if err := f.Finish(ctx, s, t); err != nil {
			return err
		}
	}
	return nil
}
