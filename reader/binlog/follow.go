package binlog

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// kind is what an event means to the reader.
type kind uint8

const (
	nothing    kind = iota
	rows            // row images
	tableMap        // the table of the rows that follow
	statement       // a statement that was executed there
	payload         // a compressed transaction
	ended           // a transaction, or a statement outside of one, has ended
	heartbeat       // the server waits for something to send
	xaPrepare       // an XA transaction has ended, and is not decided yet
	xaCommit        // one is committed: its rows count
	xaRollback      // one is rolled back
)

// event is one event of the log, valid until the next one is taken.
type event struct {
	replication.EventHeader
	raw    []byte // all of it
	body   []byte // without header
	kind   kind
	within bool   // it came in a compressed transaction
	start  uint64 // its offset in the file
	query  *replication.QueryEvent
	xid    string // of the XA transaction that it decides
}

const headerSize = replication.EventHeaderSize

var errShort = errclass.With(errclass.Permanent, errors.New("the event is cut short"))

// follower knows where in the log a stream of events is. Its place is one to
// begin again at when no transaction is open.
type follower struct {
	parser  *replication.BinlogParser
	within  *replication.BinlogParser // of events in compressed transactions, which have no checksums
	sums    bool                      // events end in a checksum
	mariadb bool
	gtids   gomysql.GTIDSet // executed before; nil: the log is followed by file
	file    string
	offset  uint64
	born    uint32
	wanted  uint32 // born has to be this, in the first file; 0: any
	inside  uint64 // where the compressed transaction begins whose events are taken
	learns  bool   // the set is not known before the file's first events

	open   bool // between a transaction's begin and end
	single bool // the next statement is a transaction by itself
	xa     bool // the transaction is prepared, and decided later
	tx     transaction

	server   string     // identity
	judged   bool       // tx.ours is kept
	prepared []prepared // XA transactions that are not decided; never changed, but replaced
}

// transaction is the one that is open, or that has ended last.
type transaction struct {
	begin  uint64
	file   string
	gtid   []byte
	time   time.Time                 // when it was committed, as well as that is known yet
	exact  bool                      // time is the commit's
	thread int64                     // of the connection that made it; 0: unknown
	ours   bool                      // it has rows of tables that are read; known where judged is set
	next   func(set gomysql.GTIDSet) // adds the transaction to the set; nil: it has no GTID
}

func newFollower(p *Position, mariadb bool) (*follower, error) {
	f := &follower{parser: replication.NewBinlogParser(), within: replication.NewBinlogParser(), mariadb: mariadb, file: p.File, offset: p.Offset, born: p.Born, server: p.Server, prepared: p.Open}
	for _, p := range []*replication.BinlogParser{f.parser, f.within} {
		p.SetFlavor(flavorMySQL)
		if mariadb {
			p.SetFlavor(flavorMariaDB)
		}
	}
	if p.ByGTID {
		set, err := p.set()
		if err != nil {
			return nil, err
		}
		f.gtids = set
	} else {
		f.wanted = p.Born
	}
	return f, nil
}

// parse has the client's parser decode an event.
func (f *follower) parse(e *event) (ev replication.Event, err error) {
	defer func() {
		if r := recover(); r != nil { // it indexes into events without looking
			ev, err = nil, fmt.Errorf("the event is malformed: %v", r)
		}
	}()
	parser := f.parser
	if e.within {
		parser = f.within
	}
	b, err := parser.Parse(e.raw)
	if err != nil {
		return nil, err
	}
	return b.Event, nil
}

// take reads an event's header and moves on behind it. inside: it came in a
// compressed transaction, whose events have no places of their own.
func (f *follower) take(raw []byte, inside bool) (event, error) {
	e := event{raw: raw, within: inside}
	if len(raw) < headerSize {
		return e, errShort
	}
	if err := e.Decode(raw); err != nil || int(e.EventSize) != len(raw) {
		return e, errShort
	}
	e.body = raw[headerSize:]
	if f.sums && !inside {
		if err := e.verify(f.file, f.offset); err != nil {
			return e, err
		}
	}
	e.start = f.offset
	if inside {
		e.start = f.inside
	}
	if !inside && e.LogPos > 0 && e.Flags&replication.LOG_EVENT_ARTIFICIAL_F == 0 && e.EventType != replication.HEARTBEAT_EVENT {
		f.advance(&e)
	}
	return e, f.interpret(&e)
}

// advance sets the offset behind an event. Headers have but its last 32 bits.
func (f *follower) advance(e *event) {
	end := f.offset + uint64(e.EventSize)
	if uint32(end) != e.LogPos {
		end = uint64(e.LogPos)
		e.start = end - uint64(e.EventSize)
	}
	f.offset = end
}

