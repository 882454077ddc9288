package parquetfmt

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Rows goes through the rows of some row groups. A column is read when it is
// asked for, page by page; what it lends to Append is copied there.
type Rows struct {
	file    *File
	columns []reading
	group   int // the next
	to      int
	rows    int64 // in the present group
	row     int64 // in it; -1 before the first
	err     error
}

// reading is one column that is read.
type reading struct {
	name   string
	leaf   *leaf   // nil: nested
	nested *nested // nil: a primitive column
	chunks []cursor
	first  int // leaf column of the file that chunks[0] reads
}

func newReading(f *File, i int) reading {
	c := f.fields[i]
	r := reading{name: c.Name(), first: firstLeaf(c)}
	if c.Leaf() && !c.Repeated() {
		r.leaf = leafOf(c.Type(), f.kinds[c.Name()])
		r.chunks = make([]cursor, 1)
		return r
	}
	r.nested = newNested(c)
	r.chunks = make([]cursor, r.nested.leaves)
	return r
}

func firstLeaf(c *parquet.Column) int {
	for !c.Leaf() {
		children := c.Columns()
		if len(children) == 0 {
			return 0
		}
		c = children[0]
	}
	return c.Index()
}

// Skip goes over n rows. It is called before Next.
func (r *Rows) Skip(n int64) error {
	groups := r.file.file.RowGroups()
	for r.group < r.to && n >= groups[r.group].NumRows() {
		n -= groups[r.group].NumRows()
		r.group++
	}
	if n == 0 {
		return nil
	}
	if r.group >= r.to {
		return io.EOF
	}
	if err := r.open(); err != nil {
		return err
	}
	r.row = n - 1
	return nil
}

// Next goes to the next row; io.EOF after the last.
func (r *Rows) Next() error {
	if r.err != nil {
		return r.err
	}
	r.row++
	for r.row >= r.rows {
		if r.group >= r.to {
			return io.EOF
		}
		if r.err = r.open(); r.err != nil {
			return r.err
		}
		r.row = 0
	}
	return nil
}

// open begins the next row group.
func (r *Rows) open() (err error) {
	defer recovered(&err)
	g := r.file.file.RowGroups()[r.group]
	r.group++
	r.rows, r.row = g.NumRows(), -1
	chunks := g.ColumnChunks()
	for i := range r.columns {
		c := &r.columns[i]
		for j := range c.chunks {
			if err := c.chunks[j].close(); err != nil {
				return failed(err)
			}
			c.chunks[j] = cursor{chunk: chunks[c.first+j], buf: c.chunks[j].buf[:0]}
		}
	}
	return nil
}

// Append appends column i of those that are read, of the present row, as one
// cell. A data error names the column: the row is then to be dropped; any
// other ends the reading.
func (r *Rows) Append(b *record.Batch, i int) (err error) {
	c := &r.columns[i]
	if c.leaf != nil {
		cur := &c.chunks[0]
		at := r.row - cur.base
		if at >= int64(len(cur.buf)) {
			if err := r.fetch(cur, i); err != nil {
				return err
			}
			at = r.row - cur.base
		}
		v := &cur.buf[at]
		if v.IsNull() {
			b.Null()
			return nil
		}
		if err = c.leaf.take(c.leaf, b, v); err == nil {
			return nil
		}
	} else {
		err = r.appendNested(b, c)
	}
	if errclass.Of(err) != errclass.Data {
		r.err = err
		return err
	}
	bad := errclass.AsBadRow(0, err)
	return errclass.With(errclass.Data, &errclass.Value{Column: c.name, Reason: bad.Reason, Err: bad.Err})
}

// fetch makes a cursor hold the present row's value.
func (r *Rows) fetch(cur *cursor, i int) (err error) {
	defer func() {
		if err != nil {
			r.err = errclass.With(errclass.Permanent, fmt.Errorf("reading column %q: %w", r.columns[i].name, err))
			err = r.err
		}
	}()
	defer recovered(&err)
	for r.row-cur.base >= int64(len(cur.buf)) {
		if err := cur.more(r.row); err != nil {
			if errors.Is(err, io.EOF) {
				return fmt.Errorf("it ends before row %d of its row group, which has %d", r.row, r.rows)
			}
			return err
		}
	}
	return nil
}

// Close ends the reading.
func (r *Rows) Close() (err error) {
	defer recovered(&err)
	for i := range r.columns {
		for j := range r.columns[i].chunks {
			err = errors.Join(err, r.columns[i].chunks[j].close())
		}
	}
	return err
}

// cursor reads the values of a column chunk. Values of the buffer lie in the
// page they came from.
type cursor struct {
	chunk  parquet.ColumnChunk
	pages  parquet.Pages
	page   parquet.Page
	values parquet.ValueReader
	buf    []parquet.Value
	base   int64 // row of buf[0], in a column with one value per row
}

const values = 256 // that a cursor reads at once

// more replaces the buffer by the values that follow. row is the least that is
// of interest to a primitive column; -1 for any other.
func (c *cursor) more(row int64) error {
	c.base += int64(len(c.buf))
	c.buf = c.buf[:0]
	if c.pages == nil {
		c.pages = c.chunk.Pages()
		if row > 0 {
			if err := c.pages.SeekToRow(row); err != nil {
				return err
			}
			c.base = row
		}
	}
	if cap(c.buf) == 0 {
		c.buf = make([]parquet.Value, 0, values)
	}
	for {
		if c.values == nil {
			c.release()
			page, err := c.pages.ReadPage()
			if err != nil {
				return err
			}
			c.page, c.values = page, page.Values()
		}
		n, err := c.values.ReadValues(c.buf[:cap(c.buf)])
		if errors.Is(err, io.EOF) {
			c.values = nil
		} else if err != nil {
			return err
		}
		if n > 0 {
			c.buf = c.buf[:n]
			return nil
		}
		if err == nil {
			return io.ErrNoProgress
		}
	}
}

func (c *cursor) release() {
	if c.page != nil {
		parquet.Release(c.page)
		c.page = nil
	}
}

func (c *cursor) close() error {
	c.release()
	if c.pages == nil {
		return nil
	}
	err := c.pages.Close()
	c.pages = nil
	return err
}
