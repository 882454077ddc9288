package parquetfmt

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/parquet-go/parquet-go/encoding"

	"github.com/datasync-io/datasync/core/record"
)

// Names of the metadata that an Encoder leaves in its files.
const (
	kindsKey = "datasync.kinds" // JSON object: what the file's own type does not say of a column
	beginKey = "datasync.begin" // where the segment begins
)

const maxPrecision = 38 // of DECIMAL: what other programs read

// root is a group whose fields keep their order; parquet.Group sorts them.
type root struct {
	parquet.Group
	fields []parquet.Field
}

func (r *root) Fields() []parquet.Field { return r.fields }

// field is a column of the root.
type field struct {
	parquet.Node
	name string
}

func (f *field) Name() string { return f.name }

// Value is asked for only by encoders of Go structs.
func (f *field) Value(reflect.Value) reflect.Value {
	panic("parquetfmt: columns are written as values")
}

func (r *root) Encoding() encoding.Encoding { return nil }

func (r *root) Compression() compress.Codec { return nil }

// newSchema returns the file's schema and the metadata of kinds ("" if all
// columns have a type of their own).
func newSchema(columns []record.Column) (*parquet.Schema, string, error) {
	r := &root{Group: parquet.Group{}}
	kinds := map[string]string{}
	for _, c := range columns {
		if _, twice := r.Group[c.Name]; twice || c.Name == "" {
			return nil, "", fmt.Errorf("parquet needs a name of its own for each column, %q is none: name the columns", c.Name)
		}
		node, text := nodeOf(c)
		switch {
		case text:
			kinds[c.Name] = c.Kind.String()
		case c.Kind == record.Time || c.Kind == record.Datetime || c.Kind == record.Timestamp:
			kinds[c.Name] = timeText(c.Kind, c.Scale)
		}
		node = parquet.Optional(node)
		r.Group[c.Name] = node
		r.fields = append(r.fields, &field{Node: node, name: c.Name})
	}
	if len(kinds) == 0 {
		return parquet.NewSchema("schema", r), "", nil
	}
	data, err := json.Marshal(kinds)
	if err != nil {
		return nil, "", fmt.Errorf("encoding the kinds of columns: %w", err)
	}
	return parquet.NewSchema("schema", r), string(data), nil
}

// timeText spells a temporal kind with its digits of a fraction.
func timeText(k record.Kind, scale int) string { return fmt.Sprintf("%s(%d)", k, scale) }

// nodeOf returns how a column is kept; text says that its kind is to be noted.
func nodeOf(c record.Column) (n parquet.Node, text bool) {
	switch c.Kind {
	case record.Bool:
		return parquet.Leaf(parquet.BooleanType), false
	case record.Int64:
		return parquet.Leaf(parquet.Int64Type), false
	case record.Uint64:
		return parquet.Uint(64), false
	case record.Float32:
		return parquet.Leaf(parquet.FloatType), false
	case record.Float64:
		return parquet.Leaf(parquet.DoubleType), false
	case record.Decimal:
		return decimalNode(c)
	case record.Date:
		return parquet.Date(), false
	case record.Time:
		return parquet.TimeAdjusted(unit(c), false), false
	case record.Datetime:
		return parquet.TimestampAdjusted(unit(c), false), false
	case record.Timestamp:
		return parquet.TimestampAdjusted(unit(c), true), false
	case record.UUID:
		return parquet.UUID(), false
	case record.Bytes:
		return parquet.Leaf(parquet.ByteArrayType), false
	case record.JSON, record.Any:
		return parquet.JSON(), false
	case record.Interval:
		return parquet.String(), true
	default:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary), false
	}
}

func decimalNode(c record.Column) (n parquet.Node, text bool) {
	switch {
	case !bounded(c):
		return parquet.String(), true
	case c.Precision <= 9:
		return parquet.Decimal(c.Scale, c.Precision, parquet.Int32Type), false
	case c.Precision <= 18:
		return parquet.Decimal(c.Scale, c.Precision, parquet.Int64Type), false
	}
	return parquet.Decimal(c.Scale, c.Precision, parquet.FixedLenByteArrayType(16)), false
}

// bounded tells whether a decimal column has a precision that DECIMAL can have.
func bounded(c record.Column) bool {
	return c.Precision > 0 && c.Precision <= maxPrecision && c.Scale >= 0 && c.Scale <= c.Precision
}

// nanos tells whether a column's times are kept in nanoseconds.
func nanos(c record.Column) bool { return c.Scale > 6 }

func unit(c record.Column) parquet.TimeUnit {
	if nanos(c) {
		return parquet.Nanosecond
	}
	return parquet.Microsecond
}
