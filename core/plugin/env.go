package plugin

import (
	"log/slog"
	"time"
)

// Env is what a plugin's constructor is given beside its configuration.
type Env struct {
	Log     *slog.Logger
	Job     string         // the job's identity: a name for what the plugin leaves at the destination
	Dialect string         // whose spelling the job file has, where a key means different things: "flinkx" or "datax"; "" is "flinkx"
	Zone    *time.Location // of wall clocks that carry no zone; never nil
	Meta    []string       // metadata columns the other side asks for
	Named   bool           // a writer's: the reader lists no columns ("*"), or reads changes; columns are mapped by name
	// Folder is a folder of the plugin's own in the job's state, for what does not fit
	// into memory. The plugin makes it, between Open and Close alone, when no other
	// process runs the job; what one that was killed has left is still there. "":
	// there is none.
	Folder string
	// Gauge publishes a figure until the job ends, as datasync_<name> with the
	// labels job and plugin and these, names and values in turn: lag, time to
	// purge. One of the same name and labels replaces it. read is called at any
	// time, by any goroutine, and does not wait; not after the plugin's Close has
	// begun, but perhaps after that of a Source. Never nil.
	Gauge func(name string, read func() float64, labels ...string)
}
