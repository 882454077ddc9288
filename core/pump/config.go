package pump

import (
	"context"
	"log/slog"
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// Limiter bounds the rows and bytes per second of a whole job.
type Limiter interface {
	Wait(ctx context.Context, rows, bytes int) error
	Target() (rows, bytes int) // at most 100 ms of the rate, to size batches; 0: no limit
}

// Dirty takes what is refused: a row, or raw, input that is no row (then row
// is the zero Row). An error stops the job: the limit is passed.
type Dirty interface {
	Reject(ctx context.Context, row record.Row, raw []byte, why error) error
	Flush(ctx context.Context) error // makes them durable, before a position that covers them
}

// Transform changes whole batches. It may leave rows out, add and refuse rows;
// it holds no state from batch to batch. One is made per sink.
type Transform interface {
	// Apply appends to out what becomes of the rows of in. An *errclass.Rows
	// names rows of in that out lacks because they are at fault.
	Apply(ctx context.Context, in, out *record.Batch) error
}

// InPlacer is a Transform of which some work needs no copy of the rows.
type InPlacer interface {
	// InPlace does that work on b and tells whether it is all there is to do;
	// otherwise Apply follows.
	InPlace(b *record.Batch) (all bool)
}

// Screener is a Transform that hides what nobody behind it may see: not the
// rest of its work, not the sink and not who is shown dirty rows.
type Screener interface {
	// Screen appends to out what may be seen of b, a row for each of its rows and
	// a rejected input for each. It is false, and out as it was, where all may be.
	Screen(b, out *record.Batch) (bool, error)
}

// Stage is a part of a row's way, for the shares of time.
type Stage uint8

const (
	Reading Stage = iota
	Limiting
	Transforming
	Writing
)

// Meter counts while the job runs. Counts can be negative: rows that are going
// to be read again are taken back.
type Meter interface {
	Count(channel int, c checkpoint.Counts)
	Spend(channel int, s Stage, d time.Duration)
}

// Config is what a pump needs. Everything but Limiter, Transform and Ledger
// must be set.
type Config struct {
	Reader plugin.Reader
	Writer plugin.Writer
	Ledger plugin.Ledger // the Writer, if it keeps marks
	Task   plugin.Task   // of channel 0; Of is set by the pump

	Sources, Sinks int
	Rebalance      bool // spread batches over all sinks even if there are as many as sources
	Splits         *Queue
	Tracker        *checkpoint.Tracker
	Acks           *checkpoint.Acks                              // where sources ask to be told what is stored
	Begin          func(ctx context.Context, split string) error // stores that rows of a split without positions are about to be written
	Save           func(ctx context.Context) error               // stores what the tracker knows
	Epoch          func() uint64                                 // of the next checkpoint

	Budget    *Budget
	Limiter   Limiter
	Dirty     Dirty
	Transform func(channel int) Transform
	Change    func(*record.Change) (*record.Change, error) // a schema change as it is after the transform, nil for none of it; nil: as it came
	Meter     Meter
	Log       *slog.Logger
	Trouble   func(n int) // is told 1 when something begins to be tried again, and -1 when that is over; nil: nobody asks

	Retry         Retry
	Idempotent    bool          // writing a row twice is the same as writing it once
	FlushInterval time.Duration // how long rows stay in a Flusher
	MaxRowBytes   int           // a row above it is dirty
	Poison        bool          // tests: overwrite released batches

	rows, bytes int // of a batch; set by the pump
}
