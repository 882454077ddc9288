package sqlitekit

import (
	"context"
	"fmt"

	"modernc.org/libc"
	lib "modernc.org/sqlite/lib"

	"github.com/datasync-io/datasync/core/errclass"
)

// Error is a failure that SQLite reports.
type Error struct {
	Code int // extended result code
	Msg  string
}

// Error returns SQLite's text and the code.
func (e *Error) Error() string { return fmt.Sprintf("%s (SQLite %d)", e.Msg, e.Code) }

// fault is the error of the call that has just failed, classified.
func (c *Conn) fault(code int32) error {
	msg := ""
	if c.db != 0 {
		msg = libc.GoString(lib.Xsqlite3_errmsg(c.tls, c.db))
		if extended := lib.Xsqlite3_extended_errcode(c.tls, c.db); extended&0xff == code&0xff {
			code = extended
		}
	}
	if msg == "" || msg == "not an error" {
		msg = libc.GoString(lib.Xsqlite3_errstr(c.tls, code))
	}
	return Classify(&Error{Code: int(code), Msg: msg})
}

// reasons are what result codes say about a row.
var reasons = map[int]errclass.Reason{
	lib.SQLITE_CONSTRAINT_NOTNULL:    errclass.Null,
	lib.SQLITE_CONSTRAINT_UNIQUE:     errclass.Duplicate,
	lib.SQLITE_CONSTRAINT_PRIMARYKEY: errclass.Duplicate,
	lib.SQLITE_CONSTRAINT_ROWID:      errclass.Duplicate,
	lib.SQLITE_CONSTRAINT_DATATYPE:   errclass.Conversion,
	lib.SQLITE_MISMATCH:              errclass.Conversion,
	lib.SQLITE_TOOBIG:                errclass.TooLarge,
}

// Classify gives e its class: a value that does not fit is data, a lock
// transient, an interruption canceled, anything else permanent.
func Classify(e *Error) error {
	switch e.Code & 0xff {
	case lib.SQLITE_CONSTRAINT, lib.SQLITE_MISMATCH, lib.SQLITE_TOOBIG:
		reason, ok := reasons[e.Code]
		if !ok {
			reason = errclass.Constraint
		}
		return errclass.With(errclass.Data, &errclass.Value{Reason: reason, Err: e})
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_PROTOCOL, lib.SQLITE_SCHEMA:
		return errclass.With(errclass.Transient, e)
	case lib.SQLITE_INTERRUPT:
		return errclass.With(errclass.Canceled, fmt.Errorf("%w: %w", e, context.Canceled))
	case lib.SQLITE_NOTADB:
		return errclass.With(errclass.Config, e)
	}
	return e
}
