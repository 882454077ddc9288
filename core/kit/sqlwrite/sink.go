package sqlwrite

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ plugin.Sink    = (*sink)(nil)
	_ plugin.Flusher = (*sink)(nil)
)

const (
	commitBytes    = 8 << 20     // of rows in a transaction
	commitInterval = time.Second // that a transaction stays open
)

// sink is one channel: a connection and its transaction.
type sink struct {
	w       *writer
	session Session
	serial  Serial  // nil: transactions go on beside each other
	checker Checker // nil: constraints are checked at once
	task    plugin.Task
	limit   time.Duration // of a transaction

	groups  map[*record.Schema]*group
	touched []*group         // of the batch at hand, in order of their first row
	made    []*record.Schema // groups that have come with the batch at hand

	open  bool // there is a transaction
	holds bool // with rows in it
	bytes int  // of these
	since time.Time
	tail  bool          // rows have come after the last mark
	marks []record.Mark // to be stored with the transaction, one for each split
	kept  map[string]bool
}

// Write implements [plugin.Sink]: the rows are taken into the transaction. Of
// a batch that is refused nothing is left in it.
func (s *sink) Write(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return errclass.With(errclass.Canceled, err)
	}
	defer context.AfterFunc(ctx, s.session.Interrupt)()
	return canceled(ctx, s.write(ctx, b))
}

func (s *sink) write(ctx context.Context, b *record.Batch) error {
	marked := len(b.Marks()) > 0
	if s.task.Exact && !marked && !s.tail && len(s.marks) > 0 && (b.Full() || s.due()) {
		// A long transaction of the source begins: what was before it does not wait for its end.
		if err := s.commit(ctx); err != nil {
			return err
		}
	}
	if b.Len() > 0 {
		if err := moved(b); err != nil {
			return err
		}
		if err := s.rows(ctx, b); err != nil {
			return err
		}
		s.tail = !marked
	}
	if s.task.Exact && marked {
		s.note(b.Marks())
		s.tail = false
	}
	if s.tail && s.task.Exact || !s.due() {
		return nil
	}
	return s.commit(ctx)
}

// due tells that the transaction is large or old enough.
func (s *sink) due() bool {
	if !s.open {
		return false
	}
	limit := s.limit
	if s.serial != nil {
		limit = min(limit, s.serial.Turn())
	}
	return s.bytes >= commitBytes || time.Since(s.since) >= limit
}

// note keeps the newest mark of each split.
func (s *sink) note(marks []record.Mark) {
next:
	for _, m := range marks {
		for i := range s.marks {
			if old := &s.marks[i]; old.Split == m.Split {
				if m.State == nil {
					m.State = old.State
				}
				if m.Position == nil {
					m.Position = old.Position
				}
				*old = m
				continue next
			}
		}
		s.marks = append(s.marks, m)
	}
}

// rows takes the rows of a batch into the transaction, all or none.
func (s *sink) rows(ctx context.Context, b *record.Batch) error {
	if err := s.begin(ctx); err != nil {
		return err
	}
	if s.holds {
		if err := s.session.Savepoint(ctx); err != nil {
			return fmt.Errorf("setting a savepoint: %w", err)
		}
	}
	s.made = s.made[:0]
	err := s.spread(ctx, b)
	if err == nil && s.checker != nil {
		err = s.checker.Check(ctx)
	}
	if err == nil {
		s.holds = true
		s.bytes += b.Size()
		return nil
	}
	if errclass.Of(err) != errclass.Data {
		return err
	}
	return s.takeBack(ctx, err)
}

// begin opens a transaction if there is none.
func (s *sink) begin(ctx context.Context) error {
	if s.open {
		return nil
	}
	if err := s.session.Begin(ctx); err != nil {
		return fmt.Errorf("beginning a transaction: %w", broken(err))
	}
	s.open, s.holds, s.bytes, s.since = true, false, 0, time.Now()
	return nil
}

// takeBack undoes what a refused batch has done, and returns why it was refused.
func (s *sink) takeBack(ctx context.Context, refused error) error {
	if s.serial != nil { // a table made for them is gone as well
		for _, schema := range s.made {
			delete(s.groups, schema)
		}
	}
	if s.holds {
		if err := s.session.Restore(ctx); err != nil {
			return fmt.Errorf("going back to the savepoint after %q: %w", refused.Error(), broken(err))
		}
		return refused
	}
	s.open = false
	if err := s.session.Rollback(ctx); err != nil {
		return fmt.Errorf("rolling back after %q: %w", refused.Error(), broken(err))
	}
	return refused
}

