package parquetfmt

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// File is a file that is read. Its methods may be called by several goroutines.
type File struct {
	file    *parquet.File
	columns []record.Column
	fields  []*parquet.Column // of the root, in order
	kinds   map[string]string // see kindsKey
}

const readBuffer = 256 << 10

// Open reads the footer of a file. Nothing of r is kept in memory but that.
func Open(r io.ReaderAt, size int64) (f *File, err error) {
	defer func() {
		err = errclass.With(errclass.Permanent, err)
	}()
	defer recovered(&err)
	if err := framed(r, size); err != nil {
		return nil, fmt.Errorf("it is no parquet file: %w", err)
	}
	// A scan has no use for indexes and filters, which may be large.
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(readBuffer))
	if err != nil {
		return nil, fmt.Errorf("it is no parquet file: %w", err)
	}
	if err := packings(file.Metadata()); err != nil {
		return nil, err
	}
	f = &File{file: file, fields: file.Root().Columns()}
	if text, ok := file.Lookup(kindsKey); ok {
		if err := json.Unmarshal([]byte(text), &f.kinds); err != nil {
			return nil, fmt.Errorf("its metadata %s is malformed: %w", kindsKey, err)
		}
	}
	for _, c := range f.fields {
		f.columns = append(f.columns, f.describe(c))
	}
	return f, nil
}

// framed checks the end of a file before the library trusts the length there.
func framed(r io.ReaderAt, size int64) error {
	var foot [footerSize]byte
	if size < footerSize+int64(len(magic)) {
		return fmt.Errorf("%d bytes are too short", size)
	}
	if _, err := r.ReadAt(foot[:], size-footerSize); err != nil {
		return fmt.Errorf("reading its end: %w", err)
	}
	if n := int64(binary.LittleEndian.Uint32(foot[:])); n > size-footerSize-int64(len(magic)) {
		return fmt.Errorf("its footer has %d bytes, the file %d", n, size)
	}
	return nil
}

// packings refuses LZ4: over a broken page the library's decoder asks for more
// and more memory and never ends.
func packings(m *format.FileMetaData) error {
	for i := range m.RowGroups {
		for j := range m.RowGroups[i].Columns {
			if c := m.RowGroups[i].Columns[j].MetaData; c.Codec == format.Lz4Raw || c.Codec == format.Lz4 {
				return fmt.Errorf("column %q is compressed as %s, which is not read: write it as snappy or zstd", strings.Join(c.PathInSchema, "."), c.Codec)
			}
		}
	}
	return nil
}

// Columns describes the columns of the rows.
func (f *File) Columns() []record.Column { return f.columns }

// Groups returns how many rows each row group has.
func (f *File) Groups() []int64 {
	groups := f.file.RowGroups()
	rows := make([]int64, len(groups))
	for i, g := range groups {
		rows[i] = g.NumRows()
	}
	return rows
}

func (f *File) describe(c *parquet.Column) record.Column {
	col := record.Column{Name: c.Name(), Nullable: c.Optional()}
	if !c.Leaf() || c.Repeated() {
		col.Kind = record.JSON
		col.Native = c.Type().String()
		return col
	}
	l := leafOf(c.Type(), f.kinds[c.Name()])
	col.Kind, col.Precision, col.Scale = l.kind, l.precision, l.scale
	col.Native = c.Type().String()
	return col
}

// Read returns the rows of the row groups from <= i < to, with the columns of
// these indices alone; Close ends it. One goroutine at a time may use it.
func (f *File) Read(columns []int, from, to int) *Rows {
	rows := &Rows{file: f, group: from, to: to}
	for _, c := range columns {
		rows.columns = append(rows.columns, newReading(f, c))
	}
	return rows
}
