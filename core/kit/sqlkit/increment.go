package sqlkit

import (
	"errors"
	"time"

	"github.com/datasync-io/datasync/core/config"
)

// DefaultPollingInterval is the pause between polls.
const DefaultPollingInterval = 5 * time.Second

// IncrementConfig is the keys of incremental reading and polling.
type IncrementConfig struct {
	// Column that grows with time, for incremental reading: its name, or its index in column, from 0. A run reads up to the largest value at its start and remembers how far it came. Rows without a value are not read.
	IncreColumn string `json:"increColumn"`
	// Where the first run begins, exclusive. Later runs go on where the last one ended, unless this is changed.
	StartLocation string `json:"startLocation"`
	// Leave the rows that have the largest value for the next run; startLocation is inclusive then.
	UseMaxFunc bool `json:"useMaxFunc"`
	// Go on reading what is added, without an end.
	Polling bool `json:"polling"`
	// Pause between polls; absent or 0, 5000.
	PollingInterval time.Duration `json:"pollingInterval" unit:"ms" min:"0"`
	// Begin polling at the largest value, without what is there already.
	PollingFromMax bool `json:"pollingFromMax"`
	// How long after their increColumn was set rows may be committed: each poll reads again what has come since. Absent, the database is asked for open transactions; 0 asks nothing and reads nothing again.
	PollingLag *time.Duration `json:"pollingLag" unit:"ms" min:"0"`
}

// Pause is the time between polls.
func (c *IncrementConfig) Pause() time.Duration {
	if c.PollingInterval > 0 {
		return c.PollingInterval
	}
	return DefaultPollingInterval
}

// ValidateIncrement checks what can be known without a connection.
func (c *IncrementConfig) ValidateIncrement() error {
	var errs []error
	needs := []struct {
		key string
		set bool
	}{
		{"startLocation", c.StartLocation != ""}, {"useMaxFunc", c.UseMaxFunc},
		{"polling", c.Polling}, {"pollingFromMax", c.PollingFromMax},
	}
	for _, n := range needs {
		if n.set && c.IncreColumn == "" {
			errs = append(errs, config.Fieldf("increColumn", "increColumn can't be empty when increment is true: %s needs it", n.key))
		}
	}
	if c.Polling && c.UseMaxFunc {
		errs = append(errs, config.Fieldf("useMaxFunc", "polling and useMaxFunc can't be true at the same time"))
	}
	if c.PollingFromMax && !c.Polling && c.IncreColumn != "" {
		errs = append(errs, config.Fieldf("pollingFromMax", "needs polling"))
	}
	return errors.Join(errs...)
}
