package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/record"
)

// MessageKey says which columns make the key of the messages of some tables.
type MessageKey struct {
	// The tables, by name (orders, shop.orders) or pattern (shop.*, or a regular expression such as /shop\.order_[0-9]+/), as nameMapping leaves their names; their case does not matter.
	Table config.StringList `json:"table" required:"true"`
	// The columns, in the order that they have in the key.
	Columns config.StringList `json:"columns" required:"true"`

	tables []record.Pattern
}

// checkMessageKeys reads the tables of messageKeys.
func (c *Config) checkMessageKeys() error {
	var errs []error
	for i := range c.MessageKeys {
		m := &c.MessageKeys[i]
		m.tables = m.tables[:0]
		for j, text := range m.Table {
			p, err := record.ParsePattern(text)
			key := fmt.Sprintf("messageKeys[%d].table[%d]", i, j)
			if err != nil {
				errs = append(errs, config.Field(key, err))
			}
			if first := c.keyedBefore(i, p); first >= 0 {
				errs = append(errs, config.Fieldf(key, "table %s has a key already, messageKeys[%d]; keep one", text, first))
			}
			m.tables = append(m.tables, p)
		}
		for j, name := range m.Columns {
			if slices.Index(m.Columns, name) < j {
				errs = append(errs, config.Fieldf(fmt.Sprintf("messageKeys[%d].columns[%d]", i, j), "column %s is given twice", name))
			}
		}
	}
	return errors.Join(errs...)
}

// keyedBefore returns the entry before i that names the same tables, or -1.
func (c *Config) keyedBefore(i int, p record.Pattern) int {
	return slices.IndexFunc(c.MessageKeys[:i], func(m MessageKey) bool {
		return slices.ContainsFunc(m.tables, func(q record.Pattern) bool { return p.Same(q) })
	})
}

// messageKey returns the columns that messageKeys names for a table: those of
// the first entry that fits. ok is false where none does.
func (c *Config) messageKey(s *record.Schema) (key []int, ok bool, err error) {
	for i, m := range c.MessageKeys {
		if !slices.ContainsFunc(m.tables, func(p record.Pattern) bool { return p.FitsTable(s.Name) }) {
			continue
		}
		for _, name := range m.Columns {
			column := s.Index(name)
			if column < 0 || column >= s.Data {
				return nil, true, errclass.With(errclass.Config, fmt.Errorf("messageKeys[%d].columns: table %s has no column %q", i, s.Name, name))
			}
			key = append(key, column)
		}
		return key, true, nil
	}
	return nil, false, nil
}

// rekeyed writes an update of a table whose message key is not its primary key:
// one that changes the message key is a delete under the old one and an insert
// under the new one, as a reader makes of one that changes the primary key. It
// is false where the rows from i on are no such update, or an ordinary one.
func (s *sink) rekeyed(ctx context.Context, b *record.Batch, i int) (done bool, err error) {
	before := b.Row(i)
	if before.Op() != record.UpdateBefore || i+1 == b.Len() {
		return false, nil
	}
	after := b.Row(i + 1)
	if after.Op() != record.UpdateAfter || after.Schema() != before.Schema() {
		return false, nil
	}
	route, err := s.use(ctx, before.Schema())
	if err != nil || !route.own {
		return false, err
	}
	moved := false
	for _, c := range route.key {
		if after.Kind(c) == record.Absent {
			after = s.completed(before, after) // it has what the update left alone
		}
		if err := said(after, c); err != nil {
			return true, err
		}
		if err := said(before, c); err != nil {
			return true, err
		}
		moved = moved || !changefmt.Same(before, after, c)
	}
	switch {
	case moved:
		s.commits.before(b, i+1)
		if err := s.tell(ctx, route, &changefmt.Event{Op: record.Delete, Before: before}); err != nil {
			return true, err
		}
		s.commits.before(b, i+2)
		return true, s.tell(ctx, route, &changefmt.Event{Op: record.Insert, After: s.completed(before, after)})
	case after == b.Row(i+1):
		return false, nil
	case s.encoder.Grouping() != changefmt.Alone:
		s.commits.before(b, i+2)
		return true, s.tell(ctx, route, &changefmt.Event{Op: record.UpdateAfter, Before: before, After: after})
	}
	if !s.upserts {
		s.commits.before(b, i+1)
		if err := s.tell(ctx, route, &changefmt.Event{Op: record.UpdateBefore, Before: before}); err != nil {
			return true, err
		}
	}
	s.commits.before(b, i+2)
	return true, s.tell(ctx, route, &changefmt.Event{Op: record.UpdateAfter, After: after})
}

// said refuses a row that does not say a column of its message key.
func said(r record.Row, column int) error {
	if r.Kind(column) != record.Absent {
		return nil
	}
	return errclass.BadValue(r.Schema().Columns[column].Name, errclass.Other,
		"the message's key needs it (messageKeys) and the change does not say it: let the source log whole rows (binlog_row_image=FULL, REPLICA IDENTITY FULL)")
}

// completed returns the row after an update, with the values before where the
// update says nothing; until the next call.
func (s *sink) completed(before, after record.Row) record.Row {
	schema := after.Schema()
	if s.whole == nil {
		s.whole = record.NewBatch(0, 0)
	}
	if s.whole.Len() > 0 && after == s.whole.Row(0) {
		return after
	}
	s.whole.Reset("")
	s.whole.Begin(schema, after.Op())
	for c := range schema.Columns {
		if after.Kind(c) == record.Absent {
			s.whole.Copy(before, c)
		} else {
			s.whole.Copy(after, c)
		}
	}
	return s.whole.Row(0)
}
