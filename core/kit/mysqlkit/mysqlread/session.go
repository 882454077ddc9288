package mysqlread

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/record"
)

// killTime bounds the end of a statement that has not sent a row.
const killTime = 3 * time.Second

// session is one connection.
type session struct {
	driver *Driver
	conn   *mysqlkit.Conn
	rows   *mysqlkit.Rows // begun last; nil: none
	failed bool
	cut    atomic.Bool
}

var _ sqlread.Session = (*session)(nil)

// note remembers that a call has failed.
func (s *session) note(err error) error {
	if err == nil {
		return nil
	}
	s.failed = true
	const noDatabase = 1049
	if mysqlkit.Code(err) == noDatabase && !errors.Is(err, sqlkit.ErrNoTable) {
		return fmt.Errorf("%w: %w", sqlkit.ErrNoTable, err)
	}
	return err
}

// Tables implements [sqlread.Session].
func (s *session) Tables(ctx context.Context, in record.Name) ([]record.Name, error) {
	names, err := s.conn.Tables(ctx, in.Database)
	return names, s.note(err)
}

// Table implements [sqlread.Session].
func (s *session) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	t, err := s.conn.Table(ctx, name)
	if err != nil {
		return nil, s.note(err)
	}
	s.driver.natives.learn(t, name)
	return t, nil
}

// Columns implements [sqlread.Session].
func (s *session) Columns(ctx context.Context, sql string) ([]sqlkit.TableColumn, error) {
	columns, err := s.conn.Describe(ctx, sql)
	return columns, s.note(err)
}

// First implements [sqlread.Session].
func (s *session) First(ctx context.Context, sql string) ([]*string, error) {
	result, err := s.conn.Query(ctx, sql)
	if err != nil || len(result.Rows) == 0 {
		return nil, s.note(err)
	}
	return result.Rows[0], nil
}

// Estimate implements [sqlread.Session].
func (s *session) Estimate(ctx context.Context, sql string) (int64, error) {
	n, err := s.conn.Estimate(ctx, sql)
	return n, s.note(err)
}

// Prepare implements [sqlread.Session].
func (s *session) Prepare(ctx context.Context, sql string) (sqlread.Statement, error) {
	st, err := s.conn.Prepare(ctx, sql)
	if err != nil {
		return nil, s.note(err)
	}
	fields := st.Fields()
	types := s.driver.natives.of(fields)
	shape := s.conn.Settings().NewShape(fields, types)
	columns := make([]record.Column, len(types))
	for i := range columns {
		if columns[i] = shape.Columns[i]; types[i] == "" {
			columns[i].Native = "" // the wire's spelling is shorter than a definition's
		}
	}
	return &statement{session: s, Statement: st, shape: shape, columns: columns}, nil
}

// Interrupt implements [sqlread.Session].
func (s *session) Interrupt() {
	s.cut.Store(true)
	s.conn.Interrupt()
}

// Reusable implements [sqlread.Session].
func (s *session) Reusable() bool {
	return !s.failed && !s.cut.Load() && (s.rows == nil || s.rows.Whole())
}

// Close implements [sqlread.Session]. A server that has not yet sent a row does
// not notice that its client is gone: such a statement is killed.
func (s *session) Close() error {
	if s.rows != nil && !s.rows.Begun() {
		ctx, cancel := context.WithTimeout(context.Background(), killTime)
		defer cancel()
		if err := s.conn.Kill(ctx); err != nil {
			s.driver.log.Debug("ending a statement that has sent no row", "err", err)
		}
	}
	return s.conn.Close()
}

// statement is a prepared SELECT.
type statement struct {
	*mysqlkit.Statement
	session *session
	shape   *mysqlkit.Shape
	columns []record.Column
}

// Columns implements [sqlread.Statement].
func (s *statement) Columns() []record.Column { return s.columns }

// Rows implements [sqlread.Statement].
func (s *statement) Rows(ctx context.Context, first time.Duration) (sqlread.Rows, error) {
	stream, err := s.Stream(ctx, first)
	if err != nil {
		return nil, s.session.note(err)
	}
	s.session.rows = stream
	return &rows{statement: s, stream: stream}, nil
}

// Close implements [sqlread.Statement].
func (s *statement) Close(ctx context.Context) error { return s.session.note(s.Statement.Close(ctx)) }

// rows is a streamed result.
type rows struct {
	*statement
	stream *mysqlkit.Rows
}

// Next implements [sqlread.Rows].
func (r *rows) Next(patience time.Duration) error {
	_, err := r.stream.Next(patience)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, mysqlkit.ErrWait):
		return sqlread.ErrWait
	case err == io.EOF && r.session.Reusable():
		if err := r.statement.Close(context.Background()); err != nil { // nothing is waited for
			return err
		}
	}
	return err
}

// Append implements [sqlread.Rows].
func (r *rows) Append(b *record.Batch, n int) error { return r.shape.Append(r.stream.Last(), b, n) }

// Pick implements [sqlread.Rows].
func (r *rows) Pick(b *record.Batch, columns []int) error {
	return r.shape.Pick(r.stream.Last(), b, columns)
}

// Raw implements [sqlread.Rows].
func (r *rows) Raw(n int) []byte { return r.shape.Raw(r.stream.Last(), n) }
