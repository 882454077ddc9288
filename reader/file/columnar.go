package file

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/format/parquetfmt"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Source = (*columnar)(nil)

// parquetFile is an open parquet file.
type parquetFile struct {
	*parquetfmt.File
	file filekit.File
	path string
}

func openParquet(path string) (*parquetFile, error) {
	info, err := lookAt(path)
	if err != nil {
		return nil, err
	}
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	p, err := parquetfmt.Open(f, info.Size)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", path, err), f.Close())
	}
	return &parquetFile{File: p, file: f, path: path}, nil
}

func (f *parquetFile) close() error { return filekit.Failed("closing", f.path, f.file.Close()) }

// typed returns the shape of a parquet file: its types, and its names where
// the job lists no columns.
func (r *reader) typed(path string) (shape, error) {
	f, err := openParquet(path)
	if err != nil {
		return shape{}, err
	}
	columns := f.Columns()
	if err := f.close(); err != nil {
		return shape{}, err
	}
	var s shape
	if len(r.config.Column) == 0 {
		s.names = []string{}
		for _, c := range columns {
			s.names = append(s.names, c.Name)
			s.types = append(s.types, typeText(c))
		}
		return s, nil
	}
	s.types = make([]string, len(r.config.Column))
	for i := range r.config.Column {
		if at := findColumn(&r.config.Column[i], columns); at >= 0 {
			s.types[i] = typeText(columns[at])
		}
	}
	return s, nil
}

// findColumn returns the index of the file's column that c means, or -1.
func findColumn(c *Column, columns []record.Column) int {
	if c.Value != nil {
		return -1
	}
	if c.Index != nil {
		if *c.Index < len(columns) {
			return *c.Index
		}
		return -1
	}
	for i := range columns {
		if columns[i].Name == c.Name {
			return i
		}
	}
	return -1
}

var typeNames = [...]string{
	record.Bool: "boolean", record.Int64: "bigint", record.Uint64: "uint64", record.Float32: "float", record.Float64: "double",
	record.Decimal: "decimal", record.String: "string", record.Bytes: "bytes", record.Date: "date", record.Time: "time",
	record.Datetime: "datetime", record.Timestamp: "timestamp", record.Interval: "interval", record.JSON: "json", record.UUID: "uuid", record.Any: "any",
}

// typeText spells a column's type as convert.ParseType reads it.
func typeText(c record.Column) string {
	switch c.Kind {
	case record.Decimal:
		if c.Precision > 0 {
			return fmt.Sprintf("decimal(%d,%d)", c.Precision, c.Scale)
		}
	case record.Time, record.Datetime, record.Timestamp:
		return fmt.Sprintf("%s(%d)", typeNames[c.Kind], c.Scale)
	}
	return typeNames[c.Kind]
}

// columnar reads the rows of a parquet file, or of some of its row groups.
type columnar struct {
	layout   *layout
	spec     spec
	file     *parquetFile
	rows     *parquetfmt.Rows
	places   []int          // of the layout's columns among those read; -1: nowhere
	convert  []convert.Func // nil: as it is
	stage    *record.Batch  // a row as the file has it; nil: nothing is converted
	schema   *record.Schema // of stage
	done     int64          // rows of the split
	original []record.Column
}

func newColumnar(l *layout, s spec, at position, opt convert.Options) (*columnar, error) {
	f, err := openParquet(s.Path)
	if err != nil {
		return nil, err
	}
	c := &columnar{layout: l, spec: s, file: f, done: at.Records}
	read, err := c.plan(opt)
	if err == nil {
		to := s.Groups
		if to == 0 {
			to = len(f.Groups())
		}
		if to > len(f.Groups()) {
			err = lost("the file has %d row groups, the plan %d: start afresh", len(f.Groups()), to)
		} else {
			c.rows = f.Read(read, s.Group, to)
			err = c.rows.Skip(at.Records)
		}
		if errors.Is(err, io.EOF) {
			err = lost("the file ends before row %d: start afresh", at.Records)
		}
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", s.Path, err), f.close())
	}
	return c, nil
}

