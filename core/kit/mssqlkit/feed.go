package mssqlkit

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	mssql "github.com/microsoft/go-mssqldb"

	"github.com/datasync-io/datasync/core/errclass"
)

// How much is read ahead of whoever takes the rows, in each of two blocks. The
// driver itself has up to six rows more.
const (
	blockRows  = 256
	blockBytes = 256 << 10
)

// block is rows that have arrived.
type block struct {
	values []driver.Value // row after row
	rows   int
	weight int
}

func (b *block) reset() {
	clear(b.values)
	b.values, b.rows, b.weight = b.values[:0], 0, 0
}

// feed hands rows from the driver, whose reading cannot be bounded in time, to
// whoever waits for them with patience. One goroutine reads into one block
// while the other is taken from; it ends when the rows do or the wire is cut.
type feed struct {
	width int
	done  chan struct{} // closed when the goroutine has ended

	mu      sync.Mutex
	filling *block
	err     error         // why it has ended; io.EOF after the last row
	arrived chan struct{} // one token: there is something in filling, or err
	taken   chan struct{} // one token: filling was exchanged
	stop    chan struct{} // closed when nobody takes any more
}

// run begins a statement and reads its rows.
func (c *Conn) run(st *mssql.Stmt, width int) *feed {
	f := &feed{
		width: width, done: make(chan struct{}), filling: &block{}, arrived: make(chan struct{}, 1), taken: make(chan struct{}, 1),
		stop: make(chan struct{}),
	}
	go func() {
		defer close(f.done)
		err := f.read(st)
		if errors.Is(err, io.EOF) && c.lost() {
			err = errLost
		}
		f.mu.Lock()
		f.err = err
		f.mu.Unlock()
		signal(f.arrived)
	}()
	return f
}

// errLost is a connection that ended inside an answer. The driver has io.EOF
// for that and for the end of the rows.
var errLost = errclass.With(errclass.Transient, errors.New("the server has closed the connection"))

// lost tells that the driver has given the connection up.
func (c *Conn) lost() bool { return !c.conn.IsValid() || c.wire.lost() != nil }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// read reads to the end; nil never comes back.
func (f *feed) read(st *mssql.Stmt) error {
	result, err := st.QueryContext(context.Background(), nil)
	if errors.Is(err, io.EOF) {
		return errLost
	} else if err != nil {
		return err
	}
	rows, ok := result.(*mssql.Rows)
	if !ok {
		return fmt.Errorf("the driver answered with a %T", result)
	}
	if n := len(rows.Columns()); n != f.width {
		if err := exhaust(rows, n); !errors.Is(err, io.EOF) {
			return err
		}
		return fmt.Errorf("the result has %d columns, %d were expected", n, f.width)
	}
	values := make([]driver.Value, f.width)
	for {
		if err := rows.Next(values); err != nil {
			return ended(rows, err)
		}
		if !f.put(values) {
			return exhaust(rows, f.width)
		}
	}
}

// exhaust reads what is left, so that the driver's own goroutine ends: the wire
// is cut by then, or will be.
func exhaust(rows *mssql.Rows, width int) error {
	values := make([]driver.Value, width)
	for {
		if err := rows.Next(values); err != nil {
			return ended(rows, err)
		}
	}
}

// ended reads to the end of an answer that has an error in it.
func ended(rows *mssql.Rows, err error) error {
	var refused mssql.Error
	values := make([]driver.Value, len(rows.Columns()))
	for last := err; errors.As(last, &refused); {
		if last = rows.Next(values); errors.Is(last, io.EOF) {
			return err
		}
	}
	if errors.Is(err, io.EOF) {
		if fault := rows.Close(); fault != nil {
			return fault
		}
	}
	return err
}

// put adds a row; false if nobody wants it.
func (f *feed) put(values []driver.Value) bool {
	for {
		f.mu.Lock()
		b := f.filling
		if b.rows == 0 || b.rows < blockRows && b.weight < blockBytes {
			b.values = append(b.values, values...)
			b.rows++
			for i := range values {
				b.weight += weight(values[i])
			}
			first := b.rows == 1
			f.mu.Unlock()
			if first {
				signal(f.arrived)
			}
			return true
		}
		f.mu.Unlock()
		select {
		case <-f.taken:
		case <-f.stop:
			return false
		}
	}
}

// take exchanges an empty block for what has arrived. patience above 0 bounds
// the wait; false: nothing has arrived in it.
func (f *feed) take(empty *block, patience time.Duration) (full *block, ok bool, err error) {
	var late <-chan time.Time
	for {
		f.mu.Lock()
		if f.filling.rows > 0 {
			full, f.filling = f.filling, empty
			f.mu.Unlock()
			signal(f.taken)
			return full, true, nil
		}
		err := f.err
		f.mu.Unlock()
		if err != nil {
			return nil, true, err
		}
		if late == nil && patience > 0 {
			timer := time.NewTimer(patience)
			defer timer.Stop()
			late = timer.C
		}
		select {
		case <-f.arrived:
		case <-late:
			return nil, false, nil
		}
	}
}
