package sqlread

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// patience is how long rows that have arrived wait for more to come.
const patience = 5 * time.Millisecond

// source streams the rows of one query.
type source struct {
	session Session
	release func(Session) error // takes the session back
	rows    Rows
	origin  *origin
	data    int  // columns of a row
	key     *key // nil: the split cannot be resumed
	unique  bool
	stamp   bool // _ts is asked for
	again   bool // the current row has not been taken
	scratch *record.Batch
}

var _ plugin.Source = (*source)(nil)

func (r *reader) newSource(s Session, q *query, rows Rows) *source {
	return &source{session: s, release: r.release, rows: rows, origin: q.origin, data: len(q.columns), key: newKey(q),
		unique: q.unique, stamp: len(r.meta) > 0, scratch: record.NewBatch(1, 0)}
}

// Fill implements [plugin.Source].
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	defer interrupting(ctx, s.session)()
	err := s.fill(b)
	switch {
	case err == nil || errors.Is(err, io.EOF):
		return err
	case ctx.Err() != nil:
		return ctx.Err()
	}
	return fmt.Errorf("reading %s: %w", s.origin, err)
}

func (s *source) fill(b *record.Batch) error {
	now := time.Now()
	for {
		if done, err := s.next(b); done || err != nil {
			return err
		}
		if err := s.add(b, now); err != nil {
			return err
		}
		if !b.Full() {
			continue
		}
		switch {
		case s.key == nil, b.Over():
			return nil
		case !s.unique:
			return s.group(b, now)
		case s.mark(b):
			return nil
		}
	}
}

// next goes to the next row. It is done when rows wait in b, none comes soon,
// and b could be marked.
func (s *source) next(b *record.Batch) (done bool, err error) {
	if s.again {
		s.again = false
		return false, nil
	}
	var wait time.Duration
	if s.unique && !b.Empty() {
		wait = patience
	}
	err = s.rows.Next(wait)
	if err == nil || !errors.Is(err, ErrWait) {
		return false, err
	}
	if s.mark(b) {
		return true, nil
	}
	return false, s.rows.Next(0)
}

// add appends the current row, or rejects what is none.
func (s *source) add(b *record.Batch, now time.Time) error {
	var err error
	if s.origin.format == nil {
		b.Begin(s.origin.schema, record.Insert)
		if err = s.rows.Append(b, s.data); err != nil {
			b.Drop()
		}
	} else {
		err = s.addFormatted(b)
	}
	switch {
	case err == nil:
		if s.stamp {
			b.Timestamp(now.Unix(), uint32(now.Nanosecond()))
		}
	case errclass.Of(err) == errclass.Data:
		b.Reject(s.rows.Raw(s.data), err)
	default:
		return err
	}
	return nil
}

// addFormatted appends a row whose dates are rewritten on the way.
func (s *source) addFormatted(b *record.Batch) error {
	s.scratch.Reset("")
	s.scratch.Begin(s.origin.schema, record.Insert)
	if err := s.rows.Append(s.scratch, s.data); err != nil {
		return err
	}
	return s.origin.format.Append(b, s.scratch.Row(0))
}

// mark marks the batch after the current row; false if there is no position
// after it.
func (s *source) mark(b *record.Batch) bool {
	last, ok := s.key.of(s.rows)
	if ok {
		s.markAt(b, last)
	}
	return ok
}

func (s *source) markAt(b *record.Batch, last []sqlkit.Value) {
	b.Mark(sqlkit.AppendPosition(make([]byte, 0, 64), s.key.columns, last), time.Time{})
}

// group goes on to the end of the rows whose keys are equal to the current
// one's, and marks the batch there.
func (s *source) group(b *record.Batch, now time.Time) error {
	last, ok := s.key.of(s.rows)
	for !b.Over() {
		if err := s.rows.Next(0); err != nil {
			return err
		}
		next, sound := s.key.of(s.rows)
		if ok && sound && !slices.Equal(next, last) {
			s.again = true
			s.markAt(b, last)
			return nil
		}
		if err := s.add(b, now); err != nil {
			return err
		}
		last, ok = next, sound
	}
	return nil
}

// Close implements [plugin.Source].
func (s *source) Close() error { return s.release(s.session) }