func (f *follower) interpret(e *event) (err error) {
	switch e.EventType {
	case replication.TABLE_MAP_EVENT:
		e.kind = tableMap
	case replication.WRITE_ROWS_EVENTv1, replication.UPDATE_ROWS_EVENTv1, replication.DELETE_ROWS_EVENTv1,
		replication.WRITE_ROWS_EVENTv2, replication.UPDATE_ROWS_EVENTv2, replication.DELETE_ROWS_EVENTv2, replication.PARTIAL_UPDATE_ROWS_EVENT,
		replication.MARIADB_WRITE_ROWS_COMPRESSED_EVENT_V1, replication.MARIADB_UPDATE_ROWS_COMPRESSED_EVENT_V1, replication.MARIADB_DELETE_ROWS_COMPRESSED_EVENT_V1:
		e.kind = rows
	case replication.XID_EVENT:
		f.end(e)
	case replication.XA_PREPARE_LOG_EVENT:
		return f.prepare(e)
	case replication.GTID_EVENT, replication.ANONYMOUS_GTID_EVENT, replication.GTID_TAGGED_LOG_EVENT, replication.MARIADB_GTID_EVENT:
		return f.begin(e)
	case replication.QUERY_EVENT, replication.MARIADB_QUERY_COMPRESSED_EVENT:
		return f.statement(e)
	case replication.TRANSACTION_PAYLOAD_EVENT:
		e.kind = payload
	case replication.HEARTBEAT_EVENT:
		e.kind = heartbeat
		if f.idle() && uint64(e.LogPos) > f.offset && string(e.body) == f.file {
			f.offset = uint64(e.LogPos)
		}
	case replication.ROTATE_EVENT:
		return f.rotate(e)
	case replication.FORMAT_DESCRIPTION_EVENT:
		return f.format(e)
	case replication.PREVIOUS_GTIDS_EVENT, replication.MARIADB_GTID_LIST_EVENT:
		return f.previous(e)
	case replication.INCIDENT_EVENT:
		return lost("the server has lost events of its log at %s:%d (an incident event)", f.file, e.start)
	case replication.WRITE_ROWS_EVENTv0, replication.UPDATE_ROWS_EVENTv0, replication.DELETE_ROWS_EVENTv0:
		return errclass.With(errclass.Permanent, errors.New("the log is one of MySQL 5.1, whose rows cannot be read"))
	}
	return err
}

// verify checks the checksum that an event ends in, and cuts it off.
func (e *event) verify(file string, offset uint64) error {
	n := len(e.raw) - replication.BinlogChecksumLength
	if n < headerSize {
		return errShort
	}
	if crc32.ChecksumIEEE(e.raw[:n]) != binary.LittleEndian.Uint32(e.raw[n:]) {
		return errclass.With(errclass.Transient, fmt.Errorf("event %s at %s:%d was damaged on its way, or lies damaged in the server's file if that is said again and again: its checksum is another one", e.EventType, file, offset))
	}
	e.body = e.raw[headerSize:n]
	return nil
}

// format reads the event that each file begins with.
func (f *follower) format(e *event) error {
	if f.wanted != 0 && f.wanted != e.Timestamp {
		return lost("the log of the server was reset: its file %s is another one than the one that was read", f.file)
	}
	f.born, f.wanted, f.sums = e.Timestamp, 0, false
	e.body = e.raw[headerSize:]
	ev, err := f.parse(&event{raw: bytes.Clone(e.raw)}) // the parser keeps a part of it
	if err != nil {
		return err
	}
	d, ok := ev.(*replication.FormatDescriptionEvent)
	if !ok {
		return errShort
	}
	f.sums = d.ChecksumAlgorithm == replication.BINLOG_CHECKSUM_ALG_CRC32
	plain := bytes.Clone(e.raw)
	if f.sums {
		plain[len(plain)-1-replication.BinlogChecksumLength] = byte(replication.BINLOG_CHECKSUM_ALG_OFF)
	}
	_, err = f.parse(&event{raw: plain, within: true})
	return err
}

func (f *follower) rotate(e *event) error {
	if len(e.body) < 9 {
		return errShort
	}
	name := e.body[8:]
	if i := bytes.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	// By GTID a stream begins with the file's begin, whatever comes next of it.
	if offset := binary.LittleEndian.Uint64(e.body); f.gtids == nil || string(name) != f.file || offset > f.offset {
		if string(name) != f.file {
			f.born = 0 // until the file's first event tells
		}
		f.file, f.offset = string(name), offset
	}
	return nil
}

// idle tells that no transaction is open: the log can be read from here. An
// offset beyond 4 GiB cannot be asked for; the next file begins behind it.
func (f *follower) idle() bool {
	return !f.open && !f.single && (f.gtids != nil || f.offset <= math.MaxUint32)
}

