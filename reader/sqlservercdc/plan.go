package sqlservercdc

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// How finely a table is cut. Each chunk waits until the capture job has gone by
// its view, which takes seconds, and is a transaction that keeps the server from
// clearing away old versions of rows.
const (
	chunkRows  = 1_000_000
	mostChunks = 256
)

// chunks plans the snapshot of the catalog's tables. log is what is read
// afterwards; nil: nothing.
func (r *reader) chunks(ctx context.Context, srv *server, c *catalog, log *spec, channels int) (splits []plugin.Split, err error) {
	for _, t := range c.tables {
		more, err := r.cut(ctx, srv, log.of(t), t, channels)
		if err != nil {
			return nil, err
		}
		for i := range more {
			more[i].Leads = log != nil
			if more[i].Apart = len(c.tables) > 1; more[i].Apart {
				more[i].Table = t.name
			}
		}
		splits = append(splits, more...)
	}
	return splits, nil
}

// order is the key that a table is read in the order of; nil: it has none of
// which the columns sort as conditions compare them.
func order(s *record.Schema, source *sqlkit.Table) (columns []*sqlkit.TableColumn) {
	for _, k := range s.Key {
		f := source.Column(s.Columns[k].Name)
		if f == nil || !f.Sorts || f.Nullable || !sqlkit.CanResumeBy(f.Kind) {
			return nil
		}
		columns = append(columns, f)
	}
	return columns
}

// cut plans the chunks of a table: intervals of the first column of the key
// where that is a number, else all of the table.
func (r *reader) cut(ctx context.Context, srv *server, log *spec, t *table, channels int) ([]plugin.Split, error) {
	name := record.Name{Schema: t.name.Schema, Table: t.name.Table}
	source, err := srv.Table(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("looking at table %s: %w", t.name, err)
	}
	by := order(t.schema, source)
	specs := []sqlkit.Spec{{Kind: sqlkit.All}}
	if len(by) > 0 && sqlkit.CanSplitBy(by[0].Kind) {
		n := channels
		if source.Rows > 0 {
			n = max(n, int(min(source.Rows/chunkRows, mostChunks)))
		}
		p := &sqlkit.Planner{
			Dialect: mssqlkit.Dialect, From: mssqlkit.Dialect.Table(name), Where: r.config.Start.condition(name),
			Column: by[0].Name, Kind: by[0].Kind, Indexed: true, Strategy: sqlkit.Range, Channels: n, First: srv.First,
		}
		if specs, err = p.Plan(ctx); err != nil {
			return nil, fmt.Errorf("cutting table %s: %w", t.name, err)
		}
	}
	key := make([]string, len(by))
	for i, f := range by {
		key[i] = f.Name
	}
	splits := make([]plugin.Split, len(specs))
	for i := range specs {
		specs[i].Table, specs[i].Key, specs[i].Unique = &name, key, len(key) > 0
		if splits[i], err = chunkSplit(log, t.name, i, &specs[i], by); err != nil {
			return nil, err
		}
		log = log.brief()
	}
	return splits, nil
}

// of is the log as the first chunk of a table has it: with the definition of
// that alone.
func (s *spec) of(t *table) *spec {
	if s == nil {
		return nil
	}
	own := *s
	own.State.Tables = slices.DeleteFunc(slices.Clone(s.State.Tables), func(o tableState) bool { return o.Schema != t.name.Schema || o.Table != t.name.Table })
	return &own
}

// brief is the log as further chunks of a table have it: without the columns,
// which may be many.
func (s *spec) brief() *spec {
	if s == nil {
		return nil
	}
	own := *s
	own.State.Tables = slices.Clone(s.State.Tables)
	for i := range own.State.Tables {
		own.State.Tables[i].Columns, own.State.Tables[i].Key = nil, nil
	}
	return &own
}

// whole adds to the log what the first chunks of all tables have of it.
func (s *spec) whole(now []plugin.Progress) error {
	s.State.Tables = []tableState{}
	for _, p := range now {
		c, err := parseChunk(p.Split)
		if err != nil {
			return err
		}
		for _, t := range c.Log.State.Tables {
			if len(t.Columns) > 0 {
				s.State.Tables = append(s.State.Tables, t)
			}
		}
	}
	return nil
}

func chunkSplit(log *spec, name record.Name, nth int, read *sqlkit.Spec, by []*sqlkit.TableColumn) (plugin.Split, error) {
	inner, err := sqlkit.Splits(0, []sqlkit.Spec{*read})
	if err != nil {
		return plugin.Split{}, err
	}
	c := chunkSpec{V: version, Log: log, Chunk: handover.Chunk{Table: name}, Read: inner[0].Spec}
	if read.From != "" {
		c.Chunk.From = &sqlkit.Value{Kind: by[0].Kind, Text: read.From}
	}
	if read.To != "" {
		c.Chunk.To = &sqlkit.Value{Kind: by[0].Kind, Text: read.To}
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return plugin.Split{}, fmt.Errorf("encoding a part of the snapshot of table %s: %w", name, err)
	}
	return plugin.Split{ID: fmt.Sprintf("snapshot/%s.%s/%d", name.Schema, name.Table, nth), Spec: raw}, nil
}

// after plans the changes when all chunks have ended.
func (r *reader) after(now []plugin.Progress) ([]plugin.Split, error) {
	p := handover.Plan[spec]{Views: &views{r}, IsLog: isLog, Parse: parseChunk, Left: left, Off: func(n record.Name) bool { return !r.config.wants(n) }}
	log, copied, nth, err := p.Next(now)
	if err != nil || log == nil {
		return nil, err
	}
	next := *log
	next.Copied, next.Ends = copied, false
	if nth == 1 { // no changes were read, so that the chunks alone say what the tables are
		if err := next.whole(now); err != nil {
			return nil, err
		}
	}
	split, err := next.split(nth)
	return []plugin.Split{split}, err
}

// left is the spec of changes that go on where they were left.
func left(p plugin.Progress) (*spec, error) {
	sp, _, err := parseSpec(p.Split)
	if err != nil {
		return nil, err
	}
	if p.Position != nil {
		at, err := parsePosition(p.Position)
		if err != nil {
			return nil, err
		}
		sp.After = at.String()
	}
	if len(p.State) > 0 {
		if sp.State, err = parseState(p.State); err != nil {
			return nil, err
		}
	}
	return &sp, nil
}

// leave has the changes that are being read end where they are, so that chunks
// can be copied before they go on.
func leave(stored []plugin.Progress) ([]plugin.Progress, error) {
	for i := range stored {
		p := &stored[i]
		if !isLog(p.Split) || p.Done {
			continue
		}
		sp, _, err := parseSpec(p.Split)
		if err != nil {
			return nil, err
		}
		sp.Ends = true
		if p.Split.Spec, err = json.Marshal(sp); err != nil {
			return nil, fmt.Errorf("encoding the split of the changes: %w", err)
		}
		p.Split.Endless, p.Split.Leads = false, true
	}
	return stored, nil
}

// same refuses a database that the job has not read.
func (r *reader) same(sp *spec) error {
	if !strings.EqualFold(sp.Database, r.settings.Database) {
		return lost("the job has read database %s and is to go on with %s", sp.Database, r.settings.Database)
	}
	return nil
}
