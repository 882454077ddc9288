package sqlwrite

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// group is the rows of one schema in the batch at hand, and what one sink
// keeps to write such rows.
type group struct {
	schema *record.Schema
	p      *plan
	forms  forms
	mode   Verb // what an inserted row does
	keep   bool // an inserted row's NULL leaves what the table has

	rows []int // of the batch, ascending; with all, not filled
	all  bool  // every row of the batch

	// The rows to be written: the batch's own, or, converted, the group's.
	from      *record.Batch
	at        []int         // from's column for each of p.columns
	key       []int         // from's columns of the key
	scratch   *record.Batch // converted rows
	positions []int         // columns of scratch
	origin    []int         // the batch's row for each of scratch

	fold fold
}

func newGroup(p *plan, c *Config) *group {
	g := &group{p: p, forms: forms{p: p, bulk: c.InsertSQLMode}, mode: c.verb(), keep: c.updates() && !c.AllReplace}
	if p.converted != nil {
		g.scratch = record.NewBatch(0, 0)
		for i := range p.columns {
			g.positions = append(g.positions, i)
		}
	}
	g.at = p.from
	if p.converted != nil {
		g.at = g.positions
	}
	for _, k := range p.key {
		g.key = append(g.key, g.at[k])
	}
	return g
}

// len is the number of the group's rows in the batch.
func (g *group) len(b *record.Batch) int {
	if g.all {
		return b.Len()
	}
	return len(g.rows)
}

// index is row i of the group in the batch.
func (g *group) index(i int) int {
	if g.all {
		return i
	}
	return g.rows[i]
}

// prepare converts the group's rows if they have to be, and returns those
// that cannot be.
func (g *group) prepare(b *record.Batch, bad []errclass.BadRow) []errclass.BadRow {
	g.from = b
	if g.scratch == nil {
		return bad
	}
	g.from = g.scratch
	g.scratch.Reset("")
	g.scratch.SetTarget(b.Target())
	g.origin = g.origin[:0]
	for i := range g.len(b) {
		at := g.index(i)
		row := b.Row(at)
		if row.Op() == record.UpdateBefore {
			continue
		}
		g.scratch.Begin(g.p.converted, row.Op())
		if err := g.convert(row); err != nil {
			g.scratch.Drop()
			bad = append(bad, errclass.AsBadRow(at, err))
			continue
		}
		g.origin = append(g.origin, at)
	}
	return bad
}

// convert converts a row; of a deleted one the key alone, which is all that
// it needs.
func (g *group) convert(row record.Row) error {
	for i, f := range g.p.funcs {
		if row.Op() == record.Delete && !g.p.isKey[i] {
			g.scratch.Absent()
			continue
		}
		if err := f(g.scratch, row, g.p.from[i]); err != nil {
			return err
		}
	}
	return nil
}

// count is the number of rows of from that are the group's.
func (g *group) count() int {
	if g.scratch != nil {
		return g.from.Len()
	}
	return g.len(g.from)
}

// row is the group's row i of from.
func (g *group) row(i int) record.Row {
	if g.scratch != nil || g.all {
		return g.from.Row(i)
	}
	return g.from.Row(g.rows[i])
}

// origins is the batch's row that row i of from came from.
func (g *group) originOf(i int) int {
	if g.scratch != nil {
		return g.origin[i]
	}
	return i
}

// plain tells that all rows are to be inserted and complete: they go out as
// they are.
func (g *group) plain() bool {
	if g.mode != Insert || g.from.Absents() {
		return false
	}
	for i := range g.count() {
		if g.row(i).Op() != record.Insert {
			return false
		}
	}
	return true
}

// write writes the prepared rows. Refused rows are named by their place in
// the batch.
func (g *group) write(ctx context.Context, s Session) error {
	n := g.count()
	if n == 0 {
		return nil
	}
	if g.plain() {
		r := g.forms.of(kindOfRun{verb: Insert}, record.Row{}, g.at, false)
		r.batch, r.rows = g.from, nil
		if g.scratch == nil && !g.all {
			r.rows = g.rows
		}
		defer func() { r.rows = nil }()
		return g.send(ctx, s, r)
	}
	return g.apply(ctx, s)
}

// send writes a run.
func (g *group) send(ctx context.Context, s Session, r *run) error {
	rows := Rows{Batch: r.batch, Rows: r.rows, Columns: r.columns}
	if len(r.rows) == r.batch.Len() {
		rows.Rows = nil
	}
	form := r.form
	if r.update != nil {
		found, err := s.Write(ctx, r.update, rows)
		if err != nil || found >= int64(rows.Len()) {
			return g.named(r, err)
		}
	}
	_, err := s.Write(ctx, form, rows)
	return g.named(r, err)
}

// named gives the rows that a session has refused their places in the batch.
func (g *group) named(r *run, err error) error {
	if err == nil {
		return nil
	}
	var refused *errclass.Rows
	if !errors.As(err, &refused) || len(refused.Bad) == 0 {
		return fmt.Errorf("writing to table %s: %w", g.p.table.Name, err)
	}
	bad := slices.Clone(refused.Bad)
	for i := range bad {
		at := bad[i].Index
		if r.rows != nil {
			at = r.rows[at]
		}
		if r.batch == g.fold.merged {
			at = g.fold.mergedFrom[at]
		}
		bad[i].Index = g.originOf(at)
	}
	sortBad(bad)
	return &errclass.Rows{Bad: bad}
}

func sortBad(bad []errclass.BadRow) {
	slices.SortFunc(bad, func(a, b errclass.BadRow) int { return a.Index - b.Index })
}
