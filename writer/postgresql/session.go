package postgresql

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// session is one connection that writes. What opens a transaction or sets a
// savepoint waits for the statement after it.
type session struct {
	conn    *pgkit.Conn
	log     *slog.Logger
	writers map[*sqlwrite.Form]formWriter

	begin bool // BEGIN has not been sent
	saves bool // nor has SAVEPOINT
	saved bool // the transaction has a savepoint
	names int  // of prepared statements
}

var _ sqlwrite.Session = (*session)(nil)

const savepoint = "datasync"

// begin has each statement see what was committed before it, whatever the
// server's default_transaction_isolation: a claim that has waited for another
// run's commit must find that run's positions (I10).
const begin = "BEGIN ISOLATION LEVEL READ COMMITTED"

// Table implements [sqlwrite.Session].
func (s *session) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	if err := s.catchUp(ctx); err != nil {
		return nil, err
	}
	t, err := s.conn.ReadTable(ctx, name)
	if err != nil {
		return nil, err
	}
	t.Name.Database = ""
	return t, nil
}

// waiting takes the statements that have to be sent first.
func (s *session) waiting() (list []string) {
	if s.begin {
		list = append(list, begin, "SET CONSTRAINTS ALL IMMEDIATE")
		s.begin = false
	}
	if s.saves {
		if s.saved {
			list = append(list, "RELEASE "+savepoint)
		}
		list = append(list, "SAVEPOINT "+savepoint)
		s.saves, s.saved = false, true
	}
	return list
}

// catchUp sends what waits.
func (s *session) catchUp(ctx context.Context) error {
	if list := s.waiting(); len(list) > 0 {
		return s.conn.Exec(ctx, strings.Join(list, ";"))
	}
	return nil
}

// Exec implements [sqlwrite.Session].
func (s *session) Exec(ctx context.Context, sql string) error {
	return s.conn.Exec(ctx, strings.Join(append(s.waiting(), sql), ";"))
}

// Query implements [sqlwrite.Session].
func (s *session) Query(ctx context.Context, sql string) ([][]*string, error) {
	r, err := s.conn.Query(ctx, strings.Join(append(s.waiting(), sql), ";"))
	if err != nil {
		return nil, err
	}
	return r.Rows, nil
}

// Begin implements [sqlwrite.Session].
func (s *session) Begin(context.Context) error {
	s.begin, s.saves, s.saved = true, false, false
	return nil
}

// Commit implements [sqlwrite.Session]. The server answers a COMMIT of a
// transaction that has failed with ROLLBACK.
func (s *session) Commit(ctx context.Context) error {
	if s.begin {
		s.begin, s.saves = false, false
		return nil
	}
	s.saves = false
	r, err := s.conn.Query(ctx, "COMMIT")
	if err == nil && r.Tag != "COMMIT" {
		err = errclass.With(errclass.Permanent, fmt.Errorf("the server has answered %s", r.Tag))
	}
	return err
}

// Rollback implements [sqlwrite.Session].
func (s *session) Rollback(ctx context.Context) error {
	if s.begin {
		s.begin, s.saves = false, false
		return nil
	}
	s.saves = false
	return s.conn.Exec(ctx, "ROLLBACK")
}

// Savepoint implements [sqlwrite.Session].
func (s *session) Savepoint(context.Context) error {
	s.saves = true
	return nil
}

// Restore implements [sqlwrite.Session].
func (s *session) Restore(ctx context.Context) error {
	if s.saves { // nothing has happened since
		s.saves = false
		return nil
	}
	return s.conn.Exec(ctx, "ROLLBACK TO "+savepoint)
}

// Interrupt implements [sqlwrite.Session].
func (s *session) Interrupt() { s.conn.Interrupt() }

// Close implements [sqlwrite.Session].
func (s *session) Close() error { return s.conn.Close() }

// formWriter writes rows in one form.
type formWriter interface {
	write(ctx context.Context, s *session, r sqlwrite.Rows) (found int64, err error)
}

// rowTwice is the SQLSTATE of an upsert that meets a row of the table again:
// keys that differ, byte for byte, are one to the index by its collation.
const rowTwice = "21000"

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
	found, err := w.write(ctx, s, r)
	if pgkit.State(err) == rowTwice && r.Len() > 1 {
		err = errclass.With(errclass.Data, err) // written one after another they are no error
	}
	return found, err
}

// newFormWriter asks for the types of the form's columns.
func (s *session) newFormWriter(ctx context.Context, f *sqlwrite.Form) (formWriter, error) {
	names := make([]string, len(f.Columns))
	for i := range f.Columns {
		names[i] = f.Columns[i].Name
	}
	if err := s.catchUp(ctx); err != nil {
		return nil, err
	}
	e, err := s.conn.Encoder(ctx, f.Table.Name, names)
	if err != nil {
		return nil, err
	}
	if f.Verb == sqlwrite.Insert && len(f.Columns) > 0 {
		return &copier{encoder: e, sql: e.CopySQL(record.Name{})}, nil
	}
	return s.newKeyed(ctx, f, e)
}
