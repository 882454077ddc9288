package parquetfmt

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// nested assembles a column that is a group, a list or a map as JSON (the
// Dremel paper, section 4; LogicalTypes.md, "Nested Types").
type nested struct {
	root   *tree
	leaves int
	values [][]parquet.Value // of the present row, by leaf
	staged *record.Batch
}

// tree is a part of the schema.
type tree struct {
	name     string
	form     form
	optional bool
	repeated bool
	children []*tree
	first    int // leaf
	leaves   int
	leaf     *leaf
	schema   *record.Schema // of a staged value
}

type form uint8

const (
	aGroup form = iota
	aLeaf
	aList // its child is repeated
	aMap  // its child is repeated and has key and value
)

func newNested(c *parquet.Column) *nested {
	n := &nested{staged: record.NewBatch(1, 0)}
	n.root = n.grow(c)
	n.values = make([][]parquet.Value, n.leaves)
	return n
}

func (n *nested) grow(c *parquet.Column) *tree {
	t := &tree{name: c.Name(), optional: c.Optional(), repeated: c.Repeated(), first: n.leaves}
	if c.Leaf() {
		t.form, t.leaf = aLeaf, leafOf(c.Type(), "")
		t.schema = record.NewSchema(record.Name{}, []record.Column{{Name: t.name, Kind: t.leaf.kind, Scale: 0}})
		n.leaves++
		t.leaves = 1
		return t
	}
	for _, child := range c.Columns() {
		t.children = append(t.children, n.grow(child))
	}
	t.leaves = n.leaves - t.first
	if logical := c.Type().LogicalType(); logical != nil && len(t.children) == 1 && t.children[0].repeated {
		switch logical.Value.(type) {
		case *format.ListType:
			t.form = aList
		case *format.MapType:
			if len(t.children[0].children) == 2 {
				t.form = aMap
			}
		}
	}
	return t
}

// element tells that a list's repeated child is only a wrapper of its element
// (the rules for old files, LogicalTypes.md, "Lists").
func (t *tree) wraps(list string) bool {
	return t.form == aGroup && len(t.children) == 1 && !t.children[0].repeated && t.name != "array" && t.name != list+"_tuple"
}

// appendNested appends the present row's value as JSON.
func (r *Rows) appendNested(b *record.Batch, c *reading) (err error) {
	defer recovered(&err)
	n := c.nested
	for i := range c.chunks {
		if n.values[i], err = c.chunks[i].record(r.row, n.values[i][:0]); err != nil {
			return errclass.With(errclass.Permanent, fmt.Errorf("reading column %q: %w", c.name, err))
		}
	}
	null := n.root.optional && n.values[0][0].DefinitionLevel() == 0
	if null {
		b.Null()
		return nil
	}
	buf, err := n.append(b.Buffer(), n.root, n.values, 0, 0)
	if err != nil {
		return err
	}
	b.Take(record.JSON, buf)
	return nil
}

// record returns the values of a row: up to the next of repetition level 0.
// base counts the rows that were returned, buf holds what follows.
func (c *cursor) record(row int64, dst []parquet.Value) ([]parquet.Value, error) {
	for {
		dst = dst[:0]
		var err error
		if dst, err = c.collect(dst); err != nil {
			return dst, err
		}
		c.base++
		if c.base > row {
			return dst, nil
		}
	}
}

func (c *cursor) collect(dst []parquet.Value) ([]parquet.Value, error) {
	for {
		for len(c.buf) > 0 {
			if len(dst) > 0 && c.buf[0].RepetitionLevel() == 0 {
				return dst, nil
			}
			dst = append(dst, c.buf[0].Clone()) // a row may go on in the next page
			c.buf = c.buf[1:]
		}
		err := c.refill()
		if errors.Is(err, io.EOF) && len(dst) > 0 {
			return dst, nil
		}
		if errors.Is(err, io.EOF) {
			return dst, io.ErrUnexpectedEOF
		}
		if err != nil {
			return dst, err
		}
	}
}

// refill is more for columns whose rows have several values.
func (c *cursor) refill() error {
	base := c.base
	c.buf = nil
	err := c.more(-1)
	c.base = base
	return err
}

