package jsonfmt

import (
	"github.com/datasync-io/datasync/core/record"
	"github.com/tidwall/gjson"
)

// AppendString appends s as a JSON string; false if s is not UTF-8, and what
// was appended then is to be cut off.
func AppendString(dst, s []byte) ([]byte, bool) { return appendString(dst, s) }

// AppendNumber appends a decimal's text as an exact JSON number, NaN and
// infinities as strings; false if it is no number, and what was appended then
// is to be cut off.
func AppendNumber(dst, text []byte) ([]byte, bool) { return appendNumber(dst, text) }

// Parse checks an object and returns it. The result lies in object's memory. An
// error is a data error.
func Parse(object []byte) (gjson.Result, error) { return parseObject(object) }

// AppendCell appends a value of a checked text as a cell of the kind that
// [Decoder] gives it; name is its column's, for errors.
func AppendCell(b *record.Batch, v *gjson.Result, name string) error { return appendCell(b, v, name) }
