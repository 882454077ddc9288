package errclass

import (
	"context"
	"errors"
)

// Class is the engine's view of an error.
type Class uint8

const (
	Permanent    Class = iota // trying again changes nothing; also the class of an unclassified error
	Transient                 // the same call may succeed later: network, dead-lock, leader moving
	Data                      // one or more rows are at fault, the connection is not
	PositionLost              // the stored position can no longer be read from
	Config                    // the job file or the flags are at fault
	Canceled                  // somebody asked to stop
	Fenced                    // another run of the same job has taken over
)

var classNames = [...]string{"permanent", "transient", "data", "position lost", "config", "canceled", "fenced"}

// String returns the class's name in lower case.
func (c Class) String() string {
	if int(c) < len(classNames) {
		return classNames[c]
	}
	return "unknown"
}

type classified struct {
	class Class
	err   error
}

func (e *classified) Error() string { return e.err.Error() }
func (e *classified) Unwrap() error { return e.err }

// With returns err marked as being of class c, its text unchanged; nil for a
// nil err. The outermost mark wins.
func With(c Class, err error) error {
	if err == nil {
		return nil
	}
	return &classified{class: c, err: err}
}

// Of returns the class of err. A cancelled context is [Canceled]; a [*Rows]
// is [Data]; anything without a mark is [Permanent].
func Of(err error) Class {
	var c *classified
	if errors.As(err, &c) {
		return c.class
	}
	var r *Rows
	if errors.As(err, &r) {
		return Data
	}
	if errors.Is(err, context.Canceled) {
		return Canceled
	}
	return Permanent
}
