package sqlservercdc

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/record"
)

// table is a captured table that the job reads.
type table struct {
	name     record.Name
	instance string         // that it is read from
	floor    lsn            // the oldest commit that the instance had when the job met it
	schema   *record.Schema // of its rows; of an earlier run until capture is made
	capture  *capture       // nil: of an earlier run, not yet asked for
	until    lsn            // the newer instance's first commit; zero: there is none
}

// catalog is the tables of a job at a place of the log.
type catalog struct {
	config   *Config
	database string
	meta     []record.Column
	log      *slog.Logger
	tables   []*table // sorted by name
	fresh    bool     // it has changed since it was stored
	lists    handover.Coming
	copies   *handover.Copies // what is copied beside the changes
}

func newCatalog(c *Config, database string, meta []string, log *slog.Logger) *catalog {
	all := &catalog{config: c, database: database, log: log, copies: new(handover.Copies)}
	for _, m := range record.Meta {
		if _, ours := metas[m.Name]; ours && slices.Contains(meta, m.Name) {
			all.meta = append(all.meta, record.Column{Name: m.Name, Kind: m.Kind, Nullable: true})
		}
	}
	return all
}

func compareTables(t *table, name record.Name) int {
	return cmp.Or(cmp.Compare(t.name.Schema, name.Schema), cmp.Compare(t.name.Table, name.Table))
}

func (c *catalog) find(name record.Name) *table {
	if i, ok := slices.BinarySearchFunc(c.tables, name, compareTables); ok {
		return c.tables[i]
	}
	return nil
}

func (c *catalog) add(t *table) {
	i, _ := slices.BinarySearchFunc(c.tables, t.name, compareTables)
	c.tables = slices.Insert(c.tables, i, t)
}

// turn is a change of what a table's rows look like, at the place where the
// catalog stands.
type turn struct {
	of     record.Name    // the table
	change *record.Change // nil: rows look as before
	apply  func()
}

// wanted groups instances by table, in the order in which they were made.
func (c *catalog) wanted(list []instance) (names []record.Name, of map[record.Name][]instance) {
	of = map[record.Name][]instance{}
	for _, in := range list {
		name := record.Name{Database: c.database, Schema: in.schema, Table: in.table}
		if !c.reads(name) {
			continue
		}
		if of[name] == nil {
			names = append(names, name)
		}
		of[name] = append(of[name], in)
	}
	slices.SortFunc(names, func(a, b record.Name) int {
		return cmp.Or(cmp.Compare(a.Schema, b.Schema), cmp.Compare(a.Table, b.Table))
	})
	return names, of
}

// reconcile compares what is known with the instances that there are. at is the
// position: what comes next is the commit after it, or later. It returns what
// is to change before that is read.
func (c *catalog) reconcile(ctx context.Context, srv *server, list []instance, at lsn) (turns []turn, err error) {
	names, of := c.wanted(list)
	for _, t := range slices.Clone(c.tables) {
		one, err := c.follow(ctx, srv, t, of[t.name], at)
		if err != nil {
			return nil, err
		}
		turns = append(turns, one...)
	}
	for _, name := range names {
		if c.find(name) != nil {
			continue
		}
		one, err := c.meet(ctx, srv, of[name], at)
		if err != nil {
			return nil, err
		}
		turns = append(turns, one)
	}
	return turns, nil
}

// meet begins to read a table: from its newest instance that has all after at,
// else from the oldest one that there is.
func (c *catalog) meet(ctx context.Context, srv *server, list []instance, at lsn) (turn, error) {
	in := list[0]
	for _, newer := range list[1:] {
		if !at.next().before(newer.start) {
			in = newer
		}
	}
	made, err := srv.capture(ctx, c.database, in, c.meta)
	if err != nil {
		return turn{}, err
	}
	t := &table{name: made.schema.Name, instance: in.name, floor: in.start, schema: made.schema, capture: made}
	return turn{
		of:     t.name,
		change: &record.Change{Kind: record.Create, Name: t.name, To: t.schema, LSN: at.String()},
		apply:  func() { c.add(t); c.fresh = true },
	}, nil
}

// follow looks at the instances of a table that is read. Only in the last of
// them are there changes to come; before it, t.until says how far the present
// one is to be read.
func (c *catalog) follow(ctx context.Context, srv *server, t *table, list []instance, at lsn) ([]turn, error) {
	here := slices.IndexFunc(list, func(in instance) bool { return in.name == t.instance })
	switch {
	case len(list) == 0:
		return c.gone(ctx, srv, t, at)
	case here < 0 && at.next().before(list[0].start):
		return nil, lost("capture instance %s of table %s is gone, and the next one, %s, has the changes from %s on: those after %s are missing",
			t.instance, t.name, list[0].name, list[0].start, at)
	case here < 0:
		return c.goOver(ctx, srv, t, list[0], at)
	}
	in := list[here]
	if at.next().before(in.start) && t.floor.before(in.start) {
		return nil, purged(ctx, srv, t, in, at)
	}
	t.until = lsn{}
	if here+1 < len(list) {
		next := list[here+1]
		if !at.next().before(next.start) {
			return c.goOver(ctx, srv, t, next, at)
		}
		t.until = next.start
	}
	if t.capture == nil || t.capture.modified != in.modified {
		return c.goOver(ctx, srv, t, in, at)
	}
	return nil, nil
}

