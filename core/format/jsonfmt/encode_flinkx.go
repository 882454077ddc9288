package jsonfmt

import (
	"time"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/record"
)

// FlinkX writes the bodies that FlinkX's Kafka writer gives rows of a batch
// job: with at least as many names as the row has columns an object of texts
// by these names, {"id":"1","name":null}; else all values joined by commas
// under one name, {"message":"1,a,null"}. It is for one goroutine.
//
// Times are written as yyyy-MM-dd HH:mm:ss[.fraction], instants in the given
// zone; absent values are left out of objects and null among joined ones. A
// binary value is its text, and one that is not UTF-8 is refused.
type FlinkX struct {
	zone   *time.Location
	names  []column
	joined []byte // scratch: the values before they are escaped
}

// NewFlinkX returns an encoder; names may be nil.
func NewFlinkX(names []string, zone *time.Location) *FlinkX {
	f := &FlinkX{zone: zone, names: make([]column, len(names))}
	for i, name := range names {
		f.names[i] = newColumn(name)
	}
	return f
}

// AppendRow appends the row to dst. An error is a data error that names the
// column; what was appended until then is cut off.
func (f *FlinkX) AppendRow(dst []byte, r record.Row) ([]byte, error) {
	if n := r.Schema().Data; n > 0 && len(f.names) >= n {
		return f.appendObject(dst, r, n)
	}
	return f.appendMessage(dst, r)
}

func (f *FlinkX) appendObject(dst []byte, r record.Row, n int) ([]byte, error) {
	start := len(dst)
	for c := range n {
		kind := r.Kind(c)
		if kind == record.Absent {
			continue
		}
		dst = append(dst, f.names[c].prefix...)
		if kind == record.Null {
			dst = append(dst, "null"...)
			continue
		}
		if isText(kind) {
			out, ok := appendString(dst, r.Bytes(c))
			if !ok {
				return out[:start], notUTF8(r, c)
			}
			dst = out
			continue
		}
		dst = append(f.appendPlain(append(dst, '"'), r, c, kind), '"')
	}
	if len(dst) == start {
		return append(dst, '{', '}'), nil
	}
	dst[start] = '{'
	return append(dst, '}'), nil
}

func (f *FlinkX) appendMessage(dst []byte, r record.Row) ([]byte, error) {
	all := f.joined[:0]
	for c := range r.Schema().Data {
		if c > 0 {
			all = append(all, ',')
		}
		switch kind := r.Kind(c); {
		case kind <= record.Null:
			all = append(all, "null"...)
		case isText(kind):
			if !utf8.Valid(r.Bytes(c)) {
				return dst, notUTF8(r, c)
			}
			all = append(all, r.Bytes(c)...)
		default:
			all = f.appendPlain(all, r, c, kind)
		}
	}
	f.joined = all
	dst = append(dst, `{"message":`...)
	dst, _ = appendString(dst, all)
	return append(dst, '}'), nil
}

// isText tells the kinds whose text comes from outside and may need escapes.
func isText(k record.Kind) bool {
	return k == record.String || k == record.Bytes || k == record.JSON || k == record.UUID || k == record.Decimal
}

// appendPlain appends the text of a value that never needs an escape.
func (f *FlinkX) appendPlain(dst []byte, r record.Row, c int, kind record.Kind) []byte {
	if kind != record.Timestamp || r.Infinite(c) != 0 {
		return r.AppendText(dst, c)
	}
	sec, nsec := r.Timestamp(c)
	_, offset := time.Unix(sec, 0).In(f.zone).Zone()
	return record.AppendDatetime(dst, sec+int64(offset), nsec, r.Schema().Columns[c].Scale, ' ')
}
