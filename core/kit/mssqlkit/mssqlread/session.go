package mssqlread

import (
	"context"
	"errors"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/record"
)

// Session is one connection that reads.
type Session struct{ *mssqlkit.Conn }

var _ sqlread.Session = (*Session)(nil)

// Columns implements [sqlread.Session].
func (s *Session) Columns(ctx context.Context, sql string) ([]sqlkit.TableColumn, error) {
	columns, err := s.Describe(ctx, sql)
	return columns, whole(err)
}

// First implements [sqlread.Session].
func (s *Session) First(ctx context.Context, sql string) ([]*string, error) {
	row, err := s.Conn.First(ctx, sql)
	return row, whole(err)
}

// whole keeps an error of a statement from looking like one of a row that could
// be left out.
func whole(err error) error {
	if errclass.Of(err) == errclass.Data {
		return errclass.With(errclass.Permanent, err)
	}
	return err
}

// Prepare implements [sqlread.Session]: the server checks the statement and
// says what its result is.
func (s *Session) Prepare(ctx context.Context, sql string) (sqlread.Statement, error) {
	described, err := s.Describe(ctx, sql)
	if err != nil {
		return nil, whole(err)
	}
	st := &statement{session: s, sql: sql, columns: make([]record.Column, len(described))}
	for i := range described {
		st.columns[i] = described[i].Column
	}
	return st, nil
}

// statement is a SELECT that has been described.
type statement struct {
	session *Session
	sql     string
	columns []record.Column
}

// Columns implements [sqlread.Statement].
func (s *statement) Columns() []record.Column { return s.columns }

// Rows implements [sqlread.Statement].
func (s *statement) Rows(ctx context.Context, first time.Duration) (sqlread.Rows, error) {
	r, err := s.session.Stream(ctx, s.sql, s.columns, first)
	if err != nil {
		return nil, err
	}
	return rows{r}, nil
}

// Close implements [sqlread.Statement]; the server keeps nothing of it.
func (s *statement) Close(context.Context) error { return nil }

// rows is a streamed result in the engine's words.
type rows struct{ *mssqlkit.Rows }

// Next implements [sqlread.Rows].
func (r rows) Next(patience time.Duration) error {
	err := r.Rows.Next(patience)
	if errors.Is(err, mssqlkit.ErrWait) {
		return sqlread.ErrWait
	}
	return err
}
