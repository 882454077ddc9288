package mysql

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

const (
	// patience is how long rows that have arrived wait for more to come.
	patience = 5 * time.Millisecond
	// killTime bounds the end of a statement that has not sent a row.
	killTime = 3 * time.Second
)

// source streams the rows of one split.
type source struct {
	log     *slog.Logger
	conn    *mysqlkit.Conn
	rows    *mysqlkit.Rows
	layout  *layout
	key     []sqlkit.KeyColumn // none: the split cannot be resumed
	unique  bool
	stamp   bool // _ts is asked for
	scratch *record.Batch
}

var _ plugin.Source = (*source)(nil)

func newSource(log *slog.Logger, c *mysqlkit.Conn, rows *mysqlkit.Rows, l *layout, spec *sqlkit.Spec, stamp bool) *source {
	return &source{log: log, conn: c, rows: rows, layout: l, key: l.KeyColumns(), unique: spec.Unique, stamp: stamp, scratch: record.NewBatch(1, 0)}
}

// Fill implements [plugin.Source].
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	stop := context.AfterFunc(ctx, s.conn.Interrupt)
	defer stop()
	err := s.fill(b)
	if err != nil && ctx.Err() != nil && !errors.Is(err, io.EOF) {
		return ctx.Err()
	}
	return err
}

func (s *source) fill(b *record.Batch) error {
	now := time.Now()
	for {
		var wait time.Duration
		if s.unique && !b.Empty() {
			wait = patience
		}
		packet, err := s.rows.Next(wait)
		if errors.Is(err, mysqlkit.ErrWait) {
			if s.mark(b) {
				return nil
			}
			packet, err = s.rows.Next(0)
		}
		if err != nil {
			return err
		}
		if err := s.add(packet, b, now); err != nil {
			return err
		}
		if !b.Full() {
			continue
		}
		switch {
		case len(s.key) == 0, b.Over():
			return nil
		case !s.unique:
			return s.group(b, now)
		case s.mark(b):
			return nil
		}
	}
}

// add appends a row, or rejects what is none.
func (s *source) add(packet []byte, b *record.Batch, now time.Time) error {
	var err error
	if s.layout.format == nil {
		err = s.layout.Decode(packet, b)
	} else if err = s.decodeScratch(packet); err == nil {
		err = s.layout.format.Append(b, s.scratch.Row(0))
	}
	switch {
	case err == nil:
		if s.stamp {
			b.Timestamp(now.Unix(), uint32(now.Nanosecond()))
		}
	case errclass.Of(err) == errclass.Data:
		b.Reject(s.layout.Raw(packet), err)
	default:
		return err
	}
	return nil
}

// decodeScratch decodes a row whose columns are to be rewritten.
func (s *source) decodeScratch(packet []byte) error {
	s.scratch.Reset("")
	return s.layout.Decode(packet, s.scratch)
}

// mark marks the batch after the row read last; false if there is no position
// after it.
func (s *source) mark(b *record.Batch) bool {
	last, ok := s.layout.Key(s.rows.Last(), s.scratch)
	if ok {
		s.markAt(b, last)
	}
	return ok
}

func (s *source) markAt(b *record.Batch, last []sqlkit.Value) {
	b.Mark(sqlkit.AppendPosition(make([]byte, 0, 64), s.key, last), time.Time{})
}

// group goes on to the end of the rows whose keys are equal to the last one's,
// and marks the batch there.
func (s *source) group(b *record.Batch, now time.Time) error {
	last, ok := s.layout.Key(s.rows.Last(), s.scratch)
	for !b.Over() {
		packet, err := s.rows.Next(0)
		if err != nil {
			return err
		}
		next, sound := s.layout.Key(packet, s.scratch)
		if ok && sound && !slices.Equal(next, last) {
			s.rows.Unread()
			s.markAt(b, last)
			return nil
		}
		if err := s.add(packet, b, now); err != nil {
			return err
		}
		last, ok = next, sound
	}
	return nil
}

// Close implements [plugin.Source].
func (s *source) Close() error {
	if !s.rows.Begun() {
		ctx, cancel := context.WithTimeout(context.Background(), killTime)
		defer cancel()
		if err := s.conn.Kill(ctx); err != nil {
			s.log.Debug("ending a statement that has sent no row", "err", err)
		}
	}
	return s.conn.Close()
}
