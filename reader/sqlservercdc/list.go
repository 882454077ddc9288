package sqlservercdc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Relister = (*reader)(nil)

// list returns the tables that the job reads, never nil; none: all that are
// captured.
func (r *reader) list() []record.Name {
	l := []record.Name{}
	for _, t := range r.config.tables {
		if !has(l, t) {
			l = append(l, t)
		}
	}
	return l
}

func has(list []record.Name, n record.Name) bool {
	return slices.ContainsFunc(list, func(o record.Name) bool { return sameName(o, n) })
}

// reads tells that a table is one of the job's where the catalog stands.
func (c *catalog) reads(n record.Name) bool { return c.config.wants(n) && !c.lists.Comes(n) }

// relisted has the lists count that come here.
func (s *source) relisted() error {
	coming := &s.catalog.lists
	for next := coming.Next(); next != nil; next = coming.Next() {
		if next.At != "" {
			at, err := parseLSN(next.At)
			if err != nil {
				return lost("reading from where tables are read that came to the list: %w", err)
			}
			if s.at.before(at) {
				return nil
			}
		}
		coming.Pass(func(name record.Name) {
			if s.reader.config.wants(name) {
				s.copier.Add(name)
			}
		})
		s.catalog.fresh = true
		s.seen, s.poll = false, time.Time{} // the tables are met before anything else is read
	}
	return nil
}

// relisting leaves out the commits after the place of the next list: nothing is
// read over it.
func (s *source) relisting(commits []commit, st status) []commit {
	next := s.catalog.lists.Next()
	if next == nil {
		return commits
	}
	at, err := parseLSN(next.At)
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

// relister finds what has become of the list. The tables that came are read
// after a commit.
func (r *reader) relister() *handover.Relister[spec] {
	return &handover.Relister[spec]{
		Plan: r.plan(), List: r.list(), Same: sameName,
		Lists: func(sp *spec) *handover.Lists { return &sp.Lists },
		Widen: func(ctx context.Context, _ *spec, old []record.Name, next *handover.Relist) error {
			return r.with(ctx, func(srv *server) error { return r.widen(ctx, srv, old, next) })
		},
	}
}

// widen finds the tables that came to the list, and a commit that is captured,
// after which they are read. Of a list of all tables none was missing.
func (r *reader) widen(ctx context.Context, srv *server, old []record.Name, next *handover.Relist) error {
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
	next.Came = slices.DeleteFunc(names, func(n record.Name) bool { return has(old, n) })
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
