package pgkit

import (
	"context"
	"errors"
	"net"
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/datasync-io/datasync/core/errclass"
)

// Settings returns what the connection was dialled with.
func (c *Conn) Settings() *Settings { return c.settings }

// ID is the process number of the session at the server.
func (c *Conn) ID() uint32 { return c.pg.PID() }

// Reusable tells that the session is in order and idle: nothing was
// interrupted, no stream is unfinished, the connection stands.
func (c *Conn) Reusable() bool { return !c.broken.Load() && !c.busy.Load() && !c.pg.IsClosed() }

// Interrupt cuts the connection, from any goroutine: a call under way returns
// with an error. Only Close is of use afterwards.
func (c *Conn) Interrupt() {
	c.broken.Store(true)
	_ = c.pg.Conn().Close()
}

// Cancel asks the server to end the statement that runs, from any goroutine;
// the statement then fails with SQLSTATE 57014 and the session goes on.
func (c *Conn) Cancel(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, cancelTimeout)
	defer cancel()
	return Classify(c.pg.CancelRequest(ctx))
}

// Close ends the connection, and at the server the statement that runs. It
// takes some seconds at most.
func (c *Conn) Close() error {
	if c.busy.Load() && !c.pg.IsClosed() {
		// A server that does not send does not notice that its client is gone.
		_ = c.Cancel(context.Background())
		c.Interrupt()
	}
	ctx, cancel := context.WithTimeout(context.Background(), cancelTimeout)
	defer cancel()
	closed := c.pg.IsClosed()
	err := c.pg.Close(ctx)
	if closed { // by pgconn, whose goroutine takes leave of the server
		c.Interrupt()
		select {
		case <-c.pg.CleanupDone():
		case <-ctx.Done():
		}
	}
	if err == nil || c.broken.Load() || errors.Is(err, net.ErrClosed) || errclass.Of(Classify(err)) == errclass.Transient {
		return nil
	}
	return err
}

// guard runs f, and cuts the connection when ctx ends before it has returned:
// then there is an error, whatever f says, as the connection is of no use.
func (c *Conn) guard(ctx context.Context, f func() error) error {
	if ctx.Err() != nil {
		return ended(ctx)
	}
	c.busy.Store(true)
	stop := context.AfterFunc(ctx, c.Interrupt)
	err := f()
	cut := !stop()
	c.busy.Store(false)
	if cut || err != nil && ctx.Err() != nil {
		return ended(ctx)
	}
	return Classify(err)
}

// ended is the error of a context that is over; one whose time is up may have
// more the next time.
func ended(ctx context.Context) error {
	err := ctx.Err()
	if errors.Is(err, context.DeadlineExceeded) {
		return errclass.With(errclass.Transient, err)
	}
	return err
}

// Exec runs one or several statements, parted by semicolons, without a result.
// Several are one transaction unless one is open.
func (c *Conn) Exec(ctx context.Context, sql string) error {
	_, err := c.Query(ctx, sql)
	return err
}

// Result is a small result as PostgreSQL prints it; nil is NULL.
type Result struct {
	Columns []string
	Rows    [][]*string
	Tag     string // of the last statement: "INSERT 0 5"
}

// Query runs one or several statements and keeps the whole result of the last
// one. The error is classified.
func (c *Conn) Query(ctx context.Context, sql string) (*Result, error) {
	out := &Result{}
	err := c.guard(ctx, func() error {
		results, err := c.pg.Exec(context.Background(), sql).ReadAll()
		if err != nil || len(results) == 0 {
			return err
		}
		last := results[len(results)-1]
		if last.Err != nil {
			return last.Err
		}
		out.Tag = last.CommandTag.String()
		for _, f := range last.FieldDescriptions {
			out.Columns = append(out.Columns, f.Name)
		}
		for _, values := range last.Rows {
			row := make([]*string, len(values))
			for i, v := range values {
				if v != nil {
					s := string(v)
					row[i] = &s
				}
			}
			out.Rows = append(out.Rows, row)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Text returns a value, "" for NULL and for one that is not there.
func (r *Result) Text(row, column int) string {
	if row >= len(r.Rows) || column >= len(r.Rows[row]) || r.Rows[row][column] == nil {
		return ""
	}
	return *r.Rows[row][column]
}

// True reads a truth value.
func (r *Result) True(row, column int) bool { return r.Text(row, column) == "t" }

// Int reads a number, 0 for anything else.
func (r *Result) Int(row, column int) int64 {
	n, err := strconv.ParseInt(r.Text(row, column), 10, 64)
	if err != nil {
		return 0
	}
	return n
}

// Affected is how many rows the last statement has found or added.
func (r *Result) Affected() int64 { return pgconn.NewCommandTag(r.Tag).RowsAffected() }
