package binlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"

	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/klauspost/compress/zstd"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// replay is an XA transaction whose rows are being read because it was
// committed: from memory, or from the log once more.
type replay struct {
	commit event
	events []event // that are kept; nil with conn
	of     prepared
	conn   *mysqlkit.Conn
	dump   *mysqlkit.Dump
	f      *follower
	inner  *inner
	zstd   *zstd.Decoder
	within bool // the transaction
}

// preparing tells that events are of an XA transaction that is not decided yet.
func (s *source) preparing() bool { return s.f.xa && s.replay == nil }

// keep keeps an event of rows of an XA transaction, or of their table, for when
// it is committed.
func (s *source) keep(e *event) error {
	if len(e.body) < 6 {
		return errShort
	}
	m := s.tables.maps[tableNumber(e.body)]
	if m != nil && m.bad == nil && m.table == nil {
		return nil
	}
	s.f.tx.ours = true
	s.keeping.add(e)
	return nil
}

// commit begins to read the rows of an XA transaction that is committed.
func (s *source) commit(e *event) error {
	p := s.f.undecided(e.xid)
	if s.f.open { // in one phase
		s.keeping.end(e.xid)
	}
	if p == nil {
		found, err := s.reader.lookBack(s.ctx, s.srv, s.f, e)
		if err != nil {
			return err
		}
		p = found
	}
	r := &replay{commit: event{EventHeader: e.EventHeader, kind: e.kind, start: e.start, xid: e.xid}, of: *p}
	events, kept := s.keeping.done[e.xid]
	switch {
	case p.none:
		events = nil
	case kept:
	default:
		if err := s.reader.reread(s.ctx, s.srv, r); err != nil {
			return err
		}
	}
	r.events = events
	s.replay = r
	return s.enter()
}

// decided ends with an XA transaction that was committed or rolled back.
func (s *source) decided(e *event) {
	s.keeping.forget(e.xid)
	s.f.settle(e)
	s.ended()
}

// reread opens the log at an XA transaction.
func (r *reader) reread(ctx context.Context, srv *server, p *replay) (err error) {
	from := &Position{Flavor: srv.flavor, Server: srv.id, File: p.of.File, Offset: p.of.Offset}
	switch {
	case p.of.Server == srv.id && p.of.Offset <= math.MaxUint32:
	case p.of.ByGTID:
		from.ByGTID, from.GTIDs = true, p.of.Before
	default:
		return lost("the rows of the XA transaction %s, which was prepared at %s:%d, cannot be asked of server %s", p.of.XID, p.of.File, p.of.Offset, srv.conn.Addr)
	}
	if p.f, err = newFollower(from, srv.flavor == flavorMariaDB); err != nil {
		return lost("%w", err)
	}
	if p.conn, err = mysqlkit.Dial(ctx, srv.again()); err != nil {
		return err
	}
	p.dump, err = p.conn.Dump(ctx, p.f.dumpFrom(), mysqlkit.DumpOptions{ServerID: 1<<30 + rand.Uint32N(1<<31), UUID: newUUID(), Once: true})
	if err != nil {
		return errors.Join(explainDump(err), p.close())
	}
	return nil
}

func (p *replay) close() error {
	if p.zstd != nil {
		p.zstd.Close()
	}
	if p.conn == nil {
		return nil
	}
	conn := p.conn
	p.conn = nil
	return conn.Close()
}

// nextReplayed returns the next event of the XA transaction that was committed;
// full is never true. After the last one it returns an event that means nothing.
func (s *source) nextReplayed() (e *event, full bool, err error) {
	p := s.replay
	e, err = p.next(s.ctx)
	if err != nil {
		return nil, false, err
	}
	if e != nil {
		e.start = p.commit.start
		return e, false, nil
	}
	s.replay = nil
	s.decided(&p.commit)
	return &event{EventHeader: p.commit.EventHeader}, false, p.close()
}

// next returns the next event with rows, or of their tables; nil at the end.
func (p *replay) next(ctx context.Context) (*event, error) {
	if p.dump == nil {
		if len(p.events) == 0 {
			return nil, nil
		}
		e := p.events[0]
		p.events = p.events[1:]
		return &e, nil
	}
	stop := context.AfterFunc(ctx, p.conn.Interrupt)
	defer stop()
	for {
		e, err := p.read()
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, fmt.Errorf("reading the XA transaction %s again: %w", p.of.XID, err)
		case e == nil:
			continue
		}
		if !p.within && p.f.xa && p.f.open {
			p.within = p.is()
		}
		switch {
		case e.kind == xaPrepare || e.kind == xaCommit:
			if e.xid == p.of.XID && p.within {
				return nil, nil
			}
			p.f.settle(e)
		case p.within && (e.kind == rows || e.kind == tableMap):
			return e, nil
		case e.kind == xaRollback, e.kind == statement && p.f.single:
			p.f.settle(e)
		}
	}
}

