package binlog

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// copyPoll is how soon an idle log is left to look whether rows have been read.
const copyPoll = 5 * time.Millisecond

// Signals implements [plugin.Signaler].
func (r *reader) Signals(pending []plugin.Signal) { r.signals.Put(pending) }

// besides gives a source what is copied beside its log.
func (s *source) besides(sp *LogSpec, state []byte) error {
	e, err := parseExtra(state)
	if err != nil {
		return lost("the stored state is none of the binlog reader: %w", err)
	}
	l := s.tables.lists
	if l.passed = min(e.Lists, len(sp.Lists)); l.passed > 0 || len(sp.Lists) > 0 {
		here := sp.List
		if l.passed > 0 {
			here = &sp.Lists[l.passed-1].list
		}
		if here != nil {
			if l.here, err = here.selection(); err != nil {
				return lost("%w", err)
			}
		}
	}
	l.waiting = sp.Lists[l.passed:]
	s.copier = handover.NewCopier(handover.Log[high, where]{
		Parse: parseHigh, Covers: shown, Passed: s.f.behind, Here: s.f.here, Follows: l.has, Schema: s.tables.intern, Rows: s.reader.chunk, Logger: s.reader.log,
	}, &views{reader: s.reader, beside: s.srv.again()}, e.Copies, &s.reader.signals)
	s.copier.Forget(func(n record.Name) bool { return !l.now.has(n) })
	return s.relisted()
}

// here remembers what has been read.
func (f *follower) here() func(low high) bool {
	file, offset := f.file, f.offset
	if f.gtids == nil {
		return func(low high) bool { return !earlier(low.File, low.Offset, file, offset) }
	}
	set := f.gtids.Clone()
	return func(low high) bool {
		return low.gtids != nil && low.gtids.Contain(set) || low.File != "" && !earlier(low.File, low.Offset, file, offset)
	}
}

// beside copies tables, where no transaction is open; full: the batch is to be
// given away, wait: soon there is more to do, whatever the log has.
func (s *source) beside(b *record.Batch) (full, wait bool, err error) {
	if s.copier == nil {
		return false, false, nil
	}
	if len(s.tables.lists.waiting) > 0 {
		if err := s.relisted(); err != nil {
			return false, false, err
		}
	}
	turn, err := s.copier.Next(s.ctx)
	switch turn {
	case handover.Hand:
		if s.copier.Hand(b) {
			s.redone = true
			return true, false, s.mark(b)
		}
		return true, false, nil
	case handover.Note:
		s.redone = true
		return true, false, errors.Join(err, s.mark(b))
	}
	return false, turn == handover.Wait, err
}

// enterCopy tells the copier of the transaction that is open, once.
func (s *source) enterCopy() error {
	s.copied = s.copier != nil && s.copier.Copies(s.current.name)
	if !s.copied || s.enteredCopy.file == s.f.tx.file && s.enteredCopy.begin == s.f.tx.begin {
		return nil
	}
	w, err := whereIs(s.f)
	if err == nil {
		s.enteredCopy = w
		s.copier.Begin(w)
	}
	return err
}

// unseen tells the copier of a change of the table at hand that it is not shown:
// rows that were read meanwhile may be older.
func (s *source) unseen() {
	if s.copied {
		s.copier.Altered(s.current.name)
	}
}

// unseenAny does that for changes of any table.
func (s *source) unseenAny() {
	if s.copier == nil {
		return
	}
	for _, one := range s.copier.State().Tables {
		s.copier.Altered(one.Table)
	}
}

// altered tells the copier what a statement has done.
func (s *source) altered(effects []binlogkit.Effect) {
	for _, e := range effects {
		for _, name := range []record.Name{e.Name, e.To} {
			if name != (record.Name{}) {
				s.reader.unlearn(name)
				if s.copier != nil {
					s.copier.Altered(name)
				}
			}
		}
		if s.copier != nil && e.Kind == record.Drop {
			s.copier.Forget(func(n record.Name) bool { return n == e.Name })
		}
	}
}

// unlearn forgets the key of a table, which may be another one now.
func (r *reader) unlearn(name record.Name) {
	r.asking.mu.Lock()
	defer r.asking.mu.Unlock()
	delete(r.asking.keys, name)
}

// Whole implements [handover.Tables].
func (v *views) Whole(ctx context.Context, name record.Name, rows int) (split plugin.Split, c handover.Chunk, err error) {
	var order []*sqlkit.TableColumn
	err = v.ask(ctx, func(srv *server) error {
		d, err := srv.define(ctx, name)
		if err == nil {
			order, err = srv.order(ctx, d)
		}
		return err
	})
	if err != nil {
		return split, c, err
	}
	c = handover.Chunk{Table: name}
	split, err = chunkSpec{V: specVersion, Chunk: c}.Split(0, sqlkit.Spec{Kind: sqlkit.All, Table: &name, Most: rows}, order)
	return split, c, err
}

// order returns the columns that a table's rows can be read in the order of,
// part after part.
func (s *server) order(ctx context.Context, d *binlogkit.Definition) ([]*sqlkit.TableColumn, error) {
	table, err := s.conn.Table(ctx, d.Name())
	if err != nil {
		return nil, fmt.Errorf("looking at table %s: %w", d.Name(), err)
	}
	if order := keyOrder(table, d); order != nil {
		return order, nil
	}
	return nil, errclass.With(errclass.Config, fmt.Errorf(
		"table %s has no key that its rows can be read in the order of, part after part: give it a primary key, or a unique one of columns that are never NULL; or start over with -fresh, which copies a table as a whole", d.Name()))
}

// keyOrder returns the columns of a table's key; nil: its rows cannot be read
// in their order.
func keyOrder(table *sqlkit.Table, d *binlogkit.Definition) []*sqlkit.TableColumn {
	var order []*sqlkit.TableColumn
	for _, k := range d.Key() {
		f := table.Column(k)
		if f == nil || !f.Sorts || f.Nullable {
			return nil
		}
		order = append(order, f)
	}
	return order
}
