package avrofmt

import (
	"strconv"

	"github.com/hamba/avro/v2"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/record"
)

// column is how a field of a row is read.
type column struct {
	name   string
	schema avro.Schema
	cell   debeziumfmt.CellReader // of its one type; not for unions of several
	mixed  bool
}

// newColumn plans a field.
func newColumn(f *avro.Field, o debeziumfmt.Options, p *changefmt.Parser) (column, error) {
	c := column{name: f.Name(), schema: f.Type()}
	if name, ok := f.Prop("sourceName").(string); ok {
		c.name = name
	}
	base, nullable := c.schema, false
	if u, ok := base.(*avro.UnionSchema); ok {
		var types []avro.Schema
		for _, t := range u.Types() {
			if t.Type() == avro.Null {
				nullable = true
			} else {
				types = append(types, t)
			}
		}
		if len(types) != 1 {
			c.mixed = true
			base = avro.NewNullSchema()
		} else {
			base = types[0]
		}
	}
	wire, logical := typeNames(base)
	t := debeziumfmt.NewType(o, c.name, wire, logical, nullable, parameters(f, base))
	var err error
	c.cell, err = debeziumfmt.NewCellReader(t, p)
	return c, err
}

// typeNames are the names of a schema's type and logical type as Connect has them.
func typeNames(s avro.Schema) (wire, logical string) {
	if ref, ok := s.(*avro.RefSchema); ok {
		s = ref.Schema()
	}
	wire = string(s.Type())
	switch s.Type() {
	case avro.Enum:
		return "string", ""
	case avro.Fixed:
		wire = "bytes"
	case avro.Record:
		if named, ok := s.(avro.NamedSchema); ok && (named.FullName() == variableName || debeziumfmt.IsShape(named.FullName())) {
			return wire, named.FullName()
		}
	}
	if props, ok := s.(avro.PropertySchema); ok {
		if name, ok := props.Prop("connect.name").(string); ok {
			return wire, name
		}
	}
	if typed, ok := s.(avro.LogicalTypeSchema); ok && typed.Logical() != nil {
		logical = string(typed.Logical().Type())
	}
	return wire, logical
}

// parameters looks up what stands beside a field, or its schema.
func parameters(f *avro.Field, s avro.Schema) func(string) string {
	return func(name string) string {
		for _, at := range []avro.PropertySchema{f, props(s)} {
			if at == nil {
				continue
			}
			if all, ok := at.Prop("connect.parameters").(map[string]any); ok {
				if v, ok := all[name].(string); ok {
					return v
				}
			}
		}
		if typed, ok := s.(avro.LogicalTypeSchema); ok {
			if d, ok := typed.Logical().(*avro.DecimalLogicalSchema); ok {
				switch name {
				case "scale":
					return strconv.Itoa(d.Scale())
				case "connect.decimal.precision":
					return strconv.Itoa(d.Precision())
				}
			}
		}
		return ""
	}
}

func props(s avro.Schema) avro.PropertySchema {
	p, _ := s.(avro.PropertySchema)
	return p
}

// read reads a value and appends it as a cell. An error is a data error.
func (c *column) read(in *cursor, p *changefmt.Parser, b *record.Batch) error {
	s := c.schema
	if u, ok := s.(*avro.UnionSchema); ok {
		s = in.branch(u)
	}
	if ref, ok := s.(*avro.RefSchema); ok {
		s = ref.Schema()
	}
	switch s.Type() {
	case avro.Null:
		b.Null()
	case avro.Boolean:
		b.Bool(in.bool())
	case avro.Int, avro.Long:
		if c.mixed {
			b.Int64(in.long())
			return nil
		}
		return c.cell.AppendInt(b, in.long())
	case avro.Float:
		b.Float32(in.float())
	case avro.Double:
		c.cell.AppendFloat(b, in.double())
	case avro.String:
		if c.mixed {
			b.String(in.bytes())
			return nil
		}
		return c.cell.AppendString(p, b, in.bytes())
	case avro.Bytes:
		c.binary(b, in.bytes())
	case avro.Fixed:
		c.binary(b, in.take(int64(s.(*avro.FixedSchema).Size())))
	case avro.Enum:
		b.Text(record.String, in.symbol(s.(*avro.EnumSchema)))
	default:
		return c.nested(in, s, b)
	}
	return nil
}

func (c *column) binary(b *record.Batch, raw []byte) {
	if c.mixed {
		b.Bytes(raw)
		return
	}
	c.cell.AppendBinary(b, raw)
}

// nested reads a decimal with its scale, or anything else as json.
func (c *column) nested(in *cursor, s avro.Schema, b *record.Batch) error {
	if named, ok := s.(avro.NamedSchema); ok && named.FullName() == variableName {
		scale := in.long()
		return c.cell.AppendScaled(b, in.bytes(), scale)
	}
	if named, ok := s.(*avro.RecordSchema); ok && debeziumfmt.IsShape(named.FullName()) {
		return c.shape(in, named, b)
	}
	text := in.appendJSON(b.Buffer(), s, 0)
	if in.bad {
		return errclass.BadValue(c.name, errclass.Conversion, "the message ends within the value")
	}
	b.Take(record.JSON, text)
	return nil
}

// shape reads a spatial value; of a point without its text there are coordinates.
func (c *column) shape(in *cursor, s *avro.RecordSchema, b *record.Batch) error {
	var shape debeziumfmt.Shape
	for _, f := range s.Fields() {
		of := f.Type()
		if u, ok := of.(*avro.UnionSchema); ok {
			of = in.branch(u)
		}
		switch {
		case of.Type() == avro.Null:
		case f.Name() == "x" && of.Type() == avro.Double:
			shape.X = in.double()
		case f.Name() == "y" && of.Type() == avro.Double:
			shape.Y = in.double()
		case f.Name() == "wkb" && of.Type() == avro.Bytes:
			shape.WKB = in.bytes()
		case f.Name() == "srid" && of.Type() == avro.Int:
			shape.SRID = int32(in.long())
		default:
			in.appendJSON(nil, of, 0) // a field of somebody else's
		}
	}
	if in.bad {
		return errclass.BadValue(c.name, errclass.Conversion, "the message ends within the value")
	}
	c.cell.AppendShape(b, &shape)
	return nil
}
