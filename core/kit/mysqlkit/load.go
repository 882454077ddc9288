package mysqlkit

import (
	"context"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// loadPiece is how much of a file is sent in one packet: the server reads it
// while the next one is encoded.
const loadPiece = 64 << 10

// LoadFormat is how the text of [Conn.Load] has to be spelled in the statement.
const LoadFormat = `CHARACTER SET utf8mb4 FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n'`

// Load runs a LOAD DATA LOCAL INFILE of [LoadFormat] and sends it the rows, as
// text, in pieces. at are the row's columns for those of the encoder. The
// server stores what it can make of them: unless the answer has no warning and
// as many rows as were sent, rows were changed or are missing.
//
// After an error of class Data the statement has ended, perhaps with some of
// the rows in; [Refusal] tells that a value was refused before it was sent.
// [NoLoad] tells that the server does not take files.
//
// Protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_local_infile_request.html
func (c *Conn) Load(ctx context.Context, sql string, e *Encoder, rows RowSet, at []int) (answer Answer, err error) {
	err = c.guard(ctx, func() error {
		c.client.ResetSequence()
		if err := c.client.WritePacket(append([]byte{0, 0, 0, 0, mysql.COM_QUERY}, sql...)); err != nil {
			return err
		}
		packet, err := c.client.ReadPacket()
		switch {
		case err != nil:
			return err
		case len(packet) == 0:
			return errNoAnswer
		case packet[0] != mysql.LocalInFile_HEADER:
			if _, err = parseAnswer(packet); err == nil {
				err = errNoAnswer
			}
			return err
		}
		fault, err := c.sendRows(e, rows, at)
		if err != nil {
			return err
		}
		if packet, err = c.client.ReadPacket(); err != nil {
			return err
		}
		if answer, err = parseAnswer(packet); err == nil {
			err = fault
		}
		return err
	})
	return answer, err
}

// sendRows sends the rows and the packet that ends them. fault is that of a
// row: those before it are sent.
func (c *Conn) sendRows(e *Encoder, rows RowSet, at []int) (fault, err error) {
	buf := append(c.load[:0], 0, 0, 0, 0)
	for i := range rows.Len() {
		if buf, fault = e.appendLine(buf, rows.Row(i), at); fault != nil {
			break
		}
		if len(buf) >= loadPiece {
			if err := c.client.WritePacket(buf); err != nil {
				return nil, err
			}
			buf = buf[:headerSize]
		}
	}
	if len(buf) > headerSize && fault == nil {
		if err := c.client.WritePacket(buf); err != nil {
			return nil, err
		}
	}
	if c.load = buf[:0]; cap(buf) > keepBuffer {
		c.load = nil
	}
	return fault, c.client.WritePacket([]byte{0, 0, 0, 0})
}

// appendLine appends one row as a line.
func (e *Encoder) appendLine(buf []byte, row record.Row, at []int) ([]byte, error) {
	for c := range e.columns {
		column := &e.columns[c]
		if c > 0 {
			buf = append(buf, '\t')
		}
		var err error
		switch kind := row.Kind(at[c]); kind {
		case column.kind:
			buf, err = column.field(column, buf, row, at[c])
		case record.Null:
			buf = append(buf, '\\', 'N')
			err = column.null()
		default:
			err = column.stranger(kind)
		}
		if err != nil {
			return buf, err
		}
	}
	return append(buf, '\n'), nil
}

// NoLoad tells that the server, or a proxy before it, takes no file from a
// client.
func NoLoad(err error) bool {
	switch Code(err) {
	case 1148, 3948, 4166: // not allowed; disabled at the server; disabled at the server (MariaDB)
		return true
	}
	return false
}

// LoadTarget spells a column for the column list of LOAD DATA, and what of it
// belongs into SET: binary data travels as hex digits in a variable of that
// name.
func LoadTarget(column *sqlkit.TableColumn, variable string) (item, set string) {
	quoted := Dialect.Quote(column.Name)
	if classOf(column.Native).binary() {
		return "@" + variable, quoted + " = UNHEX(@" + variable + ")"
	}
	return quoted, ""
}
