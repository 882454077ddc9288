package mssqlkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// ErrWait says that no further row has arrived yet.
var ErrWait = errors.New("no row has arrived yet")

// Rows is a result that is streamed.
type Rows struct {
	conn    *Conn
	feed    *feed
	decoder *decoder
	first   time.Duration // patience for the first row; 0: no bound
	block   *block        // being read
	spare   *block
	at      int // the current row in block; -1 before the first
	begun   bool
	eof     bool
	stop    sync.Once
}

// Stream begins to run a statement whose result has these columns. It does not
// wait for the server. first bounds the wait for the first row; 0: no bound.
// Nothing else may be asked of the connection until the rows have ended.
func (c *Conn) Stream(ctx context.Context, sql string, columns []record.Column, first time.Duration) (*Rows, error) {
	r := &Rows{conn: c, decoder: newDecoder(columns, tagged(sql)), first: first, block: &block{}, spare: &block{}, at: -1}
	err := c.guarded(ctx, func() error {
		st, err := c.statement(ctx, sql)
		if err != nil {
			return err
		}
		r.feed = c.run(st, len(columns))
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.rows = r
	return r, nil
}

// Next goes to the next row; io.EOF after the last one. patience above 0
// bounds the wait: then Next returns ErrWait, the current row stays, and Next
// can be called again.
func (r *Rows) Next(patience time.Duration) error {
	if r.at+1 < r.block.rows {
		r.at++
		return nil
	}
	if r.eof {
		return io.EOF
	}
	wait := patience
	bounded := !r.begun && r.first > 0 && (patience <= 0 || patience > r.first)
	if bounded {
		wait = r.first
	}
	r.spare.reset()
	full, ok, err := r.feed.take(r.spare, wait)
	switch {
	case err != nil:
		return r.end(err)
	case !ok && bounded:
		r.conn.Interrupt()
		r.conn.sound = false
		return errclass.With(errclass.Transient, fmt.Errorf("the statement has sent no row in %s: raise queryTimeOut", r.first))
	case !ok:
		return ErrWait
	}
	r.spare, r.block, r.at, r.begun = r.block, full, 0, true
	return nil
}

func (r *Rows) end(err error) error {
	if errors.Is(err, io.EOF) {
		r.eof = true
		return io.EOF
	}
	r.conn.sound = false
	err = classify(err, r.conn.wire)
	if errclass.Of(err) == errclass.Data { // the statement's, not one row's that could be left out
		err = errclass.With(errclass.Permanent, err)
	}
	return err
}

// Append appends the first n columns of the current row to a row that was
// begun in b. An error of class Data names the column whose value cannot be
// read as what it is.
func (r *Rows) Append(b *record.Batch, n int) error {
	width := r.feed.width
	return r.decoder.append(b, r.block.values[r.at*width:r.at*width+n])
}

// Pick appends some columns of the current row to a row that was begun in b.
func (r *Rows) Pick(b *record.Batch, columns []int) error {
	at := r.at * r.feed.width
	for _, c := range columns {
		if err := r.decoder.cell(b, c, r.block.values[at+c]); err != nil {
			return err
		}
	}
	return nil
}

// Null tells that a column of the current row is NULL.
func (r *Rows) Null(c int) bool { return r.block.values[r.at*r.feed.width+c] == nil }

// Binary returns a binary of the current row, borrowed until Next; nil for
// NULL and for a value of another type.
func (r *Rows) Binary(c int) []byte {
	v, _ := r.block.values[r.at*r.feed.width+c].([]byte)
	return v
}

// Integer returns an integer of the current row; 0 for NULL and for a value of
// another type.
func (r *Rows) Integer(c int) int64 {
	v, _ := r.block.values[r.at*r.feed.width+c].(int64)
	return v
}

// Raw returns the first n columns of the current row as a JSON object of texts.
func (r *Rows) Raw(n int) []byte {
	at := r.at * r.feed.width
	var b strings.Builder
	b.WriteByte('{')
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(r.decoder.columns[i].Name)
		b.Write(name)
		b.WriteByte(':')
		b.Write(rawText(r.block.values[at+i]))
	}
	b.WriteByte('}')
	return []byte(b.String())
}

func rawText(v any) []byte {
	var text string
	switch v := v.(type) {
	case nil:
		return []byte("null")
	case string:
		text = strings.TrimPrefix(v, variantTag)
	case []byte:
		text = fmt.Sprintf("0x%x", v)
	case time.Time:
		text = v.Format("2006-01-02 15:04:05.9999999 -07:00")
	default:
		text = fmt.Sprint(v)
	}
	quoted, _ := json.Marshal(text)
	return quoted
}

// ended tells that the rows were read to their end.
func (r *Rows) ended() bool { return r.eof }

// wait awaits the goroutine that reads; the wire has been cut.
func (r *Rows) wait() {
	r.stop.Do(func() { close(r.feed.stop) })
	<-r.feed.done
}
