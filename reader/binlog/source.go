package binlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Times of the stream.
const (
	heartbeatPeriod = time.Second
	// fresh is how long rows may wait in a batch for more of them.
	fresh = 2 * time.Millisecond
	// markPeriod is the least time between positions without rows.
	markPeriod = time.Second
)

// source is the log, read from one connection by the goroutine that calls
// Fill. What is not read waits at the server.
type source struct {
	reader   *reader
	srv      *server
	dump     *mysqlkit.Dump
	f        *follower
	history  *binlogkit.History
	tables   *tables
	inner    *inner        // a compressed transaction; nil: none is open
	unpacker *zstd.Decoder // of such; nil: there was none

	keeping keeping // rows of XA transactions that are not decided
	replay  *replay // one that is committed, whose rows are read; nil: none

	held    *event          // not yet looked at: a batch had to be given away first
	changes []record.Change // to be handed over, one a Fill
	current *mapped         // table of the images
	reading event           // whose images they are
	images  binlogkit.Images
	stamp   stamp
	tail    binlogkit.Tail

	cut       cut   // the transaction that the stream was begun inside of
	delivered int64 // changes of the open transaction
	durable   int64 // of these, before the last mark

	filter  *handover.Filter[high, where] // nil: nothing that comes was copied before
	entered where                         // that the filter was told of last
	scratch *record.Batch

	copier      *handover.Copier[high, where] // nil: nothing can be copied beside the log
	copied      bool                          // it wants to see the rows of the table at hand
	enteredCopy where                         // that it was told of last

	ctx context.Context //nolint:containedctx // of the Fill that runs

	recopied bool      // the log was not read yet since the tables were copied again
	marked   time.Time // when the last position was given
	at       struct {  // its place
		file   string
		offset uint64
	}
	redone  bool      // definitions are others since then
	began   time.Time // when the batch got its first row
	watcher *handover.Watcher
}

// open begins to read at a place. state is the history there.
func (r *reader) open(ctx context.Context, srv *server, at *Position, state []byte) (*source, error) {
	if err := srv.usable(); err != nil {
		return nil, err
	}
	if err := srv.reaches(ctx, at); err != nil {
		return nil, err
	}
	if err := r.sameLog(ctx, srv, at); err != nil {
		return nil, err
	}
	f, err := newFollower(at, srv.flavor == flavorMariaDB)
	if err != nil {
		return nil, lost("%w", err)
	}
	s := &source{reader: r, srv: srv, f: f, history: binlogkit.NewHistory(srv.product), cut: cut{at.Skip, at.SkipGTID}, marked: time.Now(), scratch: record.NewBatch(0, 0)}
	s.at.file, s.at.offset = at.File, at.Offset
	f.server, f.judged = srv.id, true
	if err := s.history.Load(state); err != nil {
		return nil, lost("%w", err)
	}
	s.tables = newTables(r, srv, s.history)
	s.stamp.want(r.meta, r.config.OffsetLength)
	s.tail = s.stamp.tail()
	from := f.dumpFrom()
	s.dump, err = srv.conn.Dump(ctx, from, mysqlkit.DumpOptions{ServerID: r.serverID(), UUID: r.uuid, Heartbeat: r.heartbeat})
	if err != nil {
		return nil, explainDump(err)
	}
	r.log.Info("following the binary log", "server", srv.conn.Addr, "version", srv.conn.Server.String(), "from", at.String())
	s.watcher = r.watch(srv)
	return s, nil
}

var _ plugin.Source = (*source)(nil)

// Close ends the stream.
func (s *source) Close() error {
	s.watcher.Close()
	if s.copier != nil {
		s.copier.Close()
	}
	if s.unpacker != nil {
		s.unpacker.Close()
	}
	if s.replay != nil {
		return errors.Join(s.replay.close(), s.srv.close())
	}
	return s.srv.close()
}

// Fill implements [plugin.Source].
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, s.srv.conn.Interrupt)
	defer stop()
	s.ctx = ctx
	err := s.fill(b)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.reader.anew(err, s.recopied)
}

func (s *source) fill(b *record.Batch) error {
	if len(s.changes) > 0 {
		return s.change(b)
	}
	for {
		if s.images.More() {
			full, err := s.rows(b)
			if full || err != nil {
				return err
			}
			continue
		}
		e, full, err := s.next(b)
		if full || err != nil {
			return err
		}
		if e == nil {
			continue
		}
		full, err = s.handled(b, e)
		if full || err != nil {
			return err
		}
	}
}

// next returns the next event; full: the batch is to be given away instead.
func (s *source) next(b *record.Batch) (e *event, full bool, err error) {
	if s.held != nil {
		e, s.held = s.held, nil
		return e, false, nil
	}
	if s.replay != nil {
		return s.nextReplayed()
	}
	if s.inner != nil {
		return s.nextInner(b)
	}
	patience, besides := time.Duration(0), false
	if s.f.idle() {
		if full, besides, err = s.beside(b); full || err != nil {
			return nil, full, err
		}
		if b.Full() {
			return nil, true, s.mark(b)
		}
		if patience, full = s.patience(b); full {
			return nil, true, s.mark(b)
		}
		if besides = besides && (patience == 0 || patience > copyPoll); besides {
			patience = copyPoll
		}
	}
	raw, err := s.dump.Next(patience)
	if errors.Is(err, mysqlkit.ErrWait) {
		if besides {
			return nil, false, nil
		}
		return nil, true, s.mark(b)
	}
	if err != nil {
		return nil, false, explainDump(err)
	}
	event, err := s.f.take(raw, false)
	if err != nil {
		return nil, false, s.explain(&event, err)
	}
	return &event, false, nil
}

