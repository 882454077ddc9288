package sqlservercdc

import (
	"context"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Follower = (*reader)(nil)

// Follows implements [plugin.Follower].
func (r *reader) Follows(ctx context.Context, wants func(record.Name) bool) (names []record.Name, schemas []*record.Schema, err error) {
	err = r.with(ctx, func(srv *server) error {
		list, err := srv.instances(ctx)
		if err != nil {
			return err
		}
		c := newCatalog(r.config, r.settings.Database, r.meta, r.log)
		var of map[record.Name][]instance
		names, of = c.wanted(list)
		for _, name := range names {
			if !wants(name) {
				continue
			}
			in := of[name]
			made, err := srv.capture(ctx, r.settings.Database, in[len(in)-1], c.meta)
			if err != nil {
				return err
			}
			schemas = append(schemas, made.schema)
		}
		return nil
	})
	return names, schemas, err
}
