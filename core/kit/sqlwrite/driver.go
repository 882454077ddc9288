package sqlwrite

import (
	"context"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Driver is what the engine asks of a system. It is immutable: several
// goroutines use it.
type Driver interface {
	Dialect() *sqlkit.Dialect
	// Name completes a table's name as a job writes it, or as a row's schema
	// has it, with what the connection entry and its URL say. It dials nothing;
	// errors are of class Config and name the key.
	Name(c *sqlkit.Connection, table string) (record.Name, error)
	// Dial opens a connection that runs in UTC where a session has a zone, in
	// no transaction, and that is shared with nobody. ctx bounds the dialling
	// alone.
	Dial(ctx context.Context) (Session, error)
	// Supports returns nil if rows can be written by that verb, else what to
	// use in its place. It is asked before anything is dialled.
	Supports(v Verb) error
	// Target returns the kind that a cell for this column of a table has to be
	// of, as a column that [convert.Plan] converts to, and the size of an
	// integer in bits (0: 64). A driver that takes several kinds names the one
	// that from has, if it is among them.
	Target(from *record.Column, to *sqlkit.TableColumn) (column record.Column, bits int)
	// Create spells the statements that create a table. Columns are those of
	// the source, under the target's names.
	Create(t *NewTable) ([]string, error)
	// Ledger spells what the ledger needs.
	Ledger() LedgerSQL
}

// Finisher is a Driver with something to do at a table once all rows are there,
// before postSql. It is done at least once, and is repeatable.
type Finisher interface {
	Finish(ctx context.Context, s Session, t *sqlkit.Table) error
}

// NewTable is a table to be created.
type NewTable struct {
	Name     record.Name
	Columns  []record.Column
	Comments []string // of the columns; nil: none
	Key      []string // columns of the primary key; nil: none
	Comment  string
}

// LedgerSQL is how a system spells the parts of the ledger's statements.
type LedgerSQL struct {
	Key  string // type of a text of up to 255 characters that is compared byte by byte and can be a key
	Text string // type of a text without limit
	// Shared makes a SELECT keep its rows from being changed until the
	// transaction ends, while others may do the same.
	Shared func(selectSQL string) string
}

// Session is one connection, used by one goroutine at a time. Its errors are
// classified.
type Session interface {
	// Table reads a definition. An error of class Config says that there is no
	// such table, with the nearest name; errors.Is(err, sqlkit.ErrNoTable).
	Table(ctx context.Context, name record.Name) (*sqlkit.Table, error)
	// Exec runs one statement.
	Exec(ctx context.Context, sql string) error
	// Query runs a statement and returns its rows as text, nil for NULL.
	Query(ctx context.Context, sql string) ([][]*string, error)
	// Begin, Commit and Rollback bound a transaction. An error of Commit may
	// leave it unknown whether it took place.
	Begin(ctx context.Context) error
	Commit(ctx context.Context) error
	Rollback(ctx context.Context) error
	// Savepoint sets the one savepoint of the open transaction, in the place of
	// an earlier one; Restore goes back to it.
	Savepoint(ctx context.Context) error
	Restore(ctx context.Context) error
	// Write writes the rows by a form and returns how many rows of the table it
	// found or added. They are borrowed until it returns. An error of class
	// Data, also an *errclass.Rows whose indices count from r's first row, says
	// that nothing of them is written; the transaction may have to be restored
	// to its savepoint, which the engine does. Written of such an error is
	// false.
	Write(ctx context.Context, f *Form, r Rows) (found int64, err error)
	// Interrupt makes what the session does end at once; any goroutine may call
	// it. Only Close is of use afterwards.
	Interrupt()
	// Close ends the connection; an open transaction is rolled back.
	Close() error
}

// Verb is what is done with a row.
type Verb uint8

const (
	Insert  Verb = iota // add it; a row with its key is an error
	Replace             // add it in the place of rows with its key
	Upsert              // change the row with its key, or add it
	Update              // change the row with its key, if it is there
	Delete              // delete the row with its key, if it is there
)

// Form is one way of writing rows. Forms are interned by the engine's sink:
// the same pointer means the same form, so that a session caches its statements
// by it. It is immutable.
type Form struct {
	Verb    Verb
	Table   *sqlkit.Table
	Columns []Column // that the rows have, in their order; for Delete the key alone
	Key     []int    // indices into Columns by which rows are found; nil for Insert, and where a system's Replace and Upsert know the keys themselves
	// KeepOld makes a NULL leave what the table has (allReplace: false).
	KeepOld bool
	// Bulk is how an Insert was asked for by insertSqlMode: "", "copy" or "load".
	Bulk string
}

// Column is one column that is written.
type Column struct {
	*sqlkit.TableColumn
	From record.Column // the rows' cells: of this Kind, Null, or of any kind if it is Any
}

// Rows are rows of one schema, without absent values among the columns of the form.
type Rows struct {
	Batch   *record.Batch
	Rows    []int // which rows of Batch, ascending; nil: all
	Columns []int // the row's column for each of Form.Columns
}

// Len returns the number of rows.
func (r *Rows) Len() int {
	if r.Rows == nil {
		return r.Batch.Len()
	}
	return len(r.Rows)
}

// Row returns row i, from 0.
func (r *Rows) Row(i int) record.Row {
	if r.Rows == nil {
		return r.Batch.Row(i)
	}
	return r.Batch.Row(r.Rows[i])
}