// plan finds the columns and says which of the file's are read.
func (c *columnar) plan(opt convert.Options) (read []int, err error) {
	columns := c.file.Columns()
	if n := len(c.spec.Names); n > 0 && n != len(columns) {
		return nil, fmt.Errorf("it has %d columns, the first file %d: list the columns", len(columns), n)
	}
	c.places = make([]int, len(c.layout.columns))
	c.convert = make([]convert.Func, len(c.layout.columns))
	for i := range c.layout.columns {
		p := &c.layout.columns[i]
		if c.places[i] = -1; p.fixed != nil || p.file {
			continue
		}
		at := findColumn(&p.column, columns)
		if at < 0 {
			return nil, fmt.Errorf("it has no column %q", p.column.Name)
		}
		from, to := columns[at], c.layout.schema.Columns[i]
		c.places[i] = len(read)
		read = append(read, at)
		c.original = append(c.original, from)
		if from.Kind == to.Kind && from.Precision == to.Precision && (from.Kind != record.Decimal || from.Scale == to.Scale) && p.bits == 0 && p.column.Format == "" && p.column.ParseFormat == "" {
			continue
		}
		o := opt
		o.Bits, o.Format, o.ParseFormat = p.bits, p.column.Format, p.column.ParseFormat
		if c.convert[i], err = convert.Plan(from, to, o); err != nil {
			return nil, err
		}
		c.stage = record.NewBatch(1, 0)
	}
	c.schema = record.NewSchema(record.Name{Table: "file"}, c.original)
	return read, nil
}

// Fill reads rows up to a full batch or the end of the split.
func (c *columnar) Fill(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var err error
	for !b.Full() && err == nil {
		err = c.next(b)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading %s behind row %d: %w", c.spec.Path, c.spec.Row+c.done, err)
	}
	b.Mark(position{Line: c.spec.Row + c.done, Records: c.done}.encode("row", c.spec.Row+c.done), time.Time{})
	return err
}

func (c *columnar) next(b *record.Batch) error {
	if err := c.rows.Next(); err != nil {
		return err
	}
	c.done++
	err := c.row(b)
	if err != nil && errclass.Of(err) == errclass.Data {
		b.Reject(c.raw(), errclass.Placed(err, "%s: row %d", c.spec.Path, c.spec.Row+c.done))
		return nil
	}
	return err
}

// row appends the present row; after an error there is none.
func (c *columnar) row(b *record.Batch) (err error) {
	if c.stage != nil {
		if err := c.staged(); err != nil {
			return err
		}
	}
	b.Begin(c.layout.schema, record.Insert)
	for i := range c.layout.columns {
		switch place := c.places[i]; {
		case place < 0 && c.layout.columns[i].file:
			b.Text(record.String, c.spec.Path)
		case place < 0:
			b.Copy(*c.layout.columns[i].fixed, 0)
		case c.stage == nil:
			err = c.rows.Append(b, place)
		case c.convert[i] == nil:
			b.Copy(c.stage.Row(0), place)
		default:
			err = c.convert[i](b, c.stage.Row(0), place)
		}
		if err != nil {
			b.Drop()
			return err
		}
	}
	for _, name := range c.layout.meta {
		if name == "_offset" {
			b.Int64(c.spec.Row + c.done)
			continue
		}
		b.Text(record.String, c.spec.Path)
	}
	return nil
}

// staged takes the row as the file has it.
func (c *columnar) staged() error {
	c.stage.Reset("")
	c.stage.Begin(c.schema, record.Insert)
	for i := range c.original {
		if err := c.rows.Append(c.stage, i); err != nil {
			c.stage.Drop()
			return err
		}
	}
	return nil
}

// raw spells a row that was refused, if it could be read.
func (c *columnar) raw() []byte {
	if c.stage == nil || c.stage.Len() == 0 {
		return nil
	}
	text, err := jsonfmt.NewEncoder().AppendRow(nil, c.stage.Row(0))
	if err != nil {
		return nil
	}
	return text
}

// Close closes the file.
func (c *columnar) Close() error { return errors.Join(c.rows.Close(), c.file.close()) }
