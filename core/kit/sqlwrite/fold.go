package sqlwrite

import (
	"context"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// fold turns changes into rows of which no two have the same key.
type fold struct {
	index   keyIndex
	entries []entry
	runs    []*run // that have rows, in order of their first

	merged     *record.Batch // rows made from several
	mergedFrom []int         // the row of the group's batch that each stands for: the last one
}

// entry is what is to become of one key, or of one row without.
type entry struct {
	row     int32 // of the group's batch
	before  int32 // the entry whose values show through where this one has none; -1: none
	kind    kindOfRun
	partial bool // some column is absent
	dead    bool // a later entry has taken its place
}

// apply folds the group's rows and writes them: deletes first, so that what
// they free is free, then the others in order of the last change of each key.
func (g *group) apply(ctx context.Context, s Session) error {
	n := g.count()
	g.restart(n)
	var bad []errclass.BadRow
	for i := range n {
		row := g.row(i)
		if row.Op() == record.UpdateBefore {
			continue
		}
		e, keyed, err := g.entry(row)
		switch {
		case err != nil:
			bad = append(bad, errclass.AsBadRow(g.originOf(row.Index()), err))
		case len(bad) > 0: // nothing will stay written: only the others at fault are looked for
		case !g.add(e, keyed):
			if err := g.emit(ctx, s); err != nil {
				return err
			}
			g.restart(n - i)
			g.add(e, keyed)
		}
	}
	if len(bad) > 0 {
		return &errclass.Rows{Bad: bad}
	}
	return g.emit(ctx, s)
}

// restart forgets the entries.
func (g *group) restart(n int) {
	g.fold.entries = g.fold.entries[:0]
	g.fold.index.reset(n)
}

// entry says what one row asks for, and leaves its key, if it has one, in the
// index.
func (g *group) entry(row record.Row) (e entry, keyed bool, err error) {
	e = entry{row: int32(row.Index()), before: -1, kind: kindOfRun{verb: g.mode, keep: g.keep}}
	switch row.Op() {
	case record.UpdateAfter:
		e.kind = kindOfRun{verb: Upsert}
	case record.Delete:
		e.kind = kindOfRun{verb: Delete}
	}
	changes := row.Op() != record.Insert
	if g.key != nil {
		null, absent := g.fold.index.look(row, g.key)
		switch {
		case absent && (changes || g.mode != Insert):
			return e, false, errclass.BadValue("", errclass.Null, "a value of the key is absent")
		case null && changes:
			return e, false, errclass.BadValue("", errclass.Null, "a value of the key is NULL: %s finds no row by it", row.Op())
		}
		keyed = !null && !absent
	} else if changes {
		return e, false, errclass.BadValue("", errclass.Other, "%s needs a key: name a uniqueKey among the columns that are written", row.Op())
	}
	if row.Op() != record.Delete && g.from.Absents() {
		e.partial = g.lacks(row)
	}
	return e, keyed, nil
}

// lacks tells that a column of the row is absent.
func (g *group) lacks(row record.Row) bool {
	for _, c := range g.at {
		if row.Kind(c) == record.Absent {
			return true
		}
	}
	return false
}

// add takes an entry in, in the place of what there is for its key. It refuses
// one that cannot be joined with that: they have to be written one after the
// other.
func (g *group) add(e entry, keyed bool) bool {
	f := &g.fold
	if !keyed {
		f.entries = append(f.entries, e)
		return true
	}
	at := f.index.entry()
	if *at >= 0 {
		old := &f.entries[*at]
		if !e.follow(old, *at) {
			return false
		}
		old.dead = true
	}
	*at = int32(len(f.entries))
	f.entries = append(f.entries, e)
	return true
}

// follow makes e what comes of old, the entry at, and e after it.
func (e *entry) follow(old *entry, at int32) bool {
	switch {
	case e.kind.verb == Delete || e.kind.verb == Replace:
		return true
	case old.kind.verb == Delete:
		if e.kind.verb == Insert { // the row may be there
			e.kind.verb = Upsert
		}
		e.kind.keep = false
		return !e.partial // the rest of the row is gone
	case e.kind.verb == Insert:
		return false // a duplicate, which the database refuses
	case old.kind.verb == Upsert && old.kind.keep != e.kind.keep:
		return false
	}
	if e.partial || e.kind.keep {
		e.before = at
	}
	e.kind.verb = old.kind.verb
	return true
}

// emit writes what is left of the entries.
func (g *group) emit(ctx context.Context, s Session) error {
	f := &g.fold
	f.runs = f.runs[:0]
	if f.merged != nil {
		f.merged.Reset("")
		f.mergedFrom = f.mergedFrom[:0]
	}
	for i := range f.entries {
		e := &f.entries[i]
		if e.dead {
			continue
		}
		row := g.from.Row(int(e.row))
		if e.before >= 0 {
			row = g.merge(e)
		}
		r := g.forms.of(e.kind, row, g.at, e.partial)
		if len(r.rows) == 0 {
			f.runs = append(f.runs, r)
			r.batch = g.from
			if e.kind.merged {
				r.batch = f.merged
			}
		}
		r.rows = append(r.rows, row.Index())
	}
	defer func() {
		for _, r := range f.runs {
			r.rows = r.rows[:0]
		}
	}()
	for _, deletes := range []bool{true, false} {
		for _, r := range f.runs {
			if (r.form.Verb == Delete) != deletes {
				continue
			}
			if err := g.send(ctx, s, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// merge makes one row of an entry and those that show through it.
func (g *group) merge(e *entry) record.Row {
	f := &g.fold
	if f.merged == nil {
		f.merged = record.NewBatch(0, 0)
	}
	last := g.from.Row(int(e.row))
	f.merged.Begin(last.Schema(), last.Op())
	for c := range last.Schema().Columns {
		from, at := last, e
		for at.before >= 0 && (from.Kind(c) == record.Absent || e.kind.keep && from.Kind(c) == record.Null) {
			at = &f.entries[at.before]
			from = g.from.Row(int(at.row))
		}
		f.merged.Copy(from, c)
	}
	f.mergedFrom = append(f.mergedFrom, int(e.row))
	e.kind.merged = true
	row := f.merged.Row(f.merged.Len() - 1)
	e.partial = g.lacks(row)
	return row
}
