package launcher

import (
	"log/slog"
	"time"

	"github.com/datasync-io/datasync/core/plugin"
)

// DefaultInterval is the time between two checkpoints.
const DefaultInterval = 10 * time.Second

// maxRowBytes is the size above which a row is dirty.
const maxRowBytes = 64 << 20

// Options are what the caller decides beside the job file.
type Options struct {
	Registry *plugin.Registry
	Log      *slog.Logger   // nil: nothing is logged
	Zone     *time.Location // of wall clocks without a zone; nil: the machine's
	StateDir string         // where positions are kept
	Resume   bool           // go on with an unfinished run
	Fresh    bool           // forget what an earlier run has left
	Metrics  *Metrics       // where the job is shown; nil: nowhere
	Replay   string         // a dirty file: its rows are written in place of the reader's
}
