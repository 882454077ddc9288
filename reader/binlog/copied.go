package binlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// chunkSpec is what the Spec of a part of a table's snapshot holds.
type chunkSpec struct {
	V     int             `json:"v"`
	Log   *LogSpec        `json:"log,omitempty"` // that is read after all chunks, whole in the first of them; nil: none
	Chunk handover.Chunk  `json:"chunk"`
	Read  json.RawMessage `json:"read"`           // the Spec of package sqlkit
	List  *list           `json:"list,omitempty"` // that was copied, where there is no log
}

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

// after plans the log when all chunks have ended. Changes of rows in what was
// set aside are left out of it: another run, which takes the chunk up again,
// copies these rows as they are then.
func (r *reader) after(now []plugin.Progress) ([]plugin.Split, error) {
	var log *LogSpec
	logs, copied := 0, 0
	var segments []handover.Segment
	for _, p := range now {
		if isLog(p.Split) {
			if logs++; !p.Done {
				return nil, nil
			}
			var err error
			if log, err = left(p); err != nil {
				return nil, err
			}
			continue
		}
		c, err := parseChunk(p.Split)
		switch {
		case err != nil:
			return nil, err
		case !p.Done && p.Err == "":
			return nil, nil
		case c.Log == nil:
			continue
		}
		if log == nil || logs == 0 && log.History == nil {
			log = c.Log
		}
		if p.Done && p.Position == nil { // it is off the list
			copied++
			continue
		}
		parts := handover.Segments
		if !p.Done {
			parts = func(c handover.Chunk, p plugin.Progress) ([]handover.Segment, error) {
				return handover.Left(&views{reader: r}, c, p)
			}
		} else {
			copied++
		}
		more, err := parts(c.Chunk, p)
		if err != nil {
			return nil, err
		}
		segments = append(segments, more...)
	}
	if log == nil || copied == 0 {
		return nil, nil
	}
	next := *log
	next.Copied, next.Ends = segments, false
	split, err := next.split()
	if logs > 0 {
		split.ID = fmt.Sprintf("%s/%d", logSplit, logs+1)
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

// leave has the log that is being read end where it is, so that chunks can be
// copied before it goes on.
func leave(stored []plugin.Progress) ([]plugin.Progress, error) {
	for i := range stored {
		p := &stored[i]
		if !isLog(p.Split) || p.Done {
			continue
		}
		sp, err := parseLogSpec(p.Split)
		if err != nil {
			return nil, err
		}
		sp.Ends = true
		raw, err := json.Marshal(sp)
		if err != nil {
			return nil, errors.Join(errors.New("encoding the split of the log"), err)
		}
		p.Split.Spec, p.Split.Endless, p.Split.Leads = raw, false, true
	}
	return stored, nil
}
