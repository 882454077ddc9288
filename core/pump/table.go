package pump

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// refusals are the tables that a sink has refused amid the run, while it took
// the rows of others. They may be used by several goroutines.
type refusals struct {
	mu  sync.Mutex
	why map[record.Name]error
}

func (r *refusals) add(table record.Name, why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.why == nil {
		r.why = map[record.Name]error{}
	}
	r.why[table] = why
}

// of returns why splits of a table are not begun any more; nil: they are.
func (r *refusals) of(split plugin.Split) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !split.Apart {
		return nil
	}
	return r.why[split.Table]
}

// withoutTables sets aside what a failed attempt was reading of the tables that
// its error is about. It is false where the error is about something else, or
// where the other splits cannot be begun again: rows after their last position
// would be doubled.
func (l *lane) withoutTables(ctx context.Context, err error) bool {
	gone := map[string]*plugin.TableError{}
	tables := plugin.TableErrors(err)
	slices.SortFunc(tables, func(a, b *plugin.TableError) int { return strings.Compare(a.Table.String(), b.Table.String()) })
	tables = slices.CompactFunc(tables, func(a, b *plugin.TableError) bool { return a.Table == b.Table }) // several sinks have met it
	if l.withoutChanges(ctx, tables) {
		return true
	}
	for _, e := range tables {
		before := len(gone)
		for _, id := range l.held {
			if p := l.c.Tracker.Progress(id); p.Split.Apart && p.Split.Table == e.Table && !l.over(id) {
				gone[id] = e
			}
		}
		if len(gone) == before {
			return false
		}
	}
	if len(gone) == 0 || !l.otherwise(gone) {
		return false
	}
	for _, e := range tables {
		l.p.refused.add(e.Table, e)
	}
	for id, e := range gone {
		l.setAside(id, e)
	}
	return true
}

// withoutChanges leaves the changes of tables out of the streams that are being
// read, from their last positions on. That is stored before any other row is
// written: a ledger's positions say nothing of it.
func (l *lane) withoutChanges(ctx context.Context, tables []*plugin.TableError) bool {
	var streams []string
	for _, id := range l.held {
		if p := l.c.Tracker.Progress(id); p.Split.Endless && p.Split.Apart && !l.over(id) {
			streams = append(streams, id)
		}
	}
	known := func(e *plugin.TableError) bool { // which would go on for ever
		return slices.ContainsFunc(streams, func(id string) bool { return isLeftOut(l.leftOut(id), e.Table) })
	}
	if len(tables) == 0 || len(streams) == 0 || slices.ContainsFunc(tables, known) {
		return false
	}
	for _, e := range tables {
		l.c.Log.Error("the changes of a table are left out from now on, the others go on", append([]any{"table", e.Table.String(), "error", e.Err}, l.comesBack(e.Table)...)...)
		for _, id := range streams {
			l.c.Tracker.SetTableAside(id, e.Table, e.Err)
		}
	}
	if err := l.c.Save(ctx); err != nil {
		l.c.Log.Error("storing that tables are left out", "error", err)
		return false
	}
	return true
}

// triedAgain says how a split comes back that is set aside.
func (l *lane) triedAgain(why error) []any {
	var table *plugin.TableError
	if _, obeys := l.c.Reader.(plugin.Signaler); obeys && errors.As(why, &table) {
		return []any{"remedy", "mend what the error says, then the next run copies the table again, or at once `datasync signal " + l.c.Task.Job + " snapshot " + table.Table.String() + "`"}
	}
	return nil
}

// comesBack says, for a log, how a table comes back that is left out.
func (l *lane) comesBack(table record.Name) []any {
	if _, obeys := l.c.Reader.(plugin.Signaler); !obeys {
		return nil
	}
	return []any{"remedy", "mend what the error says, then `datasync signal " + l.c.Task.Job + " snapshot " + table.String() + "` copies it again"}
}

// leftOut are the tables whose changes are left out of a split.
func (l *lane) leftOut(split string) []plugin.TableAside {
	if split == "" {
		return nil
	}
	return l.c.Tracker.Progress(split).Aside
}

func isLeftOut(aside []plugin.TableAside, table record.Name) bool {
	return slices.ContainsFunc(aside, func(t plugin.TableAside) bool { return t.Table == table })
}

// otherwise tells that the attempt can be repeated without those that are gone.
func (l *lane) otherwise(gone map[string]*plugin.TableError) bool {
	if l.c.Idempotent || l.exact() {
		return true
	}
	for _, id := range l.held {
		if p := l.c.Tracker.Progress(id); gone[id] == nil && p.Begun && !l.over(id) {
			return false
		}
	}
	return true
}

// skip tells that nothing is to be read of a split that was dealt: it has ended
// as a ledger knew, or is of a table that is set aside.
func (l *lane) skip(p plugin.Progress) bool {
	why := l.p.refused.of(p.Split)
	switch {
	case p.Done, p.Err != "":
		l.c.Splits.Done(p.Split.ID)
	case why != nil:
		l.setAside(p.Split.ID, why)
	default:
		return false
	}
	return true
}
