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

// Compare implements [plugin.Comparer]. What preSql makes is not there yet.
func (w *writer) Compare(ctx context.Context, schemas []*record.Schema) error {
	return w.with(ctx, func(s Session) error {
		var errs []error
		for _, schema := range schemas {
			errs = append(errs, w.compare(ctx, s, schema))
		}
		return errors.Join(errs...)
	})
}

// compare finds out whether rows of a schema can be written, as find does.
func (w *writer) compare(ctx context.Context, s Session, schema *record.Schema) error {
	t, err := w.table(ctx, s, schema)
	switch {
	case errors.Is(err, sqlkit.ErrNoTable) && w.config.CreateTable:
		name, err := w.name(schema)
		if err != nil {
			return err
		}
		created, err := w.newTable(name, schema)
		if err != nil {
			return err
		}
		if _, err := w.driver.Create(created); err != nil {
			return fmt.Errorf("creating table %s: %w", name, err)
		}
		return nil
	case errors.Is(err, sqlkit.ErrNoTable) && len(w.config.PreSQL) > 0:
		return nil
	case err != nil:
		return err
	}
	p, err := w.newPlan(t, schema)
	if err != nil {
		return err
	}
	for _, line := range p.warnings {
		w.env.Log.Warn("the target is narrower than the source", "table", t.Name.String(), "column", line.column, "values", line.text)
	}
	return nil
}
