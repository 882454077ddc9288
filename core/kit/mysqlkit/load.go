package mysqlkit

import (
	"context"

	"github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/errclass"
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
// as many rows as were sent, rows were changed or are missing. Commands before
// it are answered first, an error of one of them is returned.
//
// Unless eager, the server is waited for before rows are sent. Where it has
// taken a file before, that costs a round trip for nothing; but if it refuses
// the statement then, the connection is of no use any more.
//
// After an error of class Data the statement has ended, perhaps with some of
// the rows in; [Refusal] tells that a value was refused before it was sent.
// [NoLoad] tells that the server does not take files.
//
// Protocol: https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_local_infile_request.html
func (p *Pipeline) Load(ctx context.Context, sql string, e *Encoder, rows RowSet, at []int, eager bool) (answer Answer, err error) {
	if err := p.Query(ctx, sql); err != nil {
		return answer, err
	}
	if !eager {
		if err := p.accepted(ctx); err != nil {
			return answer, err
		}
	}
	fault, err := p.lines(ctx, e, rows, at)
	if err != nil {
		return answer, err
	}
	if eager {
		if err := p.accepted(ctx); err != nil {
			return answer, outOfStep(err)
		}
	}
	if answer, err = p.answer(ctx); err == nil {
		err = fault
	}
	return answer, err
}

// outOfStep is the error of a server that reads rows as commands from now on.
func outOfStep(err error) error {
	if c := errclass.Of(err); c == errclass.Data || c == errclass.Permanent {
		return errclass.With(errclass.Transient, err)
	}
	return err
}

// accepted reads the answers to the commands before, and that the server
// wants the file.
func (p *Pipeline) accepted(ctx context.Context) error {
	if err := p.Flush(ctx); err != nil {
		return err
	}
	for p.pending > 1 {
		if _, err := p.answer(ctx); err != nil {
			return err
		}
	}
	p.pending = 0
	return p.conn.guard(ctx, func() error {
		packet, err := p.packet()
		switch {
		case err != nil:
			return err
		case len(packet) > 0 && packet[0] == mysql.LocalInFile_HEADER:
			return nil
		}
		if _, err = parseAnswer(packet); err == nil {
			err = errNoAnswer
		}
		return err
	})
}

// answer sends what was not sent and reads the answer to the oldest command.
func (p *Pipeline) answer(ctx context.Context) (answer Answer, err error) {
	if err := p.Flush(ctx); err != nil {
		return answer, err
	}
	p.pending = max(0, p.pending-1)
	err = p.conn.guard(ctx, func() error {
		packet, err := p.packet()
		if err == nil {
			answer, err = parseAnswer(packet)
		}
		return err
	})
	return answer, err
}

// lines sends the rows and the packet that ends them. fault is that of a row:
// those before it are sent.
func (p *Pipeline) lines(ctx context.Context, e *Encoder, rows RowSet, at []int) (fault, err error) {
	sequence := byte(2) // after the statement and the server's wish
	p.header = len(p.buf)
	p.buf = append(p.buf, 0, 0, 0, 0)
	for i := range rows.Len() {
		if p.buf, fault = e.appendLine(p.buf, rows.Row(i), at); fault != nil {
			break
		}
		if p.size() < loadPiece {
			continue
		}
		p.piece(&sequence)
		if err := p.Flush(ctx); err != nil {
			return nil, err
		}
		p.header = 0
		p.buf = append(p.buf, 0, 0, 0, 0)
	}
	if fault != nil {
		p.buf = p.buf[:p.header+headerSize]
	}
	if p.size() > 0 {
		p.piece(&sequence)
		p.header = len(p.buf)
		p.buf = append(p.buf, 0, 0, 0, 0)
	}
	p.piece(&sequence)
	return fault, p.Flush(ctx)
}

// piece completes a packet of the file.
func (p *Pipeline) piece(sequence *byte) {
	n := p.size()
	p.buf[p.header], p.buf[p.header+1], p.buf[p.header+2], p.buf[p.header+3] = byte(n), byte(n>>8), byte(n>>16), *sequence
	*sequence++
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
