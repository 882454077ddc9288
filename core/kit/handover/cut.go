package handover

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// mostChunks bounds how many chunks a table is cut into because of its size.
const mostChunks = 256

// Cutter cuts tables into chunks.
type Cutter[L any] struct {
	V        int // of the chunks' Spec
	Dialect  *sqlkit.Dialect
	Channels int
	Rows     int64           // of a chunk, about
	Apart    bool            // one table may be set aside while others go on
	List     json.RawMessage // as [ChunkSpec] has it, where no log is read
	// First runs a statement and returns its first row as text, nil for NULL.
	First func(ctx context.Context, sql string) ([]*string, error)
	// Brief is the log as all chunks of a table but the first have it: without what
	// is large.
	Brief func(*L) *L
}

// Table is a table to be cut.
type Table struct {
	Name  record.Name           // as the log has it
	From  record.Name           // as statements have it
	Order []*sqlkit.TableColumn // that its rows are read in the order of; nil: it has no such key
	Rows  int64                 // about; 0: unknown
	Where string                // the user's condition, or ""
}

// Cut plans the chunks of a table: intervals of the first column of the key
// where that is a number, else all of the table. log is what is read after
// them; nil: nothing.
func (c *Cutter[L]) Cut(ctx context.Context, t Table, log *L) ([]plugin.Split, error) {
	reads := []sqlkit.Spec{{Kind: sqlkit.All}}
	if len(t.Order) > 0 && sqlkit.CanSplitBy(t.Order[0].Kind) && t.Order[0].Kind != record.Any {
		p := &sqlkit.Planner{
			Dialect: c.Dialect, From: c.Dialect.Table(t.From), Where: t.Where, Column: t.Order[0].Name, Kind: t.Order[0].Kind, Indexed: true,
			Strategy: sqlkit.Range, Channels: max(c.Channels, int(min(t.Rows/c.Rows, mostChunks))), First: c.First,
		}
		var err error
		if reads, err = p.Plan(ctx); err != nil {
			return nil, fmt.Errorf("cutting table %s: %w", t.Name, err)
		}
	}
	splits := make([]plugin.Split, len(reads))
	for i := range reads {
		reads[i].Table = &t.From
		spec := ChunkSpec[L]{V: c.V, Log: log, Chunk: Chunk{Table: t.Name}}
		if log == nil {
			spec.List = c.List
		}
		var err error
		if splits[i], err = spec.Split(i, reads[i], t.Order); err != nil {
			return nil, err
		}
		if splits[i].Leads, splits[i].Apart = log != nil, c.Apart; c.Apart {
			splits[i].Table = t.Name
		}
		if log != nil {
			log = c.Brief(log)
		}
	}
	return splits, nil
}

// Split is the split of the nth chunk of a table, which is read as read says in
// the order of some columns.
func (c ChunkSpec[L]) Split(nth int, read sqlkit.Spec, order []*sqlkit.TableColumn) (plugin.Split, error) {
	name := c.Chunk.Table
	read.Key, read.Unique = make([]string, len(order)), len(order) > 0
	for i, f := range order {
		read.Key[i] = f.Name
	}
	inner, err := sqlkit.Splits(0, []sqlkit.Spec{read})
	if err != nil {
		return plugin.Split{}, err
	}
	c.Read = inner[0].Spec
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
	return plugin.Split{ID: fmt.Sprintf("snapshot/%s.%s/%d", cmp.Or(name.Schema, name.Database), name.Table, nth), Spec: raw}, nil
}
