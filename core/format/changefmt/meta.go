package changefmt

import (
	"github.com/datasync-io/datasync/core/record"
)

// The metadata columns that formats know; see record.Meta.
const (
	Optime   = "_optime"
	LSN      = "_lsn"
	GTID     = "_gtid"
	TxID     = "_txid"
	Snapshot = "_snapshot"
	Server   = "_serverid"
	Thread   = "_thread"
	RowNo    = "_row"
)

// Meta is where a schema has its metadata columns; -1: nowhere.
type Meta struct{ Optime, LSN, GTID, TxID, Snapshot, Server, Thread, RowNo int }

// MetaOf looks for the metadata columns of s.
func MetaOf(s *record.Schema) Meta {
	find := func(name string) int {
		for c := s.Data; c < len(s.Columns); c++ {
			if s.Columns[c].Name == name {
				return c
			}
		}
		return -1
	}
	return Meta{Optime: find(Optime), LSN: find(LSN), GTID: find(GTID), TxID: find(TxID), Snapshot: find(Snapshot),
		Server: find(Server), Thread: find(Thread), RowNo: find(RowNo)}
}

// Commit returns when the source committed the row, in Unix seconds and
// nanoseconds; false: unknown.
func (m *Meta) Commit(r record.Row) (sec int64, nsec uint32, ok bool) {
	if m.Optime < 0 || r.Kind(m.Optime) != record.Timestamp || r.Infinite(m.Optime) != 0 {
		return 0, 0, false
	}
	sec, nsec = r.Timestamp(m.Optime)
	return sec, nsec, true
}

// Text returns the text of a metadata column, borrowed; nil: none.
func (m *Meta) Text(r record.Row, column int) []byte {
	if column < 0 {
		return nil
	}
	return r.Bytes(column)
}

// Number returns the whole number of a metadata column; false: none.
func (m *Meta) Number(r record.Row, column int) (int64, bool) {
	if column < 0 || r.Kind(column) != record.Int64 {
		return 0, false
	}
	return r.Int64(column), true
}

// InSnapshot tells a row of an initial snapshot.
func (m *Meta) InSnapshot(r record.Row) bool {
	return m.Snapshot >= 0 && r.Kind(m.Snapshot) == record.Bool && r.Bool(m.Snapshot)
}

// Millis is a time as Unix milliseconds.
func Millis(sec int64, nsec uint32) int64 { return sec*1000 + int64(nsec/1_000_000) }
