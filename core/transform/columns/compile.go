package columns

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/record"
)

// rule is a Rule that was read.
type rule struct {
	tables  []record.Pattern
	include []record.Pattern // nil: all
	entries []entry
}

// entry is what a rule does to the columns that one pattern fits.
type entry struct {
	column record.Pattern
	action *action
	key    string // of the pattern in the settings
}

// leastSalt keeps salts long enough to be found and hidden in any text.
const leastSalt = 8

// compiler reads settings and collects what is wrong with them.
type compiler struct{ faults []*Fault }

func (c *compiler) fault(key, format string, args ...any) {
	c.faults = append(c.faults, &Fault{key, fmt.Errorf(format, args...)})
}

// patterns reads names. Those with faults are left out.
func (c *compiler) patterns(key string, texts []string) (list []record.Pattern) {
	for i, text := range texts {
		p, err := record.ParsePattern(text)
		if err != nil {
			c.faults = append(c.faults, &Fault{fmt.Sprintf("%s[%d]", key, i), err})
			continue
		}
		list = append(list, p)
	}
	return list
}

func (c *compiler) rule(key string, r *Rule) (out rule) {
	out.tables = c.patterns(key+".table", r.Tables)
	if len(r.Tables) == 0 {
		c.fault(key+".table", "is required: the tables that the rule is for")
	}
	if r.Include != nil {
		out.include = c.patterns(key+".include", r.Include)
		if len(r.Include) == 0 {
			c.fault(key+".include", "names no column: nothing would be left")
		}
	}
	if r.Include != nil && r.Exclude != nil {
		c.fault(key+".exclude", "is given together with include, which leaves the others out already; keep one")
	}
	for _, e := range c.entries(key+".exclude", r.Exclude, nil) {
		e.action = &action{do: leaveOut, key: e.key}
		out.entries = append(out.entries, e)
	}
	for i, m := range r.Mask {
		at := fmt.Sprintf("%s.mask[%d]", key, i)
		out.entries = append(out.entries, c.entries(at+".columns", c.named(at, m.Columns), c.mask(at, &m))...)
	}
	for i, h := range r.Hash {
		at := fmt.Sprintf("%s.hash[%d]", key, i)
		out.entries = append(out.entries, c.entries(at+".columns", c.named(at, h.Columns), c.hash(at, &h))...)
	}
	for i, t := range r.Truncate {
		at := fmt.Sprintf("%s.truncate[%d]", key, i)
		if t.Length < 1 {
			c.fault(at+".length", "expected the number of characters that are left, at least 1")
		}
		out.entries = append(out.entries, c.entries(at+".columns", c.named(at, t.Columns), &action{do: cut, key: at, most: t.Length, length: t.Length})...)
	}
	if len(out.entries) == 0 && r.Include == nil && len(r.Exclude)+len(r.Mask)+len(r.Hash)+len(r.Truncate) == 0 {
		c.fault(key, "says nothing about columns: expected include, exclude, mask, hash or truncate")
	}
	return out
}

func (c *compiler) named(key string, columns []string) []string {
	if len(columns) == 0 {
		c.fault(key+".columns", "is required: the columns' names")
	}
	return columns
}

func (c *compiler) entries(key string, columns []string, a *action) (list []entry) {
	for i, text := range columns {
		at := fmt.Sprintf("%s[%d]", key, i)
		p, err := record.ParsePattern(text)
		if err != nil {
			c.faults = append(c.faults, &Fault{at, err})
			continue
		}
		list = append(list, entry{p, a, at})
	}
	return list
}

func (c *compiler) mask(key string, m *Mask) *action {
	ways := 0
	for _, given := range []bool{m.Text != nil, m.Length != nil, m.Keeps} {
		if given {
			ways++
		}
	}
	if ways != 1 {
		c.fault(key, "expected one of text, length, and keepFirst or keepLast; found %d", ways)
		return &action{do: fixed, key: key}
	}
	with := m.With
	switch {
	case with == "":
		with = "*"
	case utf8.RuneCountInString(with) != 1:
		c.fault(key+".with", "expected one character, found %q", with)
	case m.Text != nil:
		c.fault(key+".with", "means nothing beside text")
	}
	switch {
	case m.Text != nil:
		return &action{do: fixed, key: key, text: []byte(*m.Text), length: utf8.RuneCountInString(*m.Text)}
	case m.Length != nil:
		n := *m.Length
		if n < 0 || n > mostMasked {
			c.fault(key+".length", "expected 0 to %d characters, found %d", mostMasked, n)
			n = 0
		}
		return &action{do: fixed, key: key, text: []byte(strings.Repeat(with, n)), length: n}
	}
	if m.KeepFirst < 0 || m.KeepLast < 0 {
		c.fault(key, "keepFirst and keepLast are numbers of characters, at least 0")
	}
	return &action{do: hideSome, key: key, first: max(m.KeepFirst, 0), last: max(m.KeepLast, 0), with: []byte(with)}
}

// mostMasked bounds a text that stands in a value's place.
const mostMasked = 4096

func (c *compiler) hash(key string, h *Hash) *action {
	algorithm, known := algorithms[h.Algorithm]
	if !known {
		c.fault(key+".algorithm", "expected sha256 or sha512, found %q", h.Algorithm)
		algorithm = algorithms[""]
	}
	switch {
	case h.Salt == "":
		c.fault(key+".salt", "is required: without a secret anybody can hash likely values and compare")
	case len(h.Salt) < leastSalt:
		c.fault(key+".salt", "is shorter than %d characters", leastSalt)
	}
	return &action{do: digest, key: key, algorithm: algorithm, salt: []byte(h.Salt), length: 2 * algorithm().Size()}
}

// twice finds what the texts alone tell: columns with two rules, and such that
// have one and are left out.
func (c *compiler) twice(rules []rule) {
	for i, r := range rules {
		for j, e := range r.entries {
			if e.column.Plain() && r.include != nil && !fitsAny(r.include, e.column.String()) {
				c.fault(e.key, "column %s is not among those of include", e.column)
			}
			if first := earlier(rules[:i+1], i, j, &e); first != nil {
				c.fault(e.key, "column %s has a rule already, tableColumns%s; keep one", e.column, first.key)
			}
		}
	}
}

// earlier returns an entry before entry j of the last rule that is for the same
// column of the same table, and does something else.
func earlier(rules []rule, last, j int, e *entry) *entry {
	for i, r := range rules {
		entries := r.entries
		if i == last {
			entries = entries[:j]
		} else if !shareTable(r.tables, rules[last].tables) {
			continue
		}
		for k := range entries {
			if o := &entries[k]; o.column.Same(e.column) && (o.action.do != leaveOut || e.action.do != leaveOut) {
				return o
			}
		}
	}
	return nil
}

func shareTable(a, b []record.Pattern) bool {
	for _, p := range a {
		for _, q := range b {
			if p.Same(q) {
				return true
			}
		}
	}
	return false
}

func fitsAny(patterns []record.Pattern, name string) bool {
	for _, p := range patterns {
		if p.Fits(name) {
			return true
		}
	}
	return false
}

var errNothingLeft = errors.New("no column is left of the table")