// goOver reads a table from an instance from here on, which may be the same
// one with other columns.
func (c *catalog) goOver(ctx context.Context, srv *server, t *table, in instance, at lsn) ([]turn, error) {
	made, err := srv.capture(ctx, c.database, in, c.meta)
	if err != nil {
		return nil, err
	}
	floor := t.floor
	if in.name != t.instance {
		floor = in.start
	}
	same := sameShape(t.schema, made.schema)
	one := turn{of: t.name, apply: func() {
		if t.instance != in.name {
			c.log.Info("a table is read from another capture instance", "table", t.name.String(), "from", t.instance, "to", in.name, "after", at.String())
		}
		c.fresh = c.fresh || t.instance != in.name || !same
		t.instance, t.floor, t.capture, t.schema, t.until = in.name, floor, made, made.schema, lsn{}
	}}
	switch {
	case !same:
		one.change = &record.Change{Kind: record.Alter, Name: t.name, From: t.schema, To: made.schema, LSN: at.String()}
	case t.capture != nil: // the same shape: the same schema
		made.schema = t.schema
	}
	return []turn{one}, nil
}

// due are the tables that go over to their newer instance because nothing is
// left to read of the older one: first is the next commit after at.
func (c *catalog) due(ctx context.Context, srv *server, list []instance, first, at lsn) (turns []turn, err error) {
	_, of := c.wanted(list)
	for _, t := range c.tables {
		if t.until.isZero() || first.before(t.until) {
			continue
		}
		here := slices.IndexFunc(of[t.name], func(in instance) bool { return in.name == t.instance })
		one, err := c.goOver(ctx, srv, t, of[t.name][here+1], at)
		if err != nil {
			return nil, err
		}
		turns = append(turns, one...)
	}
	return turns, nil
}

// gone decides about a table without any instance: it was dropped, or is no
// longer captured.
func (c *catalog) gone(ctx context.Context, srv *server, t *table, at lsn) ([]turn, error) {
	row, err := srv.First(ctx, sqlThere(t.name))
	if err != nil {
		return nil, fmt.Errorf("looking for table %s: %w", t.name, err)
	}
	if text(row, 0) != "" {
		return nil, lost("capture instance %s of table %s is gone, and with it the changes after %s: EXEC sys.sp_cdc_enable_table @source_schema = N'%s', @source_name = N'%s', @role_name = NULL, and then",
			t.instance, t.name, at, t.name.Schema, t.name.Table)
	}
	return []turn{{
		of:     t.name,
		change: &record.Change{Kind: record.Drop, Name: t.name, From: t.schema, LSN: at.String()},
		apply: func() {
			c.log.Warn("a table was dropped, and with it what was captured of it and not yet read", "table", t.name.String(), "after", at.String())
			c.tables = slices.DeleteFunc(c.tables, func(o *table) bool { return o == t })
			c.fresh = true
		},
	}}, nil
}

// purged says that changes were removed before they were read.
func purged(ctx context.Context, srv *server, t *table, in instance, at lsn) error {
	keeps, err := srv.retention(ctx)
	if err != nil {
		return err
	}
	how := "the cleanup job has removed"
	if keeps > 0 {
		how = fmt.Sprintf("the cleanup job, which keeps them for %d minutes (EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = minutes, for longer), has removed", keeps/time.Minute)
	}
	return lost("capture instance %s of table %s has the changes from %s on, the job has read up to %s: %s what is between", in.name, t.name, in.start, at, how)
}

// whole checks after a read that nothing after a place was removed of what was
// read, and that no change table was altered meanwhile.
func (c *catalog) whole(ctx context.Context, srv *server, read []*cursor, after lsn) error {
	list, err := srv.instances(ctx)
	if err != nil {
		return err
	}
	for _, cur := range read {
		i := slices.IndexFunc(list, func(in instance) bool { return in.name == cur.capture.instance })
		from := cur.span.from
		if from.before(after.next()) {
			from = after.next()
		}
		switch {
		case i < 0:
			return lost("capture instance %s of table %s was removed while it was read: changes after %s may be missing", cur.capture.instance, cur.table.name, from.previous())
		case from.before(list[i].start):
			return purged(ctx, srv, cur.table, list[i], from.previous())
		case list[i].modified != cur.capture.modified:
			return errclass.With(errclass.Transient, fmt.Errorf("a column of table %s was altered while its changes were read", cur.table.name))
		}
	}
	return nil
}

// cut leaves out the commits that some table is to be read of from a newer
// instance.
func (c *catalog) cut(commits []commit) []commit {
	for _, t := range c.tables {
		if t.until.isZero() {
			continue
		}
		if i := slices.IndexFunc(commits, func(o commit) bool { return !o.at.before(t.until) }); i >= 0 {
			commits = commits[:i]
		}
	}
	return commits
}
