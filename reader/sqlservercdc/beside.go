package sqlservercdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

const (
	// besideRows is how many rows are read at a time beside the changes, unless
	// they are large: each time the capture job is waited for, which takes seconds.
	besideRows = 1 << 17
	// copyPoll is how soon idle changes are left to see whether a view is to be opened.
	copyPoll = 20 * time.Millisecond
	// signalPoll is how soon they are left to look for signals.
	signalPoll = time.Second
)

var _ plugin.Signaler = (*reader)(nil)

// Signals implements [plugin.Signaler].
func (r *reader) Signals(pending []plugin.Signal) { r.signals.Put(pending) }

// besideHigh is a position of a view that is opened while changes are read. A
// low is a place alone.
type besideHigh struct {
	At lsn
	// What the view was defined by: the rows are as those of changes that are read
	// by the same.
	Table              record.Name
	Instance, Modified string
}

type besideJSON struct {
	At       string      `json:"at"`
	Table    record.Name `json:"table,omitzero"`
	Instance string      `json:"instance,omitempty"`
	Modified string      `json:"modified,omitempty"`
}

func (h *besideHigh) encode() ([]byte, error) {
	raw, err := json.Marshal(besideJSON{h.At.String(), h.Table, h.Instance, h.Modified})
	if err != nil {
		return nil, fmt.Errorf("encoding a position of a view: %w", err)
	}
	return raw, nil
}

func parseBeside(raw json.RawMessage) (besideHigh, error) {
	var in besideJSON
	err := json.Unmarshal(raw, &in)
	var at lsn
	if err == nil {
		at, err = parseLSN(in.At)
	}
	if err != nil {
		return besideHigh{}, errclass.With(errclass.Permanent, fmt.Errorf("reading a position of a view: %w", err))
	}
	return besideHigh{at, in.Table, in.Instance, in.Modified}, nil
}

// besides gives a source what is copied beside its changes.
func (s *source) besides() {
	r, c := s.reader, s.catalog
	s.copier = handover.NewCopier(handover.Log[besideHigh, lsn]{
		Parse: parseBeside, Covers: func(low besideHigh, commit lsn) bool { return !low.At.before(commit) },
		Passed: s.passed, Here: s.here, Follows: func(n record.Name) bool { return c.find(n) != nil }, Schema: c.shape, Rows: r.chunk, Logger: r.log,
	}, &besideViews{&views{r}}, c.copies, &r.signals)
	s.copier.Forget(func(n record.Name) bool { return !c.reads(n) })
}

// here remembers what has been read.
func (s *source) here() func(low besideHigh) bool {
	at := s.at
	return func(low besideHigh) bool { return !low.At.before(at) }
}

// passed tells that everything that a view shows has been read, and that the
// changes are read by what the view was defined by. Where they are not, the
// catalog is about to go over, or has gone over and the copier was told.
func (s *source) passed(high besideHigh) bool {
	if s.at.before(high.At) {
		return false
	}
	t := s.catalog.find(high.Table)
	if t != nil && t.capture != nil && t.capture.instance == high.Instance && t.capture.modified == high.Modified {
		return true
	}
	s.seen = false
	return false
}

// shape returns the schema of changes for that of a view.
func (c *catalog) shape(of *record.Schema) *record.Schema {
	if t := c.find(of.Name); t != nil && sameShape(t.schema, of) {
		return t.schema
	}
	return of
}

// beside copies tables, between windows; full: the batch is to be given away,
// wait: soon there is more to do, whatever is captured.
func (s *source) beside(ctx context.Context, b *record.Batch) (full, wait bool, err error) {
	if err := s.relisted(); err != nil {
		return false, false, err
	}
	turn, err := s.copier.Next(ctx)
	switch turn {
	case handover.Hand:
		if !s.copier.Hand(b) {
			return true, false, nil
		}
		return true, false, s.noted(b)
	case handover.Note:
		return true, false, errors.Join(err, s.noted(b))
	}
	return false, turn == handover.Wait, err
}

// noted gives a mark with what is copied.
func (s *source) noted(b *record.Batch) error {
	s.catalog.fresh = true
	return s.mark(b)
}

