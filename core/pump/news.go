package pump

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// news is a schema change on its way to the sink that takes its split's rows,
// behind those that came before it.
type news struct {
	split  string
	change *record.Change
	taken  chan bool // the sink's answer: false where it takes no changes
	aside  bool      // of a table that is left out: a sink that takes changes does not hand it on
}

// tell has the sink of a split take a change in among the rows, where these and
// their positions are committed together: the change is with them then, and no
// other sink need wait. It is false where the sink takes no changes.
func (r *reader) tell(split plugin.Split, c *record.Change, aside bool) (taken bool, err error) {
	if r.l.c.Ledger == nil || r.l.unkept.Load() {
		return false, nil
	}
	n := &news{split: split.ID, change: c, aside: aside, taken: make(chan bool, 1)}
	select {
	case r.l.route(r.in, r.channel, split) <- &parcel{news: n}:
	case <-r.failed.Done():
		return false, r.failed.Err()
	}
	select {
	case taken = <-n.taken:
		return taken, nil
	case <-r.failed.Done(): // by the sink, perhaps
		return false, r.failed.Err()
	}
}

// take hands a change to the sink, if that takes any. What came before and has
// its position is committed first: the position before the change is not to be
// committed with it. The sink then stands at no position until the next one.
func (w *writer) take(ctx context.Context, n *news) error {
	changer, takes := w.sink.(plugin.Changer)
	if !takes {
		n.taken <- false
		return nil
	}
	if n.aside {
		n.taken <- true
		return nil
	}
	if err := w.flush(ctx); err != nil {
		return err
	}
	w.l.p.writing.RLock()
	err := changer.Change(ctx, n.change)
	w.l.p.writing.RUnlock()
	if err != nil {
		return fmt.Errorf("following a schema change (%s): %w", n.change.SQL, err)
	}
	w.unmarked[n.split] = true
	n.taken <- true
	return nil
}
