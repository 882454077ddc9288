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

// chunkRows is how finely a table is cut. Each chunk waits until the capture job
// has gone by its view, which takes seconds, and is a transaction that keeps the
// server from clearing away old versions of rows.
const chunkRows = 1_000_000

// chunks plans the snapshot of the catalog's tables. log is what is read
// afterwards; nil: nothing.
func (r *reader) chunks(ctx context.Context, srv *server, c *catalog, log *spec, channels int) (splits []plugin.Split, err error) {
	list, err := json.Marshal(r.list())
	if err != nil {
		return nil, fmt.Errorf("encoding the list of tables: %w", err)
	}
	cutter := handover.Cutter[spec]{V: version, Dialect: mssqlkit.Dialect, Channels: channels, Rows: chunkRows, Apart: len(c.tables) > 1, List: list, First: srv.First, Brief: (*spec).brief}
	for _, t := range c.tables {
		name := record.Name{Schema: t.name.Schema, Table: t.name.Table}
		source, err := srv.Table(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("looking at table %s: %w", t.name, err)
		}
		more, err := cutter.Cut(ctx, handover.Table{Name: t.name, From: name, Order: order(t.schema, source), Rows: source.Rows, Where: r.config.Start.condition(name)}, log.of(t))
		if err != nil {
			return nil, err
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

// plan is what the splits of the job have in common with those of other logs.
func (r *reader) plan() *handover.Plan[spec] {
	return &handover.Plan[spec]{
		Views: func(*spec) handover.Views { return &views{r} }, IsLog: isLog, Parse: parseChunk, Left: left, Check: r.resumeLog, Same: r.same,
		Spec: func(s plugin.Split) (*spec, error) {
			sp, _, err := parseSpec(s)
			return &sp, err
		},
		Ends: func(sp *spec) { sp.Ends = true },
		Off:  func(n record.Name) bool { return !r.config.wants(n) },
	}
}

// after plans the changes when all chunks have ended.
func (r *reader) after(now []plugin.Progress) ([]plugin.Split, error) {
	log, copied, nth, err := r.plan().Next(now)
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

// same refuses a database that the job has not read.
func (r *reader) same(sp *spec) error {
	if !strings.EqualFold(sp.Database, r.settings.Database) {
		return lost("the job has read database %s and is to go on with %s", sp.Database, r.settings.Database)
	}
	return nil
}
