package pgwal

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
)

var _ plugin.Foreseer = (*reader)(nil)

// Foresee implements [plugin.Foreseer].
func (r *reader) Foresee(ctx context.Context) error {
	if r.mode() == modeInitialOnly {
		return nil
	}
	return r.with(ctx, func(c *pgkit.Conn) error { return r.foresee(ctx, c) })
}

// foresee finds what the slot and the publication are lacking, before either is
// made or changed.
func (r *reader) foresee(ctx context.Context, c *pgkit.Conn) error {
	name := r.config.slot(r.env.Job)
	s, err := findSlot(ctx, c, name)
	switch {
	case err != nil:
	case s == nil:
		err = r.config.makes(name)
	case !s.lost || !r.recopies.Load():
		err = s.usable(name, r.config.settings.Database)
	}
	_, _, _, unpublished := r.config.publication(ctx, c, name)
	return errors.Join(err, unpublished)
}

// makes refuses a slot that is not there and may not be made.
func (c *Config) makes(name string) error {
	if c.Temporary || c.Slot == "" || c.CreateSlot {
		return nil
	}
	return errclass.With(errclass.Config, fmt.Errorf("replication slot %[1]s does not exist: set allowCreateSlot to true, or SELECT pg_create_logical_replication_slot('%[1]s', 'pgoutput')", name))
}
