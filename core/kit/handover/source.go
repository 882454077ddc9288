package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Views is what a system gives to snapshots. Several goroutines use it.
type Views interface {
	Order
	// View opens a view of the chunk's rows, those after the position if that
	// is not nil: a Source's, in the order of the key.
	View(ctx context.Context, split plugin.Split, after json.RawMessage) (View, error)
	// Key returns the key that a position of a view's Source stands at.
	Key(c Chunk, position json.RawMessage) (Key, error)
}

// View is an open view.
type View struct {
	Source    plugin.Source
	Low, High json.RawMessage
	// Through is the last key that the view shows, where it shows a part of the
	// chunk: the rest is read in further views. The Source marks its last row. nil:
	// it shows all that is left of the chunk.
	Through Key
	// Schema is that of the log's reader for the table's rows, with its metadata
	// columns; the columns of the Source's rows are its data columns.
	Schema *record.Schema
	// Stamp appends the metadata columns of a row of the snapshot; nil: there
	// are none.
	Stamp func(b *record.Batch)
	// Changes hands on the changes of the table that the log has after Low, up to
	// and with High, in order, in the shape that rows have with the log's reader;
	// nil: there are none. It is called once, before the Source is read.
	Changes func(ctx context.Context, add func(record.Row)) error
	// Selected says that the rows are chosen by a condition of the user, which
	// the log's rows cannot be asked.
	Selected bool
}

// ErrAgain is the error of a view that is to be opened anew, as for a table
// whose definition has changed meanwhile.
var ErrAgain = errors.New("the table was changed meanwhile")

// tries is how many views are opened for one between whose positions the log
// has nothing, where what it has could not be used.
const tries = 20

// Open opens a chunk of a snapshot, from its beginning or where it was left.
func Open(ctx context.Context, v Views, c Chunk, from plugin.Progress) (plugin.Source, error) {
	s := &source{views: v, chunk: c, segment: Segment{Chunk: c}, at: position{V: version}, inner: record.NewBatch(0, 0)}
	if from.Position != nil {
		p, err := parsePosition(from.Position)
		if err != nil {
			return nil, err
		}
		if p.Ended {
			return &Ended{At: from.Position}, nil
		}
		s.at.Done = p.Done
		if len(p.Inner) > 0 {
			through, err := v.Key(c, p.Inner)
			if err != nil {
				return nil, err
			}
			s.at.Done = append(s.at.Done, done{Through: through, High: p.High})
			s.at.Inner = p.Inner
		}
		if n := len(s.at.Done); n > 0 {
			s.segment.After = s.at.Done[n-1].Through
		}
	}
	s.split = from.Split
	after := s.at.Inner
	s.at.Inner = nil
	if len(after) == 0 && len(s.at.Done) > 0 { // left before the first row of a later view
		return nil, errclass.With(errclass.PositionLost, errors.New("the position of a snapshot's chunk lacks that of its rows: start over with -fresh"))
	}
	if err := s.openAny(ctx, after); err != nil {
		return nil, err
	}
	return s, nil
}

// openAny opens a view, and another one where what the log has cannot be used.
func (s *source) openAny(ctx context.Context, after json.RawMessage) error {
	var err error
	for range tries {
		if err = s.open(ctx, after); !errors.Is(err, errPartial) && !errors.Is(err, ErrAgain) {
			return err
		}
	}
	return errclass.With(errclass.Transient, fmt.Errorf(
		"opening a view of table %s: it is changed all the time, and %d views were of no use: try when it is quieter; the last one: %w", s.chunk.Table, tries, err))
}

// source hands on a view, corrected.
type source struct {
	views   Views
	split   plugin.Split
	chunk   Chunk
	segment Segment // what this view is read for
	at      position
	view    View
	window  *Window
	inner   *record.Batch // what the view's source fills, where its rows are not handed on as they are; else scratch
	states  []int         // of the window, in the order of the key: not handed on yet
	moved   bool          // the view's last rows had a position
	left    bool          // the view has ended before the chunk
	ended   bool          // with the view the chunk
}

var _ plugin.Source = (*source)(nil)

func (s *source) open(ctx context.Context, after json.RawMessage) (err error) {
	s.view, err = s.views.View(ctx, s.split, after)
	if err != nil {
		s.view.Source = nil
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.view.Source.Close())
			s.view.Source = nil
		}
	}()
	s.window, s.at.High, s.segment.High = newWindow(), s.view.High, s.view.High
	s.segment.Through = s.view.Through
	if s.view.Changes == nil {
		return nil
	}
	if err := s.view.Changes(ctx, s.window.Add); err != nil {
		return fmt.Errorf("reading what the log says of table %s meanwhile: %w", s.chunk.Table, err)
	}
	if len(s.window.at) > 0 && (!s.window.whole || s.view.Selected) {
		return errPartial
	}
	s.states, err = s.window.states(ctx, s.views, &s.segment)
	return err
}

