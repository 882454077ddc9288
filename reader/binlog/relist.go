package binlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Relists implements [plugin.Relister].
func (r *reader) Relists() []string { return []string{"table", "filter"} }

// relist finds what has become of the job's list since it was run last, and
// has the split of the log say it: there or, as long as rows are copied first,
// in the chunk that plans it. Chunks of tables that are off the list are left out.
func (r *reader) relist(ctx context.Context, stored []plugin.Progress) (kept []plugin.Progress, err error) {
	logged := slices.ContainsFunc(stored, func(p plugin.Progress) bool { return isLog(p.Split) })
	var log *LogSpec // of a chunk that is left out
	for i, p := range stored {
		if isLog(p.Split) {
			if !p.Done {
				err = r.relistSplit(ctx, &p)
			}
			if kept = append(kept, p); err != nil {
				return nil, err
			}
			continue
		}
		c, err := parseChunk(p.Split)
		if err == nil {
			err = r.sameList(c)
		}
		if err != nil {
			return nil, err
		}
		if c.Log != nil && c.Log.History != nil && !logged {
			log = c.Log
			if err := r.relistLog(ctx, log, &plugin.Progress{}); err != nil {
				return nil, err
			}
		}
		if c.Log != nil && !p.Done && !r.selection.has(c.Chunk.Table) {
			if log == nil || i < len(stored)-1 {
				continue
			}
			p.Done, p.Position, p.Err = true, nil, "" // which holds the log's place
		}
		if log != nil {
			c.Log, log = log, nil
			if p.Split.Spec, err = json.Marshal(c); err != nil {
				return nil, fmt.Errorf("encoding a part of the snapshot of table %s: %w", c.Chunk.Table, err)
			}
		}
		kept = append(kept, p)
	}
	return kept, nil
}

// sameList refuses another list where the tables that were there are all that
// is copied.
func (r *reader) sameList(c *chunkSpec) error {
	if c.Log != nil || c.List == nil {
		return nil
	}
	var was list
	if err := json.Unmarshal(c.List, &was); err != nil {
		return lost("reading the list of tables that are copied: %w", err)
	}
	if was.same(r.list()) {
		return nil
	}
	return handover.ErrAnotherList
}

func (r *reader) relistSplit(ctx context.Context, p *plugin.Progress) error {
	sp, err := parseLogSpec(p.Split)
	if err != nil {
		return err
	}
	if err := r.relistLog(ctx, sp, p); err != nil {
		return err
	}
	p.Split.Apart = !r.selection.single()
	if p.Split.Spec, err = json.Marshal(sp); err != nil {
		return fmt.Errorf("planning the split of the log: %w", err)
	}
	return nil
}

// relistLog adds the job's list to those of the log, if it is another one.
func (r *reader) relistLog(ctx context.Context, sp *LogSpec, p *plugin.Progress) error {
	now, before := r.list(), sp.list()
	if before == nil {
		sp.List = now
		return nil
	}
	if before.same(now) {
		return nil
	}
	old, err := before.selection()
	if err != nil {
		return lost("%w", err)
	}
	next, err := r.widen(ctx, sp, p, old)
	if err != nil {
		return fmt.Errorf("going on with another list of tables: %w", err)
	}
	next.list = *now
	for i := range passed(sp, p) { // what counts stands in the state
		sp.Lists[i].History, sp.Lists[i].Copy = nil, nil
	}
	sp.Lists = append(sp.Lists, *next)
	return nil
}

// passed is how many of a log's lists count where it was left.
func passed(sp *LogSpec, p *plugin.Progress) int {
	state := p.State
	if state == nil {
		state = sp.History
	}
	e, err := parseExtra(state)
	if err != nil {
		return 0
	}
	return min(e.Lists, len(sp.Lists))
}

// widen looks at the tables that came to the list. Where the job copies rows it
// counts from the log's end, where their definitions are known; else from where the job is.
func (r *reader) widen(ctx context.Context, sp *LogSpec, p *plugin.Progress, old *selection) (next *relist, err error) {
	srv, err := connect(ctx, r.settings)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.close()) }()
	end, history, err := srv.seed(ctx, func(n record.Name) bool { return r.selection.follows(n) && !old.follows(n) })
	if err != nil {
		return nil, err
	}
	next = new(relist)
	var added []record.Name
	for _, d := range history.Tables() {
		if r.selection.has(d.Name()) {
			added = append(added, d.Name())
		}
	}
	if len(added) == 0 {
		return next, nil
	}
	slices.SortFunc(added, func(a, b record.Name) int { return strings.Compare(a.String(), b.String()) })
	if r.config.Start.Mode == modeInitial {
		for _, name := range added {
			if _, err := srv.order(ctx, history.Table(name)); err != nil {
				return nil, err
			}
		}
		next.At, next.Copy = end, added
	} else if history, err = r.known(ctx, srv, sp, p, end, history, added); err != nil {
		return nil, err
	}
	r.log.Info("tables were added to the list", "tables", fmt.Sprint(added), "copied", len(next.Copy) > 0)
	if next.History, err = history.MarshalJSON(); err != nil {
		return nil, err
	}
	return next, nil
}

// known finds what tables were where the job goes on, which is before the log's end.
func (r *reader) known(ctx context.Context, srv *server, sp *LogSpec, p *plugin.Progress, end *Position, history *binlogkit.History, added []record.Name) (*binlogkit.History, error) {
	at := sp.Start
	if p.Position != nil {
		var err error
		if at, err = decodePosition(p.Position); err != nil {
			return nil, err
		}
	}
	history, err := r.rewind(ctx, srv, at, end, history)
	if err != nil || srv.metadata == "FULL" {
		return history, err
	}
	for _, name := range added {
		if history.Table(name) == nil {
			return nil, errclass.With(errclass.Config, fmt.Errorf(
				"table %s was added to the list and was altered after %s, where the log is read from; the log does not say what its columns were there (binlog_row_metadata): leave the table out until the job is past that, or start over with -fresh", name, at))
		}
	}
	return history, nil
}
