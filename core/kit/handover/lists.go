package handover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Relist is another list of tables that a job was resumed with.
type Relist struct {
	List *[]record.Name `json:"list"`           // empty: all that there are
	At   string         `json:"at,omitempty"`   // the tables that came are read from that place of the log on; "": none came
	Came []record.Name  `json:"came,omitempty"` // these tables
	Copy bool           `json:"copy,omitempty"` // their rows are copied
}

// Lists are the lists of tables of a log, a part of the Spec of its split.
type Lists struct {
	// List is that which the log begins with; nil: it was planned by an earlier
	// version, which could do with one alone.
	List  *[]record.Name `json:"list,omitempty"`
	Lists []Relist       `json:"lists,omitempty"` // what others the job was resumed with, in order
}

// Last returns the list that a job was run with last; nil: it is not known.
func (l *Lists) Last() *[]record.Name {
	if n := len(l.Lists); n > 0 {
		return l.Lists[n-1].List
	}
	return l.List
}

// From returns the lists that come after as many as count.
func (l *Lists) From(passed int) Coming {
	passed = min(passed, len(l.Lists))
	return Coming{Passed: passed, waiting: l.Lists[passed:]}
}

// Coming are tables that came to a job's list and are read from some place of
// the log on.
type Coming struct {
	Passed  int // of the job's lists, how many count
	waiting []Relist
}

// Comes tells that a table is read later.
func (c *Coming) Comes(n record.Name) bool {
	return slices.ContainsFunc(c.waiting, func(one Relist) bool { return slices.Contains(one.Came, n) })
}

// Next is the list that comes next; nil: none.
func (c *Coming) Next() *Relist {
	if len(c.waiting) == 0 {
		return nil
	}
	return &c.waiting[0]
}

// Pass has the next list count, with the tables that are to be copied.
func (c *Coming) Pass(add func(record.Name)) {
	next := c.Next()
	if c.waiting, c.Passed = c.waiting[1:], c.Passed+1; !next.Copy {
		return
	}
	for _, name := range next.Came {
		add(name)
	}
}

// Waiting tells people which tables will be copied.
func (c *Coming) Waiting() (all []plugin.TableCopy) {
	for _, one := range c.waiting {
		for _, name := range one.Came {
			if one.Copy {
				all = append(all, plugin.TableCopy{Table: name, State: "waiting", First: true})
			}
		}
	}
	return all
}

// Relister finds what has become of a job's list since it was run last.
type Relister[L any] struct {
	Plan  *Plan[L]
	List  []record.Name // of the job; empty: all that there are
	Same  func(a, b record.Name) bool
	Lists func(*L) *Lists
	// Widen finds the tables that came to a list, and a place of the log after which
	// they are read; next has the job's.
	Widen func(ctx context.Context, log *L, old []record.Name, next *Relist) error
}

// Relist has the split of the log say what has become of the list: there or, as
// long as rows are copied first, in the chunk that plans it. A chunk of a table
// that is off the list has ended.
func (r *Relister[L]) Relist(ctx context.Context, stored []plugin.Progress) (err error) {
	logged := slices.ContainsFunc(stored, func(p plugin.Progress) bool { return r.Plan.IsLog(p.Split) })
	for i := range stored {
		p := &stored[i]
		if r.Plan.IsLog(p.Split) {
			err = r.log(ctx, p)
		} else {
			var planned bool
			planned, err = r.chunk(ctx, p, logged)
			logged = logged || planned
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// log is about the split of a log.
func (r *Relister[L]) log(ctx context.Context, p *plugin.Progress) error {
	if p.Done {
		return nil
	}
	log, err := r.Plan.Spec(p.Split)
	if err == nil {
		err = r.add(ctx, log)
	}
	if err != nil {
		return err
	}
	if p.Split.Spec, err = json.Marshal(log); err != nil {
		return fmt.Errorf("encoding the split of the log: %w", err)
	}
	return nil
}

// chunk is about that of a chunk. logged: the log's list is known elsewhere;
// planned: it is here.
func (r *Relister[L]) chunk(ctx context.Context, p *plugin.Progress, logged bool) (planned bool, err error) {
	c, err := r.Plan.Parse(p.Split)
	if err != nil {
		return false, err
	}
	if c.Log == nil {
		return false, r.only(c.List)
	}
	if !p.Done && r.Plan.Off(c.Chunk.Table) {
		p.Done, p.Err = true, ""
	}
	if logged || r.Plan.Whole != nil && !r.Plan.Whole(c.Log) {
		return false, nil
	}
	if err := r.add(ctx, c.Log); err != nil {
		return false, err
	}
	if p.Split.Spec, err = json.Marshal(c); err != nil {
		return false, fmt.Errorf("encoding a part of the snapshot of table %s: %w", c.Chunk.Table, err)
	}
	return true, nil
}

// only refuses another list for rows that are copied alone.
func (r *Relister[L]) only(raw json.RawMessage) error {
	if raw == nil {
		return nil
	}
	var was []record.Name
	if err := json.Unmarshal(raw, &was); err != nil {
		return errclass.With(errclass.Permanent, fmt.Errorf("reading the list of tables that are copied: %w", err))
	}
	if r.same(was) {
		return nil
	}
	return ErrAnotherList
}

// ErrAnotherList refuses another list of tables where the tables that were there
// are all that is copied.
var ErrAnotherList = errclass.With(errclass.PositionLost, errors.New("the list of tables is another one than that of the unfinished run, and start.mode initial-only copies those that were there when it began: put it back, or start over with -fresh"))

// add adds the job's list to those of the log, if it is another one.
func (r *Relister[L]) add(ctx context.Context, log *L) error {
	lists := r.Lists(log)
	switch before := lists.Last(); {
	case before == nil:
		lists.List = &r.List
	case !r.same(*before):
		next := Relist{List: &r.List}
		if err := r.Widen(ctx, log, *before, &next); err != nil {
			return fmt.Errorf("going on with another list of tables: %w", err)
		}
		lists.Lists = append(lists.Lists, next)
	}
	return nil
}

// Has tells that a list names a table.
func (r *Relister[L]) Has(list []record.Name, n record.Name) bool {
	return slices.ContainsFunc(list, func(o record.Name) bool { return r.Same(o, n) })
}

// same tells that a list has the tables of the job's.
func (r *Relister[L]) same(as []record.Name) bool {
	lacks := func(list, of []record.Name) bool {
		return slices.ContainsFunc(of, func(n record.Name) bool { return !r.Has(list, n) })
	}
	return !lacks(as, r.List) && !lacks(r.List, as)
}
