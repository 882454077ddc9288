package sqlwrite

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Comparer = (*writer)(nil)

// Compare implements [plugin.Comparer]. Tables that preSql may make or change
// are not compared.
func (w *writer) Compare(ctx context.Context, schemas []*record.Schema) error {
	if len(w.config.PreSQL) > 0 {
		return nil
	}
	var errs []error
	if m, ok := w.driver.(Maker); ok {
		missing, err := m.Missing()
		if err != nil {
			return err
		}
		if missing {
			for _, schema := range schemas {
				errs = append(errs, w.creatable(schema))
			}
			return errors.Join(errs...)
		}
	}
	return w.with(ctx, func(s Session) error {
		for _, schema := range schemas {
			errs = append(errs, w.compare(ctx, s, schema))
		}
		return errors.Join(errs...)
	})
}

// compare finds out whether rows of a schema can be written, as find does.
func (w *writer) compare(ctx context.Context, s Session, schema *record.Schema) error {
	t, err := w.table(ctx, s, schema)
	if errors.Is(err, sqlkit.ErrNoTable) && w.config.CreateTable {
		return w.creatable(schema)
	}
	if err != nil {
		return err
	}
	p, err := w.newPlan(t, schema)
	if err != nil {
		return err
	}
	for _, line := range p.warnings {
		w.env.Log.Warn("the target is narrower than the source", "table", t.Name.String(), "column", line.column, "values", line.text)
	}
	return w.permitted(ctx, s, p)
}

// creatable finds out whether a table for rows of a schema can be described.
func (w *writer) creatable(schema *record.Schema) error {
	name, err := w.name(schema)
	if err != nil {
		return err
	}
	t, err := w.newTable(name, schema)
	if err != nil {
		return err
	}
	if _, err := w.driver.Create(t); err != nil {
		return fmt.Errorf("creating table %s: %w", name, err)
	}
	return nil
}
