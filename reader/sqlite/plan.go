package sqlite

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// plan cuts the input into splits.
func (r *reader) plan(ctx context.Context, conn *sqlitekit.Conn, in *input, channels int) ([]sqlkit.Spec, error) {
	c := r.config
	column := c.SplitPk
	if column == "" && in.table != nil {
		column = in.table.RowID
	}
	if column == "" {
		if c.SplitPkStart != "" || c.SplitPkEnd != "" {
			return nil, errclass.With(errclass.Config, fmt.Errorf("splitPkStart and splitPkEnd need splitPk: the input has no rowid"))
		}
		return []sqlkit.Spec{{Kind: sqlkit.All}}, nil
	}
	p := &sqlkit.Planner{
		Dialect: sqlitekit.Dialect(), From: in.from, Where: c.Where, Column: column,
		Strategy: c.SplitStrategy, Channels: channels, Start: c.SplitPkStart, End: c.SplitPkEnd,
		First: func(ctx context.Context, sql string) (first []*string, err error) {
			err = conn.Rows(ctx, sql, func(row []*string) error {
				if first == nil {
					first = append(first, row...)
				}
				return nil
			})
			return first, err
		},
	}
	if err := in.splitColumn(p); err != nil {
		return nil, err
	}
	if p.Strategy != sqlkit.Mod && channels > 1 {
		numeric, err := allNumeric(ctx, conn, p)
		if err != nil {
			return nil, err
		}
		if !numeric && p.Strategy == sqlkit.Range {
			return nil, errclass.With(errclass.Config, fmt.Errorf("splitStrategy range: column %s holds texts or blobs: use mod", column))
		}
		if !numeric {
			p.Strategy = sqlkit.Mod
		}
	}
	return p.Plan(ctx)
}

// splitColumn tells the planner about the column. Remainders work for every
// value, since SQLite makes an integer of anything; intervals for every column
// whose affinity leaves a number in a condition a number.
func (in *input) splitColumn(p *sqlkit.Planner) error {
	p.Kind, p.Nullable = record.Int64, true
	if in.table == nil {
		for _, col := range in.schema.Columns {
			if col.Name == p.Column {
				return nil
			}
		}
		return errclass.With(errclass.Config, fmt.Errorf("splitPk: the statement has no column %q", p.Column))
	}
	p.Indexed = in.table.Indexed(p.Column)
	if in.table.IsRowID(p.Column) {
		p.Nullable = false
		return nil
	}
	i := in.table.Index(p.Column)
	if i < 0 {
		return unknownColumn("splitPk", p.Column, in.table)
	}
	p.Nullable = in.table.Column(i).Nullable
	if sqlitekit.AffinityOf(in.table.Columns[i].Declared) == sqlitekit.TextAffinity {
		p.Kind = record.String // the planner refuses it and says why
	}
	return nil
}

// allNumeric tells whether the key's least and largest values are numbers, so
// that they can be bounds: texts and blobs sort after all numbers.
func allNumeric(ctx context.Context, conn *sqlitekit.Conn, p *sqlkit.Planner) (bool, error) {
	key := p.Dialect.Quote(p.Column)
	stmt := sqlkit.Select{Dialect: p.Dialect, From: p.From, Where: []string{p.Where}, Items: []sqlkit.Item{{SQL: "typeof(MAX(" + key + "))"}}}
	kind, err := conn.Text(ctx, stmt.String())
	if err != nil {
		return false, fmt.Errorf("asking for the type of splitPk %q: %w", p.Column, err)
	}
	return kind == "integer" || kind == "real" || kind == "null", nil
}
