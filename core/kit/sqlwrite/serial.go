package sqlwrite

import (
	"context"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Serial is a Driver whose database has one transaction that writes at a time:
// the sessions take turns. Definitions are looked at, and tables created, in
// the sink's own session, since its transaction would keep another one waiting;
// a statement that fails costs no transaction there.
type Serial interface {
	// Turn is how long a transaction may stay open now: less where others wait
	// for theirs. It is asked after each batch.
	Turn() time.Duration
}

// Maker is a Driver whose database is made by the first Dial.
type Maker interface {
	// Missing tells that there is none yet. An error, of class Config, says why
	// there will be none.
	Missing() (bool, error)
}

// Comparer is a Driver that takes cells of other kinds than its columns have.
type Comparer interface {
	// Refuses says which values of a column the target refuses, as in "that are
	// no numbers"; "" is none.
	Refuses(from *record.Column, to *sqlkit.TableColumn) string
}

// Checker is a Session whose database checks some constraints as late as at the
// commit.
type Checker interface {
	// Check is called when all rows of a batch are in. An error of class Data
	// refuses the batch.
	Check(ctx context.Context) error
}
