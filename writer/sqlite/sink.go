package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Sink = (*sink)(nil)

// sink is one channel. A Write has the connection for itself.
type sink struct {
	w     *writer
	text  []byte // of the value that is being bound
	there []byte // which columns of the row are not absent
}

// Write implements [plugin.Sink]: one transaction, durable on return. If rows
// are refused, all of them are found and nothing is written.
func (s *sink) Write(ctx context.Context, b *record.Batch) error {
	if b.Len() == 0 {
		return nil
	}
	s.w.mu.Lock()
	defer s.w.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	conn := s.w.conn
	defer conn.Watch(ctx)()
	if err := conn.Run("BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("beginning a transaction on %s: %w", s.w.path, err)
	}
	bad, err := s.rows(ctx, b)
	if err == nil && bad == nil {
		if err = conn.Run("COMMIT"); err == nil {
			return nil
		}
		err = fmt.Errorf("committing to %s: %w", s.w.path, err)
	}
	if conn.InTransaction() {
		if rollback := conn.Run("ROLLBACK"); rollback != nil {
			return fmt.Errorf("rolling back on %s: %w", s.w.path, errors.Join(err, rollback))
		}
	}
	if err != nil {
		return err
	}
	return &errclass.Rows{Bad: bad}
}

// rows writes the batch's rows and returns those that were refused. A refusal
// that took the transaction with it ends the search.
func (s *sink) rows(ctx context.Context, b *record.Batch) (bad []errclass.BadRow, err error) {
	var (
		schema *record.Schema
		t      *target
	)
	for i := range b.Len() {
		row := b.Row(i)
		if row.Schema() != schema {
			schema = row.Schema()
			if t, err = s.w.target(ctx, schema); err != nil {
				return nil, err
			}
		}
		err := s.row(t, row)
		switch {
		case err == nil:
			continue
		case errclass.Of(err) != errclass.Data:
			return nil, fmt.Errorf("writing to %s of %s: %w", t.table, s.w.path, err)
		}
		bad = append(bad, errclass.AsBadRow(i, err))
		if !s.w.conn.InTransaction() {
			return bad, nil
		}
	}
	return bad, nil
}

// row applies one row.
func (s *sink) row(t *target, row record.Row) error {
	op := row.Op()
	if op == record.UpdateBefore {
		return nil
	}
	if op != record.Insert && !t.hasKey() {
		return errclass.BadValue("", errclass.Other, "%s needs a key: name a uniqueKey among the columns that are written", op)
	}
	there, err := s.present(t, row)
	if err != nil {
		return err
	}
	switch {
	case op == record.Delete:
		_, err := s.run(t, remove, there, row)
		return err
	case op == record.Insert && !t.updates():
		_, err := s.run(t, insert, there, row)
		return err
	case there == nil:
		_, err := s.run(t, upsert, nil, row)
		return err
	}
	// An insert would miss columns that have to have a value, so the row that
	// is there is changed first.
	changed, err := s.run(t, change, there, row)
	if err != nil || changed > 0 {
		return err
	}
	_, err = s.run(t, upsert, there, row)
	return err
}

// present returns which columns have a value, nil if all of them have. A
// change cannot be applied without all of its key.
func (s *sink) present(t *target, row record.Row) ([]byte, error) {
	s.there = s.there[:0]
	all := true
	for i := range t.columns {
		is := byte(1)
		if row.Kind(t.columns[i].from) == record.Absent {
			is, all = 0, false
			if t.columns[i].key && (row.Op() != record.Insert || t.updates()) {
				return nil, errclass.BadValue(t.columns[i].name, errclass.Null, "the key's value is absent")
			}
		}
		s.there = append(s.there, is)
	}
	if all {
		return nil, nil
	}
	return s.there, nil
}

// run executes a statement for a row and returns how many rows it changed.
func (s *sink) run(t *target, v verb, there []byte, row record.Row) (changed int64, err error) {
	stmt, err := t.statement(v, there)
	if err != nil {
		return 0, err
	}
	if err := s.bind(stmt, t, row); err != nil {
		return 0, err
	}
	return s.step(stmt.Stmt)
}

func (s *sink) step(stmt *sqlitekit.Stmt) (changed int64, err error) {
	defer stmt.Reset()
	for {
		more, err := stmt.Step()
		if err != nil {
			return 0, err
		}
		if !more {
			return s.w.conn.Changes(), nil
		}
	}
}

// Close implements [plugin.Sink]: nothing is left to give up.
func (s *sink) Close() error { return nil }
