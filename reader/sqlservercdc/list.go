package sqlservercdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Relister = (*reader)(nil)

// list is the tables that a job reads; empty: all that are captured.
type list []record.Name

func (l list) has(n record.Name) bool {
	return slices.ContainsFunc(l, func(o record.Name) bool { return sameName(o, n) })
}

func (l list) same(as list) bool {
	missing := func(from list) func(record.Name) bool {
		return func(n record.Name) bool { return !from.has(n) }
	}
	return !slices.ContainsFunc(l, missing(as)) && !slices.ContainsFunc(as, missing(l))
}

// list returns the job's list.
func (r *reader) list() *list {
	l := list{}
	for _, t := range r.config.tables {
		if !l.has(t) {
			l = append(l, t)
		}
	}
	return &l
}

// note has a chunk say which list it is of.
func (l *list) note(split *plugin.Split) error {
	c, err := parseChunk(*split)
	if err != nil {
		return err
	}
	if c.List, err = json.Marshal(l); err == nil {
		split.Spec, err = json.Marshal(c)
	}
	if err != nil {
		return fmt.Errorf("encoding a part of a snapshot: %w", err)
	}
	return nil
}

// relist is another list that a job was resumed with.
type relist struct {
	List *list         `json:"list"`
	At   string        `json:"at,omitempty"`   // the tables that came are read after that commit; "": none came
	Came []record.Name `json:"came,omitempty"` // these tables
	Copy bool          `json:"copy,omitempty"` // their rows are copied
}

// list returns the list that a job was run with last; nil: it was one of an
// earlier version, which could do with one alone.
func (s *spec) list() *list {
	if n := len(s.Lists); n > 0 {
		return s.Lists[n-1].List
	}
	return s.List
}

// lists are tables that came to the job's list.
type lists struct {
	waiting []relist // that count from some place on
	passed  int      // of those of the job, how many count
}

// listsOf are those of a job where so many count.
func listsOf(sp *spec, passed int) lists {
	passed = min(passed, len(sp.Lists))
	return lists{waiting: sp.Lists[passed:], passed: passed}
}

// comes tells that a table is read later.
func (l *lists) comes(n record.Name) bool {
	return slices.ContainsFunc(l.waiting, func(one relist) bool { return slices.Contains(one.Came, n) })
}

// reads tells that a table is one of the job's where the catalog stands.
func (c *catalog) reads(n record.Name) bool { return c.config.wants(n) && !c.lists.comes(n) }

// relisted has the lists count that come here.
func (s *source) relisted() error {
	l := &s.catalog.lists
	for len(l.waiting) > 0 {
		next := &l.waiting[0]
		if next.At != "" {
			at, err := parseLSN(next.At)
			if err != nil {
				return lost("reading from where tables are read that came to the list: %w", err)
			}
			if s.at.before(at) {
				return nil
			}
		}
		for _, name := range next.Came {
			if next.Copy && s.reader.config.wants(name) {
				s.copier.Add(name)
			}
		}
		l.waiting = l.waiting[1:]
		l.passed++
		s.catalog.fresh = true
		s.seen, s.poll = false, time.Time{} // the tables are met before anything else is read
	}
	return nil
}

// relisting leaves out the commits after the place of the next list: nothing is
// read over it.
func (s *source) relisting(commits []commit, st status) []commit {
	if len(s.catalog.lists.waiting) == 0 {
		return commits
	}
	at, err := parseLSN(s.catalog.lists.waiting[0].At)
	if err != nil || !s.at.before(at) { // relisted tells
		return commits
	}
	i := slices.IndexFunc(commits, func(c commit) bool { return at.before(c.at) })
	if i < 0 {
		i = len(commits)
	}
	if i == 0 && !st.max.before(at) { // there is nothing up to it
		s.at = at
	}
	return commits[:i]
}

// Relists implements [plugin.Relister].
func (r *reader) Relists() []string { return []string{"tableList"} }

