package binlog

import (
	"strconv"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
)

// previous reads what the files before the current one hold, which stands at
// its begin: where the set is not known yet, it is this one.
func (f *follower) previous(e *event) error {
	if !f.learns || e.Flags&replication.LOG_EVENT_ARTIFICIAL_F != 0 || e.LogPos == 0 {
		return nil
	}
	ev, err := f.parse(e)
	if err != nil {
		return err
	}
	f.learns = false
	switch g := ev.(type) {
	case *replication.PreviousGTIDsEvent:
		f.gtids, err = parseSet(flavorMySQL, g.GTIDSets)
	case *replication.MariadbGTIDListEvent:
		set := &gomysql.MariadbGTIDSet{Sets: map[uint32]*gomysql.MariadbGTID{}}
		for i := range g.GTIDs {
			set.Sets[g.GTIDs[i].DomainID] = &g.GTIDs[i] // the last one of a domain is the newest
		}
		f.gtids = set
	}
	return err
}

// mysqlGTID notes what stands at a transaction's begin.
func (f *follower) mysqlGTID(e *event, g *replication.GTIDEvent, tag gomysql.Tag) {
	if g.ImmediateCommitTimestamp > 0 {
		f.tx.time, f.tx.exact = time.UnixMicro(int64(g.ImmediateCommitTimestamp)), true
	}
	if e.EventType == replication.ANONYMOUS_GTID_EVENT || len(g.SID) != 16 {
		return
	}
	f.tx.gtid = appendGTID(f.tx.gtid, g.SID, tag, g.GNO)
	sid := [16]byte(g.SID)
	gno := g.GNO
	f.tx.next = func(set gomysql.GTIDSet) {
		if m, ok := set.(*gomysql.MysqlGTIDSet); ok {
			m.AddGTIDWithTag(sid, tag, gno)
		}
	}
}

// appendGTID spells a GTID as MySQL does.
func appendGTID(dst, sid []byte, tag gomysql.Tag, number int64) []byte {
	const hex = "0123456789abcdef"
	for i, c := range sid {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, hex[c>>4], hex[c&15])
	}
	if name := tag.String(); name != "" {
		dst = append(append(dst, ':'), name...)
	}
	return strconv.AppendInt(append(dst, ':'), number, 10)
}
