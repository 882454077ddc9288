package mysql

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

// Splits implements [plugin.Splitter]: all splits are made at the start.
func (r *reader) Splits(ctx context.Context, p plugin.Plan) ([]plugin.Split, error) {
	if p.Now != nil {
		return nil, nil
	}
	if p.Channels > 1 && r.cfg.SplitPk == "" && r.cfg.SplitStrategy != sqlkit.Auto {
		return nil, errclass.With(errclass.Config, errors.New("splitPk: Must specify the split column when the channel is greater than 1; "+
			`name a numeric column, or set splitStrategy to "auto" to split by the primary key`))
	}
	var splits []plugin.Split
	err := r.dialled(ctx, func(c *mysqlkit.Conn, o *origin) error {
		specs, err := r.plan(ctx, c, o, p.Channels)
		if err != nil {
			return err
		}
		splits, err = sqlkit.Splits(0, specs)
		return err
	})
	return splits, err
}

func (r *reader) plan(ctx context.Context, c *mysqlkit.Conn, o *origin, channels int) ([]sqlkit.Spec, error) {
	specs := []sqlkit.Spec{{Kind: sqlkit.All}}
	if f := r.splitField(o, channels); f != nil {
		p := o.planner(r.cfg, f, channels)
		p.First = func(ctx context.Context, sql string) ([]*string, error) {
			result, err := c.Query(ctx, sql)
			if err != nil {
				return nil, o.explain(err)
			}
			if len(result.Rows) == 0 {
				return nil, nil
			}
			return result.Rows[0], nil
		}
		var err error
		if specs, err = p.Plan(ctx); err != nil {
			return nil, err
		}
	}
	for i := range specs {
		ranged := ""
		if specs[i].Kind == sqlkit.Range {
			ranged = specs[i].Column
		}
		specs[i].Key, specs[i].Unique = o.order(r.cfg, ranged)
	}
	if specs[0].Key == nil {
		r.log.Warn("rows are read in no order that a split could be resumed in: after an interruption it starts over", "from", o.String())
	}
	return specs, nil
}

// splitField returns the column to split by, nil for a single split.
func (r *reader) splitField(o *origin, channels int) *field {
	if r.cfg.SplitPk != "" {
		return o.find(unquoted(r.cfg.SplitPk))
	}
	if channels <= 1 {
		return nil
	}
	if key := o.primary(); len(key) > 0 {
		if f := o.find(key[0]); f != nil && sqlkit.CanSplitBy(f.kind) {
			return f
		}
	}
	r.log.Warn("there is no numeric primary key to split by: one channel reads all rows", "from", o.String())
	return nil
}

// Resume implements [plugin.Resumer]: it checks that the splits and positions
// can be read; the table itself is looked at when a split is opened.
func (r *reader) Resume(_ context.Context, _ int, stored []plugin.Progress) ([]plugin.Progress, error) {
	for _, p := range stored {
		spec, err := sqlkit.ParseSpec(p.Split)
		if err != nil {
			return nil, err
		}
		if p.Position == nil || p.Done {
			continue
		}
		key := make([]sqlkit.KeyColumn, len(spec.Key))
		for i, name := range spec.Key {
			key[i] = sqlkit.KeyColumn{Name: name, Nullable: true}
		}
		if len(key) == 0 {
			return nil, errclass.With(errclass.PositionLost, fmt.Errorf("split %s has a position but no order: start over with -fresh", p.Split.ID))
		}
		if _, err := sqlkit.ParsePosition(p.Position, key); err != nil {
			return nil, fmt.Errorf("resuming split %s: %w", p.Split.ID, err)
		}
	}
	return stored, nil
}
