package columns

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Policy is the checked rules of a job, and what was planned by them. Several
// goroutines may use it: all channels share the schemas that it makes.
type Policy struct {
	rules   []rule
	changes bool

	mu    sync.RWMutex
	plans map[*record.Schema]*plan
}

// maxPlans bounds what is remembered of schemas that come and go.
const maxPlans = 4096

// New checks settings. It returns all that is wrong with them.
func New(s Settings) (*Policy, []*Fault) {
	p := &Policy{changes: s.Changes, plans: map[*record.Schema]*plan{}}
	var c compiler
	for i := range s.Rules {
		p.rules = append(p.rules, c.rule(fmt.Sprintf("[%d]", i), &s.Rules[i]))
	}
	c.twice(p.rules)
	return p, c.faults
}

// Governs tells that a rule is for the table.
func (p *Policy) Governs(n record.Name) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.governs(n) })
}

func (r *rule) governs(n record.Name) bool {
	return slices.ContainsFunc(r.tables, func(t record.Pattern) bool { return t.FitsTable(n) })
}

// Unused returns a fault for each pattern that fits none of the tables.
func (p *Policy) Unused(tables []record.Name) (faults []*Fault) {
	for i, r := range p.rules {
		for j, t := range r.tables {
			if !slices.ContainsFunc(tables, t.FitsTable) {
				faults = append(faults, &Fault{fmt.Sprintf("[%d].table[%d]", i, j), fmt.Errorf("%s fits none of the tables that are read%s", t, some(tables))})
			}
		}
	}
	return faults
}

// shownTables is how many tables an error names.
const shownTables = 5

func some(tables []record.Name) string {
	if len(tables) == 0 {
		return ""
	}
	var names []string
	for _, n := range tables[:min(len(tables), shownTables)] {
		names = append(names, n.String())
	}
	more := ""
	if n := len(tables) - len(names); n > 0 {
		more = fmt.Sprintf(" and %d more", n)
	}
	return ": " + strings.Join(names, ", ") + more
}

// Schema returns what rows of s become, the same schema for the same s, and s
// itself where no rule is for a column of it. Its error is a [*Fault] of class
// Config.
func (p *Policy) Schema(s *record.Schema) (*record.Schema, error) {
	if s == nil {
		return nil, nil
	}
	pl := p.plan(s)
	return pl.out, pl.err
}

// plan is what becomes of the rows of one schema.
type plan struct {
	out    *record.Schema
	steps  []*action // by column, nil: it stays; nil: rows stay as they are
	places []int     // in out, of columns that are not left out
	keys   []int     // columns of the key that are hashed
	err    error
}

func (p *Policy) plan(s *record.Schema) *plan {
	p.mu.RLock()
	pl := p.plans[s]
	p.mu.RUnlock()
	if pl != nil {
		return pl
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if pl := p.plans[s]; pl != nil {
		return pl
	}
	if len(p.plans) >= maxPlans {
		clear(p.plans)
	}
	pl = p.make(s)
	p.plans[s] = pl
	return pl
}

// make plans the rows of s.
func (p *Policy) make(s *record.Schema) *plan {
	steps, err := p.actions(s)
	if err != nil {
		return &plan{err: errclass.With(errclass.Config, err)}
	}
	if steps == nil {
		return &plan{out: s}
	}
	pl := &plan{steps: steps, places: make([]int, len(s.Columns)), out: &record.Schema{Name: s.Name, Comment: s.Comment}}
	for i := range s.Columns {
		if i == s.Data {
			pl.out.Data = len(pl.out.Columns)
		}
		pl.places[i] = len(pl.out.Columns)
		switch a := steps[i]; {
		case a == nil:
			pl.out.Columns = append(pl.out.Columns, s.Columns[i])
		case a.do != leaveOut:
			pl.out.Columns = append(pl.out.Columns, a.column(&s.Columns[i]))
		}
	}
	if s.Data == len(s.Columns) {
		pl.out.Data = len(pl.out.Columns)
	}
	if pl.out.Data == 0 {
		return &plan{err: errclass.With(errclass.Config, &Fault{p.firstKey(s.Name), fmt.Errorf("table %s: %w", s.Name, errNothingLeft)})}
	}
	for _, k := range s.Key {
		a := steps[k]
		if !a.distinct() {
			if p.changes {
				return &plan{err: errclass.With(errclass.Config, keyFault(s, k, a))}
			}
			pl.out.Key, pl.keys = nil, nil // equal values may come of different ones
			return pl
		}
		pl.out.Key = append(pl.out.Key, pl.places[k])
		if a != nil {
			pl.keys = append(pl.keys, k)
		}
	}
	return pl
}

func keyFault(s *record.Schema, column int, a *action) error {
	did := map[doing]string{leaveOut: "cannot be left out", fixed: "cannot be masked", hideSome: "cannot be masked", cut: "cannot be cut"}[a.do]
	return &Fault{a.key, fmt.Errorf("column %s belongs to the key of table %s, by which changes are applied, and %s: hash it, which keeps different keys apart", s.Columns[column].Name, s.Name, did)}
}

// firstKey is the key of the first rule for a table.
func (p *Policy) firstKey(n record.Name) string {
	for i, r := range p.rules {
		if r.governs(n) {
			return fmt.Sprintf("[%d]", i)
		}
	}
	return ""
}

// actions returns what becomes of each column; nil: all stay.
func (p *Policy) actions(s *record.Schema) (steps []*action, err error) {
	for i := range p.rules {
		r := &p.rules[i]
		if !r.governs(s.Name) {
			continue
		}
		if steps == nil {
			steps = make([]*action, len(s.Columns))
		}
		if err := r.choose(s, steps); err != nil {
			return nil, err
		}
	}
	for i := range p.rules { // what include leaves out is gone, whatever else is said about it
		if r := &p.rules[i]; r.include != nil && r.governs(s.Name) {
			for c := range s.Data {
				if !fitsAny(r.include, s.Columns[c].Name) {
					steps[c] = &action{do: leaveOut, key: fmt.Sprintf("[%d].include", i)}
				}
			}
		}
	}
	if !slices.ContainsFunc(steps, func(a *action) bool { return a != nil }) {
		return nil, nil
	}
	return steps, nil
}

// choose adds what the rule does to the columns of s.
func (r *rule) choose(s *record.Schema, steps []*action) error {
	for _, e := range r.entries {
		for c := range s.Data {
			if !e.column.Fits(s.Columns[c].Name) {
				continue
			}
			switch a := steps[c]; {
			case a == nil:
				steps[c] = e.action
			case a.do != leaveOut || e.action.do != leaveOut:
				return &Fault{e.key, fmt.Errorf("column %s of table %s has a rule already, tableColumns%s; keep one", s.Columns[c].Name, s.Name, a.key)}
			}
		}
	}
	return nil
}