// broken keeps an error that ends the sink from looking like one of rows.
func broken(err error) error {
	if errclass.Of(err) == errclass.Data {
		return errclass.With(errclass.Permanent, err)
	}
	return err
}

// spread deals the rows to the groups of their schemas and writes these.
func (s *sink) spread(ctx context.Context, b *record.Batch) error {
	s.touched = s.touched[:0]
	if schema := b.Schema(); schema != nil {
		g, err := s.group(ctx, schema)
		if err != nil {
			return err
		}
		g.all = true
		s.touched = append(s.touched, g)
		return s.flushGroups(ctx, b)
	}
	var last *group
	for i := range b.Len() {
		schema := b.Row(i).Schema()
		if last == nil || last.schema != schema {
			g, err := s.group(ctx, schema)
			if err != nil {
				return err
			}
			if err := s.enter(ctx, g, b); err != nil {
				return err
			}
			last = g
		}
		last.rows = append(last.rows, i)
	}
	return s.flushGroups(ctx, b)
}

// group returns what writes rows of a schema.
func (s *sink) group(ctx context.Context, schema *record.Schema) (*group, error) {
	if g := s.groups[schema]; g != nil {
		return g, nil
	}
	var p *plan
	var err error
	if s.serial != nil {
		p, err = s.w.planIn(ctx, s.session, schema)
	} else {
		p, err = s.w.plan(ctx, schema)
	}
	if err != nil {
		return nil, s.w.alone(schema, err)
	}
	g := newGroup(p, s.w.config)
	g.schema = schema
	s.groups[schema] = g
	s.made = append(s.made, schema)
	return g, nil
}

// enter makes g one of those that get rows. Where rows of another schema are
// bound for the same table these are written first: they may have the same
// keys (I4).
func (s *sink) enter(ctx context.Context, g *group, b *record.Batch) error {
	known := false
	for _, other := range s.touched {
		if other != g && other.p.table.Name == g.p.table.Name {
			if err := s.flushGroups(ctx, b); err != nil {
				return err
			}
			known = false
			break
		}
		known = known || other == g
	}
	if !known {
		g.all, g.rows = false, g.rows[:0]
		s.touched = append(s.touched, g)
	}
	return nil
}

// flushGroups writes the rows that the groups have got.
func (s *sink) flushGroups(ctx context.Context, b *record.Batch) error {
	defer func() { s.touched = s.touched[:0] }()
	var bad []errclass.BadRow
	for _, g := range s.touched {
		bad = g.prepare(b, bad)
	}
	if len(bad) > 0 {
		sortBad(bad)
		return &errclass.Rows{Bad: bad}
	}
	for _, g := range s.touched {
		if err := g.write(ctx, s.session); err != nil {
			return s.w.alone(g.schema, err)
		}
	}
	return nil
}

// alone makes an error one of the table that rows of a schema go to, where it
// says that the table is not as it was and each schema has a table of its own.
func (w *writer) alone(schema *record.Schema, err error) error {
	if w.config.table() != AnyTable || errclass.Of(err) != errclass.Config {
		return err
	}
	if errors.Is(err, sqlkit.ErrNoTable) {
		err = fmt.Errorf("%w; rows that were in it are gone with it, and a resume does not write them again: make it again and copy it anew", err)
	}
	return ofTable(schema, err)
}

// Flush implements [plugin.Flusher]. Rows after the last mark wait for the next one.
func (s *sink) Flush(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return errclass.With(errclass.Canceled, err)
	}
	if s.task.Exact && s.tail {
		return errclass.With(errclass.Permanent, errors.New("flushing: the last rows have no mark yet"))
	}
	defer context.AfterFunc(ctx, s.session.Interrupt)()
	return canceled(ctx, s.commit(ctx))
}

// commit stores the marks and ends the transaction. Whether it took place is
// unknown after an error; Claim finds out.
func (s *sink) commit(ctx context.Context) error {
	if !s.open && len(s.marks) == 0 {
		return nil
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if s.task.Exact {
		if err := s.storeMarks(ctx); err != nil {
			return broken(err)
		}
	}
	if err := s.session.Commit(ctx); err != nil {
		return fmt.Errorf("committing: %w", broken(err))
	}
	s.open, s.holds, s.bytes, s.marks = false, false, 0, s.marks[:0]
	return nil
}

// Close implements [plugin.Sink]: what is not committed is rolled back.
func (s *sink) Close() error { return s.session.Close() }
