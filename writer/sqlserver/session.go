package sqlserver

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
)

// session is one connection that writes.
type session struct {
	*mssqlkit.Conn
	writers  map[*sqlwrite.Form]*formWriter
	identity string // the table that IDENTITY_INSERT is on for, quoted; "": none
}

var _ sqlwrite.Session = (*session)(nil)

const savepoint = "datasync"

// Begin implements [sqlwrite.Session].
func (s *session) Begin(ctx context.Context) error { return s.Exec(ctx, "BEGIN TRANSACTION") }

// Commit implements [sqlwrite.Session].
func (s *session) Commit(ctx context.Context) error { return ended(s.Exec(ctx, "COMMIT TRANSACTION")) }

// Rollback implements [sqlwrite.Session]. Some errors roll back by themselves.
func (s *session) Rollback(ctx context.Context) error {
	return s.Exec(ctx, "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION")
}

// Savepoint implements [sqlwrite.Session]: a name that is used again moves.
func (s *session) Savepoint(ctx context.Context) error {
	return s.Exec(ctx, "SAVE TRANSACTION "+savepoint)
}

// Restore implements [sqlwrite.Session].
func (s *session) Restore(ctx context.Context) error {
	return ended(s.Exec(ctx, "ROLLBACK TRANSACTION "+savepoint))
}

// ended says of a transaction that is no more what has ended it.
func ended(err error) error {
	switch mssqlkit.Code(err) {
	case 3902, 3903, 3908, 3930, 3931, 628, 6401: // no transaction, no savepoint in it, or one that can only be rolled back
		return fmt.Errorf("%w; the server has ended the transaction by itself: a trigger rolled back, or set XACT_ABORT ON", err)
	}
	return err
}

// Write implements [sqlwrite.Session].
func (s *session) Write(ctx context.Context, f *sqlwrite.Form, r sqlwrite.Rows) (int64, error) {
	w := s.writers[f]
	if w == nil {
		var err error
		if w, err = s.newFormWriter(ctx, f); err != nil {
			return 0, err
		}
		s.writers[f] = w
	}
	if w.adds {
		if err := s.numbered(ctx, w.identity); err != nil {
			return 0, err
		}
	}
	n, err := w.write(ctx, s, r)
	if err != nil && w.adds {
		err = named(err, f, &r)
	}
	return n, err
}

// numbered switches IDENTITY_INSERT: on for a table, off where that is "". It
// is a matter of the session, not of the transaction, and of one table at a time.
func (s *session) numbered(ctx context.Context, table string) error {
	if table == s.identity {
		return nil
	}
	sql := ""
	if s.identity != "" {
		sql = "SET IDENTITY_INSERT " + s.identity + " OFF"
	}
	if table != "" {
		if sql != "" {
			sql += "; "
		}
		sql += "SET IDENTITY_INSERT " + table + " ON"
	}
	if err := s.Exec(ctx, sql); err != nil {
		return fmt.Errorf("writing an identity column: %w", err)
	}
	s.identity = table
	return nil
}
