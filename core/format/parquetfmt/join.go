package parquetfmt

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const (
	magic       = "PAR1"
	footerSize  = 8 // length and magic
	maxMetadata = 1 << 30
)

// Tail returns what makes one file of the segments in the first size bytes of
// r: a footer with the row groups of all. It is nil if there is one segment
// only, which is a file already. rows is how many rows there are.
func Tail(r io.ReaderAt, size int64) (tail []byte, rows int64, err error) {
	defer recovered(&err)
	var all *format.FileMetaData
	var groups [][]format.RowGroup
	for end := size; end > 0; {
		meta, begin, err := segment(r, end)
		if err != nil {
			return nil, 0, err
		}
		if begin == 0 && all == nil {
			return nil, meta.NumRows, nil
		}
		for i := range meta.RowGroups {
			move(&meta.RowGroups[i], begin)
		}
		if all == nil {
			all = meta
		} else if !sameSchema(all, meta) {
			return nil, 0, fmt.Errorf("the segment that ends at byte %d has other columns than the last", end)
		}
		groups = append(groups, meta.RowGroups)
		rows += meta.NumRows
		end = begin
	}
	if all == nil {
		return nil, 0, fmt.Errorf("there is no segment")
	}
	slices.Reverse(groups)
	all.RowGroups, all.NumRows = slices.Concat(groups...), rows
	for i := range all.RowGroups {
		all.RowGroups[i].Ordinal = int16(min(i, math.MaxInt16))
	}
	all.KeyValueMetadata = slices.DeleteFunc(all.KeyValueMetadata, func(kv format.KeyValue) bool { return kv.Key == beginKey })
	data, err := thrift.Marshal(new(thrift.CompactProtocol), all)
	if err != nil {
		return nil, 0, fmt.Errorf("encoding the footer: %w", err)
	}
	data = binary.LittleEndian.AppendUint32(data, uint32(len(data)))
	return append(data, magic...), rows, nil
}

// Continues tells whether the rows of e have the columns of the segment that
// ends at that size of r.
func (e *Encoder) Continues(r io.ReaderAt, size int64) (same bool, err error) {
	defer recovered(&err)
	meta, _, err := segment(r, size)
	if err != nil {
		return false, err
	}
	mine := &Encoder{schema: e.schema, kinds: e.kinds, options: e.options, out: &appender{}}
	mine.Begin(0)
	data, _, err := mine.End(nil)
	if err != nil {
		return false, err
	}
	empty, _, err := segment(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return false, err
	}
	return sameSchema(meta, empty), nil
}

// sameSchema compares the columns and what the metadata says of them.
func sameSchema(a, b *format.FileMetaData) bool {
	kinds := func(m *format.FileMetaData) string {
		for _, kv := range m.KeyValueMetadata {
			if kv.Key == kindsKey {
				return kv.Value
			}
		}
		return ""
	}
	return reflect.DeepEqual(a.Schema, b.Schema) && kinds(a) == kinds(b)
}

// segment reads the metadata of the segment that ends at end, and where it begins.
func segment(r io.ReaderAt, end int64) (meta *format.FileMetaData, begin int64, err error) {
	var foot [footerSize]byte
	if end < footerSize {
		return nil, 0, fmt.Errorf("the segment that ends at byte %d is too short", end)
	}
	if _, err := r.ReadAt(foot[:], end-footerSize); err != nil {
		return nil, 0, fmt.Errorf("reading the footer that ends at byte %d: %w", end, err)
	}
	n := int64(binary.LittleEndian.Uint32(foot[:]))
	if string(foot[4:]) != magic || n > end-footerSize || n > maxMetadata {
		return nil, 0, fmt.Errorf("no segment ends at byte %d", end)
	}
	data := make([]byte, n)
	if _, err := r.ReadAt(data, end-footerSize-n); err != nil {
		return nil, 0, fmt.Errorf("reading the footer that ends at byte %d: %w", end, err)
	}
	meta = &format.FileMetaData{}
	if err := thrift.Unmarshal(new(thrift.CompactProtocol), data, meta); err != nil {
		return nil, 0, fmt.Errorf("decoding the footer that ends at byte %d: %w", end, err)
	}
	for _, kv := range meta.KeyValueMetadata {
		if kv.Key == beginKey {
			begin, err = strconv.ParseInt(kv.Value, 10, 64)
		}
	}
	if err != nil || begin < 0 || begin >= end {
		return nil, 0, fmt.Errorf("the segment that ends at byte %d does not say where it begins", end)
	}
	return meta, begin, nil
}

// move adds the segment's place to the offsets of a row group. The page index,
// which holds offsets as well, is left behind.
func move(g *format.RowGroup, by int64) {
	add := func(p *int64) {
		if *p > 0 {
			*p += by
		}
	}
	add(&g.FileOffset)
	for i := range g.Columns {
		c := &g.Columns[i]
		add(&c.FileOffset)
		add(&c.MetaData.DataPageOffset)
		add(&c.MetaData.IndexPageOffset)
		add(&c.MetaData.DictionaryPageOffset)
		add(&c.MetaData.BloomFilterOffset)
		c.OffsetIndexOffset, c.OffsetIndexLength, c.ColumnIndexOffset, c.ColumnIndexLength = 0, 0, 0, 0
	}
}

// recovered turns a panic of the library over a malformed file into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("it is malformed: %v", p)
	}
}
