package pgkit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pglogrepl"
)

// LSN is a place in the write-ahead log.
type LSN = pglogrepl.LSN

// ParseLSN reads "16/B374D848".
func ParseLSN(text string) (LSN, error) { return pglogrepl.ParseLSN(text) }

// Replication is a connection that the server sends its log on, decoded by
// pgoutput (https://www.postgresql.org/docs/current/protocol-logical-replication.html).
// Status may be called while another goroutine is in Next; else one goroutine
// at a time uses it.
type Replication struct {
	*Conn
	write sync.Mutex

	wait    sync.Mutex
	bounded bool // a read deadline is set
	woken   bool
}

// errWoken is the error of a Next that Wake has ended.
var errWoken = errors.New("the stream was told to stop")

// Wake ends a Next that waits, from any goroutine, and keeps further ones from
// waiting. The connection stands, so that Stop can end the stream in order.
func (r *Replication) Wake() {
	r.wait.Lock()
	defer r.wait.Unlock()
	r.woken, r.bounded = true, true
	_ = r.pg.Conn().SetReadDeadline(time.Unix(1, 0)) // a connection that is broken waits for nothing
}

// stopTime bounds the end of a stream in order.
const stopTime = 2 * time.Second

// Stop ends the stream in order: when it has returned nil the slot is free. It
// takes some seconds at most; a stream that does not end by then ends with the
// connection.
func (r *Replication) Stop() error {
	if !r.busy.Load() || r.broken.Load() {
		return nil
	}
	conn := r.pg.Conn()
	if err := conn.SetDeadline(time.Now().Add(stopTime)); err != nil {
		return Classify(err)
	}
	if _, err := conn.Write([]byte{'c', 0, 0, 0, 4}); err != nil { // CopyDone
		return Classify(err)
	}
	for {
		r.in.keep = r.in.r
		kind, _, err := r.in.message()
		if err != nil {
			return Classify(err)
		}
		if kind == 'Z' {
			r.busy.Store(false)
			return Classify(conn.SetDeadline(time.Time{}))
		}
	}
}

// DialReplication is [Dial] for replication: [Conn.Query] takes the commands of
// replication beside plain statements.
func DialReplication(ctx context.Context, s *Settings) (*Replication, error) {
	own := *s
	own.replication = true
	c, err := Dial(ctx, &own)
	if err != nil {
		return nil, err
	}
	return &Replication{Conn: c}, nil
}

// SlotStart is what a new slot begins with.
type SlotStart struct {
	At       LSN    // the changes of transactions that commit after it are sent
	Snapshot string // for SET TRANSACTION SNAPSHOT, until the connection's next command; "" if none was asked for
}

// CreateSlot creates a slot for pgoutput. A temporary one ends with the connection.
func (r *Replication) CreateSlot(ctx context.Context, name string, temporary, export bool) (SlotStart, error) {
	sql := "CREATE_REPLICATION_SLOT " + quoteName(name)
	if temporary {
		sql += " TEMPORARY"
	}
	sql += " LOGICAL pgoutput"
	if export {
		sql += " EXPORT_SNAPSHOT"
	} else {
		sql += " NOEXPORT_SNAPSHOT"
	}
	res, err := r.Query(ctx, sql)
	if err != nil {
		return SlotStart{}, fmt.Errorf("creating replication slot %s: %w", name, err)
	}
	at, err := ParseLSN(res.Text(0, 1))
	if err != nil {
		return SlotStart{}, fmt.Errorf("creating replication slot %s: %w", name, err)
	}
	return SlotStart{At: at, Snapshot: res.Text(0, 2)}, nil
}

// Start begins to stream the changes of the publications after a place, or
// after what the slot was told last, whichever is later. With streaming, which
// is there since PostgreSQL 14, large transactions are sent before they end.
func (r *Replication) Start(ctx context.Context, slot string, after LSN, publications []string, streaming bool) error {
	names := make([]string, len(publications))
	for i, p := range publications {
		names[i] = quoteName(p)
	}
	args := []string{"proto_version '1'"}
	if streaming {
		args = []string{"proto_version '2'", "streaming 'on'"}
	}
	args = append(args, "publication_names '"+strings.ReplaceAll(strings.Join(names, ","), "'", "''")+"'")
	options := pglogrepl.StartReplicationOptions{Mode: pglogrepl.LogicalReplication, PluginArgs: args}
	err := r.guard(ctx, func() error {
		return pglogrepl.StartReplication(context.Background(), r.pg, quoteName(slot), after, options)
	})
	if err != nil {
		return fmt.Errorf("starting replication from slot %s: %w", slot, err)
	}
	r.busy.Store(true)
	r.in.keep = r.in.r
	return nil
}

