package mssqlkit

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Conn is one connection, used by one goroutine at a time; Interrupt alone may
// be called by any. Errors are classified. A call whose context ends cuts the
// connection: only Close is of use afterwards.
type Conn struct {
	conn    *mssql.Conn
	wire    *wire
	sound   bool // no call has failed
	rows    *Rows
	scratch *record.Batch
}

// session is what every connection begins with. The options are those that
// indexes over computed columns and indexed views ask for, and that the JDBC
// drivers set; language and date format are the login's, as statements of the
// job expect them.
const session = "SET ANSI_NULLS, ANSI_PADDING, ANSI_WARNINGS, ARITHABORT, CONCAT_NULL_YIELDS_NULL, QUOTED_IDENTIFIER ON; " +
	"SET NUMERIC_ROUNDABORT, IMPLICIT_TRANSACTIONS, XACT_ABORT, NOCOUNT OFF; SET TEXTSIZE 2147483647; SET ROWCOUNT 0"

// Dial opens a connection. ctx bounds the dialling alone.
func Dial(ctx context.Context, s *Settings) (*Conn, error) {
	config, err := s.driver()
	if err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	limit := s.ConnectTimeout
	if limit <= 0 {
		limit = defaultConnectTimeout
	}
	dialling, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	w := &wire{}
	stop := context.AfterFunc(dialling, w.close)
	connector := mssql.NewConnectorConfig(config)
	connector.Dialer = w
	opened, err := connector.Connect(dialling)
	if !stop() || err != nil {
		w.close()
		if err == nil { // else the driver gives a typed nil
			_ = opened.Close()
		}
		return nil, diallingFault(ctx, s, w, dialling.Err() != nil, err)
	}
	conn, ok := opened.(*mssql.Conn)
	if !ok {
		_ = opened.Close()
		return nil, fmt.Errorf("connecting to %s: the driver gave a %T", s.Address(), opened)
	}
	c := &Conn{conn: conn, wire: w, sound: true, scratch: record.NewBatch(1, 0)}
	sql := session
	if s.LockTimeout > 0 {
		sql += fmt.Sprintf("; SET LOCK_TIMEOUT %d", s.LockTimeout.Milliseconds())
	}
	if err := c.Exec(dialling, sql); err != nil {
		return nil, errors.Join(fmt.Errorf("setting up the session at %s: %w", s.Address(), err), c.Close())
	}
	return c, nil
}

// diallingFault tells why there is no connection.
func diallingFault(ctx context.Context, s *Settings, w *wire, late bool, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err == nil || late:
		err = errclass.With(errclass.Transient, errors.New("no answer in time"))
	case isCertificate(err) || strings.Contains(err.Error(), "TLS Handshake") && w.broken() == nil:
		err = errclass.With(errclass.Config, fmt.Errorf("%w; set trustServerCertificate=true, or name the authority with trustStore", err))
	case strings.Contains(err.Error(), "server does not support encryption"):
		err = errclass.With(errclass.Config, fmt.Errorf("%w: set encrypt=false", err))
	case strings.Contains(err.Error(), "no instance matching"):
		err = errclass.With(errclass.Config, fmt.Errorf("%w: name its port", err))
	case code(err) != 0:
		err = classifyNumber(code(err), err)
	default:
		err = errclass.With(errclass.Transient, err) // the server is not there yet, or went away
	}
	return fmt.Errorf("connecting to %s: %w", s.Address(), err)
}

// Interrupt makes what the connection does end at once.
func (c *Conn) Interrupt() { c.wire.close() }

// Reusable tells that nothing was interrupted, no call has failed and all rows were read.
func (c *Conn) Reusable() bool {
	c.wire.mu.Lock()
	cut := c.wire.cut
	c.wire.mu.Unlock()
	return c.sound && !cut && (c.rows == nil || c.rows.ended())
}

// Close ends the connection, and at the server the statement that runs and the
// open transaction.
func (c *Conn) Close() error {
	c.wire.close()
	if c.rows != nil {
		c.rows.wait()
	}
	if c.conn == nil {
		return nil
	}
	conn := c.conn
	c.conn = nil
	_ = conn.Close() // the wire is cut already: it can say nothing but that
	return nil
}