// append appends the value of t that begins with these values, one list per
// leaf of t. rep and def are the levels of its parent.
func (n *nested) append(dst []byte, t *tree, values [][]parquet.Value, rep, def int) ([]byte, error) {
	if t.repeated {
		return n.list(dst, t, values, rep, def, n.body)
	}
	return n.one(dst, t, values, rep, def)
}

// one appends a value that is not repeated.
func (n *nested) one(dst []byte, t *tree, values [][]parquet.Value, rep, def int) ([]byte, error) {
	if t.optional {
		if values[0][0].DefinitionLevel() <= def {
			return append(dst, "null"...), nil
		}
		def++
	}
	return n.body(dst, t, values, rep, def)
}

// body appends what is there.
func (n *nested) body(dst []byte, t *tree, values [][]parquet.Value, rep, def int) ([]byte, error) {
	switch t.form {
	case aLeaf:
		return n.leafText(dst, t, &values[0][0])
	case aList:
		child := t.children[0]
		if child.wraps(t.name) {
			return n.list(dst, child, values, rep, def, func(dst []byte, t *tree, values [][]parquet.Value, rep, def int) ([]byte, error) {
				return n.one(dst, t.children[0], values, rep, def)
			})
		}
		return n.list(dst, child, values, rep, def, n.body)
	case aMap:
		return n.pairs(dst, t.children[0], values, rep, def)
	}
	dst = append(dst, '{')
	for i, child := range t.children {
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		dst = append(jsonfmt.AppendText(dst, child.name), ':')
		from := child.first - t.first
		if dst, err = n.append(dst, child, values[from:from+child.leaves], rep, def); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

type appendFunc func(dst []byte, t *tree, values [][]parquet.Value, rep, def int) ([]byte, error)

// list appends the repeated t as an array.
func (n *nested) list(dst []byte, t *tree, values [][]parquet.Value, rep, def int, element appendFunc) ([]byte, error) {
	dst = append(dst, '[')
	err := t.each(values, rep, def, func(i int, one [][]parquet.Value) (err error) {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst, err = element(dst, t, one, rep+1, def+1)
		return err
	})
	return append(dst, ']'), err
}

// pairs appends a map as an object; keys that are no text are spelled as one.
func (n *nested) pairs(dst []byte, t *tree, values [][]parquet.Value, rep, def int) ([]byte, error) {
	key, value := t.children[0], t.children[1]
	dst = append(dst, '{')
	err := t.each(values, rep, def, func(i int, one [][]parquet.Value) (err error) {
		if i > 0 {
			dst = append(dst, ',')
		}
		at := len(dst)
		if dst, err = n.append(dst, key, one[:key.leaves], rep+1, def+1); err != nil {
			return err
		}
		if dst[at] != '"' {
			dst = jsonfmt.AppendText(dst[:at], strings.Clone(string(dst[at:])))
		}
		dst, err = n.append(append(dst, ':'), value, one[key.leaves:], rep+1, def+1)
		return err
	})
	return append(dst, '}'), err
}

// each cuts the values of the repeated t into elements.
func (t *tree) each(values [][]parquet.Value, rep, def int, f func(i int, one [][]parquet.Value) error) error {
	if values[0][0].DefinitionLevel() <= def {
		return nil
	}
	rest := make([][]parquet.Value, len(values))
	copy(rest, values)
	one := make([][]parquet.Value, len(values))
	for i := 0; len(rest[0]) > 0; i++ {
		for l := range rest {
			if len(rest[l]) == 0 {
				return errors.New("its columns disagree about the length of a list")
			}
			end := 1
			for end < len(rest[l]) && rest[l][end].RepetitionLevel() > rep+1 {
				end++
			}
			one[l], rest[l] = rest[l][:end], rest[l][end:]
		}
		if err := f(i, one); err != nil {
			return err
		}
	}
	return nil
}

func (n *nested) leafText(dst []byte, t *tree, v *parquet.Value) ([]byte, error) {
	if v.IsNull() {
		return append(dst, "null"...), nil
	}
	n.staged.Reset("")
	n.staged.Begin(t.schema, record.Insert)
	if err := t.leaf.take(t.leaf, n.staged, v); err != nil {
		return dst, err
	}
	return jsonfmt.AppendValue(dst, n.staged.Row(0), 0)
}
