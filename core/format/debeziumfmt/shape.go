package debeziumfmt

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Fields are the fields of the types that are structs, nil for others.
func (w Wire) Fields() []SourceField { return structs[w] }

var structs = map[Wire][]SourceField{
	Variable: {{"scale", "int32", false}, {"value", "bytes", false}},
	Geometry: {{"wkb", "bytes", false}, {"srid", "int32", true}},
	Point:    {{"x", "double", false}, {"y", "double", false}, {"wkb", "bytes", true}, {"srid", "int32", true}},
}

var docs = map[Wire]string{Variable: "Variable scaled decimal", Geometry: "Geometry", Point: "Geometry (POINT)"}

// Shape is a spatial value, taken apart. Its text is borrowed.
type Shape struct {
	X, Y  float64 // of a point
	WKB   []byte  // OGC's well-known binary text
	SRID  int32   // the number of its coordinate system; 0: none
	Plain bool    // there is none
}

// pointSize is the well-known binary text of a point: a byte for the order of
// bytes, the type's number, two coordinates.
const pointSize = 1 + 4 + 8 + 8

// Shape returns a cell of wire type Geometry or Point, which MySQL keeps as the
// number of the coordinate system, the lowest byte first, and the text. An error
// is a data error.
func (t *Type) Shape(r record.Row, c int) (s Shape, err error) {
	raw := r.Bytes(c)
	if len(raw) < 4 {
		return s, t.bad(errclass.Conversion, "%d bytes are no spatial value", len(raw))
	}
	s.SRID, s.WKB = int32(binary.LittleEndian.Uint32(raw)), raw[4:]
	s.Plain = s.SRID == 0
	if t.Wire != Point {
		return s, nil
	}
	if len(s.WKB) != pointSize {
		return s, t.bad(errclass.Conversion, "%d bytes are no point", len(raw))
	}
	var order binary.ByteOrder = binary.BigEndian
	if s.WKB[0] != 0 {
		order = binary.LittleEndian
	}
	s.X, s.Y = math.Float64frombits(order.Uint64(s.WKB[5:])), math.Float64frombits(order.Uint64(s.WKB[13:]))
	return s, nil
}

func (t *Type) appendShape(dst []byte, r record.Row, c int) ([]byte, error) {
	s, err := t.Shape(r, c)
	if err != nil {
		return dst, err
	}
	open := byte('{')
	if t.Wire == Point {
		dst = record.AppendFloat(append(dst, `{"x":`...), s.X, 64)
		dst = record.AppendFloat(append(dst, `,"y":`...), s.Y, 64)
		open = ','
	}
	dst = base64.StdEncoding.AppendEncode(append(append(dst, open), `"wkb":"`...), s.WKB)
	dst = append(dst, `","srid":`...)
	if s.Plain {
		return append(dst, "null}"...), nil
	}
	return append(strconv.AppendInt(dst, int64(s.SRID), 10), '}'), nil
}

// appendShapeOf reads what appendShape, or Debezium, writes.
func (t *CellReader) appendShapeOf(b *record.Batch, v *gjson.Result, scratch []byte) ([]byte, error) {
	wkb, x, y := v.Get("wkb"), v.Get("x"), v.Get("y")
	s := Shape{X: x.Num, Y: y.Num, SRID: int32(v.Get("srid").Int())}
	switch {
	case wkb.Type == gjson.String:
		raw, err := base64.StdEncoding.DecodeString(wkb.Str)
		if err != nil {
			return scratch, t.bad(errclass.Encoding, "reading the wkb of a shape: %w", err)
		}
		s.WKB = raw
	case x.Type != gjson.Number || y.Type != gjson.Number:
		return scratch, t.bad(errclass.Conversion, "expected a shape with its wkb, found %.40s", v.Raw)
	}
	scratch = s.append(scratch)
	b.Bytes(scratch)
	return scratch, nil
}

// IsShape tells the names of structs that are spatial values.
func IsShape(logical string) bool { return logical == nameGeometry || logical == namePoint }

// AppendShape appends a value of wire type Geometry or Point; of a point without
// its text there are coordinates.
func (t *CellReader) AppendShape(b *record.Batch, s *Shape) {
	b.Bytes(s.append(nil))
}

// append appends the value as MySQL keeps it.
func (s *Shape) append(dst []byte) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(s.SRID))
	if s.WKB != nil {
		return append(dst, s.WKB...)
	}
	dst = binary.LittleEndian.AppendUint32(append(dst, 1), 1) // a point, the lowest byte first
	dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.X))
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Y))
}
