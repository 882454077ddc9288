package pgwal

import (
	"context"
	"errors"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Follower = (*reader)(nil)

// Follows implements [plugin.Follower]. A publication of the job's own may not be
// there yet: it will have all tables.
func (r *reader) Follows(ctx context.Context, wants func(record.Name) bool) (names []record.Name, schemas []*record.Schema, err error) {
	err = r.with(ctx, func(c *pgkit.Conn) error {
		publication := r.config.Publication
		if publication == "" {
			there, err := published(ctx, c, flinkxPublication)
			if err != nil {
				return err
			}
			if there {
				publication = flinkxPublication
			}
		}
		if names, err = r.names(ctx, c, publication); err != nil {
			return err
		}
		known := newTables(r.config, r.env.Meta)
		for _, name := range names {
			if !wants(name) {
				continue
			}
			rel, _, err := known.defined(ctx, c, "", name) // what of it is published may change
			switch {
			case errors.Is(err, sqlkit.ErrNoTable):
			case err != nil:
				return err
			case rel.schema != nil:
				schemas = append(schemas, rel.schema)
			}
		}
		return nil
	})
	return names, schemas, err
}
