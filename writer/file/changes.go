package file

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/flinkxfmt"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Migrator = (*writer)(nil)
	_ plugin.MetaUser = (*writer)(nil)
)

// keepsChanges tells that changes become rows of their own.
func (c *Config) keepsChanges() bool { return c.Paving != nil || c.Split || c.SplitUpdate }

func (c *Config) shape() flinkxfmt.Shape {
	switch {
	case c.Split, c.SplitUpdate && (c.Paving == nil || !*c.Paving):
		return flinkxfmt.Split
	case c.Paving != nil && !*c.Paving:
		return flinkxfmt.Nested
	}
	return flinkxfmt.Paving
}

// changes makes rows of changes for one channel; nil: rows are written as they come.
func (w *writer) changes(channel int) *changes {
	if !w.config.keepsChanges() {
		return nil
	}
	return &changes{rows: flinkxfmt.NewRows(flinkxfmt.Options{Shape: w.config.shape(), Zone: w.zone, Worker: channel}), stage: record.NewBatch(0, 0)}
}

// changes are the rows of a channel's changes.
type changes struct {
	rows  *flinkxfmt.Rows
	stage *record.Batch
	from  []int // the row of the batch that each was made of
}

// of makes rows of the changes in b; they are valid until the next call. A
// change that cannot be one is among the bad.
func (c *changes) of(b *record.Batch) (rows *record.Batch, bad []errclass.BadRow) {
	c.stage.Reset(b.Split())
	c.from = c.from[:0]
	c.rows.Begin(time.Now())
	for i := 0; i < b.Len(); {
		ev, n := changefmt.At(b, i, c.rows.Grouping())
		i += n
		if err := c.rows.Append(c.stage, ev); err != nil {
			bad = append(bad, errclass.AsBadRow(i-1, err))
			continue
		}
		c.from = append(c.from, i-1)
	}
	return c.stage, bad
}

// back says of which rows of the batch the bad ones were made, behind those
// that could not be made at all.
func (c *changes) back(unmade, bad []errclass.BadRow) []errclass.BadRow {
	for i := range bad {
		bad[i].Index = c.from[bad[i].Index]
	}
	bad = append(bad, unmade...)
	slices.SortFunc(bad, func(a, b errclass.BadRow) int { return cmp.Compare(a.Index, b.Index) })
	return bad
}

// Meta implements [plugin.MetaUser]: what the rows of changes tell.
func (w *writer) Meta() []string {
	if c := w.changes(0); c != nil {
		return c.rows.Meta()
	}
	return nil
}

// Migrate implements [plugin.Migrator]: rows of other columns begin a file of
// their own, and what files have is kept.
func (w *writer) Migrate(_ context.Context, c *record.Change) error {
	if w.log != nil {
		w.log.Info("files keep the rows that they have; rows of other columns go to a new one", "table", c.Name.String(), "sql", c.SQL)
	}
	return nil
}
