package sqlread

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Splits implements [plugin.Splitter]: all splits are made at the start.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	if p.Channels > 1 && r.cfg.SplitPk == "" && r.cfg.SplitStrategy == "" {
		return nil, errclass.With(errclass.Config, errors.New("splitPk: Must specify the split column when the channel is greater than 1; "+
			`name a numeric column, or set splitStrategy to "auto" to split by the primary key`))
	}
	places, err := r.places()
	if err != nil {
		return nil, err
	}
	var splits []plugin.Split
	for i, at := range places {
		err := r.dialled(ctx, at, func(s Session, o *origin) error {
			specs, err := r.plan(ctx, s, o, p.Channels)
			if err != nil {
				return err
			}
			more, err := sqlkit.Splits(i, specs)
			splits = append(splits, more...)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return splits, nil
}

// places are what the job reads, in its order.
func (r *reader) places() ([]place, error) {
	if r.cfg.CustomSQL != "" {
		return []place{{}}, nil
	}
	name, err := r.driver.Name(r.cfg.First(), r.cfg.First().TableName())
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	return []place{{table: name}}, nil
}

// plan cuts an origin into splits for so many channels.
func (r *reader) plan(ctx context.Context, s Session, o *origin, channels int) ([]sqlkit.Spec, error) {
	specs := []sqlkit.Spec{{Kind: sqlkit.All}}
	if f := r.splitField(o, channels); f != nil {
		var err error
		if specs, err = r.planner(s, o, f, channels).Plan(ctx); err != nil {
			return nil, r.explain(o, fmt.Errorf("splitting %s: %w", o, err))
		}
	}
	for i := range specs {
		by := o.order(r.cfg, &specs[i])
		specs[i].Key, specs[i].Unique = by.key, by.unique
		o.mark(&specs[i])
	}
	if specs[0].Key == nil {
		r.log.Warn("rows are read in no order that a split could be resumed in: after an interruption it starts over", "from", o.String())
	}
	return specs, nil
}

// splitField returns the column to split by, nil for a single split.
func (r *reader) splitField(o *origin, channels int) *sqlkit.TableColumn {
	if r.cfg.SplitPk != "" {
		return o.field(unquoted(r.cfg.SplitPk))
	}
	if channels <= 1 && r.cfg.SplitPkStart == "" && r.cfg.SplitPkEnd == "" {
		return nil
	}
	if key := o.primary(); len(key) > 0 {
		if f := o.field(key[0]); f != nil && canSplitBy(f) {
			return f
		}
	}
	r.log.Warn("there is no numeric primary key to split by: one channel reads all rows", "from", o.String())
	return nil
}

func canSplitBy(f *sqlkit.TableColumn) bool {
	return sqlkit.CanSplitBy(f.Kind) && (f.Kind != record.Any || f.Numbers)
}

// planner returns the planner of a split column.
func (r *reader) planner(s Session, o *origin, f *sqlkit.TableColumn, channels int) *sqlkit.Planner {
	kind := f.Kind
	if !canSplitBy(f) {
		kind = record.String // the planner refuses it and says why
	}
	return &sqlkit.Planner{
		Dialect: r.dialect, From: o.from, Where: r.cfg.Where, Column: f.Name, Kind: kind, Nullable: f.Nullable,
		Indexed: o.leading(f.Name) != nil, Strategy: r.cfg.SplitStrategy, Channels: channels,
		Start: r.cfg.SplitPkStart, End: r.cfg.SplitPkEnd, First: s.First,
	}
}
