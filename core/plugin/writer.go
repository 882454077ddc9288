package plugin

import (
	"context"
	"errors"

	"github.com/datasync-io/datasync/core/record"
)

// Writer is a destination of rows. Its methods may be called by several goroutines.
type Writer interface {
	// Open begins one channel's stream of rows. ctx bounds the opening alone.
	Open(ctx context.Context, t Task) (Sink, error)
	// Close ends what Open shares; every Sink is closed before.
	Close() error
}

// Sink is one channel's stream of rows into the destination, used by one
// goroutine at a time.
type Sink interface {
	// Write takes the rows of b, which is borrowed until Write returns. nil
	// means that they are durable; for a [Flusher] that they are taken and
	// durable after Flush, for a [Preparer] after Prepare and the checkpoint.
	//
	// *errclass.Rows refuses single rows and leaves the Sink usable, and so
	// does a data error that names no row: then nothing of b is written. After
	// any other error the Sink is finished. A Sink never loops over the rows
	// of a batch that was refused as a whole: the engine does.
	Write(ctx context.Context, b *record.Batch) error
	// Close gives up what is not durable: it commits nothing.
	Close() error
}

// Flusher is a Sink that buffers across writes. It finds the rows that it
// refuses in Write, before it says that it has taken a batch.
type Flusher interface {
	// Flush makes everything written so far durable; an error ends the Sink.
	// With Task.Exact it is called only while no row waits for its mark.
	Flush(ctx context.Context) error
}

// Preparer is a Sink whose rows become visible with the Writer's Commit.
type Preparer interface {
	// Prepare makes everything written so far survive a crash, invisible, and
	// returns a token by which Commit, in any process, finds it. The engine
	// calls it at a mark. The token stands for all that the Sink's channel has
	// prepared and that is not known to be committed: it replaces the
	// channel's earlier token, also that of an earlier Sink of the channel.
	// nil: nothing was written since the last Prepare, its token holds.
	Prepare(ctx context.Context, epoch uint64) (token []byte, err error)
}

// Committer is the Writer of Preparers. Rows written after the last Prepare
// of a Sink that was closed are undone: the next Sink of the channel, or
// Discard, removes them.
type Committer interface {
	// Commit makes what the tokens stand for visible: one commit for all
	// channels, repeatable. The tokens are stored before it is called; there is
	// one per channel that has ever prepared, also where nothing changed.
	Commit(ctx context.Context, epoch uint64, tokens [][]byte) error
	// Discard is called at the start of a run, after Commit, and removes what
	// this job has left behind beside what the tokens stand for. Without
	// tokens nothing of the job is to be left.
	Discard(ctx context.Context, epoch uint64, tokens [][]byte) error
}

// Ledger is a Writer that stores marks in the same transaction as the rows
// and gives them back: exactly once without two phases. Its Sinks are opened
// with Task.Exact; their Write of a batch with marks makes rows and marks
// durable together, rows without a mark stay in the open transaction until
// the next one. A Sink that refuses rows stores no marks with that Write: they
// come again, with the rest of the rows or, if its *errclass.Rows says that
// these are written (in the open transaction), alone.
type Ledger interface {
	// Claim fences every earlier run of the job and then gives back what they
	// committed. The run it returns is at least least and larger than that of
	// every earlier run. An error that is [ErrNoLedger] says that nothing can be
	// kept there: the job goes on without, and each row arrives at least once.
	Claim(ctx context.Context, job string, least uint64) (run uint64, stored []Progress, err error)
	// Forget removes what is stored for the job.
	Forget(ctx context.Context, job string) error
}

// ErrNoLedger says that the destination keeps no marks, as for lack of a privilege.
var ErrNoLedger = errors.New("the destination keeps no positions")

// MetaUser is a Writer that wants metadata columns.
type MetaUser interface {
	// Meta names them (see record.Meta); asked before the Reader is built.
	Meta() []string
}

// Shaper is a Writer that wants the source's schemas before the first row.
type Shaper interface {
	// Shape is called after the transforms are planned and before
	// Hooks.Before: to compare columns, or to create what is missing.
	Shape(ctx context.Context, schemas []*record.Schema) error
}

// Comparer is a Shaper that can compare and change nothing, for a look at the
// job before it runs.
type Comparer interface {
	// Compare is Shape without creating anything: what Shape would create is
	// planned, and no finding. It returns errors.Join of all findings.
	Compare(ctx context.Context, schemas []*record.Schema) error
}

// Batcher is a Writer that is at its best with batches of another size than
// the usual 1,024 rows and 256 KiB.
type Batcher interface {
	// Batch returns the rows and bytes at which a batch is full where so many
	// channels write; 0: as usual.
	// A rate limit makes batches smaller.
	Batch(channels int) (rows, bytes int)
}

// Idempotent is a Writer for which writing a row twice may be the same as
// writing it once.
type Idempotent interface {
	// Idempotent tells whether it is, as the job configures it: upserts by key.
	Idempotent() bool
}

// Migrator is a Writer that makes the destination fit schema changes. Without
// it a schema change stops the job.
type Migrator interface {
	// Migrate is called while no Sink is writing, after the rows before the
	// change are durable and before those after it are read. It may be called
	// again for a change that was made already. Sinks learn of new columns by
	// the new *record.Schema of the rows that follow. An error that is a
	// [TableError] concerns that table alone.
	Migrate(ctx context.Context, c *record.Change) error
}

// Changer is a Sink of a Ledger, opened with Task.Exact, that takes schema
// changes in among the rows. It is asked in the place of [Migrator].
type Changer interface {
	// Change is called after the rows that came before the change, of which those
	// with a mark are durable. What it writes becomes durable together with the
	// next mark of its split, which stands behind the change, or not at all: then
	// the change comes again.
	Change(ctx context.Context, c *record.Change) error
}

// TableError is an error of one table of many: where the job reads several,
// the table is set aside and the others go on. A Write that returns one has taken
// no row of its batch.
type TableError struct {
	Table record.Name
	Err   error
}

func (e *TableError) Error() string { return "table " + e.Table.String() + ": " + e.Err.Error() }
func (e *TableError) Unwrap() error { return e.Err }

// Prober is a Reader or Writer that can check its end of the job without
// moving a row: addresses, credentials, privileges.
type Prober interface {
	// Probe returns errors.Join of all findings.
	Probe(ctx context.Context) error
}

// Hooks is a Reader or Writer with something to do around a run.
type Hooks interface {
	// Before runs once per fresh run, after the plan is stored and before any
	// Open; never on a resume.
	Before(ctx context.Context) error
	// After runs at least once, after the last commit of a run that succeeded.
	After(ctx context.Context) error
}