// Fill implements [plugin.Source].
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	for {
		if s.left {
			if err := s.goOn(ctx); err != nil {
				return err
			}
		}
		if s.ended {
			return s.rest(b)
		}
		err := s.read(ctx, b)
		if err != nil && err != io.EOF {
			return err
		}
		switch {
		case err == io.EOF && s.view.Through != nil:
			if s.left = true; s.moved || !b.Empty() {
				return s.mark(ctx, b)
			}
		case err == io.EOF:
			s.ended = true
		case !s.moved && b.Empty(): // the window knows all of these rows
		case !s.moved:
			return nil
		default:
			return s.mark(ctx, b)
		}
	}
}

// read takes more rows of the view into b, and notes where it stands. Where the
// log has nothing to correct they are read into b at once.
func (s *source) read(ctx context.Context, b *record.Batch) error {
	to := b
	if corrected := len(s.window.at) > 0; corrected || !b.Empty() {
		to = s.inner
		to.Reset(b.Split())
		to.SetTarget(b.Target())
	}
	err := s.view.Source.Fill(ctx, to)
	if err != nil && err != io.EOF {
		return err
	}
	marks := to.Marks()
	if s.moved = len(marks) > 0; s.moved && marks[0].Position != nil {
		s.at.Inner = marks[0].Position
	}
	if to == b {
		s.label(b)
	} else {
		s.hand(b)
	}
	return err
}

// label makes rows of the view those of the log's reader.
func (s *source) label(b *record.Batch) {
	if b.Len() == 0 {
		return
	}
	tail := s.inner
	tail.Reset("")
	tail.Begin(s.view.Schema, record.Insert)
	for range s.view.Schema.Data {
		tail.Null()
	}
	if s.view.Stamp != nil {
		s.view.Stamp(tail)
	}
	b.Widen(s.view.Schema, tail.Row(0))
}

// goOn opens the next view of a chunk that one view shows a part of.
func (s *source) goOn(ctx context.Context) error {
	if len(s.states) > 0 || len(s.at.Inner) == 0 {
		return errclass.With(errclass.Permanent, fmt.Errorf("a view of table %s has ended before the key that it was to show", s.chunk.Table))
	}
	err := s.view.Source.Close()
	s.view.Source = nil
	if err != nil {
		return err
	}
	after := s.at.Inner
	s.at.Done = append(s.at.Done, done{Through: s.view.Through, High: s.at.High})
	s.segment.After, s.at.Inner, s.left = s.view.Through, nil, false
	return s.openAny(ctx, after)
}

// hand hands on the rows of the view that the window does not know.
func (s *source) hand(b *record.Batch) {
	for i := range s.inner.Len() {
		if r := s.inner.Row(i); !s.window.knows(r) {
			s.add(b, r)
		}
	}
	for _, r := range s.inner.Rejects() {
		b.Reject(r.Raw, r.Err)
	}
}

// mark marks the batch after the key that the view stands at. States of keys
// up to there go before it, and none of those after it: a view that goes on
// there shows them.
func (s *source) mark(ctx context.Context, b *record.Batch) error {
	if len(s.states) > 0 {
		through, err := s.views.Key(s.chunk, s.at.Inner)
		if err != nil {
			return err
		}
		for len(s.states) > 0 {
			state := s.window.rows.Row(s.states[0])
			by, err := compare(ctx, s.views, s.chunk.Table, keyOf(state), through)
			if err != nil {
				return err
			}
			if by > 0 {
				break
			}
			s.add(b, state)
			s.states = s.states[1:]
		}
	}
	return s.markHere(b)
}

// rest hands on the states of keys after the last row of the view.
func (s *source) rest(b *record.Batch) error {
	for len(s.states) > 0 {
		if b.Over() {
			return nil
		}
		s.add(b, s.window.rows.Row(s.states[0]))
		s.states = s.states[1:]
	}
	s.at.Ended = true
	if err := s.markHere(b); err != nil {
		return err
	}
	return io.EOF
}

// add hands on a row of the snapshot.
func (s *source) add(b *record.Batch, r record.Row) {
	b.Begin(s.view.Schema, record.Insert)
	for c := range s.view.Schema.Data {
		b.Copy(r, c)
	}
	if s.view.Stamp != nil {
		s.view.Stamp(b)
	}
}

func (s *source) markHere(b *record.Batch) error {
	raw, err := json.Marshal(&s.at)
	if err != nil {
		return fmt.Errorf("encoding a position: %w", err)
	}
	b.Mark(raw, time.Time{})
	return nil
}

// Close implements [plugin.Source].
func (s *source) Close() error {
	if s.view.Source == nil {
		return nil
	}
	return s.view.Source.Close()
}
