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
)

// DumpFrom is where a binary log is read from: after the transactions of a
// GTID set, or from an offset of a file.
type DumpFrom struct {
	GTIDs  mysql.GTIDSet // nil: by file and offset
	File   string
	Offset uint32 // 4: the first event
}

// DumpOptions say who reads, and how.
type DumpOptions struct {
	ServerID  uint32        // unique among the server's replicas
	UUID      string        // likewise; a reader that comes again has the same
	Heartbeat time.Duration // an idle server says that it is there
	Once      bool          // end where the log ends now
}

const (
	dumpBuffer  = 256 << 10
	keepDump    = 4 * dumpBuffer // memory of a larger event is dropped after it
	oneEvent    = 64 << 10       // that is made room for beyond a large one
	dumpNoWait  = 1              // BINLOG_DUMP_NON_BLOCK
	dumpCapable = 4              // MARIA_SLAVE_CAPABILITY_GTID
	// longAway is how long an idle server may be silent beyond its heartbeats.
	longAway   = 60 * time.Second
	heartbeats = 5
)

// Dump is a connection that the server sends its binary log through, as it
// grows. What is not yet read stays with the server: nothing is queued here
// but one buffer.
//
// Protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_binlog_dump.html
type Dump struct {
	conn    *Conn
	in      net.Conn // above TLS
	buf     []byte
	r, w    int    // buf[r:w] is unread
	whole   []byte // an event of several packets
	bounded bool   // a read deadline is set
	silence time.Duration
}

// Dump has the server send its binary log; the connection is used for nothing
// else from then on. Errors of the position come with the first event.
func (c *Conn) Dump(ctx context.Context, from DumpFrom, o DumpOptions) (*Dump, error) {
	set := fmt.Sprintf("SET @master_binlog_checksum = 'NONE', @source_binlog_checksum = 'NONE', @slave_uuid = %s, @replica_uuid = %[1]s", Dialect.Text(o.UUID))
	if o.Heartbeat > 0 {
		set += fmt.Sprintf(", @master_heartbeat_period = %d, @source_heartbeat_period = %[1]d", o.Heartbeat.Nanoseconds())
	}
	if c.Server.MariaDB {
		set += fmt.Sprintf(", @mariadb_slave_capability = %d", dumpCapable)
		if from.GTIDs != nil {
			set += ", @slave_connect_state = " + Dialect.Text(from.GTIDs.String()) + ", @slave_gtid_strict_mode = 0, @slave_gtid_ignore_duplicates = 0"
		}
	}
	if err := c.Exec(ctx, set); err != nil {
		return nil, err
	}
	d := &Dump{conn: c, in: c.client.Conn.Conn, buf: make([]byte, dumpBuffer), silence: longAway + heartbeats*o.Heartbeat}
	if o.Heartbeat <= 0 {
		d.silence = 0
	}
	err := c.guard(ctx, func() error {
		if err := c.register(o.ServerID); err != nil {
			return err
		}
		c.client.ResetSequence()
		return c.client.WritePacket(c.dumpCommand(from, o))
	})
	if err != nil {
		return nil, fmt.Errorf("asking %s for its binary log: %w", c.Addr, err)
	}
	return d, nil
}

// register makes the server list the connection among its replicas.
func (c *Conn) register(id uint32) error {
	host, err := os.Hostname()
	if err != nil {
		host = "datasync"
	}
	host = host[:min(len(host), 60)]
	p := []byte{0, 0, 0, 0, mysql.COM_REGISTER_SLAVE}
	p = binary.LittleEndian.AppendUint32(p, id)
	p = append(append(p, byte(len(host))), host...)
	p = append(p, 0, 0)    // no user, no password
	p = append(p, 0, 0)    // no port
	p = append(p, 0, 0, 0) // rank
	p = append(p, 0)
	p = append(p, 0, 0, 0, 0) // id of the source: the server's own
	c.client.ResetSequence()
	if err := c.client.WritePacket(p); err != nil {
		return err
	}
	_, err = c.client.ReadOKPacket()
	return err
}

func (c *Conn) dumpCommand(from DumpFrom, o DumpOptions) []byte {
	flags := uint16(0)
	if o.Once {
		flags = dumpNoWait
	}
	p := []byte{0, 0, 0, 0}
	if from.GTIDs != nil && !c.Server.MariaDB {
		set := from.GTIDs.Encode()
		p = append(p, mysql.COM_BINLOG_DUMP_GTID)
		p = binary.LittleEndian.AppendUint16(p, flags)
		p = binary.LittleEndian.AppendUint32(p, o.ServerID)
		p = binary.LittleEndian.AppendUint32(p, 0) // no file name
		p = binary.LittleEndian.AppendUint64(p, 4)
		p = binary.LittleEndian.AppendUint32(p, uint32(len(set)))
		return append(p, set...)
	}
	file, offset := from.File, max(from.Offset, 4)
	if from.GTIDs != nil {
		file, offset = "", 4
	}
	p = append(p, mysql.COM_BINLOG_DUMP)
	p = binary.LittleEndian.AppendUint32(p, offset)
	p = binary.LittleEndian.AppendUint16(p, flags)
	p = binary.LittleEndian.AppendUint32(p, o.ServerID)
	return append(p, file...)
}

