package pgkit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/datasync-io/datasync/core/errclass"
)

// ErrWait says that no further row has arrived yet.
var ErrWait = errors.New("no row has arrived yet")

// Rows is the result of a statement, row by row as the server sends it. It owns
// its connection until it has ended. A row is the body of a DataRow: the number
// of values in 2 bytes, then for each its length in 4 bytes, -1 for NULL, and so
// many bytes.
//
// Results come through the extended protocol, which carries each column in the
// format that suits it, and costs the server less than COPY (docs/adr/0012).
type Rows struct {
	conn    *Conn
	last    []byte // the row returned last
	again   bool   // Next returns the last row once more
	begun   bool
	ended   bool
	timeout time.Duration
	bounded bool // a read deadline is set
}

// Next returns the next row, borrowed until the next call that does not return
// ErrWait; io.EOF after the last one. patience above 0 bounds the wait for input: when it has
// passed, Next returns ErrWait and can be called again. Errors are classified.
func (r *Rows) Next(patience time.Duration) ([]byte, error) {
	if r.again {
		r.again = false
		return r.last, nil
	}
	in := r.conn.in
	if r.begun && !r.ended {
		// The common case: a row that is in the buffer as a whole.
		if at := in.r + headerSize; in.w >= at && in.buf[in.r] == 'D' {
			if end := in.r + 1 + int(binary.BigEndian.Uint32(in.buf[in.r+1:])); end >= at+2 && in.w >= end {
				in.keep, in.r = at, end
				r.last = in.buf[at:end]
				return r.last, nil
			}
		}
	}
	return r.advance(patience)
}

// Last returns the row that Next returned last, borrowed until the next call
// that does not return ErrWait.
func (r *Rows) Last() []byte { return r.last }

// Unread makes Next return the last row once more.
func (r *Rows) Unread() { r.again = true }

// Begun tells that the server has sent the first row, or the end.
func (r *Rows) Begun() bool { return r.begun }

func (r *Rows) advance(patience time.Duration) ([]byte, error) {
	for !r.ended {
		kind, body, err := r.message(patience)
		if err != nil {
			return nil, r.explain(err)
		}
		row, err := r.step(kind, body)
		if row != nil || err != nil {
			return row, err
		}
	}
	return nil, io.EOF
}

// message reads a message. The last row stays at the input's keep, which may
// move with the buffer; but no two large rows are held at once, so that one
// whose beginning has come is awaited however long that takes.
func (r *Rows) message(patience time.Duration) (kind byte, body []byte, err error) {
	if err := r.bound(patience); err != nil {
		return 0, nil, err
	}
	in := r.conn.in
	err = in.need(headerSize)
	if err == nil && in.size() > keepBuffer {
		r.last, in.keep = nil, in.r
		err = r.bound(0)
	}
	if err == nil {
		kind, body, err = in.message()
	}
	if r.last != nil {
		r.last = in.buf[in.keep : in.keep+len(r.last)]
	}
	if err != nil && r.begun && patience > 0 && errors.Is(err, os.ErrDeadlineExceeded) {
		err = ErrWait
	}
	return kind, body, err
}

// bound sets the deadline for what is to come.
func (r *Rows) bound(patience time.Duration) error {
	wait := patience
	if !r.begun {
		if wait = r.timeout; r.bounded { // runs already
			return nil
		}
	}
	switch {
	case wait > 0:
		r.bounded = true
		return r.conn.pg.Conn().SetReadDeadline(time.Now().Add(wait))
	case r.bounded:
		r.bounded = false
		return r.conn.pg.Conn().SetReadDeadline(time.Time{})
	}
	return nil
}

// step follows the protocol: BindComplete, one DataRow per row, CommandComplete,
// ReadyForQuery.
func (r *Rows) step(kind byte, body []byte) ([]byte, error) {
	in := r.conn.in
	switch kind {
	case 'D':
		if err := r.begin(); err != nil {
			return nil, err
		}
		if len(body) < 2 {
			return nil, Classify(errMalformed)
		}
		in.keep, r.last = in.r-len(body), body
		return body, nil
	case 'C':
		if err := r.begin(); err != nil {
			return nil, err
		}
	case 'E':
		return nil, r.refused(body)
	case 'Z':
		r.ended = true
		if err := r.bound(0); err != nil {
			return nil, Classify(err)
		}
		r.conn.busy.Store(false)
	case '2', 'N', 'S', 'A': // BindComplete, notices
	default:
		return nil, Classify(fmt.Errorf("%w: unexpected type %q", errMalformed, kind))
	}
	if r.last == nil {
		in.keep = in.r
	}
	return nil, nil
}

// begin notes that the server has an answer.
func (r *Rows) begin() error {
	if r.begun {
		return nil
	}
	r.begun, r.timeout = true, 0
	return Classify(r.bound(0))
}

// refused reads an error that the server sends in place of a row.
func (r *Rows) refused(body []byte) error {
	r.conn.broken.Store(true) // what follows is not read
	e, err := serverError(body)
	if err != nil {
		return Classify(err)
	}
	return Classify(e)
}

func serverError(body []byte) (*pgconn.PgError, error) {
	var m pgproto3.ErrorResponse
	if err := m.Decode(body); err != nil {
		return nil, fmt.Errorf("%w: %w", errMalformed, err)
	}
	return pgconn.ErrorResponseToPgError(&m), nil
}

func (r *Rows) explain(err error) error {
	if errors.Is(err, ErrWait) {
		return err
	}
	r.conn.broken.Store(true)
	if errors.Is(err, os.ErrDeadlineExceeded) && r.timeout > 0 {
		return errclass.With(errclass.Transient, fmt.Errorf("no row has come within %v (queryTimeOut): raise it, or give the statement an index to use", r.timeout))
	}
	if errors.Is(err, net.ErrClosed) {
		return Classify(err)
	}
	return Classify(fmt.Errorf("reading rows: %w", err))
}
