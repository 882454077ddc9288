package mysqlkit

import (
	"context"
	"encoding/binary"
	"net"
	"slices"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/record"
)

const (
	// lendFrom is how long a value is that is sent from the batch's own memory,
	// before the execution that it belongs to: a copy of it costs more than a
	// packet of its own.
	lendFrom = 256 << 10
	// lendPiece is how much of it is sent in one packet.
	lendPiece = 8 << 20
)

// lent is a value that is sent from where it stands.
type lent struct {
	parameter int
	value     []byte
}

// keep notes a value that is to be lent.
func (p *Pipeline) keep(parameter int, c *encoded, row record.Row, at int) error {
	v, err := c.whole(c, row, at)
	p.lent = append(p.lent, lent{parameter, v})
	return err
}

// forget lets go of the values, which are the batch's.
func (p *Pipeline) forget() {
	clear(p.lent)
	p.lent = p.lent[:0]
}

// lend sends what was written before, the values that are lent, and the
// execution that was begun last. The server does not answer to the values; what
// it finds wrong with one is its answer to the execution.
//
// Protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_send_long_data.html
func (p *Pipeline) lend(ctx context.Context, s *Insertion) error {
	execution := slices.Clone(p.buf[p.header:])
	p.abandon()
	for _, l := range p.lent {
		for piece := range slices.Chunk(l.value, lendPiece) {
			p.begin(mysql.COM_STMT_SEND_LONG_DATA)
			p.buf = binary.LittleEndian.AppendUint32(p.buf, s.id)
			p.buf = binary.LittleEndian.AppendUint16(p.buf, uint16(l.parameter))
			n := p.size() + len(piece)
			p.buf[p.header], p.buf[p.header+1], p.buf[p.header+2] = byte(n), byte(n>>8), byte(n>>16)
			err := p.send(ctx, func() error {
				pieces := net.Buffers{p.buf, piece}
				_, err := pieces.WriteTo(p.conn.client.Conn.Conn)
				return err
			})
			if err != nil {
				return err
			}
			p.buf = p.buf[:0]
		}
	}
	p.header = 0
	p.buf = append(p.buf, execution...)
	return p.end(ctx)
}
