package avrofmt

import (
	"encoding/binary"
	"math"
	"strconv"

	"github.com/hamba/avro/v2"

	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// cursor reads a body; past its end it gives zeros and is bad. What it returns
// lies in the body.
type cursor struct {
	body []byte
	bad  bool
}

func (c *cursor) take(n int64) []byte {
	if n < 0 || n > int64(len(c.body)) {
		c.bad, c.body = true, nil
		return nil
	}
	out := c.body[:n]
	c.body = c.body[n:]
	return out
}

func (c *cursor) long() int64 {
	v, n := binary.Varint(c.body)
	if n <= 0 {
		c.bad, c.body = true, nil
		return 0
	}
	c.body = c.body[n:]
	return v
}

func (c *cursor) bytes() []byte { return c.take(c.long()) }

func (c *cursor) bool() bool {
	b := c.take(1)
	return len(b) == 1 && b[0] != 0
}

func (c *cursor) float() float32 {
	if b := c.take(4); len(b) == 4 {
		return math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
	return 0
}

func (c *cursor) double() float64 {
	if b := c.take(8); len(b) == 8 {
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return 0
}

// branch reads which of a union's types follows.
func (c *cursor) branch(u *avro.UnionSchema) avro.Schema {
	i := c.long()
	if i < 0 || i >= int64(len(u.Types())) {
		c.bad, c.body = true, nil
		return avro.NewNullSchema()
	}
	return u.Types()[i]
}

// maxDepth bounds schemas that hold themselves.
const maxDepth = 200

// appendJSON reads a value of any schema and appends it as JSON; bytes are
// texts of a character for each.
func (c *cursor) appendJSON(dst []byte, s avro.Schema, depth int) []byte {
	if depth > maxDepth {
		c.bad, c.body = true, nil
	}
	if c.bad {
		return append(dst, "null"...)
	}
	switch s := s.(type) {
	case *avro.RefSchema:
		return c.appendJSON(dst, s.Schema(), depth+1)
	case *avro.UnionSchema:
		return c.appendJSON(dst, c.branch(s), depth+1)
	case *avro.RecordSchema:
		for i, f := range s.Fields() {
			dst = jsonfmt.AppendText(append(dst, "{,"[min(i, 1)]), f.Name())
			dst = c.appendJSON(append(dst, ':'), f.Type(), depth+1)
		}
		if len(s.Fields()) == 0 {
			dst = append(dst, '{')
		}
		return append(dst, '}')
	case *avro.ArraySchema:
		return append(c.blocks(append(dst, '['), func(dst []byte) []byte { return c.appendJSON(dst, s.Items(), depth+1) }), ']')
	case *avro.MapSchema:
		return append(c.blocks(append(dst, '{'), func(dst []byte) []byte {
			dst = append(jsonfmt.AppendText(dst, string(c.bytes())), ':')
			return c.appendJSON(dst, s.Values(), depth+1)
		}), '}')
	case *avro.EnumSchema:
		return jsonfmt.AppendText(dst, c.symbol(s))
	case *avro.FixedSchema:
		return jsonfmt.AppendText(dst, latin(c.take(int64(s.Size()))))
	}
	return c.appendPrimitive(dst, s)
}

func (c *cursor) appendPrimitive(dst []byte, s avro.Schema) []byte {
	switch s.Type() {
	case avro.Boolean:
		if c.bool() {
			return append(dst, "true"...)
		}
		return append(dst, "false"...)
	case avro.Int, avro.Long:
		return strconv.AppendInt(dst, c.long(), 10)
	case avro.Float:
		return appendFloat(dst, float64(c.float()), 32)
	case avro.Double:
		return appendFloat(dst, c.double(), 64)
	case avro.String:
		return jsonfmt.AppendText(dst, string(c.bytes()))
	case avro.Bytes:
		return jsonfmt.AppendText(dst, latin(c.bytes()))
	}
	return append(dst, "null"...)
}

func (c *cursor) symbol(s *avro.EnumSchema) string {
	i := c.long()
	if i < 0 || i >= int64(len(s.Symbols())) {
		c.bad, c.body = true, nil
		return ""
	}
	return s.Symbols()[i]
}

// blocks reads the items of a list or map; each is at least one byte long, as a
// list of what takes no room would have no end that the message sets.
func (c *cursor) blocks(dst []byte, item func(dst []byte) []byte) []byte {
	first := true
	for !c.bad {
		n := c.long()
		if n < 0 {
			n = -n
			c.long() // the block's size
		}
		if n == 0 {
			break
		}
		if n < 0 || n > int64(len(c.body)) {
			c.bad, c.body = true, nil
			break
		}
		for ; n > 0 && !c.bad; n-- {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = item(dst)
		}
	}
	return dst
}

func latin(b []byte) string {
	runes := make([]rune, len(b))
	for i, v := range b {
		runes[i] = rune(v)
	}
	return string(runes)
}

func appendFloat(dst []byte, v float64, bits int) []byte {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return append(record.AppendFloat(append(dst, '"'), v, bits), '"')
	}
	return record.AppendFloat(dst, v, bits)
}