// begin opens a transaction.
func (f *follower) begin(e *event) error {
	f.tx = transaction{begin: e.start, file: f.file, gtid: f.tx.gtid[:0], time: time.Unix(int64(e.Timestamp), 0)}
	f.single, f.open, f.xa = true, false, false
	ev, err := f.parse(e)
	if err != nil {
		return err
	}
	switch g := ev.(type) {
	case *replication.MariadbGTIDEvent:
		f.open, f.single = !g.IsStandalone(), g.IsStandalone()
		f.xa = g.Flags&mariadbPreparedXA != 0
		f.tx.gtid = append(f.tx.gtid, g.GTID.String()...)
		gtid := g.GTID
		f.tx.next = func(set gomysql.GTIDSet) {
			if m, ok := set.(*gomysql.MariadbGTIDSet); ok {
				m.Sets[gtid.DomainID] = &gtid
			}
		}
	case *replication.GTIDEvent:
		f.mysqlGTID(e, g, gomysql.Tag{})
	case *replication.GtidTaggedLogEvent:
		f.mysqlGTID(e, &g.GTIDEvent, g.Tag)
	}
	return nil
}

// statement looks at a statement: the words that begin and end transactions,
// and everything else.
func (f *follower) statement(e *event) error {
	ev, err := f.parse(e)
	if err != nil {
		return err
	}
	q, ok := ev.(*replication.QueryEvent)
	if !ok {
		return errShort
	}
	e.query = q
	switch text := bytes.TrimSpace(q.Query); {
	case bytes.EqualFold(text, []byte("BEGIN")):
		f.enter(e)
		f.tx.thread = int64(q.SlaveProxyID)
	case len(text) >= 8 && bytes.EqualFold(text[:8], []byte("XA START")):
		f.enter(e)
		f.xa = true
	case f.open && len(text) >= 6 && bytes.EqualFold(text[:6], []byte("XA END")):
	case f.open && (bytes.EqualFold(text, []byte("COMMIT")) || bytes.EqualFold(text, []byte("ROLLBACK"))):
		f.end(e)
	case f.open:
		e.kind = statement
	default:
		if e.kind, e.xid = decides(text); e.kind == nothing {
			e.kind = statement
		}
		if !f.single { // a server that writes no GTID events
			f.tx = transaction{begin: e.start, file: f.file, gtid: f.tx.gtid[:0]}
		}
		if !f.tx.exact {
			f.tx.time = time.Unix(int64(e.Timestamp), 0)
		}
		f.single = true // until the reader is done with it
	}
	return nil
}

func (f *follower) enter(e *event) {
	if !f.single && !f.open {
		f.tx = transaction{begin: e.start, file: f.file, gtid: f.tx.gtid[:0], time: time.Unix(int64(e.Timestamp), 0)}
	}
	f.open, f.single = true, false
}

// end closes a transaction.
func (f *follower) end(e *event) {
	e.kind = ended
	if !f.tx.exact && e.Timestamp > 0 {
		f.tx.time = time.Unix(int64(e.Timestamp), 0)
	}
	f.close()
}

// close makes what is open a part of what is executed.
func (f *follower) close() {
	f.open, f.single, f.xa = false, false, false
	if f.gtids == nil || f.tx.next == nil {
		return
	}
	f.tx.next(f.gtids)
	f.tx.next = nil
}

const mariadbPreparedXA = 64 // FL_PREPARED_XA

// position returns the place. It is one to begin again at if f.idle().
func (f *follower) position(server string) *Position {
	p := &Position{Flavor: flavorMySQL, Server: server, File: f.file, Offset: f.offset, Born: f.born}
	if f.mariadb {
		p.Flavor = flavorMariaDB
	}
	p.Open = f.prepared
	if f.gtids != nil {
		p.ByGTID, p.GTIDs = true, f.gtids.String()
	}
	if !f.tx.time.IsZero() {
		p.Time = f.tx.time.UnixMilli()
	}
	return p
}

// settle is called when the reader is done with a statement or a compressed
// transaction: it has ended.
func (f *follower) settle(e *event) {
	switch {
	case e.kind == xaCommit, e.kind == xaRollback:
		f.prepared = f.without(e.xid)
		f.close()
	case e.kind == payload || f.single:
		f.close()
	}
}

// dumpFrom says where a server is asked to begin.
func (f *follower) dumpFrom() mysqlkit.DumpFrom {
	if f.gtids != nil {
		return mysqlkit.DumpFrom{GTIDs: f.gtids.Clone()}
	}
	return mysqlkit.DumpFrom{File: f.file, Offset: uint32(f.offset)}
}
