package pgread

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/record"
)

// session is one connection.
type session struct {
	conn   *pgkit.Conn
	failed bool
}

var _ sqlread.Session = (*session)(nil)

// NewSession returns the session of a connection, which it closes.
func NewSession(conn *pgkit.Conn) sqlread.Session { return &session{conn: conn} }

// note remembers that a call has failed.
func (s *session) note(err error) error {
	if err == nil {
		return nil
	}
	s.failed = true
	const noSchema = "3F000"
	if pgkit.State(err) == noSchema {
		return fmt.Errorf("%w: %w", sqlkit.ErrNoTable, err)
	}
	return err
}

// Tables implements [sqlread.Session].
func (s *session) Tables(ctx context.Context, in record.Name) ([]record.Name, error) {
	names, err := s.conn.Tables(ctx, in)
	return names, s.note(err)
}

// Table implements [sqlread.Session].
func (s *session) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	t, err := s.conn.ReadTable(ctx, name)
	return t, s.note(err)
}

// Columns implements [sqlread.Session].
func (s *session) Columns(ctx context.Context, sql string) ([]sqlkit.TableColumn, error) {
	st, err := s.conn.Prepare(ctx, sql)
	if err != nil {
		return nil, s.note(err)
	}
	columns := make([]sqlkit.TableColumn, len(st.Columns()))
	for i, c := range st.Columns() {
		columns[i] = sqlkit.TableColumn{Column: c, Sorts: st.Sorts(i)}
		columns[i].Nullable = true // a statement may add rows of NULL to a table's
	}
	return columns, nil
}

// First implements [sqlread.Session].
func (s *session) First(ctx context.Context, sql string) ([]*string, error) {
	result, err := s.conn.Query(ctx, sql)
	if err != nil || len(result.Rows) == 0 {
		return nil, s.note(err)
	}
	return result.Rows[0], nil
}

// Estimate implements [sqlread.Session] with what the planner expects.
func (s *session) Estimate(ctx context.Context, sql string) (int64, error) {
	result, err := s.conn.Query(ctx, "EXPLAIN (FORMAT JSON) "+sql)
	if err != nil {
		return 0, s.note(err)
	}
	var plans []struct {
		Plan struct {
			Rows float64 `json:"Plan Rows"`
		} `json:"Plan"`
	}
	if err := json.Unmarshal([]byte(result.Text(0, 0)), &plans); err != nil || len(plans) == 0 {
		return 0, errclass.With(errclass.Permanent, fmt.Errorf("reading the planner's answer: %w", err))
	}
	return int64(plans[0].Plan.Rows), nil
}

// Prepare implements [sqlread.Session].
func (s *session) Prepare(ctx context.Context, sql string) (sqlread.Statement, error) {
	st, err := s.conn.Prepare(ctx, sql)
	if err != nil {
		return nil, s.note(err)
	}
	return &statement{session: s, Statement: st}, nil
}

// Interrupt implements [sqlread.Session].
func (s *session) Interrupt() { s.conn.Interrupt() }

// Reusable implements [sqlread.Session].
func (s *session) Reusable() bool { return !s.failed && s.conn.Reusable() }

// Close implements [sqlread.Session].
func (s *session) Close() error { return s.conn.Close() }

// statement is a SELECT that was checked by the server.
type statement struct {
	*pgkit.Statement
	session *session
}

// Rows implements [sqlread.Statement].
func (s *statement) Rows(ctx context.Context, first time.Duration) (sqlread.Rows, error) {
	stream, err := s.Statement.Rows(ctx, first)
	if err != nil {
		return nil, s.session.note(err)
	}
	return &rows{session: s.session, stream: stream, decoder: s.Decoder()}, nil
}

// Close implements [sqlread.Statement]; the next statement takes its place.
func (s *statement) Close(context.Context) error { return nil }

// rows is a streamed result.
type rows struct {
	session *session
	stream  *pgkit.Rows
	decoder *pgkit.Decoder
}

// Next implements [sqlread.Rows].
func (r *rows) Next(patience time.Duration) error {
	_, err := r.stream.Next(patience)
	if err == nil || !errors.Is(err, pgkit.ErrWait) {
		return err
	}
	return sqlread.ErrWait
}

// Append implements [sqlread.Rows].
func (r *rows) Append(b *record.Batch, n int) error { return r.decoder.Append(b, r.stream.Last(), n) }

// Pick implements [sqlread.Rows].
func (r *rows) Pick(b *record.Batch, columns []int) error {
	return r.decoder.Pick(b, r.stream.Last(), columns)
}

// Raw implements [sqlread.Rows].
func (r *rows) Raw(n int) []byte { return r.decoder.Raw(r.stream.Last(), n) }
