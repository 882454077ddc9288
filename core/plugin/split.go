package plugin

import (
	"encoding/json"

	"github.com/datasync-io/datasync/core/record"
)

// Split is a part of the input that one channel reads: a value that any
// process can open.
type Split struct {
	ID      string          `json:"id"`                // "0/range/3": stable within a plan
	Spec    json.RawMessage `json:"spec,omitempty"`    // all that Open needs: bounds, file, partitions, snapshot id
	Endless bool            `json:"endless,omitempty"` // holds its channel for ever; at most Plan.Channels such splits exist
	// Ordered says that rows are changes though there is an end: the order of each
	// key counts, as it does in an endless split.
	Ordered bool `json:"ordered,omitempty"`
	// Remembers says that the next run's plan begins where this one has ended
	// (Plan.Last): an unfinished run is gone on with without being asked to.
	Remembers bool `json:"remembers,omitempty"`
	// Leads says that an endless split follows when it has ended: the job goes on
	// and on already.
	Leads bool `json:"leads,omitempty"`
	// Apart says that an error that ends the reading of it for good sets it aside
	// and not the others: one of several tables. Of an endless split it says that
	// it has the changes of several tables, each of which can be left out.
	Apart bool `json:"apart,omitempty"`
	// Table is the name that the schema of its rows has, where the job reads
	// several: what is wrong with a table of that name at the destination sets
	// the split aside.
	Table record.Name `json:"table,omitzero"`
}

// Progress is how far a split durably is: all that is needed to go on with it.
type Progress struct {
	Split    Split           `json:"split"`
	Position json.RawMessage `json:"position,omitempty"` // the reader's own versioned JSON; nil: nothing of the split is durable
	State    json.RawMessage `json:"state,omitempty"`    // what the reader keeps beside the position
	Done     bool            `json:"done,omitempty"`     // nothing is left to read
	Begun    bool            `json:"begun,omitempty"`    // rows of it are at the destination, though Position is nil
	Err      string          `json:"err,omitempty"`      // set aside with this error, the others go on
	Aside    []TableAside    `json:"aside,omitempty"`    // tables of a change stream that are left out
	Plan     uint64          `json:"-"`                  // of what a Ledger gives back: Task.Plan of the sink that stored it
}

// TableAside is a table whose changes are left out from a position on: who
// takes it up again begins with its rows anew.
type TableAside struct {
	Table    record.Name     `json:"table"`
	Position json.RawMessage `json:"position,omitempty"`
	Err      string          `json:"err"`
}

// Plan is what a Splitter is asked to add to.
type Plan struct {
	Channels int
	Last     []Progress // where the previous finished run ended: the memory of incremental jobs; nil: first run
	Now      []Progress // this run's splits and how far they durably are; nil: first call
}

// Task is one sink's place in the job.
type Task struct {
	Job         string // identity, the same over restarts
	Run         uint64 // fencing number: larger than that of every earlier run
	Plan        uint64 // the run that made the plan: a Ledger's marks carry it
	Channel, Of int    // over the whole job, all processes
	Exact       bool   // rows and marks of a batch in one transaction
}
