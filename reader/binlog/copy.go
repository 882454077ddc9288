package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

// chunkRows is how finely a table is cut: a chunk is one transaction, which keeps
// the server from clearing away what it could still see.
const chunkRows = 500_000

// chunks plans the snapshot of the tables that the log begins with.
func (r *reader) chunks(ctx context.Context, log *LogSpec, channels int) (splits []plugin.Split, err error) {
	srv, err := connect(ctx, r.settings)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.close()) }()
	if err := srv.settle(ctx); err != nil {
		return nil, err
	}
	h := binlogkit.NewHistory(srv.product)
	if err := h.Load(log.History); err != nil {
		return nil, err
	}
	definitions := slices.DeleteFunc(h.Tables(), func(d *binlogkit.Definition) bool { return !r.selection.has(d.Name()) })
	if len(definitions) == 0 {
		return nil, errclass.With(errclass.Config, errors.New("there is no table to copy: name some in table"))
	}
	slices.SortFunc(definitions, func(a, b *binlogkit.Definition) int { return strings.Compare(a.Name().String(), b.Name().String()) })
	if r.mode() == modeInitialOnly {
		log = nil
	}
	list, err := json.Marshal(r.list())
	if err != nil {
		return nil, fmt.Errorf("encoding the list of tables: %w", err)
	}
	cutter := handover.Cutter[LogSpec]{V: specVersion, Dialect: mysqlkit.Dialect, Channels: channels, Rows: chunkRows, Apart: len(definitions) > 1, List: list, First: srv.first, Brief: (*LogSpec).brief}
	for _, d := range definitions {
		name := d.Name()
		table, err := srv.conn.Table(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("looking at table %s: %w", name, err)
		}
		more, err := cutter.Cut(ctx, handover.Table{Name: name, From: name, Order: keyOrder(table, d), Rows: table.Rows, Where: r.config.Start.condition(name)}, log)
		if err != nil {
			return nil, err
		}
		splits = append(splits, more...)
		log = log.brief()
	}
	return splits, nil
}

// first runs a statement and returns its first row as text.
func (s *server) first(ctx context.Context, sql string) ([]*string, error) {
	res, err := s.conn.Query(ctx, sql)
	if err != nil || len(res.Rows) == 0 {
		return nil, err
	}
	return res.Rows[0], nil
}
