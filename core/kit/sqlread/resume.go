package sqlread

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

// Resume implements [plugin.Resumer]: it checks that the splits and positions
// can be read; the tables themselves are looked at when a split is opened.
func (r *reader) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	begun, left := false, 0
	for i := range stored {
		if err := r.check(&stored[i]); err != nil {
			return nil, err
		}
		begun = begun || stored[i].Done || stored[i].Position != nil || stored[i].Begun
		if !stored[i].Done {
			left++
		}
	}
	_, views := r.driver.(Snapshotter)
	switch {
	case !views || !begun || left == 0 || len(stored) < 2 || r.cfg.Snapshot == snapshotOff:
	case r.cfg.Snapshot == snapshotRequired:
		return nil, errclass.With(errclass.PositionLost, errors.New("the interrupted run's view of the database has ended with it: start over with -fresh, or set snapshot to auto"))
	default:
		r.log.Warn("the interrupted run's view of the database has ended with it: what is read from now on is of a later time")
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
