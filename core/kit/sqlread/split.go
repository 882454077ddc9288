package sqlread

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// splitsPerChannel is how many splits there are for each channel, of a job that
// is cut without knowing better.
const splitsPerChannel = 4

// smallTable is how many rows are read as one split where a job has several tables.
const smallTable = 40_000

// Splits implements [plugin.Splitter]: all splits are made at the start, those
// of the biggest table first.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	r.pool.keep(p.Channels)
	places, err := r.places(ctx)
	if err != nil {
		return nil, err
	}
	several := r.several(places)
	if err := r.checkSplit(p.Channels, !several); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	var parts []part
	for i, at := range places {
		one, err := r.part(ctx, i, at)
		if err != nil {
			return nil, err
		}
		if one.origin != nil && r.skipped(one.origin) {
			r.log.Info("a pattern stands for tables: a view is left out, name it to read it", "view", at.table.String())
			continue
		}
		parts = append(parts, one)
	}
	if err := unreadable(parts); err != nil && (!several || allBad(parts)) {
		return nil, err
	}
	share(parts, p.Channels)
	var splits []plugin.Split
	for i := range parts {
		more, err := r.cut(ctx, &parts[i], several)
		if err != nil {
			return nil, err
		}
		splits = append(splits, more...)
	}
	return splits, r.intend(len(splits), p.Channels)
}

// part is a place of the plan.
type part struct {
	place
	index    int     // of the place in the job
	origin   *origin // nil: it cannot be read
	err      error   // why not
	channels int     // that its splits are made for
}

// part looks at a place. What is wrong with a table alone does not keep the
// others from being read.
func (r *reader) part(ctx context.Context, index int, at place) (part, error) {
	one := part{place: at, index: index}
	s, err := r.session(ctx, at)
	if err != nil {
		return one, err
	}
	if one.origin, one.err = r.origin(ctx, s, at); one.err != nil && !apart(one.err) {
		return one, errors.Join(one.err, r.release(s))
	}
	return one, r.release(s)
}

// apart tells an error of one table from one of the connection.
func apart(err error) bool {
	switch errclass.Of(err) {
	case errclass.Transient, errclass.Canceled, errclass.Fenced:
		return false
	}
	return true
}

// skipped tells that an origin is a view that a pattern has found: its rows are
// those of tables.
func (r *reader) skipped(o *origin) bool {
	if o.table == nil || !o.table.View {
		return false
	}
	for _, text := range r.cfg.PlainTables(o.connection) {
		if name, err := r.driver.Name(&r.cfg.Connection[o.connection], text); err == nil && name == o.place.table {
			return false
		}
	}
	return true
}

// unreadable is the first error of parts.
func unreadable(parts []part) error {
	for i := range parts {
		if parts[i].err != nil {
			return parts[i].err
		}
	}
	return nil
}

func allBad(parts []part) bool {
	return !slices.ContainsFunc(parts, func(p part) bool { return p.err == nil })
}

// share puts the biggest table first and says for how many channels each is
// cut: one table for all of them, several by their estimated rows.
func share(parts []part, channels int) {
	channels = max(1, channels)
	if len(parts) == 1 {
		parts[0].channels = channels
		return
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(b.weight(), a.weight()) })
	var total int64
	for i := range parts {
		total += max(0, parts[i].rows())
	}
	for i := range parts {
		one := &parts[i]
		switch rows := one.rows(); {
		case rows < 0:
			one.channels = channels
		case rows < smallTable:
			one.channels = 1
		default:
			one.channels = int(min(int64(channels), 1+rows*int64(channels)*splitsPerChannel/total))
		}
	}
}

// rows is the estimate; below 0: there is none.
func (p *part) rows() int64 {
	switch {
	case p.origin == nil:
		return 0
	case p.origin.table == nil:
		return -1
	}
	return p.origin.table.Rows
}

// weight is rows, where one that is not known may be the biggest.
func (p *part) weight() int64 {
	if rows := p.rows(); rows >= 0 {
		return rows
	}
	return math.MaxInt64
}

// name is that of the schema of its rows.
func (p *part) name() record.Name {
	if p.origin == nil {
		return p.table
	}
	return p.origin.schema.Name
}

