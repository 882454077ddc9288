package mysqlkit

import (
	"context"
	"encoding/binary"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// RowSet is a list of rows of one schema.
type RowSet interface {
	Len() int
	Row(i int) record.Row
}

// Insertion is a prepared statement that takes a fixed number of rows, whose
// values are encoded by an [Encoder].
type Insertion struct {
	conn  *Conn
	id    uint32
	rows  int
	bound bool // the server knows the types of the parameters
}

// PrepareRows prepares a statement with a parameter for each column of rows
// rows, in order.
func (c *Conn) PrepareRows(ctx context.Context, sql string, rows int) (*Insertion, error) {
	s := &Insertion{conn: c, rows: rows}
	err := c.guard(ctx, func() error {
		stmt, err := c.client.Prepare(sql)
		if err == nil {
			s.id = stmt.ID
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Rows is how many rows an execution takes.
func (s *Insertion) Rows() int { return s.rows }

// Close releases the statement at the server, which does not answer.
func (s *Insertion) Close(ctx context.Context) error {
	return s.conn.guard(ctx, func() error {
		c := s.conn.client
		c.ResetSequence()
		return c.WritePacket(binary.LittleEndian.AppendUint32([]byte{0, 0, 0, 0, mysql.COM_STMT_CLOSE}, s.id))
	})
}

// Execute writes an execution with the rows from one on. at are the row's
// columns for those of the encoder. limit is the largest packet that the server
// takes. An error of class Data says that a value is refused, and nothing was
// written; [Encoder.Refused] names all of them.
//
// Protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_stmt_execute.html
func (p *Pipeline) Execute(ctx context.Context, s *Insertion, e *Encoder, rows RowSet, from int, at []int, limit int) error {
	defer p.forget()
	p.begin(mysql.COM_STMT_EXECUTE)
	p.buf = binary.LittleEndian.AppendUint32(p.buf, s.id)
	p.buf = append(p.buf, 0, 1, 0, 0, 0) // no cursor, one iteration
	columns := len(e.columns)
	nulls := len(p.buf)
	for range (s.rows*columns + 7) / 8 {
		p.buf = append(p.buf, 0)
	}
	if s.bound {
		p.buf = append(p.buf, 0)
	} else {
		p.buf = append(p.buf, 1)
		for range s.rows {
			p.buf = append(p.buf, e.types...)
		}
	}
	bit := 0
	for i := range s.rows {
		row := rows.Row(from + i)
		for c := range e.columns {
			column := &e.columns[c]
			var err error
			switch kind := row.Kind(at[c]); kind {
			case column.kind:
				if column.whole != nil && len(row.Bytes(at[c])) >= lendFrom {
					err = p.keep(bit, column, row, at[c])
				} else {
					p.buf, err = column.parameter(column, p.buf, row, at[c])
				}
			case record.Null:
				p.buf[nulls+bit>>3] |= 1 << (bit & 7)
				err = column.null()
			default:
				err = column.stranger(kind)
			}
			if err != nil {
				p.abandon()
				return err
			}
			bit++
		}
	}
	n := p.size()
	for _, l := range p.lent {
		n += len(l.value)
	}
	if n > limit {
		p.abandon()
		return tooLarge(n, limit)
	}
	s.bound = true
	if len(p.lent) > 0 {
		return p.lend(ctx, s)
	}
	return p.end(ctx)
}

func tooLarge(n, limit int) error {
	return errclass.BadValue("", errclass.TooLarge, "the row takes a packet of %d bytes, the server's max_allowed_packet leaves room for %d: raise it", n, limit)
}
