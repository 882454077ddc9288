package binlog

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Follower = (*reader)(nil)

// Follows implements [plugin.Follower].
func (r *reader) Follows(ctx context.Context, wants func(record.Name) bool) (names []record.Name, schemas []*record.Schema, err error) {
	srv, err := connect(ctx, r.settings)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = srv.close() }()
	if names, err = srv.tables(ctx, r.selection.has); err != nil {
		return nil, nil, err
	}
	known := newTables(r, srv, nil)
	for _, name := range names {
		if !wants(name) {
			continue
		}
		d, err := srv.define(ctx, name)
		switch {
		case mysqlkit.Code(err) == 1146: // dropped meanwhile
		case err != nil:
			return nil, nil, fmt.Errorf("asking for the columns of table %s: %w", name, err)
		default:
			schemas = append(schemas, binlogkit.SchemaOf(d, &known.options))
		}
	}
	return names, schemas, nil
}
