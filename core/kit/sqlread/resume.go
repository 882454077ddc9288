package sqlread

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

// Resume implements [plugin.Resumer]: it checks that the splits and positions
// can be read; the tables themselves are looked at when a split is opened.
func (r *reader) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	for i := range stored {
		if err := r.check(&stored[i]); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

func (r *reader) check(p *plugin.Progress) error {
	spec, err := sqlkit.ParseSpec(p.Split)
	if err != nil {
		return err
	}
	if spec.Connection >= len(r.cfg.Connection) {
		return errclass.With(errclass.PositionLost, fmt.Errorf("split %s is of connection[%d], which the job no longer has: start over with -fresh", p.Split.ID, spec.Connection))
	}
	if p.Position == nil || p.Done {
		return nil
	}
	key := make([]sqlkit.KeyColumn, len(spec.Key))
	for i, name := range spec.Key {
		key[i] = sqlkit.KeyColumn{Name: name, Nullable: true} // its kind is known when the table is
	}
	if len(key) == 0 {
		return errclass.With(errclass.PositionLost, fmt.Errorf("split %s has a position but no order: start over with -fresh", p.Split.ID))
	}
	if _, err := sqlkit.ParsePosition(p.Position, key); err != nil {
		return fmt.Errorf("resuming split %s: %w", p.Split.ID, err)
	}
	return nil
}
