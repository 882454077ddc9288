package launcher

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/plugin"
)

// Probe connects to both ends of a job that does not run and compares them:
// addresses, privileges, tables, columns and types. Nothing is changed. The
// error joins all findings; of an end that cannot be reached there is one.
func (r *Runner) Probe(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, r.close()) }()
	if err := r.probe(ctx); err != nil {
		return err
	}
	if f, foresees := r.reader.(plugin.Foreseer); foresees {
		if err := f.Foresee(ctx); err != nil {
			return fmt.Errorf("%s: %w", r.pipe.Reader.Name, err)
		}
	}
	if err := r.columnsFit(ctx, true); err != nil {
		return err
	}
	d, knows := r.reader.(plugin.Describer)
	if !knows {
		return nil
	}
	schemas, err := d.Describe(ctx)
	if err != nil {
		return fmt.Errorf("describing the input: %w", err)
	}
	if schemas, err = r.transformed(schemas); err != nil {
		return err
	}
	if c, compares := r.writer.(plugin.Comparer); compares {
		return c.Compare(ctx, schemas)
	}
	return nil
}
