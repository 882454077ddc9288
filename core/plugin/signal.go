package plugin

import (
	"time"

	"github.com/datasync-io/datasync/core/record"
)

// Verb is what a signal asks for.
type Verb string

// Verbs. All but the first are about all tables that are being copied where
// none is named.
const (
	SignalSnapshot Verb = "snapshot" // copy tables again while the log goes on
	SignalPause    Verb = "pause"    // begin no further part of them
	SignalResume   Verb = "resume"   // go on
	SignalStop     Verb = "stop"     // leave what is not copied yet
)

// Signal asks a job that follows a log for something beside it.
type Signal struct {
	ID     string        `json:"id"` // later ones sort behind
	Verb   Verb          `json:"verb"`
	Tables []record.Name `json:"tables,omitempty"`
	Sent   time.Time     `json:"sent"`
}

// Signaler is a Reader that obeys signals.
type Signaler interface {
	// Signals says which signals are pending: all of them, ordered by ID, each
	// time that others are. It is called at any time, by any goroutine, and does
	// not wait. A signal is obeyed by the Source that reads the log, once: the
	// state of a mark notes it, and it stays pending until that is stored. It
	// may come again though it is noted.
	Signals(pending []Signal)
}

// SignalInfo is what a reader that obeys signals finds in stored splits, without
// a job file and without a connection.
type SignalInfo struct {
	// Table finds the table that is meant by a name, as the reader's list of
	// tables spells it. The error is of class Config: it is not followed, or
	// cannot be copied.
	Table func(stored []Progress, name string) (record.Name, error)
	// Copying tells what is being copied beside the log.
	Copying func(stored []Progress) (*Copying, error)
}

// Copying is what is being copied beside a log.
type Copying struct {
	Noted   []string        `json:"noted,omitempty"` // signals that need not be pending any longer
	Tables  []TableCopy     `json:"tables,omitempty"`
	Refused []RefusedSignal `json:"refused,omitempty"` // the last of them
}

// TableCopy is a table that is being copied, or waits for it.
type TableCopy struct {
	Table record.Name `json:"table"`
	State string      `json:"state"`           // copying, waiting or paused
	First bool        `json:"first,omitempty"` // it was added to the job's list: nothing of it was there
	Rows  int64       `json:"rows"`            // so far
	Err   string      `json:"err,omitempty"`   // why it was paused
}

// RefusedSignal is a signal, or what it asks for of one table, that came to nothing.
type RefusedSignal struct {
	Signal string      `json:"signal"`
	Table  record.Name `json:"table,omitzero"`
	Err    string      `json:"err"`
}

// Relister is a Resumer that may be resumed with another list of tables.
type Relister interface {
	// Relists names the parameters that are the list. Resume finds what has
	// become of it.
	Relists() []string
}
