package mysqlkit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
)

// setWrites makes a session refuse what it would have to change: strict for
// every engine, a zero in an AUTO_INCREMENT column is a zero, warnings are
// counted. Zero dates never arrive, but a table may hold some as defaults and
// old values, which NO_ZERO_DATE would refuse to write again.
const setWrites = "SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'" +
	", sql_notes = 1"

// Strict makes the session again what one that writes has to be, after
// statements of a user.
func (c *Conn) Strict(ctx context.Context) error { return c.Exec(ctx, setWrites) }

// window is how many bytes of commands go to the server before its answers are
// read. Answers are small: neither side ever waits for the other to read.
const window = 1 << 20

// Answer is what the server says of a statement without a result.
type Answer struct {
	Affected uint64 // rows; an UPDATE counts those that it has found
	Warnings uint16
}

// Pipeline writes commands to the server one behind the other, without waiting
// for the answer to one before the next is written. It belongs to one
// connection, whose settings say Writes, and is used by one goroutine at a time.
//
// A command that fails does not keep the server from those behind it: they run
// inside of the transaction, if there is one, or begin one of their own where
// autocommit is off.
type Pipeline struct {
	conn    *Conn
	buf     []byte // packets with their headers
	header  int    // where the packet begun last begins
	pending int    // commands whose answer was not read
	lent    []lent // values of the execution begun last that go before it
	in      []byte // answers; in[r:w] is unread
	r, w    int
}

// Pipeline returns a new, empty pipeline.
func (c *Conn) Pipeline() *Pipeline { return &Pipeline{conn: c} }

// Query writes a statement without parameters and without a result.
func (p *Pipeline) Query(ctx context.Context, sql string) error {
	p.begin(mysql.COM_QUERY)
	p.buf = append(p.buf, sql...)
	return p.end(ctx)
}

// begin starts a packet of a command.
func (p *Pipeline) begin(command byte) {
	p.header = len(p.buf)
	p.buf = append(p.buf, 0, 0, 0, 0, command)
}

// abandon takes back the packet begun last.
func (p *Pipeline) abandon() { p.buf = p.buf[:p.header] }

// size is that of the packet begun last.
func (p *Pipeline) size() int { return len(p.buf) - p.header - headerSize }

const headerSize = 4

// end completes a packet. One that has to be cut in pieces is sent at once.
func (p *Pipeline) end(ctx context.Context) error {
	n := p.size()
	if n >= maxPayload {
		return p.sendLong(ctx)
	}
	p.buf[p.header], p.buf[p.header+1], p.buf[p.header+2] = byte(n), byte(n>>8), byte(n>>16)
	p.pending++
	if len(p.buf) >= window {
		return p.Flush(ctx)
	}
	return nil
}

// sendLong sends what was written before, and the packet begun last in pieces.
func (p *Pipeline) sendLong(ctx context.Context) error {
	whole := p.buf[p.header:]
	p.buf = p.buf[:p.header]
	if err := p.Flush(ctx); err != nil {
		return err
	}
	p.pending++
	p.buf = nil // it is larger than any other
	return p.send(ctx, func() error {
		p.conn.client.ResetSequence()
		return p.conn.client.WritePacket(whole)
	})
}

// Flush sends what was written. The answers are still to be read.
func (p *Pipeline) Flush(ctx context.Context) error {
	if len(p.buf) == 0 {
		return nil
	}
	err := p.send(ctx, func() error {
		_, err := p.conn.client.Conn.Conn.Write(p.buf)
		return err
	})
	if p.buf = p.buf[:0]; cap(p.buf) > 2*window {
		p.buf = nil
	}
	return err
}

func (p *Pipeline) send(ctx context.Context, write func() error) error {
	if err := p.conn.guard(ctx, write); err != nil {
		return fmt.Errorf("sending rows: %w", err)
	}
	return nil
}

// Answers sends what was not sent, reads the answers to all commands and hands
// them on, in order, with the number of the command. refused is the server's
// error in place of an answer; it does not keep the others from being read. The
// error that is returned ends the connection.
func (p *Pipeline) Answers(ctx context.Context, each func(n int, a Answer, refused error)) error {
	if err := p.Flush(ctx); err != nil {
		return err
	}
	err := p.conn.guard(ctx, func() error {
		for n := range p.pending {
			packet, err := p.packet()
			if err != nil {
				return err
			}
			answer, refused := parseAnswer(packet)
			if Broken(refused) {
				return refused
			}
			each(n, answer, refused)
		}
		return nil
	})
	p.pending = 0
	if err != nil {
		return fmt.Errorf("reading the server's answers: %w", err)
	}
	return nil
}

