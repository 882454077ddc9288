package binlog

import (
	"encoding/json"
	"fmt"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// chunkSpec is what the Spec of a part of a table's snapshot holds. The log is
// whole in the first of them.
type chunkSpec = handover.ChunkSpec[LogSpec]

func parseChunk(split plugin.Split) (*chunkSpec, error) {
	var c chunkSpec
	if err := json.Unmarshal(split.Spec, &c); err != nil || c.V != specVersion || len(c.Read) == 0 || c.Log != nil && c.Log.Start == nil {
		return nil, lost("split %q is none of the binlog reader", split.ID)
	}
	return &c, nil
}

// isLog tells the split of the log from those of a snapshot.
func isLog(s plugin.Split) bool { return s.ID == logSplit || strings.HasPrefix(s.ID, logSplit+"/") }

// high is a place of the log up to which a table's rows were copied.
type high struct {
	*Position
	gtids gomysql.GTIDSet // nil: the place is a file's
}

func parseHigh(raw json.RawMessage) (high, error) {
	p, err := decodePosition(raw)
	if err != nil || !p.ByGTID {
		return high{Position: p}, err
	}
	set, err := p.set()
	return high{p, set}, err
}

// where is a transaction as highs are compared with it.
type where struct {
	gtid  gomysql.GTIDSet // of it alone; nil: it has none
	file  string
	begin uint64
}

// whereIs returns the transaction that is open.
func whereIs(f *follower) (where, error) {
	w := where{file: f.tx.file, begin: f.tx.begin}
	if len(f.tx.gtid) == 0 {
		return w, nil
	}
	flavor := flavorMySQL
	if f.mariadb {
		flavor = flavorMariaDB
	}
	var err error
	w.gtid, err = parseSet(flavor, string(f.tx.gtid))
	return w, err
}

// shown tells that a transaction is before a high.
func shown(h high, tx where) bool {
	if h.gtids != nil && tx.gtid != nil {
		return h.gtids.Contain(tx.gtid)
	}
	return earlier(tx.file, tx.begin, h.File, h.Offset)
}

// earlier tells that a place of a server's log is before another one. The
// numbers that files end in grow, and may get a digit more.
func earlier(file string, offset uint64, than string, thanOffset uint64) bool {
	switch {
	case file == than:
		return offset < thanOffset
	case len(file) != len(than):
		return len(file) < len(than)
	}
	return file < than
}

// behind tells that a follower has passed a high.
func (f *follower) behind(h high) bool {
	if h.gtids != nil && f.gtids != nil {
		return f.gtids.Contain(h.gtids)
	}
	return !earlier(f.file, f.offset, h.File, h.Offset)
}

// leaveOut has the changes left out that the rows copied before show.
func (s *source) leaveOut(copied []handover.Segment) (err error) {
	if len(copied) == 0 {
		return nil
	}
	s.filter, err = handover.NewFilter(copied, parseHigh, shown, &views{reader: s.reader})
	return err
}

// enter tells the filter of the transaction that is open, once.
func (s *source) enter() error {
	if s.filter == nil || s.entered.file == s.f.tx.file && s.entered.begin == s.f.tx.begin {
		return nil
	}
	s.entered.file, s.entered.begin = s.f.tx.file, s.f.tx.begin
	if !s.filter.Pass(s.f.behind) {
		s.filter = nil
		return nil
	}
	w, err := whereIs(s.f)
	if err != nil {
		return err
	}
	if s.copier != nil {
		s.filter.Anew(s.copier.State().Anew)
	}
	s.filter.Begin(w)
	return nil
}

// unshown takes the rows of a change, those from the nth on, out of the batch
// where a snapshot shows them.
func (s *source) unshown(b *record.Batch, nth int) error {
	if s.filter == nil && !s.copied {
		return nil
	}
	keep := s.scratch
	keep.Reset("")
	left := 0
	for i := nth; i < b.Len(); i++ {
		skip, err := s.skip(b.Row(i))
		if err != nil {
			return err
		}
		if skip {
			left++
		} else {
			keep.CopyRow(b.Row(i))
		}
	}
	if left == 0 {
		return nil
	}
	for b.Len() > nth {
		b.Drop()
	}
	for i := range keep.Len() {
		b.CopyRow(keep.Row(i))
		b.Unlink()
	}
	return nil
}

// skip tells that a row is left out: a snapshot shows it, or one is going to.
func (s *source) skip(r record.Row) (skip bool, err error) {
	if s.filter != nil {
		if skip, err = s.filter.Skip(s.ctx, r); skip || err != nil {
			return skip, err
		}
	}
	if s.copied {
		return s.copier.Skip(s.ctx, r)
	}
	return false, nil
}

// plan is what the splits of the job have in common with those of other logs.
func (r *reader) plan() *handover.Plan[LogSpec] {
	return &handover.Plan[LogSpec]{
		Views: func(*LogSpec) handover.Views { return &views{reader: r} }, IsLog: isLog, Parse: parseChunk, Left: left, Spec: parseLogSpec,
		Check: func(p plugin.Progress) error {
			_, err := parseLogSpec(p.Split)
			if err == nil && p.Position != nil {
				_, err = decodePosition(p.Position)
			}
			return err
		},
		Ends:  func(sp *LogSpec) { sp.Ends = true },
		Whole: func(sp *LogSpec) bool { return sp.History != nil },
	}
}

// after plans the log when all chunks have ended.
func (r *reader) after(now []plugin.Progress) ([]plugin.Split, error) {
	log, copied, nth, err := r.plan().Next(now)
	if err != nil || log == nil {
		return nil, err
	}
	next := *log
	next.Copied, next.Ends = copied, false
	split, err := next.split()
	if nth > 1 {
		split.ID = fmt.Sprintf("%s/%d", logSplit, nth)
	}
	return []plugin.Split{split}, err
}

// left is the spec of a log that goes on where one was left.
func left(p plugin.Progress) (*LogSpec, error) {
	sp, err := parseLogSpec(p.Split)
	if err != nil {
		return nil, err
	}
	if p.Position != nil {
		if sp.Start, err = decodePosition(p.Position); err != nil {
			return nil, err
		}
	}
	if p.State != nil {
		sp.History = p.State
	}
	return sp, nil
}
