package launcher

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
)

// signalPeriod is how often a running job looks for signals.
const signalPeriod = time.Second

// listener hands the signals that are left for a job to its reader.
type listener struct {
	*Runner
	reader plugin.Signaler // nil: it obeys none
	info   *plugin.SignalInfo
	save   func(ctx context.Context) error
	taken  bool     // tables are taken back, and that is not stored yet
	handed []string // IDs, of the last time
	failed string   // what was said last
}

// listener makes one that stores the job's state by save.
func (r *Runner) listener(save func(ctx context.Context) error) *listener {
	l := &listener{Runner: r, save: save}
	l.reader, _ = r.reader.(plugin.Signaler)
	if info, err := r.o.Registry.Reader(r.pipe.Reader.Plugin); err == nil {
		l.info = info.Signals
	}
	if l.info == nil || r.replay != nil {
		l.reader = nil
	}
	return l
}

// run looks for signals until ctx ends.
func (l *listener) run(ctx context.Context) {
	tick := time.NewTicker(signalPeriod)
	defer tick.Stop()
	for {
		said := ""
		if err := l.look(ctx); err != nil && ctx.Err() == nil {
			if said = err.Error(); said != l.failed {
				l.o.Log.Warn("signals to the job are not obeyed just now", "job", l.id, "error", err)
			}
		}
		l.failed = said
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// look hands on what is pending, if that has changed, and removes what the
// stored state has noted.
func (l *listener) look(ctx context.Context) error {
	pending, bad, err := l.store.Signals(l.id)
	if err != nil {
		return err
	}
	for _, b := range bad {
		l.o.Log.Error("a signal to the job is refused", "signal", b.ID, "error", b.Err)
		if err := l.store.Noted(l.id, b.ID); err != nil {
			return err
		}
	}
	noted, err := l.noted(ctx, pending)
	if err != nil {
		return err
	}
	for _, id := range noted {
		if err := l.store.Noted(l.id, id); err != nil {
			return err
		}
	}
	pending = slices.DeleteFunc(pending, func(s plugin.Signal) bool { return slices.Contains(noted, s.ID) })
	ids := make([]string, len(pending))
	for i := range pending {
		ids[i] = pending[i].ID
	}
	if l.reader != nil && !slices.Equal(ids, l.handed) {
		if err := l.takeBack(ctx, pending); err != nil {
			return err
		}
		l.handed = ids
		l.reader.Signals(pending)
	}
	return nil
}

// takeBack ends that tables are left out which are to be copied again: before
// their first row is read, so that none of them is missing. That is stored before
// the signal can be noted in a position.
func (l *listener) takeBack(ctx context.Context, pending []plugin.Signal) error {
	tracker := l.tracker.Load()
	for _, s := range pending {
		if s.Verb != plugin.SignalSnapshot {
			continue
		}
		for _, source := range s.Tables {
			table := source
			if l.plan.Names != nil {
				table = l.plan.Names.Name(source)
			}
			if tracker.TakeTableBack(table) {
				l.taken = true
				l.o.Log.Info("a table that was left out is taken back and copied again; rows that were deleted at the source meanwhile stay at the destination", "table", table.String(), "signal", s.ID)
			}
		}
	}
	if !l.taken {
		return nil
	}
	if err := l.save(ctx); err != nil {
		return fmt.Errorf("storing that tables are taken back: %w", err)
	}
	l.taken = false
	return nil
}

// tellLeftOut says which tables the stored state leaves out.
func (r *Runner) tellLeftOut(plan []plugin.Progress) {
	for _, p := range plan {
		for _, t := range p.Aside {
			r.o.Log.Warn("the changes of a table are left out, as before", "table", t.Table.String(), "from", cmp.Or(strings.Trim(string(reached(plugin.Progress{Position: t.Position})), `"`), "the start"), "error", t.Err, "remedy", r.remedy())
		}
	}
}

// remedy says how tables come back that are left out of a change stream.
func (r *Runner) remedy() string {
	if r.listener(nil).reader == nil {
		return "mend it; -fresh begins with all tables anew"
	}
	return "mend what the error says, then `datasync signal " + r.id + " snapshot TABLE` copies it again; -fresh begins with all tables anew"
}

// noted returns which of the signals need not be pending any longer.
func (l *listener) noted(ctx context.Context, pending []plugin.Signal) (ids []string, err error) {
	if len(pending) == 0 {
		return nil, nil
	}
	if l.reader == nil {
		for _, s := range pending {
			l.o.Log.Error("a signal to the job is refused", "signal", s.ID, "verb", string(s.Verb), "error", fmt.Sprintf("reader %s obeys no signals", l.pipe.Reader.Name))
			ids = append(ids, s.ID)
		}
		return ids, nil
	}
	c, err := l.store.Load(ctx, l.id)
	if err != nil || c == nil {
		return nil, err
	}
	copying, err := l.info.Copying(c.Plan)
	if err != nil {
		return nil, err
	}
	for _, s := range pending {
		if slices.Contains(copying.Noted, s.ID) {
			ids = append(ids, s.ID)
		}
	}
	return ids, nil
}
