package parquetfmt

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/compress/gzip"
	"github.com/parquet-go/parquet-go/compress/snappy"
	"github.com/parquet-go/parquet-go/compress/uncompressed"
	"github.com/parquet-go/parquet-go/compress/zstd"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Settings say how files are written.
type Settings struct {
	Compress   string          // none, snappy, gzip or zstd
	GroupBytes int             // values of a row group, in bytes before compression; 0: [DefaultGroup]
	Convert    convert.Options // zone of wall clocks
}

// DefaultGroup is the size of a row group. All of it is in memory, compressed,
// until it is full.
const DefaultGroup = 16 << 20

const (
	pageBytes       = 64 << 10 // of a column, before encoding
	dictionaryBytes = 1 << 20  // a larger dictionary is given up
)

// Encoder writes the segments of a file, one after the other, to buffers of
// its caller. It is for one goroutine.
type Encoder struct {
	columns []column
	schema  *parquet.Schema
	kinds   string
	options []parquet.WriterOption
	out     *appender
	writer  *parquet.GenericWriter[any]
	begun   bool           // a segment is open
	seen    *record.Schema // of the row before: it fits the columns
	rows    int64          // of the open segment
	size    int            // of the values since the last row group
	target  int
	scratch []byte // bytes that values of this batch are kept in
}

// column is one column of an Encoder.
type column struct {
	record.Column
	from    record.Kind  // of the rows' column
	convert convert.Func // to the column's kind; nil: it has it
	staged  *record.Batch
	schema  *record.Schema // of staged
	put     put
	values  []parquet.Value // of this batch
}

// appender is a writer to the caller's buffer.
type appender struct{ buf []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.buf = append(a.buf, p...)
	return len(p), nil
}

var codecs = map[string]compress.Codec{
	"none": &uncompressed.Codec{}, "snappy": &snappy.Codec{}, "gzip": &gzip.Codec{}, "zstd": &zstd.Codec{},
}

// NewEncoder returns an encoder of rows of schema in, whose columns are
// converted to those of the file; both lists are equally long. An error is of
// class Config.
func NewEncoder(in *record.Schema, columns []record.Column, s Settings) (*Encoder, error) {
	e := &Encoder{columns: make([]column, len(columns)), target: s.GroupBytes, out: &appender{}}
	if e.target <= 0 {
		e.target = DefaultGroup
	}
	for i, c := range columns {
		var err error
		if e.columns[i], err = newColumn(in.Columns[i], c, s.Convert); err != nil {
			return nil, err
		}
	}
	var err error
	if e.schema, e.kinds, err = newSchema(columns); err != nil {
		return nil, errclass.With(errclass.Config, err)
	}
	codec := codecs[s.Compress]
	if codec == nil {
		return nil, errclass.With(errclass.Config, fmt.Errorf("compress: parquet is written with none, snappy, gzip or zstd, not with %q", s.Compress))
	}
	e.options = []parquet.WriterOption{
		e.schema, parquet.Compression(codec), parquet.WriteBufferSize(0), parquet.PageBufferSize(pageBytes), parquet.DictionaryMaxBytes(dictionaryBytes),
		parquet.CreatedBy("datasync", "1", "0"), parquet.DataPageStatistics(false),
	}
	return e, nil
}

func newColumn(from, to record.Column, opt convert.Options) (column, error) {
	c := column{Column: to, from: from.Kind, put: puts[to.Kind]}
	switch {
	case to.Kind == record.Decimal && bounded(to):
		c.put = putDecimal
	case c.put == nil:
		return c, errclass.With(errclass.Config, fmt.Errorf("column %q: parquet has no values of kind %s", to.Name, to.Kind))
	}
	if from.Kind == to.Kind {
		return c, nil
	}
	var err error
	if c.convert, err = convert.Plan(from, to, opt); err != nil {
		return c, err
	}
	c.staged = record.NewBatch(1<<30, 1<<40)
	c.schema = record.NewSchema(record.Name{}, []record.Column{to})
	return c, nil
}