// guarded runs f, which ends when the connection is cut, and classifies its error.
// Where the connection was cut there is one, whatever f says.
func (c *Conn) guarded(ctx context.Context, f func() error) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if c.conn == nil {
		return errclass.With(errclass.Transient, errors.New("the connection is closed"))
	}
	stop := context.AfterFunc(ctx, c.wire.close)
	err := f()
	switch cut := !stop(); {
	case err == nil && !cut:
		return nil
	case ctx.Err() != nil:
		c.sound = false
		return ctx.Err()
	}
	err = classify(err, c.wire)
	if errclass.Of(err) != errclass.Data && errclass.Of(err) != errclass.Config {
		c.sound = false
	}
	return err
}

// Exec runs a batch of statements and throws away what it returns.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	_, err := c.Affect(ctx, sql)
	return err
}

// Affect is Exec that returns how many rows the statements changed.
func (c *Conn) Affect(ctx context.Context, sql string) (rows int64, err error) {
	err = c.guarded(ctx, func() error {
		st, err := c.statement(ctx, sql)
		if err != nil {
			return err
		}
		result, err := st.ExecContext(context.Background(), nil)
		if err != nil {
			return err
		}
		rows, err = result.RowsAffected()
		return err
	})
	return rows, err
}

// statement makes sql a statement. The driver takes a single word for a
// procedure's name unless it ends with a semicolon.
func (c *Conn) statement(ctx context.Context, sql string) (*mssql.Stmt, error) {
	if !strings.HasSuffix(sql, ";") {
		sql += ";"
	}
	st, err := c.conn.PrepareContext(ctx, sql)
	if err != nil {
		return nil, err
	}
	mine, ok := st.(*mssql.Stmt)
	if !ok {
		return nil, fmt.Errorf("the driver made a %T of a statement", st)
	}
	return mine, nil
}

// Query runs a statement and returns its rows as text, as literals of sqlkit's
// Value spell it; an element is nil for NULL.
func (c *Conn) Query(ctx context.Context, sql string) (rows [][]*string, err error) {
	err = c.guarded(ctx, func() error {
		st, err := c.statement(ctx, sql)
		if err != nil {
			return err
		}
		result, err := st.QueryContext(context.Background(), nil)
		if err != nil {
			return err
		}
		got, ok := result.(*mssql.Rows)
		if !ok {
			return fmt.Errorf("the driver answered with a %T", result)
		}
		rows, err = c.texts(got)
		return errors.Join(err, got.Close())
	})
	return rows, err
}

// texts reads a short result to its end.
func (c *Conn) texts(got *mssql.Rows) (rows [][]*string, err error) {
	names := got.Columns()
	if len(names) == 0 {
		return nil, nil
	}
	columns := make([]record.Column, len(names))
	for i := range names {
		columns[i] = wireColumn(got, i)
	}
	schema := record.NewSchema(record.Name{}, columns)
	d := newDecoder(columns, false)
	values := make([]driver.Value, len(names))
	for {
		if err := got.Next(values); errors.Is(err, io.EOF) {
			if c.lost() {
				return nil, errLost
			}
			return rows, nil
		} else if err != nil {
			return nil, err
		}
		c.scratch.Reset("")
		c.scratch.Begin(schema, record.Insert)
		if err := d.append(c.scratch, values); err != nil {
			c.scratch.Drop()
			return nil, err
		}
		row := make([]*string, len(values))
		for i := range values {
			if values[i] != nil {
				text := string(c.scratch.Row(0).AppendText(nil, i))
				row[i] = &text
			}
		}
		rows = append(rows, row)
	}
}

// First runs a statement and returns its first row as text; nil if there is none.
func (c *Conn) First(ctx context.Context, sql string) ([]*string, error) {
	rows, err := c.Query(ctx, sql)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return rows[0], nil
}

// one is the text of row i's column, "" for NULL.
func one(row []*string, i int) string {
	if i >= len(row) || row[i] == nil {
		return ""
	}
	return *row[i]
}
