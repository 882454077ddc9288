package binlog

import (
	"slices"
	"strconv"
	"time"

	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/record"
)

// stamp is the metadata of the rows of one event.
type stamp struct {
	columns []record.Column
	digits  int // of the offset in _lsn
	at      time.Time
	time    time.Time
	lsn     []byte
	gtid    []byte
	txid    []byte
	server  int64
	thread  int64 // of the transaction's connection; 0: unknown
	row     int64 // of the change in the event, from 0
}

// metaNames are the metadata columns that the log has.
var metaNames = []string{"_ts", "_optime", "_lsn", "_gtid", "_txid", "_snapshot", "_serverid", "_thread", "_row"}

// want says which columns the other side asks for.
func (s *stamp) want(names []string, digits int) {
	s.columns, s.digits = metaColumns(names), digits
}

func metaColumns(names []string) []record.Column {
	var columns []record.Column
	for _, m := range record.Meta {
		if slices.Contains(names, m.Name) && slices.Contains(metaNames, m.Name) {
			columns = append(columns, record.Column{Name: m.Name, Kind: m.Kind, Nullable: true})
		}
	}
	return columns
}

// tail returns what appends the metadata to a row, nil if there is none.
func (s *stamp) tail() binlogkit.Tail {
	if len(s.columns) == 0 {
		return nil
	}
	return s.append
}

// begin takes the metadata of an event's rows.
func (s *stamp) begin(f *follower, e *event) {
	s.lsn = appendLSN(s.lsn[:0], f.file, e.start, s.digits)
	if len(s.columns) == 0 {
		return
	}
	s.at, s.time = time.Now(), f.tx.time
	s.server, s.thread, s.row = int64(e.ServerID), f.tx.thread, -1
	s.gtid = append(s.gtid[:0], f.tx.gtid...)
	if s.txid = append(s.txid[:0], s.gtid...); len(s.gtid) == 0 {
		s.txid = appendLSN(s.txid, f.tx.file, f.tx.begin, s.digits)
	}
}

// place is where the event is.
func (s *stamp) place() string { return string(s.lsn) }

// appendLSN spells a place of the log in text that sorts like the log.
func appendLSN(dst []byte, file string, offset uint64, digits int) []byte {
	dst = append(append(dst, file...), '/')
	var room [20]byte
	text := strconv.AppendUint(room[:0], offset, 10)
	for range digits - len(text) {
		dst = append(dst, '0')
	}
	return append(dst, text...)
}

func (s *stamp) append(b *record.Batch) {
	for i := range s.columns {
		switch s.columns[i].Name {
		case "_ts":
			b.Timestamp(s.at.Unix(), uint32(s.at.Nanosecond()))
		case "_optime":
			b.Timestamp(s.time.Unix(), uint32(s.time.Nanosecond()))
		case "_lsn":
			b.String(s.lsn)
		case "_gtid":
			if len(s.gtid) == 0 {
				b.Null()
			} else {
				b.String(s.gtid)
			}
		case "_txid":
			b.String(s.txid)
		case "_snapshot":
			b.Bool(false)
		case "_serverid":
			b.Int64(s.server)
		case "_thread":
			if s.thread == 0 {
				b.Null()
			} else {
				b.Int64(s.thread)
			}
		case "_row":
			b.Int64(s.row)
		}
	}
}
