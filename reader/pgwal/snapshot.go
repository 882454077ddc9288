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

// How finely a table is cut: a chunk is one transaction, which keeps the server
// from clearing away what it could still see.
const (
	chunkRows  = 500_000
	mostChunks = 256
)

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
	var splits []plugin.Split
	for _, one := range all {
		more, err := r.cut(ctx, c, log, one, channels)
		if err != nil {
			return nil, err
		}
		for i := range more {
			if more[i].Leads = log != nil; log == nil {
				if err := r.list().note(&more[i]); err != nil {
					return nil, err
				}
			}
			if more[i].Apart = several; several {
				more[i].Table = one.name
			}
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

// cut plans the chunks of a table: intervals of the first column of the key
// where that is a number, else all of the table.
func (r *reader) cut(ctx context.Context, c *pgkit.Conn, log *spec, one *chunked, channels int) ([]plugin.Split, error) {
	order := one.rel.order(one.table)
	specs := []sqlkit.Spec{{Kind: sqlkit.All}}
	if len(order) > 0 && sqlkit.CanSplitBy(order[0].Kind) {
		n := channels
		if one.table.Rows > 0 {
			n = max(n, int(min(one.table.Rows/chunkRows, mostChunks)))
		}
		p := &sqlkit.Planner{
			Dialect: pgkit.Dialect, From: pgkit.Dialect.Table(one.name), Where: r.config.Start.Where[one.name.Schema+"."+one.name.Table],
			Column: order[0].Name, Kind: order[0].Kind, Indexed: true, Strategy: sqlkit.Range, Channels: n,
			First: pgread.NewSession(c).First,
		}
		var err error
		if specs, err = p.Plan(ctx); err != nil {
			return nil, fmt.Errorf("cutting table %s: %w", one.name, err)
		}
	}
	key := make([]string, len(order))
	for i, f := range order {
		key[i] = f.Name
	}
	splits := make([]plugin.Split, len(specs))
	for i := range specs {
		specs[i].Table, specs[i].Key, specs[i].Unique = &one.name, key, len(key) > 0
		split, err := chunkSplit(log, one.name, i, &specs[i], order)
		if err != nil {
			return nil, err
		}
		splits[i] = split
		log = log.brief()
	}
	return splits, nil
}

func chunkSplit(log *spec, name record.Name, nth int, read *sqlkit.Spec, order []*sqlkit.TableColumn) (plugin.Split, error) {
	inner, err := sqlkit.Splits(0, []sqlkit.Spec{*read})
	if err != nil {
		return plugin.Split{}, err
	}
	c := chunkSpec{V: version, Log: log, Chunk: handover.Chunk{Table: name}, Read: inner[0].Spec}
	for _, b := range []struct {
		text string
		at   **sqlkit.Value
	}{{read.From, &c.Chunk.From}, {read.To, &c.Chunk.To}} {
		if b.text != "" {
			*b.at = &sqlkit.Value{Kind: order[0].Kind, Text: b.text}
		}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return plugin.Split{}, fmt.Errorf("encoding a part of the snapshot of table %s: %w", name, err)
	}
	return plugin.Split{ID: fmt.Sprintf("snapshot/%s.%s/%d", name.Schema, name.Table, nth), Spec: raw}, nil
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
