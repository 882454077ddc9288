package binlog

import (
	"errors"
	"fmt"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/record"
)

// What onEventFailure says.
const (
	failureStop  = "stop"
	failureAside = "setAside"
)

// How much of an event is shown where it ends the job, and kept where it is set
// aside, in bytes.
const (
	mostShown = 512
	mostKept  = 64 << 10
)

// poison is an event that cannot be read.
type poison struct {
	kind  replication.EventType
	place string // in the log
	table string // "": not known
	raw   []byte // what is left of the event
	why   error
}

// poisoned tells that an event can be left out: its error is one of its content.
// What the position depends on, or what may pass, is no such error.
func poisoned(err error) bool {
	c := errclass.Of(err)
	return c == errclass.Permanent || c == errclass.Data
}

// Error says where the event is, and what it is.
func (p *poison) Error() string {
	table := ""
	if p.table != "" {
		table = ", table " + p.table
	}
	return fmt.Sprintf("event %s at %s%s: %s", p.kind, p.place, table, p.why)
}

func (p *poison) Unwrap() error { return p.why }

// shown is the error with the event's bytes, and with what can be done.
func (p *poison) shown(remedy string) error {
	raw, more := p.raw, ""
	if len(raw) > mostShown {
		raw, more = raw[:mostShown], fmt.Sprintf("... (%d bytes)", len(p.raw))
	}
	return fmt.Errorf("%w%s; its bytes are %x%s", p, remedy, raw, more)
}

// poison makes one of an event's error.
func (s *source) poison(e *event, table string, raw []byte, why error) *poison {
	return &poison{kind: e.EventType, place: fmt.Sprintf("%s:%d of %s", s.f.file, e.start, s.srv.addr()), table: table, raw: raw, why: why}
}

// explain says where an event is that cannot be read.
func (s *source) explain(e *event, err error) error {
	var p *poison
	switch {
	case errors.As(err, &p):
		return err
	case poisoned(err):
		return s.poison(e, "", e.raw, err).shown("")
	case errclass.Of(err) == errclass.Transient || errclass.Of(err) == errclass.Canceled:
		return err
	}
	return s.poison(e, "", nil, err)
}

// leave ends the stream with an event that cannot be read, or sets that aside,
// as the job wants. It counts as one change of its transaction.
func (s *source) leave(b *record.Batch, p *poison) error {
	switch {
	case !poisoned(p.why):
		return p
	case s.reader.config.OnEventFailure != failureAside:
		return p.shown("; onEventFailure setAside goes on without it")
	}
	if s.delivered < s.cut.rows && s.cut.is(&s.f.tx) { // it was set aside before
		s.delivered++
		s.durable = s.delivered
		return nil
	}
	s.delivered++
	if b.Len()+len(b.Rejects()) == 0 {
		s.began = time.Now()
	}
	s.reader.log.Error("an event of the log cannot be read: it is set aside", "event", p.kind.String(), "at", p.place, "table", p.table, "error", p.why)
	b.Reject(p.raw[:min(len(p.raw), mostKept)], &poison{kind: p.kind, place: p.place, table: p.table, why: p.why})
	return nil
}

// left leaves the rest of an event of rows whose next change cannot be read;
// before is the number of rows in the batch before it.
func (s *source) left(b *record.Batch, before int, why error) error {
	for b.Len() > before {
		b.Drop()
	}
	s.unseen()
	raw := s.images.Raw()
	s.images = binlogkit.Images{}
	return s.leave(b, s.poison(&s.reading, s.current.name.String(), raw, why))
}

// handled is handle, whose event is set aside where the job wants that.
func (s *source) handled(b *record.Batch, e *event) (full bool, err error) {
	full, err = s.handle(b, e)
	switch {
	case err == nil:
		return full, nil
	case !poisoned(err):
		return false, s.explain(e, err)
	}
	table := ""
	s.images = binlogkit.Images{}
	s.unseenAny()
	switch e.kind {
	case tableMap:
		if s.reader.config.OnEventFailure == failureAside && len(e.body) >= 6 {
			return false, nil // the rows behind it are set aside, if there are any
		}
		table = s.tables.named(e)
	case rows:
		table = s.tables.named(e)
	case payload:
		defer s.unpacked(e)
	case statement:
	default:
		return false, s.explain(e, err)
	}
	err = s.leave(b, s.poison(e, table, e.raw, err))
	if e.kind == statement {
		s.settled(e)
	}
	return false, err
}

// unpacked ends a compressed transaction.
func (s *source) unpacked(e *event) {
	s.inner = nil
	if s.f.open || s.f.single {
		s.ended()
	}
	s.f.settle(e)
}

// addr is where the server is, for people.
func (s *server) addr() string {
	if s.conn == nil {
		return "the server"
	}
	return s.conn.Addr
}
