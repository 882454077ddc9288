package pgwal

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/pgkit/pgread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// chunkRows is how finely a table is cut: a chunk is one transaction, which keeps
// the server from clearing away what it could still see.
const chunkRows = 500_000

// chunks plans the snapshot of tables. log is what is read afterwards, nil for
// nothing; it gets the tables' definitions.
func (r *reader) chunks(ctx context.Context, c *pgkit.Conn, log *spec, names []record.Name, channels int, several bool) ([]plugin.Split, error) {
	publication := ""
	if log != nil {
		publication = log.Publication
	}
	known := newTables(r.config, nil)
	var all []*chunked
	for _, name := range names {
		one := &chunked{name: name}
		var err error
		if one.rel, _, err = known.defined(ctx, c, publication, name); err != nil {
			return nil, err
		}
		if one.table, err = c.ReadTable(ctx, name); err != nil {
			return nil, fmt.Errorf("looking at table %s: %w", name, err)
		}
		known.known[name] = one.rel
		all = append(all, one)
	}
	if log != nil {
		var err error
		if log.Tables, err = known.state(); err != nil {
			return nil, err
		}
	}
	list, err := json.Marshal(r.list())
	if err != nil {
		return nil, fmt.Errorf("encoding the list of tables: %w", err)
	}
	cutter := handover.Cutter[spec]{V: version, Dialect: pgkit.Dialect, Channels: channels, Rows: chunkRows, Apart: several, List: list, First: pgread.NewSession(c).First, Brief: (*spec).brief}
	var splits []plugin.Split
	for _, one := range all {
		more, err := cutter.Cut(ctx, handover.Table{Name: one.name, From: one.name, Order: one.rel.order(one.table), Rows: one.table.Rows,
			Where: r.config.Start.Where[one.name.Schema+"."+one.name.Table]}, log)
		if err != nil {
			return nil, err
		}
		splits = append(splits, more...)
		log = log.brief()
	}
	return splits, nil
}

// chunked is a table that is going to be cut.
type chunked struct {
	name  record.Name
	rel   *relation
	table *sqlkit.Table
}

// logSplit is the split of the log that follows a snapshot: nth counts those of
// the job.
func logSplit(sp *spec, nth int) (plugin.Split, error) {
	raw, err := json.Marshal(sp)
	if err != nil {
		return plugin.Split{}, fmt.Errorf("encoding the split of the log: %w", err)
	}
	id := splitID
	if nth > 1 {
		id = fmt.Sprintf("%s/%d", splitID, nth)
	}
	return plugin.Split{ID: id, Spec: raw, Endless: true}, nil
}