// cut makes the splits of a part. A place that cannot be read is one split,
// whose opening will say so, and which another run can try again.
func (r *reader) cut(ctx context.Context, p *part, several bool) ([]plugin.Split, error) {
	specs := []sqlkit.Spec{{Kind: sqlkit.All}}
	if p.err == nil {
		err := r.dialled(ctx, p.place, func(s Session, o *origin) (err error) {
			specs, err = r.plan(ctx, s, o, p.channels)
			return err
		})
		if err != nil {
			if !several || !apart(err) {
				return nil, err
			}
			specs = []sqlkit.Spec{{Kind: sqlkit.All}}
		}
	}
	for i := range specs {
		p.mark(&specs[i])
	}
	splits, err := sqlkit.Splits(p.index, specs)
	for i := range splits {
		if splits[i].Apart = several; several {
			splits[i].Table = p.name()
		}
	}
	return splits, err
}

// plan cuts an origin into splits for so many channels.
func (r *reader) plan(ctx context.Context, s Session, o *origin, channels int) ([]sqlkit.Spec, error) {
	specs, err := r.specs(ctx, s, o, channels)
	if err != nil {
		return nil, r.explain(o, fmt.Errorf("splitting %s: %w", o, err))
	}
	for i := range specs {
		by := o.order(r.cfg, &specs[i])
		specs[i].Key, specs[i].Unique = by.key, by.unique
	}
	if specs[0].Key == nil {
		r.log.Warn("rows are read in no order that a split could be resumed in: after an interruption it starts over", "from", o.String())
	}
	return specs, nil
}

func (r *reader) specs(ctx context.Context, s Session, o *origin, channels int) ([]sqlkit.Spec, error) {
	if f := r.splitField(o, channels); f != nil {
		return r.planner(s, o, f, channels).Plan(ctx)
	}
	all := []sqlkit.Spec{{Kind: sqlkit.All}}
	if channels <= 1 || r.cfg.SplitPk != "" || r.whole() {
		return all, nil
	}
	if pages, err := r.pages(ctx, s, o, channels); len(pages) > 0 || err != nil {
		return pages, err
	}
	r.log.Warn("there is no numeric primary key to split by: one channel reads all rows", "from", o.String())
	return all, nil
}

// pages cuts a table without a usable key by where its rows are stored. Rows
// move when they are changed, so that this needs a view.
func (r *reader) pages(ctx context.Context, s Session, o *origin, channels int) ([]sqlkit.Spec, error) {
	ranger, ok := r.driver.(PageRanger)
	_, views := r.driver.(Snapshotter)
	if !ok || !views || r.cfg.Snapshot == snapshotOff || o.table == nil || o.table.View || r.cfg.SplitStrategy == sqlkit.Mod {
		return nil, nil
	}
	conditions, err := ranger.PageRanges(ctx, s, o.table, channels*splitsPerChannel)
	if err != nil || len(conditions) < 2 {
		return nil, err
	}
	specs := make([]sqlkit.Spec, len(conditions))
	for i, c := range conditions {
		specs[i] = sqlkit.Spec{Kind: sqlkit.Pages, Pages: c}
	}
	return specs, nil
}

// splitField returns the column to split by; nil: there is none, or no need.
func (r *reader) splitField(o *origin, channels int) *sqlkit.TableColumn {
	if r.cfg.SplitPk != "" {
		return o.field(unquoted(r.cfg.SplitPk))
	}
	if channels <= 1 && r.cfg.SplitPkStart == "" && r.cfg.SplitPkEnd == "" || r.whole() {
		return nil
	}
	if key := o.primary(); len(key) > 0 {
		if f := o.field(key[0]); f != nil && canSplitBy(f) {
			return f
		}
	}
	return nil
}

func canSplitBy(f *sqlkit.TableColumn) bool {
	return sqlkit.CanSplitBy(f.Kind) && (f.Kind != record.Any || f.Numbers)
}

// planner returns the planner of a split column.
func (r *reader) planner(s Session, o *origin, f *sqlkit.TableColumn, channels int) *sqlkit.Planner {
	kind := f.Kind
	if kind == record.Any && !f.Numbers {
		kind = record.String
	}
	return &sqlkit.Planner{
		Dialect: r.dialect, From: o.from, Where: r.cfg.Where, Column: f.Name, Kind: kind, Nullable: f.Nullable,
		Indexed: o.leading(f.Name) != nil, Strategy: r.cfg.SplitStrategy, Channels: channels,
		Start: r.cfg.SplitPkStart, End: r.cfg.SplitPkEnd, First: s.First,
		Ordered: f.Kind != record.Any && (r.datax || r.cfg.SplitStrategy == sqlkit.Range || r.cfg.SplitStrategy == sqlkit.Auto),
	}
}
