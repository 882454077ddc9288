package binlog

import (
	"encoding/json"
	"slices"

	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/record"
)

// list is the tables that a job reads, as its file says it.
type list struct {
	Database string   `json:"database,omitempty"` // of jdbcUrl
	Table    []string `json:"table,omitempty"`
	Filter   string   `json:"filter,omitempty"` // where Table is empty
}

// relist is another list that a job was resumed with.
type relist struct {
	list
	At      *Position       `json:"at,omitempty"`      // it counts from there on; nil: from where the job was resumed
	History json.RawMessage `json:"history,omitempty"` // what the tables that came to it are there
	Copy    []record.Name   `json:"copy,omitempty"`    // of these, the ones whose rows are copied
}

// list returns the job's list.
func (r *reader) list() *list {
	l := &list{Database: r.settings.Database, Table: slices.Clone(r.config.Table)}
	if len(l.Table) == 0 {
		l.Filter = r.config.Filter
	}
	return l
}

func (l *list) same(as *list) bool {
	return l.Database == as.Database && l.Filter == as.Filter && slices.Equal(l.Table, as.Table)
}

func (l *list) selection() (*selection, error) {
	return (&Config{Table: l.Table, Filter: l.Filter}).selection(l.Database)
}

// list returns the list that a job was run with last; nil: it was one of an
// earlier version, which could do with one alone.
func (sp *LogSpec) list() *list {
	if n := len(sp.Lists); n > 0 {
		return &sp.Lists[n-1].list
	}
	return sp.List
}

// lists are which tables are read where the log is.
type lists struct {
	now     *selection // that of the job
	here    *selection // that the log was read with up to here; nil: the same
	waiting []relist   // that come at some place
	passed  int        // of those of the job, how many count
}

func (l *lists) has(n record.Name) bool {
	return l.now.has(n) && (l.here == nil || l.here.has(n))
}

func (l *lists) follows(n record.Name) bool {
	return l.now.follows(n) && (l.here == nil || l.here.follows(n))
}

// relisted has the lists count that come here.
func (s *source) relisted() error {
	l := s.tables.lists
	for len(l.waiting) > 0 {
		next := &l.waiting[0]
		if next.At != nil {
			raw := next.At.encode()
			at, err := parseHigh(raw)
			if err != nil {
				return err
			}
			if !s.f.behind(at) {
				return nil
			}
		}
		var err error
		if l.here, err = next.selection(); err != nil {
			return lost("%w", err)
		}
		if err := s.redefine(next); err != nil {
			return err
		}
		l.waiting = l.waiting[1:]
		l.passed++
		s.redone = true
	}
	return nil
}

// redefine makes the definitions those of another list.
func (s *source) redefine(next *relist) error {
	for _, d := range s.history.Tables() {
		if !s.tables.lists.follows(d.Name()) {
			s.history.Forget(d.Name())
		}
	}
	if next.History != nil {
		h := binlogkit.NewHistory(s.srv.product)
		if err := h.Load(next.History); err != nil {
			return lost("%w", err)
		}
		for _, d := range h.Tables() {
			s.history.Define(d)
		}
	}
	s.tables.changed()
	s.reconsider()
	for _, name := range next.Copy {
		if s.tables.lists.has(name) {
			s.copier.Add(name)
		}
	}
	return nil
}

// extra is what the state has beside the definitions of tables.
type extra struct {
	Copies *handover.Copies `json:"copies,omitempty"`
	Lists  int              `json:"lists,omitempty"` // of [LogSpec].Lists, how many count
}

// parseExtra reads what a state has beside the definitions.
func parseExtra(state []byte) (e extra, err error) {
	if state != nil {
		err = json.Unmarshal(state, &e)
	}
	if e.Copies == nil {
		e.Copies = new(handover.Copies)
	}
	return e, err
}

// state spells the definitions of tables, and what is copied beside the log.
func (s *source) state() ([]byte, error) {
	text, err := s.history.MarshalJSON()
	if err != nil || s.copier == nil {
		return text, err
	}
	e := extra{Lists: s.tables.lists.passed}
	if c := s.copier.State(); !c.Empty() {
		e.Copies = c
	}
	more, err := json.Marshal(e)
	if err != nil || len(more) == 2 {
		return text, err
	}
	return append(append(text[:len(text)-1], ','), more[1:]...), nil
}
