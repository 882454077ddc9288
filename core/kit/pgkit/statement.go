package pgkit

import (
	"context"
	"encoding/binary"
	"errors"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Statement is a statement that selects, checked by the server. Preparing
// another one on the connection ends it.
type Statement struct {
	conn    *Conn
	sql     string
	decoder *Decoder
	formats []int16
}

// Prepare has the server check a statement that selects. A parameter ($1) in
// it is an error of class Config.
func (c *Conn) Prepare(ctx context.Context, sql string) (*Statement, error) {
	s := &Statement{conn: c, sql: sql}
	fields, err := c.describe(ctx, sql)
	if err != nil {
		return nil, err
	}
	if len(fields) == 0 {
		return nil, errclass.With(errclass.Config, errors.New("the statement selects nothing"))
	}
	infos, err := c.describeFields(ctx, fields)
	if err != nil {
		return nil, err
	}
	// What was asked in between has ended the statement that was prepared.
	if fields, err = c.describe(ctx, sql); err != nil {
		return nil, err
	}
	if len(fields) != len(infos) {
		return nil, errclass.With(errclass.Transient, errors.New("the statement's columns change while it is prepared"))
	}
	s.decoder = newDecoder(infos, c.Server.Encoding)
	s.formats = make([]int16, len(fields))
	for i, v := range s.decoder.values {
		if v.binary {
			s.formats[i] = pgproto3.BinaryFormat
		}
	}
	return s, nil
}

// describe prepares the unnamed statement and returns its columns.
func (c *Conn) describe(ctx context.Context, sql string) ([]pgconn.FieldDescription, error) {
	var fields []pgconn.FieldDescription
	err := c.guard(ctx, func() error {
		d, err := c.pg.Prepare(context.Background(), "", sql, nil)
		if err != nil {
			var refused *pgconn.PgError
			if errors.As(err, &refused) {
				return refused
			}
			return err
		}
		if len(d.ParamOIDs) > 0 {
			return errclass.With(errclass.Config, errors.New("the statement holds a $1, which is read as a parameter: write the value"))
		}
		fields = d.Fields
		return nil
	})
	return fields, err
}

// Columns describe the result: what a table's column is where it was selected
// as such.
func (s *Statement) Columns() []record.Column { return s.decoder.columns }

// Sorts tells whether column i can be in the order of a split, as
// [sqlkit.TableColumn] has it. A collation counts where the column was selected
// as a table has it.
func (s *Statement) Sorts(i int) bool { return s.decoder.values[i].sorts() }

// Decoder decodes the rows of the statement.
func (s *Statement) Decoder() *Decoder { return s.decoder }

// Rows begins to run the statement. It does not wait for the server; Next does.
// first bounds the wait for the first row; 0: no bound.
func (s *Statement) Rows(ctx context.Context, first time.Duration) (*Rows, error) {
	var buf []byte
	var err error
	for _, m := range []pgproto3.FrontendMessage{
		&pgproto3.Bind{ResultFormatCodes: s.formats}, &pgproto3.Execute{}, &pgproto3.Sync{},
	} {
		if buf, err = m.Encode(buf); err != nil {
			return nil, Classify(err)
		}
	}
	c := s.conn
	err = c.guard(ctx, func() error {
		_, err := c.pg.Conn().Write(buf)
		return err
	})
	if err != nil {
		c.broken.Store(true)
		return nil, err
	}
	c.busy.Store(true)
	c.in.keep = c.in.r
	return &Rows{conn: c, timeout: first}, nil
}

// field returns the value that p begins with, nil for NULL, and what follows.
func field(p []byte) (v, rest []byte, err error) {
	if len(p) < 4 {
		return nil, nil, errMalformed
	}
	n := int32(binary.BigEndian.Uint32(p))
	p = p[4:]
	switch {
	case n == -1:
		return nil, p, nil
	case n < 0 || int(n) > len(p):
		return nil, nil, errMalformed
	}
	return p[:n:n], p[n:], nil
}
