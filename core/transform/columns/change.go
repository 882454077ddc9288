package columns

import (
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Change returns a schema change as it is for what is left of the table; nil
// where nothing changes there: what is added, say, is left out. The statement of
// the source, which names what is hidden, is left out for tables with rules. An
// error is a [*Fault] of class Config.
func (p *Policy) Change(c *record.Change) (*record.Change, error) {
	if !p.Governs(c.Name) && !(c.From != nil && p.Governs(c.From.Name)) && !(c.To != nil && p.Governs(c.To.Name)) {
		return c, nil
	}
	if err := p.renamed(c); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	out := *c
	out.SQL = ""
	var err error
	if out.From, err = p.Schema(c.From); err != nil && c.To != nil {
		return nil, err
	}
	if out.To, err = p.Schema(c.To); err != nil {
		return nil, err
	}
	out.Columns = p.told(c)
	switch {
	case len(out.Columns) > 0:
	case c.Kind == record.Other: // it says what it does in its statement alone
		return nil, nil
	case c.Kind == record.Alter && out.From != nil && out.To != nil && sameShape(out.From, out.To):
		return nil, nil
	}
	return &out, nil
}

// told is what the change says of columns, for those that are left. Defaults
// are hidden as values are.
func (p *Policy) told(c *record.Change) []record.ColumnChange {
	if c.To == nil {
		return nil
	}
	pl := p.plan(c.To)
	if pl.steps == nil {
		return c.Columns
	}
	var list []record.ColumnChange
	for _, one := range c.Columns {
		a, kind := pl.steps[one.Column], c.To.Columns[one.Column].Kind
		if a != nil && a.do == leaveOut {
			continue
		}
		one.Column = pl.places[one.Column]
		if a != nil {
			one.Fill, one.Default = a.hidden(one.Fill, kind), a.hidden(one.Default, kind)
		}
		list = append(list, one)
	}
	return list
}

// hidden returns what becomes of a default.
func (a *action) hidden(d record.Default, kind record.Kind) record.Default {
	if d.Kind != record.Constant {
		return d
	}
	text := []byte(d.Text)
	switch {
	case a.do == digest:
		d.Text = string(newDigester(a).appendDigest(nil, text))
	case kind == record.Bytes:
		d.Text = string(a.appendText(nil, hex.AppendEncode(nil, text)))
	default:
		d.Text = string(a.appendText(nil, text))
	}
	return d
}

func sameShape(a, b *record.Schema) bool {
	return a.Name == b.Name && a.Data == b.Data && slices.Equal(a.Columns, b.Columns) && slices.Equal(a.Key, b.Key) && a.Comment == b.Comment
}

// renamed refuses a change after which a column with a rule is gone and one
// without is new, unless the source says that this one was added: it may be the
// same column under another name. The same goes for tables that are renamed.
func (p *Policy) renamed(c *record.Change) error {
	if c.From == nil || c.To == nil {
		return nil
	}
	was, err := p.actions(c.From)
	if err != nil || was == nil {
		return nil // of the rows before, which have met it
	}
	is, err := p.actions(c.To)
	if err != nil {
		return err
	}
	if c.From.Name != c.To.Name {
		for i := range c.From.Data {
			name := c.From.Columns[i].Name
			at := slices.IndexFunc(c.To.Columns[:c.To.Data], func(to record.Column) bool { return to.Name == name })
			if was[i] != nil && at >= 0 && (is == nil || is[at] == nil) {
				return &Fault{was[i].key, fmt.Errorf("table %s, for which it is, was renamed to %s, for whose column %s there is no rule: name that table too", c.From.Name, c.To.Name, name)}
			}
		}
	}
	gone := lacking(c.From, c.To, func(i int) bool { return was[i] != nil })
	come := lacking(c.To, c.From, func(i int) bool {
		return (is == nil || is[i] == nil) && !slices.ContainsFunc(c.Columns, func(one record.ColumnChange) bool { return one.Column == i && one.Added })
	})
	if gone < 0 || come < 0 {
		return nil
	}
	return &Fault{was[gone].key, fmt.Errorf("column %s of table %s, for which it is, is gone, and %s is new, for which there is no rule: if that is the same column, add a rule for it; if not, take the old one out",
		c.From.Columns[gone].Name, c.To.Name, c.To.Columns[come].Name)}
}

// lacking returns the first data column of a that b has none of the name of, and
// that counts; -1: there is none.
func lacking(a, b *record.Schema, counts func(i int) bool) int {
	for i := range a.Data {
		if counts(i) && !has(b, a.Columns[i].Name) {
			return i
		}
	}
	return -1
}

// has tells that a data column is called name.
func has(s *record.Schema, name string) bool {
	return slices.ContainsFunc(s.Columns[:s.Data], func(c record.Column) bool { return c.Name == name })
}