// attend says until when idle changes are left alone while something is copied
// or not, and when before: once more rows have been read.
func (s *source) attend(copying bool) (until time.Time, read <-chan struct{}) {
	until = s.poll
	most := signalPoll
	if copying {
		if read = s.copier.Reading(); read == nil {
			most = copyPoll
		}
	}
	if soon := time.Now().Add(most); soon.Before(until) {
		until = soon
	}
	if read == s.heard {
		return until, nil
	}
	return until, read
}

// altered tells the copier what has become of a table.
func (s *source) altered(t *turn) {
	s.reader.asking.unlearn(t.of)
	s.copier.Altered(t.of)
	if t.change != nil && t.change.Kind == record.Drop {
		s.copier.Forget(func(n record.Name) bool { return n == t.of })
	}
}

// unlearn forgets what is known of a table, whose key may be another one now.
func (a *asking) unlearn(name record.Name) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.captures, name)
}

// besideViews opens views while the changes are read. High is the last commit
// that the view may show, once everything up to the log's end is captured: with
// nothing left to capture the end itself is a place that no change comes after for
// minutes.
type besideViews struct{ *views }

var _ handover.Tables = (*besideViews)(nil)

// View implements [handover.Views].
func (v *besideViews) View(ctx context.Context, split plugin.Split, after json.RawMessage) (view handover.View, err error) {
	cs, d, err := v.driver(split, after)
	if err != nil {
		return view, err
	}
	err = v.with(ctx, func(srv *server) error {
		d.srv = srv
		isolation, err := srv.Versions(ctx)
		switch {
		case err != nil:
			return err
		case isolation.Snapshot:
			view, err = d.still(ctx, nil)
		default:
			v.moving()
			view, err = d.piece(ctx, cs)
		}
		return err
	})
	if err == nil {
		view, err = d.placed(view)
	}
	return d.opened(view, err)
}

// placed gives a view its positions.
func (d *viewDriver) placed(view handover.View) (_ handover.View, err error) {
	high := besideHigh{At: d.seen, Table: d.name, Instance: d.capture.instance, Modified: d.capture.modified}
	low := besideHigh{At: d.low}
	if view.High, err = high.encode(); err == nil {
		view.Low, err = low.encode()
	}
	return view, err
}

// Whole implements [handover.Tables].
func (v *besideViews) Whole(ctx context.Context, name record.Name, rows int) (split plugin.Split, c handover.Chunk, err error) {
	var by []*sqlkit.TableColumn
	err = v.with(ctx, func(srv *server) error {
		by, err = v.whole(ctx, srv, name)
		return err
	})
	if err != nil {
		return split, c, err
	}
	table := record.Name{Schema: name.Schema, Table: name.Table}
	c = handover.Chunk{Table: name}
	split, err = chunkSpec{V: version, Chunk: c}.Split(0, sqlkit.Spec{Kind: sqlkit.All, Table: &table, Most: rows}, by)
	return split, c, err
}

// whole returns the columns that a table's rows can be read in the order of,
// part after part.
func (r *reader) whole(ctx context.Context, srv *server, name record.Name) ([]*sqlkit.TableColumn, error) {
	d := &viewDriver{views: &views{r}, srv: srv, name: name}
	st, err := srv.status(ctx)
	if err != nil {
		return nil, err
	}
	in, err := d.instance(ctx, st.max)
	if err != nil {
		return nil, err
	}
	made, err := srv.capture(ctx, r.settings.Database, in, nil)
	if err != nil {
		return nil, err
	}
	source, err := srv.Table(ctx, record.Name{Schema: name.Schema, Table: name.Table})
	if err != nil {
		return nil, fmt.Errorf("looking at table %s: %w", name, err)
	}
	by := order(made.schema, source)
	if len(by) == 0 {
		return nil, keyless(name.String())
	}
	return by, nil
}

// keyless refuses to copy a table beside the changes.
func keyless(table string) error {
	return errclass.With(errclass.Config, fmt.Errorf(
		"table %s has no key that its rows can be read in the order of, part after part: give it a primary key, and a capture instance that has its columns; or start over with -fresh, which copies a table as a whole", table))
}
