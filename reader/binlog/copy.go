package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// How finely a table is cut: a chunk is one transaction, which keeps the server
// from clearing away what it could still see.
const (
	chunkRows  = 500_000
	mostChunks = 256
)

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
	for _, d := range definitions {
		more, err := r.cut(ctx, srv, log, d, channels)
		if err != nil {
			return nil, err
		}
		for i := range more {
			if more[i].Leads = log != nil; log == nil {
				if err := r.list().note(&more[i]); err != nil {
					return nil, err
				}
			}
			if more[i].Apart = len(definitions) > 1; more[i].Apart {
				more[i].Table = d.Name()
			}
		}
		splits = append(splits, more...)
		log = log.brief()
	}
	return splits, nil
}

// cut plans the chunks of a table: intervals of the first column of the key
// where that is a number, else all of the table.
func (r *reader) cut(ctx context.Context, srv *server, log *LogSpec, d *binlogkit.Definition, channels int) ([]plugin.Split, error) {
	name := d.Name()
	table, err := srv.conn.Table(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("looking at table %s: %w", name, err)
	}
	order := keyOrder(table, d)
	specs := []sqlkit.Spec{{Kind: sqlkit.All}}
	if len(order) > 0 && sqlkit.CanSplitBy(order[0].Kind) && order[0].Kind != record.Any {
		n := channels
		if table.Rows > 0 {
			n = max(n, int(min(table.Rows/chunkRows, mostChunks)))
		}
		p := &sqlkit.Planner{
			Dialect: mysqlkit.Dialect, From: mysqlkit.Dialect.Table(name), Where: r.config.Start.condition(name),
			Column: order[0].Name, Kind: order[0].Kind, Indexed: true, Strategy: sqlkit.Range, Channels: n,
			First: func(ctx context.Context, sql string) ([]*string, error) {
				res, err := srv.conn.Query(ctx, sql)
				if err != nil || len(res.Rows) == 0 {
					return nil, err
				}
				return res.Rows[0], nil
			},
		}
		if specs, err = p.Plan(ctx); err != nil {
			return nil, fmt.Errorf("cutting table %s: %w", name, err)
		}
	}
	key := make([]string, len(order))
	for i, f := range order {
		key[i] = f.Name
	}
	splits := make([]plugin.Split, len(specs))
	for i := range specs {
		specs[i].Table, specs[i].Key, specs[i].Unique = &name, key, len(key) > 0
		if splits[i], err = chunkSplit(log, name, i, &specs[i], order); err != nil {
			return nil, err
		}
		log = log.brief()
	}
	return splits, nil
}

func chunkSplit(log *LogSpec, name record.Name, nth int, read *sqlkit.Spec, order []*sqlkit.TableColumn) (plugin.Split, error) {
	inner, err := sqlkit.Splits(0, []sqlkit.Spec{*read})
	if err != nil {
		return plugin.Split{}, err
	}
	c := chunkSpec{V: specVersion, Log: log, Chunk: handover.Chunk{Table: name}, Read: inner[0].Spec}
	if read.From != "" {
		c.Chunk.From = &sqlkit.Value{Kind: order[0].Kind, Text: read.From}
	}
	if read.To != "" {
		c.Chunk.To = &sqlkit.Value{Kind: order[0].Kind, Text: read.To}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return plugin.Split{}, fmt.Errorf("encoding a part of the snapshot of table %s: %w", name, err)
	}
	return plugin.Split{ID: fmt.Sprintf("snapshot/%s.%s/%d", name.Database, name.Table, nth), Spec: raw}, nil
}

// stopped is the source of a log that is left for tables to be copied: it has
// ended where it is.
type stopped struct{ at json.RawMessage }

// Fill implements [plugin.Source].
func (s *stopped) Fill(_ context.Context, b *record.Batch) error {
	if s.at != nil {
		b.Mark(s.at, time.Time{})
	}
	return io.EOF
}

// Close implements [plugin.Source].
func (s *stopped) Close() error { return nil }