// Next returns the next event, header included, borrowed until the next call;
// io.EOF at the end of a dump that has one. patience above 0 bounds the wait
// for input: when it has passed, Next returns ErrWait and can be called again.
// Errors are classified.
func (d *Dump) Next(patience time.Duration) ([]byte, error) {
	if d.w-d.r < 4 {
		if err := d.need(4, patience); err != nil {
			return nil, d.explain(err)
		}
	}
	n := d.header()
	if n == maxPayload {
		return d.long()
	}
	if d.w-d.r < 4+n {
		if err := d.need(4+n, patience); err != nil {
			return nil, d.explain(err)
		}
	}
	p := d.buf[d.r+4 : d.r+4+n]
	d.r += 4 + n
	if len(d.whole) > 0 {
		d.whole = d.whole[:0]
		if cap(d.whole) > keepDump {
			d.whole = nil
		}
	}
	return d.open(p)
}

// Pending tells that a whole event can be had without input.
func (d *Dump) Pending() bool {
	return d.w-d.r >= 4 && d.w-d.r >= 4+d.header()
}

func (d *Dump) header() int {
	return int(d.buf[d.r]) | int(d.buf[d.r+1])<<8 | int(d.buf[d.r+2])<<16
}

// open looks at the byte before an event.
func (d *Dump) open(p []byte) ([]byte, error) {
	switch {
	case len(p) == 0:
		return nil, Classify(errMalformed)
	case p[0] == 0:
		return p[1:], nil
	case p[0] == 0xff:
		return nil, refusal(p)
	case p[0] == 0xfe:
		return nil, io.EOF
	}
	return nil, Classify(errMalformed)
}

// long reads an event of 16 MiB or more, which comes in pieces. It waits for
// all of it.
func (d *Dump) long() ([]byte, error) {
	d.whole = d.whole[:0]
	for {
		if err := d.need(4, 0); err != nil {
			return nil, d.explain(err)
		}
		n := d.header()
		d.r += 4
		for left := n; left > 0; {
			if d.r == d.w {
				if err := d.need(1, 0); err != nil {
					return nil, d.explain(err)
				}
			}
			had := min(left, d.w-d.r)
			d.whole = append(d.whole, d.buf[d.r:d.r+had]...)
			d.r += had
			left -= had
		}
		if n < maxPayload {
			return d.open(d.whole)
		}
	}
}

// need reads until n bytes are unread in the buffer.
func (d *Dump) need(n int, patience time.Duration) error {
	if d.r+n > len(d.buf) {
		to := d.buf
		switch {
		case n > len(d.buf):
			to = make([]byte, n+oneEvent)
		case len(d.buf) > keepDump && n <= dumpBuffer:
			to = make([]byte, dumpBuffer)
		}
		d.w = copy(to, d.buf[d.r:d.w])
		d.buf, d.r = to, 0
	} else if d.r == d.w {
		d.r, d.w = 0, 0
	}
	for d.w-d.r < n {
		got, err := d.read(d.buf[d.w:], patience)
		d.w += got
		if err != nil {
			return err
		}
	}
	return nil
}

// read reads some bytes, at least one if there is no error.
func (d *Dump) read(p []byte, patience time.Duration) (int, error) {
	wait := patience
	if wait <= 0 {
		wait = d.silence
	}
	if wait > 0 {
		d.bounded = true
		if err := d.in.SetReadDeadline(time.Now().Add(wait)); err != nil {
			return 0, err
		}
	} else if d.bounded {
		d.bounded = false
		if err := d.in.SetReadDeadline(time.Time{}); err != nil {
			return 0, err
		}
	}
	n, err := d.in.Read(p)
	switch {
	case n > 0:
		return n, nil
	case err == nil:
		return 0, io.ErrNoProgress
	case errors.Is(err, io.EOF):
		return 0, io.ErrUnexpectedEOF
	case patience > 0 && errors.Is(err, os.ErrDeadlineExceeded):
		return 0, ErrWait
	}
	return 0, err
}

func (d *Dump) explain(err error) error {
	if errors.Is(err, ErrWait) {
		return err
	}
	return Classify(fmt.Errorf("reading the binary log of %s: %w", d.conn.Addr, err))
}
