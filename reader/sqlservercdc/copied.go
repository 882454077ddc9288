package sqlservercdc

import (
	"context"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/record"
)

// leaveOut has the changes left out that the rows copied before show.
func (s *source) leaveOut(copied []handover.Segment) (err error) {
	if len(copied) == 0 {
		return nil
	}
	shown := func(high, commit lsn) bool { return !high.before(commit) }
	s.filter, err = handover.NewFilter(copied, parseHigh, shown, &views{s.reader})
	s.scratch = record.NewBatch(0, 0)
	return err
}

// enter begins a commit. The filter is given up once everything that was copied
// is behind.
func (s *source) enter(at lsn) {
	if s.filter == nil {
		return
	}
	if !s.filter.Pass(func(high lsn) bool { return !s.at.before(high) }) {
		s.filter = nil
		return
	}
	s.filter.Begin(at)
}

// change hands on the change that a cursor stands at, but for rows of it that
// were copied so.
func (s *source) change(ctx context.Context, b *record.Batch, c *cursor, tx *commit) error {
	if s.filter == nil {
		return s.emit.change(b, c, tx)
	}
	all := s.scratch
	all.Reset("")
	if err := s.emit.change(all, c, tx); err != nil {
		return err
	}
	rejects := all.Rejects()
	rejected := func(before int) {
		for ; len(rejects) > 0 && rejects[0].Row <= before; rejects = rejects[1:] {
			b.Reject(rejects[0].Raw, rejects[0].Err)
		}
	}
	left := 0
	for i := range all.Len() {
		rejected(i)
		skip, err := s.filter.Skip(ctx, all.Row(i))
		if err != nil {
			return err
		}
		if skip {
			left++
			continue
		}
		b.CopyRow(all.Row(i))
		if left > 0 { // the half that it is linked with was left out
			b.Unlink()
		}
	}
	rejected(all.Len())
	return nil
}
