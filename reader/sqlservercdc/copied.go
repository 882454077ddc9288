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
	if s.copier != nil {
		s.filter.Anew(s.copier.State().Anew)
	}
	s.filter.Begin(at)
}

// skip tells that a row of a change is left out.
func (s *source) skip(ctx context.Context, r record.Row, copies bool) (skip bool, err error) {
	if s.filter != nil {
		if skip, err = s.filter.Skip(ctx, r); skip || err != nil {
			return skip, err
		}
	}
	if copies {
		skip, err = s.copier.Skip(ctx, r)
	}
	return skip, err
}

// change hands on the change that a cursor stands at, but for rows of it that
// were copied so, or are still to be.
func (s *source) change(ctx context.Context, b *record.Batch, c *cursor, tx *commit) error {
	copies := s.copier.Copies(c.capture.schema.Name)
	if s.filter == nil && !copies {
		return s.emit.change(b, c, tx)
	}
	all := s.scratch
	all.Reset("")
	if err := s.emit.change(all, c, tx); err != nil {
		return err
	}
	rejects := all.Rejects()
	if copies && (all.Len() == 0 || len(rejects) > 0) { // not shown, so that rows that were read meanwhile may be older
		s.copier.Altered(c.capture.schema.Name)
	}
	rejected := func(before int) {
		for ; len(rejects) > 0 && rejects[0].Row <= before; rejects = rejects[1:] {
			b.Reject(rejects[0].Raw, rejects[0].Err)
		}
	}
	left := 0
	for i := range all.Len() {
		rejected(i)
		skip, err := s.skip(ctx, all.Row(i), copies)
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
