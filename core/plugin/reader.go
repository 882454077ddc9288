package plugin

import (
	"context"
	"errors"

	"github.com/datasync-io/datasync/core/record"
)

// Reader is a source of rows. Its methods may be called by several goroutines.
type Reader interface {
	// Open begins a split: from its start if from.Position is nil, else right
	// after the rows that the position stands for. ctx bounds the opening
	// alone.
	Open(ctx context.Context, from Progress) (Source, error)
	// Close ends what Open shares; every Source is closed before.
	Close() error
}

// Source is one open split.
type Source interface {
	// Fill appends rows to b. It returns nil
	//   - when b.Full(), at the next place where the split can be begun again, with a mark;
	//   - when b.Over(), at once, without a mark (inside a huge transaction);
	//   - when it has rows up to such a place, or a new position without rows, and the next input would make it wait;
	//   - after a schema change (b.Change), at once;
	// and io.EOF when a bounded split has ended; rows and mark in b count. It
	// blocks while it has none of these and never returns nil with nothing in
	// b. Any other error ends the Source; what b holds is discarded. A scan
	// that cannot be resumed marks nothing and returns when b.Full(): its end
	// is its only mark.
	//
	// ctx is cancelled to stop and carries no deadline: drivers may close
	// their connection on it. After that Fill returns soon, and b is the
	// engine's again only when it has returned.
	//
	// One goroutine at a time calls Fill, perhaps not for minutes while the
	// destination is slow: a Source keeps its session alive by itself. It may
	// fill b from a goroutine of its own, which Close ends and awaits.
	Fill(ctx context.Context, b *record.Batch) error
	// Close ends the stream and awaits the Source's own goroutines.
	Close() error
}

// Splitter is a Reader whose input has parts.
type Splitter interface {
	// Splits returns splits to add to the plan: at the start (p.Now is nil),
	// after a split has ended durably, on a rescan, on a signal. No more
	// splits while none is running ends the job.
	Splits(ctx context.Context, p Plan) ([]Split, error)
}

// Resumer is a Reader that can go on from stored positions. A reader without
// it starts over.
type Resumer interface {
	// Resume checks stored positions, and may regroup endless splits for
	// another number of channels. An error of class PositionLost says that one
	// can no longer be read from, one that is [ErrReplan] that the job begins
	// elsewhere now: the engine says so and makes a new plan.
	Resume(ctx context.Context, channels int, stored []Progress) ([]Progress, error)
}

// ErrReplan says that an unfinished run is not to be gone on with. From Resume,
// and while the job runs from Open and Fill, it has the engine make a new plan:
// Splits is asked as for a first run, and the reader knows by itself that it is
// none.
var ErrReplan = errors.New("the job begins elsewhere now")

// Describer is a Reader that knows its schemas before the first row.
type Describer interface {
	Describe(ctx context.Context) ([]*record.Schema, error)
}

// Sizer is a Reader that knows, at least about, how many rows there are.
type Sizer interface {
	// Rows returns the number of rows of these splits, the whole plan; 0 means
	// that it is unknown or that there is no end. It is cheap: an estimate of
	// the source will do.
	Rows(ctx context.Context, splits []Split) (int64, error)
}

// Foreseer is a Reader that can tell, for a look at the job before it runs, what
// would stop a fresh run when it is planned.
type Foreseer interface {
	// Foresee changes nothing. It returns errors.Join of all findings that Probe,
	// which comes before a resume too, has not.
	Foresee(ctx context.Context) error
}

// Acker is a Source that is told how far the job durably is: a log's server
// keeps what is not acknowledged.
type Acker interface {
	// Ack says that position is stored and that nothing before it is needed
	// again; the latest stands for all before. It is called by another
	// goroutine than Fill's, one call at a time and never after Close; an error
	// is logged and the next position is acknowledged instead.
	Ack(ctx context.Context, position []byte) error
}
