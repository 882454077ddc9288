package file

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/parquetfmt"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/record"
)

// columnar makes parquet files. Each part, from one Prepare to the next, is a
// segment; seal makes one file of them.
type columnar struct {
	writer  *writer
	parquet *parquetfmt.Encoder // nil: no row has been seen
}

// newParquet plans the file of a schema; its errors are of class Config.
func newParquet(w *writer, s *record.Schema) (*parquetfmt.Encoder, error) {
	if err := w.count(s); err != nil {
		return nil, err
	}
	columns := make([]record.Column, s.Data)
	for i, name := range w.columnsOf(s) {
		columns[i] = s.Columns[i]
		if w.names != nil && w.config.Column[i].Type != "" {
			t, err := convert.ParseType(w.config.Column[i].Type)
			if err != nil {
				return nil, err
			}
			columns[i] = t.Column(name)
		}
		columns[i].Name = name
	}
	return parquetfmt.NewEncoder(s, columns, parquetfmt.Settings{
		Compress: w.config.Compress, GroupBytes: int(w.config.RowGroupSize), Convert: convert.Options{Zone: w.zone},
	})
}

// goOn prepares for a file that an earlier process began: its columns have to
// be the same.
func (c *columnar) goOn(path string, size int64, s *record.Schema) (err error) {
	if c.parquet, err = newParquet(c.writer, s); err != nil {
		return err
	}
	in, err := c.writer.disk.Open(path)
	if err != nil {
		return err
	}
	same, err := c.parquet.Continues(in, size)
	if err = errors.Join(err, in.Close()); err == nil && !same {
		err = errors.New("the columns have changed since it was begun")
	}
	if err != nil {
		return errclass.With(errclass.PositionLost, fmt.Errorf("going on with %s: %w: start afresh", path, err))
	}
	return nil
}

func (c *columnar) begin(dst []byte, at int64, s *record.Schema) ([]byte, error) {
	if c.parquet == nil {
		var err error
		if c.parquet, err = newParquet(c.writer, s); err != nil {
			return dst, err
		}
	}
	c.parquet.Begin(at)
	return dst, nil
}

func (c *columnar) append(dst []byte, r record.Row) ([]byte, error) {
	if err := onlyInserts(r); err != nil {
		return dst, err
	}
	return c.parquet.Append(dst, r)
}

func (c *columnar) renew() { c.parquet = nil }

func (c *columnar) settle(dst []byte, size int) ([]byte, error) { return c.parquet.Settle(dst, size) }

func (c *columnar) end(dst []byte) ([]byte, int64, error) { return c.parquet.End(dst) }

// seal makes one file of a hidden file's segments and returns its size. It can
// be repeated: what an earlier call has added is cut off first.
func (w *writer) seal(f hidden) (int64, error) {
	if w.config.Format != "parquet" {
		return f.Size, nil
	}
	path := filepath.Join(w.hidden, f.Name)
	in, err := w.disk.Open(path)
	if err != nil {
		return 0, err
	}
	tail, rows, err := parquetfmt.Tail(in, f.Size)
	if err = errors.Join(err, in.Close()); err == nil && rows != f.Rows {
		err = fmt.Errorf("it has %d rows instead of %d", rows, f.Rows)
	}
	if err != nil {
		return 0, errclass.With(errclass.PositionLost, fmt.Errorf("completing %s: %w: somebody changed it, start afresh", path, err))
	}
	if err := w.disk.Truncate(path, f.Size); err != nil {
		return 0, filekit.Failed("cutting", path, err)
	}
	if tail == nil {
		return f.Size, nil
	}
	out, err := w.disk.Create(path)
	if err != nil {
		return 0, filekit.Failed("opening", path, err)
	}
	_, err = out.Write(tail)
	if err == nil {
		err = out.Sync()
	}
	return f.Size + int64(len(tail)), filekit.Failed("writing", path, errors.Join(err, out.Close()))
}

// measure returns what tells a result from others: its size, or the rows of
// parquet, whose size seal has changed.
func (w *writer) measure(e fs.DirEntry) (int64, error) {
	info, err := e.Info()
	if err != nil || w.config.Format != "parquet" {
		if err != nil {
			return 0, filekit.Failed("looking at", e.Name(), err)
		}
		return info.Size(), nil
	}
	in, err := w.disk.Open(filepath.Join(w.config.Path, e.Name()))
	if err != nil {
		return 0, err
	}
	rows := int64(0)
	f, err := parquetfmt.Open(in, info.Size())
	if err == nil {
		for _, n := range f.Groups() {
			rows += n
		}
	}
	return rows, errors.Join(err, in.Close())
}
