package binlog

import (
	"time"

	"github.com/datasync-io/datasync/core/record"
)

// moved tells that the place is another one than that of the last position.
func (s *source) moved() bool { return s.f.file != s.at.file || s.f.offset != s.at.offset }

// mark gives the place away as a position.
func (s *source) mark(b *record.Batch) error {
	p := s.f.position(s.srv.id)
	p.Skip, p.SkipGTID = s.cut.rows, s.cut.gtid
	return s.markAt(b, p)
}

func (s *source) markAt(b *record.Batch, p *Position) error {
	var state []byte
	if s.redone {
		var err error
		if state, err = s.state(); err != nil {
			return err
		}
		if s.copier != nil {
			s.copier.Noted()
		}
	}
	b.MarkState(p.encode(), state, p.time())
	s.recopied = false
	s.marked, s.redone = time.Now(), false
	s.at.file, s.at.offset = s.f.file, s.f.offset
	s.reader.gauges.reached(p)
	return nil
}

// markInside gives a place inside of the open transaction away: its begin, and
// how much of it is delivered.
func (s *source) markInside(b *record.Batch) error {
	s.durable = s.delivered
	p := s.f.position(s.srv.id)
	p.File, p.Offset = s.f.tx.file, s.f.tx.begin
	p.Skip, p.SkipGTID = s.delivered, string(s.f.tx.gtid)
	return s.markAt(b, p)
}
