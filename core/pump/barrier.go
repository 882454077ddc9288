package pump

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// barrier holds all sinks of a lane, each after what it was given before is
// durable, until the lane is let go.
type barrier struct {
	split   string        // whose source asks for it
	arrived chan struct{} // one by each
	gone    chan struct{} // closed when they may go on
}

// hold sends a barrier to all sinks and waits until they stand at it. The
// caller closes gone.
func (l *lane) hold(ctx context.Context, in inboxes, split string) (*barrier, error) {
	b := &barrier{split: split, arrived: make(chan struct{}, len(in.own)), gone: make(chan struct{})}
	for _, inbox := range in.own {
		select {
		case inbox <- &parcel{barrier: b}:
		case <-ctx.Done():
			return nil, ctx.Err() // the attempt has failed: its sinks end, at the barrier too
		}
	}
	for range in.own {
		select {
		case <-b.arrived:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	return b, nil
}

// stand makes everything durable and waits at the barrier. Rows that wait for
// their mark in an open transaction cannot be made durable, and what they have
// locked cannot be changed.
func (w *writer) stand(ctx context.Context, b *barrier) error {
	if err := w.flush(ctx); err != nil {
		return err
	}
	switch {
	case len(w.taken) == 0:
	case w.unmarked[b.split]:
		return errclass.With(errclass.Permanent, fmt.Errorf(
			"split %s: a schema change stands within a transaction of the source, of which rows are written and not committed: change the destination yourself and have the reader leave schema changes out, or let the writer commit at any place (semantic at-least-once)", b.split))
	default: // another split's, which stand elsewhere the next time
		return errclass.With(errclass.Transient, fmt.Errorf("split %s: a schema change has met rows of another split amid a transaction", b.split))
	}
	b.arrived <- struct{}{}
	select {
	case <-b.gone:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// migrate has the destination follow a schema change, between the rows before
// it, which are durable then, and those after it. One that changes no columns
// and no rows means nothing to a writer that does not follow changes.
func (r *reader) migrate(of plugin.Split, c *record.Change) error {
	split := of.ID
	if change := r.l.c.Change; change != nil {
		var err error
		if c, err = change(c); c == nil || err != nil {
			return err
		}
	}
	aside := isLeftOut(r.l.leftOut(split), c.Name)
	if aside && (c.Kind != record.Alter || c.From == nil || c.To == nil) {
		return nil
	}
	m, follows := r.l.c.Writer.(plugin.Migrator)
	switch {
	case follows:
	case c.Kind == record.Other && c.From == c.To:
		r.l.c.Log.Info("a statement at the source changes nothing that is written", "split", split, "table", c.Name.String(), "sql", c.SQL)
		return nil
	default:
		return errclass.With(errclass.Permanent, fmt.Errorf(
			"reading split %s: the schema of table %s has changed (%s) and the writer does not follow schema changes: change the destination, then start again", split, c.Name, c.SQL))
	}
	if taken, err := r.tell(of, c, aside); taken || err != nil {
		return err
	}
	r.l.migrating.Lock() // two barriers at once would wait for each other
	defer r.l.migrating.Unlock()
	b, err := r.l.hold(r.failed, r.in, split)
	if err != nil {
		return err
	}
	defer close(b.gone)
	// Rows before the change may not fit the destination any more: none are read again.
	if err := r.l.c.Save(r.failed); err != nil {
		return fmt.Errorf("storing the position before a schema change (%s): %w", c.SQL, err)
	}
	r.l.p.writing.Lock()
	defer r.l.p.writing.Unlock()
	patience := r.l.c.patience()
	defer patience.trouble.over()
	patience.worked = true
	for {
		if aside {
			return r.shape(m, c)
		}
		err := m.Migrate(r.failed, c)
		if err == nil {
			return nil
		}
		var one *plugin.TableError
		if !errors.As(err, &one) {
			err = fmt.Errorf("table %s: %w", c.Name, err)
		}
		if err := patience.wait(r.failed, "following a schema change", err); err != nil {
			return fmt.Errorf("following a schema change (%s): %w", c.SQL, err)
		}
	}
}

// shape has the destination's table of which changes are left out get new columns
// all the same, so that it can be copied again. What it refuses is not done.
func (r *reader) shape(m plugin.Migrator, c *record.Change) error {
	only := *c
	only.Columns = slices.Clone(c.Columns)
	for i := range only.Columns {
		if told := &only.Columns[i]; told.Added && told.Fill.Kind == record.Computed {
			told.Fill = record.Default{Kind: record.Nothing} // the copy has it
		}
	}
	if err := m.Migrate(r.failed, &only); err != nil && r.failed.Err() == nil {
		r.l.c.Log.Warn("a table that is left out does not follow a schema change either: change it before it is copied again", "table", c.Name.String(), "sql", c.SQL, "error", err)
	}
	return nil
}
