package plugin

import (
	"log/slog"
	"time"
)

// Env is what a plugin's constructor is given beside its configuration.
type Env struct {
	Log     *slog.Logger
	Job     string                                                   // the job's identity: a name for what the plugin leaves at the destination
	Dialect string                                                   // whose spelling the job file has, where a key means different things: "flinkx" or "datax"; "" is "flinkx"
	Zone    *time.Location                                           // of wall clocks that carry no zone; never nil
	Meta    []string                                                 // metadata columns the other side asks for
	Named   bool                                                     // a writer's: the reader lists no columns ("*"), or reads changes; columns are mapped by name
	Gauge   func(name string, read func() float64, labels ...string) // publishes a figure: lag, time to purge; never nil
}
