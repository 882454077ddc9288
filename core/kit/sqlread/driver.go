package sqlread

import (
	"context"
	"errors"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Driver is what the engine asks of a system. It is immutable: several
// goroutines use it.
type Driver interface {
	Dialect() *sqlkit.Dialect
	// Name completes a table's name as a job writes it with what the connection
	// entry and its URL say. It dials nothing; errors are of class Config and
	// name the key.
	Name(c *sqlkit.Connection, table string) (record.Name, error)
	// Dial opens a connection that runs in UTC where a session has a zone, and
	// that is shared with nobody. c is the connection entry that a table
	// belongs to. ctx bounds the dialling alone.
	Dial(ctx context.Context, c *sqlkit.Connection) (Session, error)
}

// Session is one connection, used by one goroutine at a time. Its errors are
// classified. While a statement's rows are read, nothing else is asked of it.
type Session interface {
	// Tables lists the tables and views of the schema (MySQL: database) of
	// name, sorted by name.
	Tables(ctx context.Context, in record.Name) ([]record.Name, error)
	// Table reads a definition. The error of one that is not there is
	// [sqlkit.NoTable]'s.
	Table(ctx context.Context, name record.Name) (*sqlkit.Table, error)
	// Columns describes the result of a SELECT over a user's statement.
	Columns(ctx context.Context, sql string) ([]sqlkit.TableColumn, error)
	// First runs a statement and returns its first row as text, as literals of
	// [sqlkit.Value] spell it; an element is nil for NULL, the row is nil if
	// there is none.
	First(ctx context.Context, sql string) ([]*string, error)
	// Estimate returns the system's estimate of the rows of a statement; 0: it
	// has none. It is cheap.
	Estimate(ctx context.Context, sql string) (int64, error)
	// Prepare makes a statement ready. Before a table is selected from some
	// session of the driver has read its definition.
	Prepare(ctx context.Context, sql string) (Statement, error)
	// Interrupt makes what the session does end at once; any goroutine may call
	// it. Only Close is of use afterwards.
	Interrupt()
	// Reusable tells that the session is in order: Rows have been read to their
	// end, nothing was interrupted, no call has failed.
	Reusable() bool
	// Close ends the connection, and at the server the statement that runs.
	Close() error
}

// Statement is a SELECT that has been checked by the server.
type Statement interface {
	// Columns describes the result. The kind, and the native type unless it is
	// "", of what a table's column was selected as must be those of
	// [Session.Table]: a difference says that the table was changed. A kind of
	// Absent says that the result does not tell.
	Columns() []record.Column
	// Rows begins to run it. It does not wait for the server; Next does. first
	// bounds the wait for the first row; 0: no bound.
	Rows(ctx context.Context, first time.Duration) (Rows, error)
	// Close releases it; not needed after Rows, whose end releases it.
	Close(ctx context.Context) error
}

// ErrWait says that no further row has arrived yet.
var ErrWait = errors.New("no row has arrived yet")

// Rows is a result that is streamed. No method but Next waits.
type Rows interface {
	// Next goes to the next row; io.EOF after the last one. patience above 0
	// bounds the wait: when it has passed and no row is there Next returns
	// ErrWait, the current row stays, and Next can be called again.
	Next(patience time.Duration) error
	// Append appends the first n columns of the current row to a row that was
	// begun in b. An error of class Data, an [*errclass.Value] that names the
	// column, says that a value cannot be read as what it is: the caller drops
	// the row, complete or not, and hands Raw to the dirty sink.
	Append(b *record.Batch, n int) error
	// Pick appends some columns of the current row, ascending, to a row that
	// was begun in b. It looks at no other column.
	Pick(b *record.Batch, columns []int) error
	// Raw returns the first n columns of the current row as a JSON object of
	// texts, for the dirty sink.
	Raw(n int) []byte
}

// Snapshotter is a Driver whose sessions can share one consistent view.
type Snapshotter interface {
	// Snapshot takes a view of the database of c that n sessions can read in,
	// now. An error of class Transient or Permanent says why there can be none
	// (a privilege is missing, a lock was not to be had): the engine says so
	// once and goes on without the guarantee.
	Snapshot(ctx context.Context, c *sqlkit.Connection, n int) (Snapshot, error)
}

// Snapshot is a consistent view; several goroutines use it.
type Snapshot interface {
	// Session hands out a session that reads in the view; false when all are in
	// use or lost and no more can be made.
	Session(ctx context.Context) (Session, bool, error)
	// Release takes a session back, which is closed unless it is Reusable.
	Release(s Session) error
	// Position says where in the server's log the view is, for people; "" if
	// that is unknown.
	Position() string
	// Close ends the view; sessions handed out stay their users'.
	Close() error
}

// SchemaLister is a Driver whose tables can be chosen by a pattern for their
// schema (MySQL: database).
type SchemaLister interface {
	// Schemas lists the schemas that the user may see, but for the system's own.
	Schemas(ctx context.Context, s Session) ([]string, error)
}

// PageRanger is a Driver that can cut a table without a usable key by where its
// rows are stored, in ranges that together hold each row of a snapshot once
// (PostgreSQL's ctid).
type PageRanger interface {
	// PageRanges returns at most n conditions, fewer for a small table.
	PageRanges(ctx context.Context, s Session, t *sqlkit.Table, n int) ([]string, error)
}

// Hinter is a Driver whose SELECTs take hints.
type Hinter interface {
	// Hint returns what stands after FROM and the table; by is the index that a
	// range split reads by, or nil.
	Hint(t *sqlkit.Table, by *sqlkit.Index) string
}

// Watermarker is a Driver that knows which transactions have not ended: what
// polling needs to see late commits.
type Watermarker interface {
	// OldestWrite returns the time, on the server's clock and in UTC, at which
	// the oldest transaction that has written began, and the clock itself; zero:
	// there is none. An error of class Permanent says that it may not be asked.
	OldestWrite(ctx context.Context, s Session) (began, now time.Time, err error)
}