// patience says how long the next event may be waited for, 0 for ever; full:
// not at all.
func (s *source) patience(b *record.Batch) (wait time.Duration, full bool) {
	switch {
	case b.Len()+len(b.Rejects()) > 0:
		wait = fresh - time.Since(s.began)
	case s.moved():
		wait = markPeriod - time.Since(s.marked)
	default:
		return 0, false
	}
	if wait > 0 && s.dump.Pending() {
		return 0, false
	}
	return wait, wait <= 0
}

// handle looks at an event; full: the batch is to be given away.
func (s *source) handle(b *record.Batch, e *event) (full bool, err error) {
	switch e.kind {
	case tableMap:
		err = s.tables.take(s.f, e)
		if s.preparing() {
			err = errors.Join(err, s.keep(e))
		}
		return false, err
	case rows:
		return false, s.begin(b, e)
	case statement:
		return s.statement(b, e)
	case payload:
		return false, s.unpack(e)
	case ended:
		s.ended()
	case xaPrepare:
		s.keeping.end(e.xid)
		s.ended()
	case xaCommit:
		return false, s.commit(e)
	case xaRollback:
		s.decided(e)
	case heartbeat:
		s.reader.gauges.Alive()
	}
	return false, nil
}

// ended is told that a transaction has ended.
func (s *source) ended() {
	if s.cut.is(&s.f.tx) {
		s.cut = cut{}
	}
	s.delivered, s.durable = 0, 0
	s.reader.gauges.Committed(s.f.tx.time)
}

// cut is how much of a transaction is delivered that the stream was begun
// inside of.
type cut struct {
	rows int64
	gtid string // "": it is the first one
}

// is tells whether a transaction is the one. Another server may send others
// before it.
func (c *cut) is(tx *transaction) bool { return c.gtid == "" || c.gtid == string(tx.gtid) }

// begin looks at the head of an event of rows.
func (s *source) begin(b *record.Batch, e *event) error {
	if s.preparing() {
		return s.keep(e)
	}
	m, kind, err := s.tables.rows(s.f, e, &s.images)
	if err != nil || m == nil {
		return err
	}
	wanted := s.reader.ops
	if kind == binlogkit.Insert && !wanted.insert || kind == binlogkit.Update && !wanted.update || kind == binlogkit.Delete && !wanted.delete {
		s.images = binlogkit.Images{}
		return nil
	}
	s.current, s.reading = m, *e
	if b.Len() == 0 {
		s.began = time.Now()
	}
	s.stamp.begin(s.f, e)
	if err := s.enterCopy(); err != nil {
		return err
	}
	return s.enter()
}

// rows appends the changes of the event that is open; full: the batch is to be
// given away.
func (s *source) rows(b *record.Batch) (full bool, err error) {
	most := s.reader.config.MaxTransactionRows
	for s.images.More() {
		if b.Over() {
			return true, nil
		}
		if s.delivered < s.cut.rows && s.cut.is(&s.f.tx) {
			if err := s.pass(b); err != nil {
				return false, err
			}
			continue
		}
		if most > 0 && s.delivered-s.durable >= most {
			return true, s.markInside(b)
		}
		s.delivered++
		before := b.Len()
		s.stamp.row++
		err := s.images.Next(b, s.tail)
		if err == nil {
			if err := s.unshown(b, before); err != nil {
				return false, err
			}
			continue
		}
		if errclass.Of(err) != errclass.Data {
			s.delivered-- // left counts it
			if err := s.left(b, before, err); err != nil {
				return false, err
			}
			continue
		}
		s.unseen()
		b.Reject(s.images.Raw(), errclass.Placed(err, "table %s at %s", s.current.name, s.stamp.place()))
	}
	return false, nil
}

// pass reads a change that is delivered already.
func (s *source) pass(b *record.Batch) error {
	before := b.Len()
	s.stamp.row++
	err := s.images.Next(b, s.tail)
	if err != nil && errclass.Of(err) != errclass.Data {
		return s.left(b, before, err)
	}
	for b.Len() > before {
		b.Drop()
	}
	s.unseen()
	s.delivered++
	s.durable = s.delivered
	return nil
}

// explainDump says what an error of the stream means.
func explainDump(err error) error {
	if errors.Is(err, io.EOF) && errclass.Of(err) == errclass.Permanent {
		return errclass.With(errclass.Transient, errors.New("the server has ended the stream of its log"))
	}
	switch mysqlkit.Code(err) {
	case codeFatalDump:
		return explainFatal(err)
	case 1227, 1045, 1142:
		return errclass.With(errclass.Config, fmt.Errorf("reading the binary log: %w: GRANT REPLICATION SLAVE ON *.* to the user", err))
	}
	return err
}
