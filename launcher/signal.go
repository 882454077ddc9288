package launcher

import (
	"context"
	"fmt"
	"slices"
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
	handed []string // IDs, of the last time
	failed string   // what was said last
}

func (r *Runner) listener() *listener {
	l := &listener{Runner: r}
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
		l.handed = ids
		l.reader.Signals(pending)
	}
	return nil
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
