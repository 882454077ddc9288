package sqlread

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/datasync-io/datasync/core/errclass"
)

// Values of [sqlkit.ReaderConfig.Snapshot] beside "auto" and "".
const (
	snapshotOff      = "off"
	snapshotRequired = "required"
)

// view is the consistent view of one connection that all of its splits are
// read in. It is taken when the first of them is opened.
type view struct {
	mu    sync.Mutex
	taken bool
	held  Snapshot // nil: there is none
	lost  bool     // said already
}

// viewSession returns a session for a split: in the view of its connection,
// where the job has one.
func (r *reader) viewSession(ctx context.Context, p place) (Session, error) {
	v := r.view(p.connection)
	if v == nil {
		return r.session(ctx, p)
	}
	held, err := r.take(ctx, v, p.connection)
	if err != nil {
		return nil, err
	}
	if held == nil {
		return r.session(ctx, p)
	}
	s, ok, err := held.Session(ctx)
	switch {
	case err != nil:
		return nil, err
	case ok:
		r.pool.lend(s, lender{connection: p.connection, view: held})
		if err := begun(ctx, s, r.cfg); err != nil {
			return nil, errors.Join(err, r.release(s))
		}
		return s, nil
	}
	return r.outside(ctx, v, p)
}

// outside reads on without the view, which has ended, and says so once.
func (r *reader) outside(ctx context.Context, v *view, p place) (Session, error) {
	if r.cfg.Snapshot == snapshotRequired {
		return nil, errclass.With(errclass.Permanent, errors.New("the consistent view has ended with its connection: start over with -fresh, or set snapshot to auto"))
	}
	v.mu.Lock()
	if !v.lost {
		v.lost = true
		r.log.Warn("the consistent view has ended with its connection: what is read from now on is of a later time")
	}
	v.mu.Unlock()
	return r.session(ctx, p)
}

// view returns the view that splits of a connection are read in, taken or not;
// nil: there is none to be.
func (r *reader) view(connection int) *view {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.views[connection]
}

// intend says, when a plan is made, that its splits are to be read in views.
func (r *reader) intend(splits, channels int) error {
	_, can := r.driver.(Snapshotter)
	switch {
	case r.cfg.Snapshot == snapshotOff, splits < 2:
		return nil
	case !can && r.cfg.Snapshot == snapshotRequired:
		return errclass.With(errclass.Config, fmt.Errorf("snapshot: %s cannot be read in one consistent view: remove the key", r.dialect.Name))
	case !can:
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sessions = min(splits, max(1, channels))
	for i := range r.cfg.Connection {
		r.views[i] = &view{}
	}
	return nil
}

// take takes the view of a connection, once; nil: there can be none, which was said.
func (r *reader) take(ctx context.Context, v *view, connection int) (Snapshot, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.taken {
		return v.held, nil
	}
	s, ok := r.driver.(Snapshotter)
	if !ok {
		return nil, nil
	}
	held, err := s.Snapshot(ctx, &r.cfg.Connection[connection], r.sessions)
	switch {
	case err == nil:
		r.log.Info("all splits are read in one consistent view", "connection", connection, "position", held.Position())
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case r.cfg.Snapshot == snapshotRequired:
		return nil, fmt.Errorf("snapshot: taking a consistent view: %w", err)
	default:
		r.log.Warn("there is no consistent view: each split is read as the table is when the split begins", "why", err)
	}
	v.taken, v.held = true, held
	return held, nil
}

// closeViews ends the views.
func (r *reader) closeViews() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, v := range r.views {
		if v.held != nil {
			errs = append(errs, v.held.Close())
		}
	}
	clear(r.views)
	return errors.Join(errs...)
}
