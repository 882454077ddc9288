package binlog

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// prepared is an XA transaction that is in the log and not decided yet: its rows
// count from its XA COMMIT on. A position names those that are open there, and
// where in the log they are.
type prepared struct {
	XID    string `json:"xid"` // as the log spells it: X'6162',X'',1
	Server string `json:"server,omitempty"`
	File   string `json:"file"` // of that server, where its GTID event begins
	Offset uint64 `json:"offset"`
	GTID   string `json:"gtid,omitempty"`
	ByGTID bool   `json:"byGtid,omitempty"`
	Before string `json:"before,omitempty"` // executed before it; with ByGTID
	// none says that it has no rows of tables that are read by this process.
	none bool
}

// prepare reads the event that an XA transaction's rows end with.
func (f *follower) prepare(e *event) error {
	const head = 1 + 4 + 4 + 4
	if len(e.body) < head {
		return errShort
	}
	format, first, second := binary.LittleEndian.Uint32(e.body[1:]), binary.LittleEndian.Uint32(e.body[5:]), binary.LittleEndian.Uint32(e.body[9:])
	rest := e.body[head:]
	if uint64(len(rest)) < uint64(first)+uint64(second) {
		return errShort
	}
	e.xid = fmt.Sprintf("X'%s',X'%s',%d", hex.EncodeToString(rest[:first]), hex.EncodeToString(rest[first:first+second]), int32(format))
	p := prepared{XID: e.xid, Server: f.server, File: f.tx.file, Offset: f.tx.begin, GTID: string(f.tx.gtid), none: f.judged && !f.tx.ours}
	if f.gtids != nil {
		p.ByGTID, p.Before = true, f.gtids.String()
	}
	f.prepared = append(f.without(e.xid), p)
	if e.body[0] != 0 { // ONE PHASE: it is committed by that
		e.kind = xaCommit
		if !f.tx.exact && e.Timestamp > 0 {
			f.tx.time = time.Unix(int64(e.Timestamp), 0)
		}
		return nil
	}
	f.end(e)
	e.kind = xaPrepare
	return nil
}

// without are the transactions that are open, but for one.
func (f *follower) without(xid string) []prepared {
	var rest []prepared
	for _, p := range f.prepared {
		if p.XID != xid {
			rest = append(rest, p)
		}
	}
	return rest
}

// undecided returns an XA transaction that is open; nil: it was prepared before the
// place that the log was begun at.
func (f *follower) undecided(xid string) *prepared {
	i := slices.IndexFunc(f.prepared, func(p prepared) bool { return p.XID == xid })
	if i < 0 {
		return nil
	}
	return &f.prepared[i]
}

// decides finds a statement that ends a prepared XA transaction.
func decides(text []byte) (is kind, xid string) {
	for _, d := range [...]struct {
		is    kind
		words string
	}{{xaCommit, "XA COMMIT "}, {xaRollback, "XA ROLLBACK "}} {
		if n := len(d.words); len(text) > n && bytes.EqualFold(text[:n], []byte(d.words)) {
			return d.is, strings.TrimSpace(string(text[n:]))
		}
	}
	return nothing, ""
}

// Rows of prepared transactions are kept in memory up to this many bytes, and
// read again from the log beyond.
const (
	mostOfOne = 1 << 20
	mostOfAll = 8 << 20
)

// keeping are the events of prepared XA transactions that are in memory.
type keeping struct {
	open   []event // of the one that is being read
	size   int
	spills bool // it is too large
	done   map[string][]event
	sizes  map[string]int
	total  int
}

// add keeps an event of the XA transaction that is being read.
func (k *keeping) add(e *event) {
	if k.spills {
		return
	}
	if k.size += len(e.raw); k.size > mostOfOne || k.total+k.size > mostOfAll {
		k.open, k.spills = nil, true
		return
	}
	c := event{EventHeader: e.EventHeader, kind: e.kind, within: e.within, raw: slices.Clone(e.raw)}
	c.body = c.raw[headerSize : headerSize+len(e.body)]
	k.open = append(k.open, c)
}

// end ends the transaction that is being read.
func (k *keeping) end(xid string) {
	k.forget(xid)
	if !k.spills {
		if k.done == nil {
			k.done, k.sizes = map[string][]event{}, map[string]int{}
		}
		k.done[xid], k.sizes[xid] = k.open, k.size
		k.total += k.size
	}
	k.open, k.size, k.spills = nil, 0, false
}

func (k *keeping) forget(xid string) {
	k.total -= k.sizes[xid]
	delete(k.done, xid)
	delete(k.sizes, xid)
}

// reconsider forgets what is known of XA transactions that are not decided: other
// tables are read from here on.
func (s *source) reconsider() {
	s.keeping = keeping{}
	s.f.prepared = slices.Clone(s.f.prepared)
	for i := range s.f.prepared {
		s.f.prepared[i].none = false
	}
}
