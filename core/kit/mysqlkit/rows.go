package mysqlkit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
)

const (
	streamBuffer = 64 << 10
	largePacket  = streamBuffer - 4 // a larger one does not go through the buffer
	keepBuffer   = 1 << 20          // memory of a larger packet is dropped after it
	maxPayload   = 1<<24 - 1
)

// ErrWait says that no further row has arrived yet.
var ErrWait = errors.New("no row has arrived yet")

// Rows is the result of a statement, row by row as the server sends it, in the
// binary protocol. It owns its connection's input until it is Whole.
type Rows struct {
	conn    *Conn
	in      net.Conn // above TLS
	buf     []byte
	at      int    // buf[at:r] is the row returned last
	r, w    int    // buf[r:w] is unread
	whole   []byte // the large row returned last, if isLong
	isLong  bool
	state   rowsState
	left    int // column definitions to come
	timeout time.Duration
	bounded bool // a read deadline is set
	refusal bool // it has ended with an error
}

type rowsState uint8

const (
	awaitHead rowsState = iota
	awaitColumns
	awaitColumnsEnd
	awaitRow // the first one
	inRows
	ended
)

// Statement is a prepared statement.
type Statement struct {
	conn   *Conn
	id     uint32
	fields []*mysql.Field
}

// Prepare prepares a statement that selects.
func (c *Conn) Prepare(ctx context.Context, sql string) (*Statement, error) {
	s := &Statement{conn: c}
	err := c.guard(ctx, func() error {
		stmt, err := c.client.Prepare(sql)
		if err != nil {
			return err
		}
		if stmt.Params > 0 {
			return errclass.With(errclass.Config, errors.New("the statement holds a ?, which is read as a parameter: write the value"))
		}
		if stmt.Columns == 0 {
			return errclass.With(errclass.Config, errors.New("the statement selects nothing"))
		}
		s.id = stmt.ID
		s.fields, err = stmt.GetColumnFields()
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Fields describe the columns of the result.
func (s *Statement) Fields() []*mysql.Field { return s.fields }

// Close releases the statement at the server.
func (s *Statement) Close(ctx context.Context) error {
	return s.conn.guard(ctx, func() error {
		c := s.conn.client
		c.ResetSequence()
		return c.WritePacket(binary.LittleEndian.AppendUint32([]byte{0, 0, 0, 0, mysql.COM_STMT_CLOSE}, s.id))
	})
}

// Stream executes the statement. It does not wait for the server; Next does.
// first bounds the wait for the first row; 0: no bound.
func (s *Statement) Stream(ctx context.Context, first time.Duration) (*Rows, error) {
	packet := []byte{0, 0, 0, 0, mysql.COM_STMT_EXECUTE}
	packet = binary.LittleEndian.AppendUint32(packet, s.id)
	packet = append(packet, 0)                           // no cursor: rows are streamed
	packet = binary.LittleEndian.AppendUint32(packet, 1) // iterations, always 1
	err := s.conn.guard(ctx, func() error {
		s.conn.client.ResetSequence()
		return s.conn.client.WritePacket(packet)
	})
	if err != nil {
		return nil, err
	}
	return &Rows{conn: s.conn, in: s.conn.client.Conn.Conn, buf: make([]byte, streamBuffer), timeout: first}, nil
}

// Next returns the next row's packet, borrowed until the next call; io.EOF
// after the last one. patience above 0 bounds the wait for input: when it has
// passed, Next returns ErrWait and can be called again. Errors are classified.
func (r *Rows) Next(patience time.Duration) ([]byte, error) {
	if r.state == inRows && r.w-r.r >= 5 {
		// The common case: a small row that is in the buffer as a whole.
		at := r.r + 4
		n := int(r.buf[r.r]) | int(r.buf[r.r+1])<<8 | int(r.buf[r.r+2])<<16
		if r.w-at >= n && n < maxPayload && r.buf[at] == 0 {
			r.at, r.r, r.isLong = at, at+n, false
			return r.buf[at:r.r], nil
		}
	}
	return r.advance(patience)
}

// Last returns the row that Next returned last, borrowed until the next
// successful call; also after ErrWait.
func (r *Rows) Last() []byte {
	if r.isLong {
		return r.whole
	}
	return r.buf[r.at:r.r]
}

// Begun tells that the server has sent the first row, or the end.
func (r *Rows) Begun() bool { return r.state >= inRows }

// Whole tells that the result was read to its end: the connection can be used
// for something else.
func (r *Rows) Whole() bool { return r.state == ended && r.r == r.w && !r.refusal }

func (r *Rows) advance(patience time.Duration) ([]byte, error) {
	if r.state == awaitHead && r.timeout > 0 {
		if err := r.in.SetReadDeadline(time.Now().Add(r.timeout)); err != nil {
			return nil, Classify(err)
		}
		r.bounded = true
	}
	for r.state != ended {
		p, err := r.packet(patience)
		if err != nil {
			return nil, r.explain(err)
		}
		if p[0] == 0xff {
			return nil, r.refused(p)
		}
		row, err := r.step(p)
		if row != nil || err != nil {
			return row, err
		}
	}
	return nil, io.EOF
}

// step follows the protocol: a column count, the columns, EOF, rows, EOF.
func (r *Rows) step(p []byte) ([]byte, error) {
	isEOF := p[0] == 0xfe && len(p) < 9
	switch r.state {
	case awaitHead:
		n, _, _ := mysql.LengthEncodedInt(p)
		if p[0] == 0 || n == 0 {
			return nil, errclass.With(errclass.Permanent, errors.New("the statement has no result"))
		}
		r.left, r.state = int(n), awaitColumns
	case awaitColumns:
		if r.left--; r.left == 0 {
			r.state = awaitColumnsEnd
		}
	case awaitColumnsEnd:
		if !isEOF {
			return nil, Classify(errMalformed)
		}
		r.state = awaitRow
	case awaitRow, inRows:
		if r.state == awaitRow {
			r.state, r.timeout = inRows, 0
			if err := r.unbound(); err != nil {
				return nil, Classify(err)
			}
		}
		switch {
		case isEOF:
			r.state = ended
			if err := r.unbound(); err != nil {
				return nil, Classify(err)
			}
		case p[0] == 0:
			return p, nil
		default:
			return nil, Classify(errMalformed)
		}
	}
	return nil, nil
}

func (r *Rows) unbound() error {
	if !r.bounded {
		return nil
	}
	r.bounded = false
	return r.in.SetReadDeadline(time.Time{})
}

// refused reads an error that the server sends in place of a row.
func (r *Rows) refused(p []byte) error {
	r.state, r.refusal = ended, true
	return refusal(p)
}

// refusal reads an error that the server sends in place of data.
func refusal(p []byte) error {
	e := &mysql.MyError{Code: mysql.ER_UNKNOWN_ERROR, Message: "malformed error"}
	if len(p) >= 3 {
		e.Code = binary.LittleEndian.Uint16(p[1:])
		p = p[3:]
		if len(p) >= 6 && p[0] == '#' {
			e.State, p = string(p[1:6]), p[6:]
		}
		e.Message = string(p)
	}
	return Classify(e)
}

func (r *Rows) explain(err error) error {
	if errors.Is(err, ErrWait) {
		return err
	}
	if errors.Is(err, os.ErrDeadlineExceeded) && r.timeout > 0 {
		return errclass.With(errclass.Transient, fmt.Errorf("no row has come within %v (queryTimeOut): raise it, or give the statement an index to use", r.timeout))
	}
	if !errors.Is(err, net.ErrClosed) && !errors.Is(err, os.ErrDeadlineExceeded) {
		r.state, r.refusal = ended, true // the server knows
	}
	return Classify(fmt.Errorf("reading rows: %w", err))
}

// packet returns the next packet, borrowed until the next call.
func (r *Rows) packet(patience time.Duration) ([]byte, error) {
	if err := r.need(4, patience); err != nil {
		return nil, err
	}
	n := r.header()
	if n > largePacket {
		return r.long()
	}
	if err := r.need(4+n, patience); err != nil {
		return nil, err
	}
	if n == 0 {
		return nil, errMalformed
	}
	r.at, r.isLong = r.r+4, false
	r.r = r.at + n
	if cap(r.whole) > keepBuffer {
		r.whole = nil
	}
	return r.buf[r.at:r.r], nil
}

func (r *Rows) header() int {
	return int(r.buf[r.r]) | int(r.buf[r.r+1])<<8 | int(r.buf[r.r+2])<<16
}

// long reads a large packet into memory of its own, where it needs it once; one
// of 16 MiB or more comes in pieces. It waits for all of it.
func (r *Rows) long() ([]byte, error) {
	r.whole, r.isLong = r.whole[:0], true
	for {
		r.at = r.r
		if err := r.need(4, 0); err != nil {
			return nil, err
		}
		n := r.header()
		r.r += 4
		if err := r.take(n); err != nil {
			return nil, err
		}
		if n < maxPayload {
			r.at = r.r
			return r.whole, nil
		}
	}
}

// take moves n bytes of the input to the end of whole.
func (r *Rows) take(n int) error {
	room := len(r.whole) + n
	if n == maxPayload {
		room += largePacket // the last piece is rarely larger
	}
	if cap(r.whole) < room {
		r.whole = append(make([]byte, 0, room), r.whole...)
	}
	had := min(n, r.w-r.r)
	r.whole = append(r.whole, r.buf[r.r:r.r+had]...)
	r.r += had
	for n -= had; n > 0; {
		into := r.whole[len(r.whole) : len(r.whole)+n]
		got, err := r.readInto(into, 0)
		if err != nil {
			return err
		}
		r.whole = r.whole[:len(r.whole)+got]
		n -= got
	}
	return nil
}

// need reads until n bytes, at most a large packet, are unread in the buffer.
func (r *Rows) need(n int, patience time.Duration) error {
	if r.w-r.r >= n {
		return nil
	}
	held := r.w - r.at // the last row is kept for Last
	switch room := held + n - (r.w - r.r); {
	case room > len(r.buf):
		r.move(make([]byte, room+streamBuffer))
	case r.at > 0:
		r.move(r.buf)
	}
	for r.w-r.r < n {
		got, err := r.readInto(r.buf[r.w:], patience)
		r.w += got
		if err != nil {
			return err
		}
	}
	return nil
}

// move puts what is held to the beginning of a buffer.
func (r *Rows) move(to []byte) {
	r.w = copy(to, r.buf[r.at:r.w])
	r.buf, r.r, r.at = to, r.r-r.at, 0
}

// readInto reads some bytes, at least one if there is no error.
func (r *Rows) readInto(p []byte, patience time.Duration) (int, error) {
	waits := r.state == inRows && patience > 0
	if waits {
		r.bounded = true
		if err := r.in.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return 0, err
		}
	} else if r.state == inRows {
		if err := r.unbound(); err != nil {
			return 0, err
		}
	}
	n, err := r.in.Read(p)
	switch {
	case n > 0:
		return n, nil
	case err == nil:
		return 0, io.ErrNoProgress
	case errors.Is(err, io.EOF):
		return 0, io.ErrUnexpectedEOF
	case waits && errors.Is(err, os.ErrDeadlineExceeded):
		return 0, ErrWait
	}
	return 0, err
}