// is tells that the transaction that is open is the one.
func (p *replay) is() bool {
	if p.f.gtids != nil || p.of.GTID != "" {
		return string(p.f.tx.gtid) == p.of.GTID
	}
	return p.f.tx.file == p.of.File && p.f.tx.begin == p.of.Offset
}

// read returns the next event; nil: there is one behind it.
func (p *replay) read() (*event, error) {
	if p.inner != nil {
		raw, err := p.inner.next()
		if err == io.EOF {
			outer := p.inner.outer
			p.inner = nil
			p.f.settle(&outer)
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		e, err := p.f.take(raw, true)
		return &e, err
	}
	raw, err := p.dump.Next(0)
	switch {
	case err == io.EOF:
		return nil, lost("it is not in the log any more where it was, at %s:%d", p.of.File, p.of.Offset)
	case err != nil:
		return nil, explainDump(err)
	}
	e, err := p.f.take(raw, false)
	if err != nil || e.kind != payload {
		return &e, err
	}
	if p.zstd, err = unpacking(p.zstd, &e); err != nil {
		return nil, err
	}
	p.f.inside = e.start
	p.inner = &inner{outer: e, in: p.zstd}
	return nil, nil
}

// lookBack finds an XA transaction that was prepared before the place that the
// log was begun at: in the file that it was committed in, or in one before.
func (r *reader) lookBack(ctx context.Context, srv *server, f *follower, commit *event) (*prepared, error) {
	asked, err := connect(ctx, srv.again())
	if err != nil {
		return nil, err
	}
	files, err := asked.files(ctx)
	if err = errors.Join(err, asked.close()); err != nil {
		return nil, err
	}
	r.log.Info("looking for an XA transaction that was prepared before the job had begun", "xid", commit.xid, "committed", fmt.Sprintf("%s:%d", f.file, commit.start))
	for i := len(files) - 1; i >= 0; i-- {
		if !earlier(files[i].name, 0, f.tx.file, f.tx.begin) {
			continue
		}
		found, err := r.preparedIn(ctx, srv, files[i].name, f, commit.xid)
		if err != nil || found != nil {
			return found, err
		}
	}
	return nil, lost("the XA transaction %s was committed at %s:%d, and its rows, which are in the log where it was prepared, are in none of the log files that server %s still has", commit.xid, f.file, commit.start, srv.conn.Addr)
}

// preparedIn finds the last XA transaction of a name in a file, before the place
// where f is.
func (r *reader) preparedIn(ctx context.Context, srv *server, file string, f *follower, xid string) (found *prepared, err error) {
	var unpacker *zstd.Decoder
	defer func() {
		if unpacker != nil {
			unpacker.Close()
		}
	}()
	begin := &Position{Flavor: srv.flavor, Server: srv.id, File: file, Offset: 4}
	_, err = r.scan(ctx, srv, begin, func(at *follower, e *event) (bool, error) {
		if at.file != file || !earlier(at.tx.file, at.tx.begin, f.tx.file, f.tx.begin) && at.tx.file != "" {
			return false, nil
		}
		hit := (e.kind == xaPrepare || e.kind == xaCommit) && e.xid == xid
		if e.kind == payload {
			var err error
			if unpacker, hit, err = prepares(unpacker, e, xid); err != nil {
				return false, err
			}
		}
		if hit {
			found = &prepared{XID: xid, Server: srv.id, File: at.tx.file, Offset: at.tx.begin, GTID: string(at.tx.gtid)}
		}
		return true, nil
	})
	return found, err
}

// prepares tells that a compressed transaction is the XA transaction of a name.
func prepares(d *zstd.Decoder, outer *event, xid string) (_ *zstd.Decoder, yes bool, err error) {
	if d, err = unpacking(d, outer); err != nil {
		return d, false, err
	}
	in := &inner{in: d}
	for {
		raw, err := in.next()
		if err == io.EOF {
			return d, yes, nil
		}
		if err != nil {
			return d, false, err
		}
		e := event{raw: raw, body: raw[headerSize:]}
		if err := e.Decode(raw); err != nil {
			return d, false, errShort
		}
		if e.EventType == replication.XA_PREPARE_LOG_EVENT {
			f := &follower{}
			if err := f.prepare(&e); err != nil {
				return d, false, err
			}
			yes = e.xid == xid
		}
	}
}
