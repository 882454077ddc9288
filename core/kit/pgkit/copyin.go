package pgkit

import (
	"context"
	"encoding/binary"
	"errors"
	"net"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/datasync-io/datasync/core/errclass"
)

// sendBuffer is how much CopyIn gathers before it is sent.
const sendBuffer = 64 << 10

// CopyIn sends rows to a COPY ... FROM STDIN. It owns its connection until
// Finish or Abort has returned. Nothing is awaited before: a COPY costs one
// round trip, and an error of the statement itself shows in Finish.
type CopyIn struct {
	conn *Conn
	buf  []byte // messages; the last one is an open CopyData
	open int    // where that begins
	stop func() bool
	ctx  context.Context
}

// CopyIn begins a COPY. sql may hold statements without a result before it,
// parted by semicolons. The end of ctx cuts the connection, until Finish or Abort.
func (c *Conn) CopyIn(ctx context.Context, sql string) (*CopyIn, error) {
	if ctx.Err() != nil {
		return nil, ended(ctx)
	}
	buf, err := (&pgproto3.Query{String: sql}).Encode(c.spare[:0])
	if err != nil {
		return nil, Classify(err)
	}
	c.spare = nil
	w := &CopyIn{conn: c, buf: buf, ctx: ctx}
	w.begin()
	c.busy.Store(true)
	w.stop = context.AfterFunc(ctx, c.Interrupt)
	return w, nil
}

// begin opens a CopyData message.
func (w *CopyIn) begin() {
	w.open = len(w.buf)
	w.buf = append(w.buf, 'd', 0, 0, 0, 0)
}

// Buffer lends the buffer: append rows (or a header, a trailer) to what it
// returns and hand the whole to Put, with no other call in between.
func (w *CopyIn) Buffer() []byte { return w.buf }

// Put takes what was appended to Buffer, and sends it when there is enough.
func (w *CopyIn) Put(buf []byte) error {
	w.buf = buf
	if len(buf)-w.open < sendBuffer {
		return nil
	}
	return w.send()
}

// lend sends what there is and then v, from where it stands.
func (w *CopyIn) lend(buf, v []byte) error {
	w.buf = buf
	if err := w.send(); err != nil {
		return err
	}
	binary.BigEndian.PutUint32(w.buf[w.open+1:], uint32(4+len(v)))
	pieces := net.Buffers{w.buf, v}
	_, err := pieces.WriteTo(w.conn.pg.Conn())
	w.buf = w.buf[:0]
	w.begin()
	return w.explain(err)
}

// send closes the open message, sends all and begins anew.
func (w *CopyIn) send() error {
	w.close()
	_, err := w.conn.pg.Conn().Write(w.buf)
	if cap(w.buf) > keepBuffer {
		w.buf = make([]byte, 0, 2*sendBuffer)
	}
	w.buf = w.buf[:0]
	w.begin()
	return w.explain(err)
}

func (w *CopyIn) close() {
	if len(w.buf) == w.open+headerSize {
		w.buf = w.buf[:w.open]
		return
	}
	binary.BigEndian.PutUint32(w.buf[w.open+1:], uint32(len(w.buf)-w.open-1))
}

// Finish ends the COPY and awaits its outcome: how many rows it took. After an
// error of class Data nothing of it is in the table, a transaction that was open
// has failed (restore it to a savepoint), and the connection can be used; [Line]
// tells which row, [Reason] why.
func (w *CopyIn) Finish() (rows int64, err error) {
	w.close()
	w.buf = append(w.buf, 'c', 0, 0, 0, 4)
	return w.end()
}

// Abort takes back what was sent. The connection can be used when it returns
// nil; a transaction that was open has failed.
func (w *CopyIn) Abort(reason string) error {
	w.close()
	buf, err := (&pgproto3.CopyFail{Message: reason}).Encode(w.buf)
	if err != nil {
		return Classify(err)
	}
	w.buf = buf
	if _, err = w.end(); State(err) == "57014" { // what the server makes of it
		return nil
	}
	return err
}

func (w *CopyIn) end() (rows int64, err error) {
	defer w.stop()
	if _, err = w.conn.pg.Conn().Write(w.buf); err != nil {
		return 0, w.explain(err)
	}
	if cap(w.buf) <= keepBuffer {
		w.conn.spare = w.buf[:0]
	}
	w.buf = nil
	var refused error
	copied := false
	in := w.conn.in
	for {
		in.keep = in.r
		kind, body, err := in.message()
		if err != nil {
			return 0, w.explain(err)
		}
		switch kind {
		case 'C':
			tag := pgconn.NewCommandTag(string(trimNUL(body)))
			if len(body) > 5 && string(body[:5]) == "COPY " {
				rows, copied = tag.RowsAffected(), true
			}
		case 'E':
			e, err := serverError(body)
			if err != nil {
				return 0, w.explain(err)
			}
			if refused == nil {
				refused = e
			}
		case 'Z':
			in.keep = in.r
			w.conn.busy.Store(false)
			if refused == nil && !copied {
				refused = errclass.With(errclass.Permanent, errNotCopied)
			}
			return rows, Classify(refused)
		case 'G', 'N', 'S', 'A': // CopyInResponse, notices
		default:
			return 0, w.explain(errMalformed)
		}
	}
}

func trimNUL(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] == 0 {
		return b[:n-1]
	}
	return b
}

// explain marks an error after which the connection is of no use.
func (w *CopyIn) explain(err error) error {
	if err == nil {
		return nil
	}
	w.conn.broken.Store(true)
	if w.ctx.Err() != nil {
		return ended(w.ctx)
	}
	return Classify(err)
}

var errNotCopied = errors.New("the statement is no COPY FROM STDIN")