// relist finds what has become of the job's list since it was run last, and has
// the split of the changes say it: there or, as long as rows are copied first,
// in the chunk that plans it.
func (r *reader) relist(ctx context.Context, stored []plugin.Progress) error {
	logged := slices.ContainsFunc(stored, func(p plugin.Progress) bool { return isLog(p.Split) })
	for i := range stored {
		p := &stored[i]
		if !isLog(p.Split) {
			plans, err := r.relistChunk(ctx, p, logged)
			if err != nil {
				return err
			}
			logged = logged || plans
			continue
		}
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
			return fmt.Errorf("encoding the split of the changes: %w", err)
		}
	}
	return nil
}

// relistChunk is about a chunk: one of a table that is off the list has ended.
// planned: the changes' list is known elsewhere; plans: it is here.
func (r *reader) relistChunk(ctx context.Context, p *plugin.Progress, planned bool) (plans bool, err error) {
	c, err := parseChunk(p.Split)
	if err != nil {
		return false, err
	}
	if c.Log == nil {
		return false, r.only(c)
	}
	if !p.Done && !r.config.wants(c.Chunk.Table) {
		p.Done, p.Err = true, ""
	}
	if planned {
		return false, nil
	}
	if err := r.relistLog(ctx, c.Log); err != nil {
		return false, err
	}
	if p.Split.Spec, err = json.Marshal(c); err != nil {
		return false, fmt.Errorf("encoding a part of the snapshot of table %s: %w", c.Chunk.Table, err)
	}
	return true, nil
}

// only refuses another list for rows that are copied alone.
func (r *reader) only(c *chunkSpec) error {
	if c.List == nil {
		return nil
	}
	var was list
	if err := json.Unmarshal(c.List, &was); err != nil {
		return lost("reading the list of tables that are copied: %w", err)
	}
	if was.same(*r.list()) {
		return nil
	}
	return errclass.With(errclass.PositionLost, errors.New("the list of tables is another one than that of the unfinished run, and start.mode initial-only copies those that were there when it began: put it back, or start over with -fresh"))
}

// relistLog adds the job's list to those of the changes, if it is another one.
func (r *reader) relistLog(ctx context.Context, sp *spec) error {
	now, before := r.list(), sp.list()
	switch {
	case before == nil:
		sp.List = now
		return nil
	case before.same(*now):
		return nil
	}
	next := relist{List: now}
	err := r.with(ctx, func(srv *server) error { return r.widen(ctx, srv, *before, &next) })
	if err != nil {
		return fmt.Errorf("going on with another list of tables: %w", err)
	}
	sp.Lists = append(sp.Lists, next)
	return nil
}

// widen finds the tables that came to the list, and a commit that is captured,
// after which they are read. Of a list of all tables none was missing.
func (r *reader) widen(ctx context.Context, srv *server, old list, next *relist) error {
	instances, err := srv.instances(ctx)
	if err != nil {
		return err
	}
	names, _ := newCatalog(r.config, r.settings.Database, nil, r.log).wanted(instances)
	if err := errors.Join(captured(ctx, srv, r.config, names)...); err != nil {
		return err
	}
	if len(old) == 0 {
		return nil
	}
	next.Came = slices.DeleteFunc(names, old.has)
	if len(next.Came) == 0 {
		return nil
	}
	if next.Copy = r.config.Start.Mode == modeInitial; next.Copy {
		if err := copyable(ctx, srv); err != nil {
			return err
		}
		for _, name := range next.Came {
			if _, err := r.whole(ctx, srv, name); err != nil {
				return err
			}
		}
	}
	st, err := srv.status(ctx)
	if err != nil {
		return err
	}
	next.At = st.max.String()
	r.log.Info("tables were added to the list", "tables", fmt.Sprint(next.Came), "copied", next.Copy, "after", next.At)
	return nil
}