// Begin begins a segment that will stand at that place of the file.
func (e *Encoder) Begin(at int64) {
	options := append(slices.Clip(e.options), parquet.KeyValueMetadata(beginKey, strconv.FormatInt(at, 10)))
	if e.kinds != "" {
		options = append(options, parquet.KeyValueMetadata(kindsKey, e.kinds))
	}
	e.writer = parquet.NewGenericWriter[any](e.out, options...)
	e.begun, e.rows, e.size = true, 0, 0
}

// Append takes a row; what is complete with it is appended to dst. Values are
// borrowed until Settle. An error is a data error about the row, which is then
// not written.
func (e *Encoder) Append(dst []byte, r record.Row) ([]byte, error) {
	if s := r.Schema(); s != e.seen {
		if err := e.fits(s); err != nil {
			return dst, err
		}
		e.seen = s
	}
	for i := range e.columns {
		c := &e.columns[i]
		v, err := e.value(c, r, i)
		if err != nil {
			for j := range i {
				e.columns[j].values = e.columns[j].values[:len(e.columns[j].values)-1]
			}
			bad := errclass.AsBadRow(0, err)
			return dst, errclass.With(errclass.Data, &errclass.Value{Column: c.Name, Reason: bad.Reason, Err: bad.Err})
		}
		c.values = append(c.values, v)
	}
	e.rows++
	return dst, nil
}

// value returns the value of a column with its levels.
func (e *Encoder) value(c *column, r record.Row, i int) (parquet.Value, error) {
	from := i
	if c.convert != nil && r.Kind(i) > record.Null {
		c.staged.Begin(c.schema, record.Insert)
		if err := c.convert(c.staged, r, i); err != nil {
			c.staged.Drop()
			return parquet.Value{}, err
		}
		r, from = c.staged.Row(c.staged.Len()-1), 0
	}
	switch r.Kind(from) {
	case record.Null:
		return parquet.Value{}.Level(0, 0, i), nil
	case record.Absent:
		return parquet.Value{}, errclass.BadValue("", errclass.Other, "the change says nothing about this column, and a file cannot leave one out")
	}
	v, err := c.put(e, c, r, from)
	return v.Level(0, 1, i), err
}

// fits tells whether rows of another schema can be in this file.
func (e *Encoder) fits(s *record.Schema) error {
	if s.Data != len(e.columns) {
		return errclass.BadValue("", errclass.Other, "the row of table %s has %d columns, the file %d", s.Name, s.Data, len(e.columns))
	}
	for i := range e.columns {
		if s.Columns[i].Kind != e.columns[i].from {
			return errclass.BadValue(e.columns[i].Name, errclass.Other, "the row of table %s has %s here, the file %s", s.Name, s.Columns[i].Kind, e.columns[i].from)
		}
	}
	return nil
}

// Settle takes over what the rows since the last call have lent; size is
// about that of their values. A row group that is full is appended to dst.
func (e *Encoder) Settle(dst []byte, size int) ([]byte, error) {
	if !e.begun {
		return dst, nil
	}
	writers := e.writer.ColumnWriters()
	for i := range e.columns {
		c := &e.columns[i]
		if len(c.values) > 0 {
			if _, err := writers[i].WriteRowValues(c.values); err != nil {
				return dst, failed(err)
			}
		}
		c.values = c.values[:0]
		if c.staged != nil {
			c.staged.Reset("")
		}
	}
	if e.scratch = e.scratch[:0]; cap(e.scratch) > pageBytes*len(e.columns) {
		e.scratch = nil
	}
	if e.size += size; e.size < e.target {
		return dst, nil
	}
	e.size = 0
	return e.append(dst, e.writer.Flush)
}

// End appends the end of the segment to dst and returns how many rows it has.
func (e *Encoder) End(dst []byte) ([]byte, int64, error) {
	dst, err := e.Settle(dst, 0)
	if err != nil || !e.begun {
		return dst, 0, err
	}
	e.begun = false
	dst, err = e.append(dst, e.writer.Close)
	return dst, e.rows, err
}

// append lets f write behind dst.
func (e *Encoder) append(dst []byte, f func() error) ([]byte, error) {
	e.out.buf = dst
	err := f()
	dst, e.out.buf = e.out.buf, nil
	return dst, failed(err)
}

func failed(err error) error {
	if err == nil {
		return nil
	}
	return errclass.With(errclass.Permanent, fmt.Errorf("encoding parquet: %w", err))
}
