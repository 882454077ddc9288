package pgwal

import (
	"context"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Relister = (*reader)(nil)

// list returns the tables that the job reads, never nil; none: all of the
// publication.
func (r *reader) list() []record.Name {
	l := []record.Name{}
	for _, t := range r.config.tables {
		t.Database = r.config.settings.Database
		if !slices.Contains(l, t) {
			l = append(l, t)
		}
	}
	return l
}

// Relists implements [plugin.Relister].
func (r *reader) Relists() []string { return []string{"tableList"} }

// relister finds what has become of the list. Every transaction after the place
// of another one has all changes of the tables that came, and each before is
// visible to everybody.
func (r *reader) relister() *handover.Relister[spec] {
	return &handover.Relister[spec]{
		Plan: r.plan(), List: r.list(), Same: func(a, b record.Name) bool { return a == b },
		Lists: func(sp *spec) *handover.Lists { return &sp.Lists },
		Widen: func(ctx context.Context, sp *spec, old []record.Name, next *handover.Relist) error {
			return r.with(ctx, func(c *pgkit.Conn) error { return r.widen(ctx, c, sp, old, next) })
		},
	}
}

// relisted has the lists count that come here.
func (s *source) relisted() {
	coming := &s.tables.lists
	for next := coming.Next(); next != nil; next = coming.Next() {
		if at, err := pgkit.ParseLSN(next.At); next.At != "" && (err != nil || s.at < at) {
			return
		}
		coming.Pass(func(name record.Name) {
			if s.reader.config.wants(name) {
				s.copier.Add(name)
			}
		})
		s.tables.fresh = true
	}
}

// widen brings the tables that came to the list into the publication, and finds
// a place of the log after which it has all of their changes.
func (r *reader) widen(ctx context.Context, c *pgkit.Conn, sp *spec, old []record.Name, next *handover.Relist) (err error) {
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
	next.Came = slices.DeleteFunc(names, func(n record.Name) bool { return slices.Contains(old, n) })
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
func (r *reader) published(ctx context.Context, c *pgkit.Conn, publication string) ([]record.Name, error) {
	all := *r.config
	all.tables = nil
	return (&reader{env: r.env, config: &all}).names(ctx, c, publication)
}
