package checkpoint

import (
	"context"

	"github.com/datasync-io/datasync/core/plugin"
)

// Version is that of the stored form. A newer one is refused.
const Version = 1

// Checkpoint is all that a run leaves behind and a later run needs.
type Checkpoint struct {
	Version     int                    `json:"version"`
	Job         string                 `json:"job"`
	Fingerprint string                 `json:"fingerprint,omitempty"` // of reader, writer and tables: another job is not resumed
	Title       string                 `json:"title,omitempty"`       // the same for people: "mysql shop.orders -> kafka orders"
	Reader      string                 `json:"reader,omitempty"`      // plugin that Plan is of
	Run         uint64                 `json:"run"`
	Epoch       uint64                 `json:"epoch"`
	Started     bool                   `json:"started"`           // Hooks.Before has run
	PlanRun     uint64                 `json:"planRun,omitempty"` // the run that made the plan
	Plan        []plugin.Progress      `json:"plan,omitempty"`    // every split, with its Spec
	Last        []plugin.Progress      `json:"last,omitempty"`    // where the previous finished run ended
	Finished    bool                   `json:"finished"`          // all rows committed
	AfterDone   bool                   `json:"afterDone"`         // Hooks.After has run
	Tokens      [][]byte               `json:"tokens,omitempty"`  // the newest of each channel, by channel; nil: none
	Counters    Counts                 `json:"counters"`
	Tables      map[string]TableCounts `json:"tables,omitempty"` // of the same rows, by the tables' full names
	State       map[string][]byte      `json:"state,omitempty"`  // reserved: operators with state
}

// Unfinished tells that the run stopped before all rows were committed.
func (c *Checkpoint) Unfinished() bool { return c != nil && c.PlanRun != 0 && !c.Finished }

// Counts are the accumulators of the rows that are durable.
type Counts struct {
	Read        int64 `json:"numRead"`
	ReadBytes   int64 `json:"byteRead"`
	Written     int64 `json:"numWrite"`
	WriteBytes  int64 `json:"byteWrite"`
	Filtered    int64 `json:"numFiltered"`
	Nulls       int64 `json:"nullErrors"`
	Duplicates  int64 `json:"duplicateErrors"`
	Conversions int64 `json:"conversionErrors"`
	Others      int64 `json:"otherErrors"`
}

// Add adds d.
func (c *Counts) Add(d Counts) {
	c.Read += d.Read
	c.ReadBytes += d.ReadBytes
	c.Written += d.Written
	c.WriteBytes += d.WriteBytes
	c.Filtered += d.Filtered
	c.Nulls += d.Nulls
	c.Duplicates += d.Duplicates
	c.Conversions += d.Conversions
	c.Others += d.Others
}

// Minus returns -c.
func (c Counts) Minus() Counts {
	return Counts{Read: -c.Read, ReadBytes: -c.ReadBytes, Written: -c.Written, WriteBytes: -c.WriteBytes, Filtered: -c.Filtered,
		Nulls: -c.Nulls, Duplicates: -c.Duplicates, Conversions: -c.Conversions, Others: -c.Others}
}

// Errors is the number of dirty rows of all classes.
func (c Counts) Errors() int64 { return c.Nulls + c.Duplicates + c.Conversions + c.Others }

// Store keeps checkpoints by job. It may be used by several goroutines.
type Store interface {
	// Load returns the job's checkpoint, or nil if there is none.
	Load(ctx context.Context, job string) (*Checkpoint, error)
	// Save replaces it; when Save returns nil the checkpoint survives a crash.
	// The error is of class Fenced if a newer run has saved.
	Save(ctx context.Context, c *Checkpoint) error
	// Lock keeps other processes away from the job; of class Fenced when
	// somebody else holds it. A process that dies lets go.
	Lock(ctx context.Context, job string) (unlock func() error, err error)
}