func quoteName(name string) string { return Dialect.Quote(name) }

// LogMessage is what the server has sent: a piece of the log or, if Data is
// nil, that it is there.
type LogMessage struct {
	Data  []byte    // a message of pgoutput, borrowed until the next call of Next
	At    LSN       // of Data
	End   LSN       // of the server's log
	Sent  time.Time // by the server's clock
	Reply bool      // the server wants a status at once
}

// Next returns the next message; patience above 0 bounds the wait, after which
// the error is [ErrWait] and Next can be called again. io.EOF says that the
// server has ended the stream.
func (r *Replication) Next(patience time.Duration) (LogMessage, error) {
	in := r.in
	in.keep = in.r
	if err := r.bound(patience); err != nil {
		return LogMessage{}, Classify(err)
	}
	for {
		kind, body, err := in.message()
		switch {
		case err != nil && errors.Is(err, os.ErrDeadlineExceeded):
			return LogMessage{}, r.waited()
		case err != nil:
			return LogMessage{}, Classify(err)
		}
		switch kind {
		case 'd':
			return parseLog(body)
		case 'c', 'Z', 'C':
			return LogMessage{}, io.EOF
		case 'E':
			refused, err := serverError(body)
			if err != nil {
				return LogMessage{}, Classify(err)
			}
			return LogMessage{}, Classify(refused)
		case 'N', 'S': // notices and parameters
			in.keep = in.r
		default:
			return LogMessage{}, Classify(errMalformed)
		}
	}
}

// Buffered tells that Next returns without asking the network.
func (r *Replication) Buffered() bool {
	in := r.in
	return in.w-in.r >= headerSize && in.w-in.r > in.size()
}

// waited is the error of a wait that has ended without a message.
func (r *Replication) waited() error {
	r.wait.Lock()
	defer r.wait.Unlock()
	if r.woken {
		return Classify(errWoken)
	}
	return ErrWait
}

func (r *Replication) bound(patience time.Duration) error {
	r.wait.Lock()
	defer r.wait.Unlock()
	switch {
	case r.Buffered():
	case r.woken:
		return errWoken
	case patience > 0:
		r.bounded = true
		return r.pg.Conn().SetReadDeadline(time.Now().Add(patience))
	case r.bounded:
		r.bounded = false
		return r.pg.Conn().SetReadDeadline(time.Time{})
	}
	return nil
}

// parseLog reads XLogData: place, end of the log, time and a piece of it; or a
// keepalive: end of the log, time, and whether a reply is wanted.
func parseLog(body []byte) (LogMessage, error) {
	be := binary.BigEndian
	switch {
	case len(body) >= 25 && body[0] == 'w':
		return LogMessage{At: LSN(be.Uint64(body[1:])), End: LSN(be.Uint64(body[9:])), Sent: Moment(int64(be.Uint64(body[17:]))), Data: body[25:]}, nil
	case len(body) >= 18 && body[0] == 'k':
		return LogMessage{End: LSN(be.Uint64(body[1:])), Sent: Moment(int64(be.Uint64(body[9:]))), Reply: body[17] != 0}, nil
	}
	return LogMessage{}, Classify(errMalformed)
}

// Moment is a time of the protocol: microseconds since 2000.
func Moment(us int64) time.Time {
	sec, nsec := fromMicros(us)
	return time.Unix(sec, int64(nsec))
}

// statusTime bounds the writing of a status: a peer that takes nothing is gone.
const statusTime = 30 * time.Second

// Status tells the server that all before a place is not needed again, and that
// this client is alive.
func (r *Replication) Status(done LSN) error {
	be := binary.BigEndian
	msg := []byte{'d', 0, 0, 0, 4 + 34, 'r'}
	for range 3 { // written, flushed, applied
		msg = be.AppendUint64(msg, uint64(done))
	}
	msg = be.AppendUint64(msg, uint64(time.Now().UnixMicro()-epochSeconds*microsPerSec))
	msg = append(msg, 0)
	r.write.Lock()
	defer r.write.Unlock()
	conn := r.pg.Conn()
	if err := conn.SetWriteDeadline(time.Now().Add(statusTime)); err != nil {
		return Classify(err)
	}
	if _, err := conn.Write(msg); err != nil {
		return Classify(fmt.Errorf("telling the server how far the job is: %w", err))
	}
	return nil
}

// DropSlot removes a slot, which must not be in use. That it is not there is no
// error.
func (c *Conn) DropSlot(ctx context.Context, name string) error {
	_, err := c.Query(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = "+literal(name))
	if err != nil {
		return fmt.Errorf("dropping replication slot %s: %w", name, err)
	}
	return nil
}
