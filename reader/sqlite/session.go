package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/record"
)

// session is one connection.
type session struct {
	path        string
	conn        *sqlitekit.Conn
	rows        *rows           // begun last; nil: none
	interrupted context.Context // ends with Interrupt
	interrupt   context.CancelFunc
	failed      bool
}

var _ sqlread.Session = (*session)(nil)

// note remembers that a call has failed, and names the file.
func (s *session) note(err error) error {
	if err == nil {
		return nil
	}
	s.failed = true
	return fmt.Errorf("reading %s: %w", s.path, err)
}

// Tables implements [sqlread.Session].
func (s *session) Tables(ctx context.Context, _ record.Name) (names []record.Name, err error) {
	err = s.conn.Rows(ctx, "SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name", func(row []*string) error {
		names = append(names, record.Name{Table: *row[0]})
		return nil
	})
	return names, s.note(err)
}

// Columns implements [sqlread.Session]. A value of a statement has no type but
// its own, so that numbers are numbers in every condition.
func (s *session) Columns(ctx context.Context, sql string) ([]sqlkit.TableColumn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stmt, err := s.conn.Prepare(sql)
	if err != nil {
		return nil, s.note(err)
	}
	defer stmt.Close()
	columns := make([]sqlkit.TableColumn, stmt.Columns())
	for i := range columns {
		columns[i] = sqlkit.TableColumn{Column: record.Column{Name: stmt.Name(i), Kind: record.Any, Native: stmt.Declared(i), Nullable: true}, Sorts: true, Numbers: true}
	}
	return columns, nil
}

// First implements [sqlread.Session].
func (s *session) First(ctx context.Context, sql string) (first []*string, err error) {
	err = s.conn.Rows(ctx, sql, func(row []*string) error {
		first = append(first, row...)
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return first, s.note(err)
}

var errEnough = errors.New("no more rows are asked for")

// Estimate implements [sqlread.Session]: rows would have to be counted.
func (s *session) Estimate(context.Context, string) (int64, error) { return 0, nil }

// Prepare implements [sqlread.Session].
func (s *session) Prepare(ctx context.Context, sql string) (sqlread.Statement, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	stmt, err := s.conn.Prepare(sql)
	if err != nil {
		return nil, s.note(err)
	}
	return &statement{s, stmt}, nil
}

// Interrupt implements [sqlread.Session].
func (s *session) Interrupt() { s.interrupt() }

// Reusable implements [sqlread.Session].
func (s *session) Reusable() bool {
	return !s.failed && s.interrupted.Err() == nil && (s.rows == nil || s.rows.ended)
}

// Close implements [sqlread.Session].
func (s *session) Close() error {
	s.interrupt()
	if s.rows != nil {
		s.rows.end()
	}
	return s.conn.Close()
}

// statement is a prepared SELECT.
type statement struct {
	session *session
	stmt    *sqlitekit.Stmt
}

// Columns implements [sqlread.Statement]: the values alone have kinds.
func (s *statement) Columns() []record.Column { return make([]record.Column, s.stmt.Columns()) }

// Rows implements [sqlread.Statement]. A file has no first row to wait for.
func (s *statement) Rows(context.Context, time.Duration) (sqlread.Rows, error) {
	r := &rows{Stmt: s.stmt, session: s.session, stop: s.session.conn.Watch(s.session.interrupted)}
	s.session.rows = r
	return r, nil
}

// Close implements [sqlread.Statement].
func (s *statement) Close(context.Context) error {
	s.stmt.Close()
	return nil
}

// rows is a statement that runs.
type rows struct {
	*sqlitekit.Stmt
	session *session
	stop    func() // the watch for an interruption
	ended   bool
}

// Next implements [sqlread.Rows]. The next row is computed here and now: there
// is nothing to wait for.
func (r *rows) Next(time.Duration) error {
	switch more, err := r.Step(); {
	case err != nil:
		return r.session.note(err)
	case more:
		return nil
	}
	r.end()
	return io.EOF
}

// end frees the statement, once.
func (r *rows) end() {
	if !r.ended {
		r.ended = true
		r.stop()
		r.Stmt.Close()
	}
}

// Append implements [sqlread.Rows].
func (r *rows) Append(b *record.Batch, n int) error {
	r.Stmt.Append(b, n)
	return nil
}

// Pick implements [sqlread.Rows].
func (r *rows) Pick(b *record.Batch, columns []int) error {
	for _, i := range columns {
		r.AppendColumn(b, int32(i))
	}
	return nil
}