// packet reads the next packet, borrowed until the next call. Between commands
// nothing is left of the input that the client would miss.
func (p *Pipeline) packet() ([]byte, error) {
	if err := p.need(headerSize); err != nil {
		return nil, err
	}
	n := int(p.in[p.r]) | int(p.in[p.r+1])<<8 | int(p.in[p.r+2])<<16
	if n == maxPayload {
		return nil, errNoAnswer
	}
	if err := p.need(headerSize + n); err != nil {
		return nil, err
	}
	packet := p.in[p.r+headerSize : p.r+headerSize+n]
	p.r += headerSize + n
	return packet, nil
}

// need reads until n bytes are there.
func (p *Pipeline) need(n int) error {
	if p.w-p.r >= n {
		return nil
	}
	if n > len(p.in) {
		grown := make([]byte, max(n, answerBuffer))
		p.w, p.r, p.in = copy(grown, p.in[p.r:p.w]), 0, grown
	} else if p.r+n > len(p.in) {
		p.w, p.r = copy(p.in, p.in[p.r:p.w]), 0
	}
	for p.w-p.r < n {
		got, err := p.conn.client.Conn.Conn.Read(p.in[p.w:])
		p.w += got
		switch {
		case got > 0:
		case errors.Is(err, io.EOF):
			return io.ErrUnexpectedEOF
		case err != nil:
			return err
		default:
			return io.ErrNoProgress
		}
	}
	return nil
}

// answerBuffer is what answers are read through.
const answerBuffer = 8 << 10

// parseAnswer reads an OK or an ERR packet.
//
// Protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_basic_response_packets.html
func parseAnswer(p []byte) (Answer, error) {
	if len(p) == 0 {
		return Answer{}, Classify(errNoAnswer)
	}
	switch p[0] {
	case mysql.ERR_HEADER:
		return Answer{}, Classify(parseError(p))
	case mysql.OK_HEADER:
		affected, n := lengthEncodedInt(p[1:])
		_, m := lengthEncodedInt(p[min(1+n, len(p)):])
		rest := p[min(1+n+m, len(p)):]
		if n == 0 || m == 0 || len(rest) < 4 {
			return Answer{}, Classify(errNoAnswer)
		}
		return Answer{Affected: affected, Warnings: binary.LittleEndian.Uint16(rest[2:])}, nil
	}
	return Answer{}, Classify(errNoAnswer)
}

var errNoAnswer = errors.New("the server's answer is malformed")

// lengthEncodedInt returns the integer that p begins with and its length; 0 if
// there is none.
func lengthEncodedInt(p []byte) (v uint64, n int) {
	if len(p) == 0 {
		return 0, 0
	}
	switch p[0] {
	default:
		return uint64(p[0]), 1
	case 0xfc:
		n = 3
	case 0xfd:
		n = 4
	case 0xfe:
		n = 9
	case 0xfb, 0xff:
		return 0, 0
	}
	if len(p) < n {
		return 0, 0
	}
	for i := n - 1; i > 0; i-- {
		v = v<<8 | uint64(p[i])
	}
	return v, n
}

// parseError reads an ERR packet.
func parseError(p []byte) *mysql.MyError {
	e := &mysql.MyError{Code: mysql.ER_UNKNOWN_ERROR, Message: "malformed error"}
	if len(p) < 3 {
		return e
	}
	e.Code = binary.LittleEndian.Uint16(p[1:])
	p = p[3:]
	if len(p) >= 6 && p[0] == '#' {
		e.State, p = string(p[1:6]), p[6:]
	}
	e.Message = string(p)
	return e
}

// Broken tells that after err the connection is of no use: it is no answer of
// the server, and nobody is to blame for it.
func Broken(err error) bool {
	c := errclass.Of(err)
	return err != nil && Code(err) == 0 && c != errclass.Data && c != errclass.Config
}
