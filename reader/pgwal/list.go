package pgwal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Relister = (*reader)(nil)

// list is the tables that a job reads; nil is all of the publication.
type list []record.Name

func (l list) has(n record.Name) bool { return slices.Contains(l, n) }

// list returns the job's list.
func (r *reader) list() *list {
	var l list
	for _, t := range r.config.tables {
		t.Database = r.config.settings.Database
		if !l.has(t) {
			l = append(l, t)
		}
	}
	return &l
}

func (l *list) same(as *list) bool {
	if len(*l) != len(*as) {
		return false
	}
	return !slices.ContainsFunc(*l, func(n record.Name) bool { return !as.has(n) })
}

// note has a chunk say which list it is of.
func (l *list) note(split *plugin.Split) error {
	c, err := parseChunk(*split)
	if err != nil {
		return err
	}
	c.List = l
	if split.Spec, err = json.Marshal(c); err != nil {
		return fmt.Errorf("encoding a part of a snapshot: %w", err)
	}
	return nil
}

// relist is another list that a job was resumed with. Where tables came to it,
// every transaction after At has all of their changes, and each before is
// visible to everybody.
type relist struct {
	List *list         `json:"list"`
	At   string        `json:"at,omitempty"`   // the tables that came are read from here on; "": none came
	Came []record.Name `json:"came,omitempty"` // these tables
	Copy bool          `json:"copy,omitempty"` // their rows are copied
}

// list returns the list that a job was run with last; nil: it was one of an
// earlier version, which could do with one alone.
func (sp *spec) list() *list {
	if n := len(sp.Lists); n > 0 {
		return sp.Lists[n-1].List
	}
	return sp.List
}

// lists are tables that came to the job's list.
type lists struct {
	waiting []relist // that count from some place on
	passed  int      // of those of the job, how many count
}

// comes tells that a table is read later.
func (l *lists) comes(n record.Name) bool {
	for i := range l.waiting {
		if slices.Contains(l.waiting[i].Came, n) {
			return true
		}
	}
	return false
}

// relisted has the lists count that come here.
func (s *source) relisted() {
	l := s.tables.lists
	for len(l.waiting) > 0 {
		next := &l.waiting[0]
		if at, err := pgkit.ParseLSN(next.At); next.At != "" && (err != nil || s.at < at) {
			return
		}
		for _, name := range next.Came {
			if next.Copy && s.reader.config.wants(name) {
				s.copier.Add(name)
			}
		}
		l.waiting = l.waiting[1:]
		l.passed++
		s.tables.fresh = true
	}
}

// Relists implements [plugin.Relister].
func (r *reader) Relists() []string { return []string{"tableList"} }

// relist finds what has become of the job's list since it was run last, and has
// the split of the log say it: there or, as long as rows are copied first, in
// the chunk that plans it.
func (r *reader) relist(ctx context.Context, stored []plugin.Progress) error {
	logged := slices.ContainsFunc(stored, func(p plugin.Progress) bool { return isLog(p.Split) })
	for i := range stored {
		p := &stored[i]
		if isLog(p.Split) {
			if p.Done {
				continue
			}
			sp, _, err := parseSpec(p.Split)
			if err == nil {
				err = r.relistLog(ctx, &sp)
			}
			if err != nil {
				return err
			}
			if p.Split.Spec, err = json.Marshal(sp); err != nil {
				return fmt.Errorf("encoding the split of the log: %w", err)
			}
			continue
		}
		if err := r.relistChunk(ctx, p, logged); err != nil {
			return err
		}
	}
	return nil
}

// relistChunk is about a chunk: one of a table that is off the list has ended.
func (r *reader) relistChunk(ctx context.Context, p *plugin.Progress, logged bool) error {
	c, err := parseChunk(p.Split)
	if err != nil {
		return err
	}
	if c.Log == nil {
		if c.List != nil && !c.List.same(r.list()) {
			return errclass.With(errclass.PositionLost, errors.New("the list of tables is another one than that of the unfinished run, and start.mode initial-only copies those that were there when it began: put it back, or start over with -fresh"))
		}
		return nil
	}
	if !p.Done && !r.config.wants(c.Chunk.Table) {
		p.Done, p.Err = true, ""
	}
	if logged || c.Log.Tables == nil {
		return nil
	}
	if err := r.relistLog(ctx, c.Log); err != nil {
		return err
	}
	if p.Split.Spec, err = json.Marshal(c); err != nil {
		return fmt.Errorf("encoding a part of the snapshot of table %s: %w", c.Chunk.Table, err)
	}
	return nil
}

// relistLog adds the job's list to those of the log, if it is another one.
func (r *reader) relistLog(ctx context.Context, sp *spec) error {
	now, before := r.list(), sp.list()
	switch {
	case before == nil:
		sp.List, sp.Database = now, r.config.settings.Database
		return nil
	case before.same(now):
		return nil
	}
	next := relist{List: now}
	err := r.with(ctx, func(c *pgkit.Conn) error { return r.widen(ctx, c, sp, *before, &next) })
	if err != nil {
		return fmt.Errorf("going on with another list of tables: %w", err)
	}
	sp.Lists = append(sp.Lists, next)
	return nil
}

// widen brings the tables that came to the list into the publication, and finds
// a place of the log after which it has all of their changes.
func (r *reader) widen(ctx context.Context, c *pgkit.Conn, sp *spec, old list, next *relist) (err error) {
	if len(old) == 0 { // all that there are
		if old, err = r.published(ctx, c, sp.Publication); err != nil {
			return err
		}
	}
	if sp.Publication, err = publish(ctx, c, r.config, sp.Slot); err != nil {
		return err
	}
	names, err := r.names(ctx, c, sp.Publication)
	if err != nil {
		return err
	}
	next.Came = slices.DeleteFunc(names, old.has)
	if len(next.Came) == 0 {
		return nil
	}
	if next.Copy = r.config.Start.Mode == modeInitial; next.Copy {
		for _, name := range next.Came {
			if _, err := r.whole(ctx, c, sp.Publication, name); err != nil {
				return err
			}
		}
	}
	at, err := r.settleNow(ctx, c, sp.Slot)
	if err != nil {
		return err
	}
	next.At = at.String()
	r.env.Log.Info("tables were added to the list", "tables", fmt.Sprint(next.Came), "copied", next.Copy, "from", next.At)
	return nil
}

// published are the tables of a publication.
func (r *reader) published(ctx context.Context, c *pgkit.Conn, publication string) (list, error) {
	all := *r.config
	all.tables = nil
	names, err := (&reader{env: r.env, config: &all}).names(ctx, c, publication)
	return list(names), err
}
