package jsonfmt

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
	"unsafe"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/tidwall/gjson"
)

// Decoder reads JSON objects, one per row. It is for one goroutine.
//
// Whole numbers become int64, or uint64 if they are too large for it, all
// other numbers decimals with the digits that they have; texts become
// strings, objects and arrays json as they are spelled. A member that is
// missing is NULL, one that nobody asked for is left out. Two members of one
// name, an unpaired surrogate and broken UTF-8 are errors.
type Decoder struct {
	names  []string
	index  map[string]int
	values []gjson.Result // by column; the zero Result: missing
	quicks []quickValue   // the same, of an object that was read quickly
	strict bool
}

// NewDecoder returns a decoder of the members that have these names. A strict
// one refuses objects with others.
func NewDecoder(names []string, strict bool) *Decoder {
	d := &Decoder{names: names, index: map[string]int{}, values: make([]gjson.Result, len(names)), quicks: make([]quickValue, len(names)), strict: strict}
	for i, name := range names {
		d.index[name] = i
	}
	return d
}

// Append appends one cell per name to b, in order, for a row whose schema
// begins with columns of kind any. An error is a data error; the row must
// then be dropped.
func (d *Decoder) Append(b *record.Batch, object []byte) error {
	if utf8.Valid(object) && d.quick(object) {
		return d.appendQuick(b, object)
	}
	if err := d.read(object); err != nil {
		return err
	}
	for i := range d.values {
		if err := appendCell(b, &d.values[i], d.names[i]); err != nil {
			return err
		}
	}
	return nil
}

// Names returns the names of an object's members, in order.
func Names(object []byte) (names []string, err error) {
	all, err := parseObject(object)
	if err != nil {
		return nil, err
	}
	all.ForEach(func(key, _ gjson.Result) bool {
		names = append(names, string([]byte(key.Str))) // key.Str is a part of object
		return true
	})
	return names, nil
}

// parseObject checks an object. The result lies in object's memory.
func parseObject(object []byte) (gjson.Result, error) {
	if !utf8.Valid(object) {
		return gjson.Result{}, errclass.BadValue("", errclass.Encoding, "it is not valid UTF-8")
	}
	if !valid(object) {
		return gjson.Result{}, errclass.BadValue("", errclass.Conversion, "it is no valid JSON")
	}
	r := gjson.Parse(unsafe.String(unsafe.SliceData(object), len(object))) // saves a copy of the line; nothing of it outlives the call
	if !r.IsObject() {
		return gjson.Result{}, errclass.BadValue("", errclass.Conversion, "it is no JSON object")
	}
	return r, nil
}

const maxDepth = 10_000 // as in encoding/json

// valid checks the grammar. gjson is the faster one, but it recurses without
// a bound: it is given nothing that could be deep.
func valid(object []byte) bool {
	if bytes.Count(object, []byte{'['})+bytes.Count(object, []byte{'{'}) > maxDepth {
		return json.Valid(object)
	}
	return gjson.ValidBytes(object)
}

func (d *Decoder) read(object []byte) error {
	all, err := parseObject(object)
	if err != nil {
		return err
	}
	clear(d.values)
	next := 0 // members mostly come in the order of the columns
	all.ForEach(func(key, value gjson.Result) bool {
		i := next
		if i >= len(d.names) || d.names[i] != key.Str {
			var known bool
			if i, known = d.index[key.Str]; !known {
				if d.strict {
					err = errclass.BadValue(string([]byte(key.Str)), errclass.Other, "the member is no column of the first line: list the columns")
				}
				return err == nil
			}
		}
		if d.values[i].Exists() {
			err = errclass.BadValue(d.names[i], errclass.Duplicate, "the member is there twice")
			return false
		}
		d.values[i] = value
		next = i + 1
		return true
	})
	return err
}

func appendCell(b *record.Batch, v *gjson.Result, name string) error {
	switch v.Type {
	case gjson.True, gjson.False:
		b.Bool(v.Type == gjson.True)
	case gjson.Number:
		appendDigits(b, v.Raw)
	case gjson.String:
		inner := v.Raw[1 : len(v.Raw)-1]
		if len(inner) == len(v.Str) { // nothing is escaped
			b.Text(record.String, inner)
			return nil
		}
		buf, ok := unescape(b.Buffer(), inner)
		if !ok {
			return errclass.BadValue(name, errclass.Encoding, "the text holds half of a surrogate pair")
		}
		b.Take(record.String, buf)
	case gjson.JSON:
		b.Text(record.JSON, v.Raw)
	default:
		b.Null()
	}
	return nil
}
