package debeziumfmt

import (
	"context"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

var _ changefmt.Decoder = (*Decoder)(nil)

// Decoder reads change events as JSON. With a schema in the message columns have
// the kinds that it tells; without one they are of kind any, but for those that
// are given, whose values are read as [Options] say that they were written. Key
// columns are those of the message's key.
type Decoder struct {
	options Options
	columns []record.Column
	meta    []string
	parser  *changefmt.Parser
	shapes  changefmt.Shapes[layout]
	shape   []byte
	scratch []byte

	layout *layout // of the message being read
}

type layout struct {
	schema        *record.Schema
	readers       []CellReader
	before, after *changefmt.Object
}

// NewDecoder returns a decoder of rows with these metadata columns; columns may
// be nil.
func NewDecoder(o Options, columns []record.Column, meta []string) *Decoder {
	return &Decoder{options: o.complete(), columns: columns, meta: meta, parser: changefmt.NewParser()}
}

// Parts are the members of a change event.
type Parts struct {
	Op            string
	Before, After gjson.Result // an object, or anything else for none
	Schema        gjson.Result // of the message; no object: it has none
	Origin        Origin
	// Types describes the row where the message does not; nil: nobody does. Shape
	// tells the types of one such event from those of another.
	Types func() ([]Type, error)
	Shape string
	Key   []byte // JSON; nil: the message's key
}

// unwrap returns the payload of a message, and its schema if it has one.
func unwrap(value []byte) (payload, schema gjson.Result, err error) {
	all, err := jsonfmt.Parse(value)
	if err != nil {
		return all, schema, err
	}
	var wrapped bool
	inner := all
	n := 0
	all.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "schema":
			schema = v
		case "payload":
			inner, wrapped = v, true
		}
		n++
		return n <= 2
	})
	if wrapped && n == 2 {
		return inner, schema, nil
	}
	return all, gjson.Result{}, nil
}

// OpOf returns the op of a change's name; false: it is none of a row.
func OpOf(name string) (op record.Op, known bool) {
	switch name {
	case "c", "r":
		return record.Insert, true
	case "u":
		return record.UpdateAfter, true
	case "d":
		return record.Delete, true
	}
	return 0, false
}

// Decode implements [changefmt.Decoder].
func (d *Decoder) Decode(_ context.Context, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	if in.Value == nil {
		return nil, nil
	}
	payload, schema, err := unwrap(in.Value)
	if err != nil || payload.Type == gjson.Null {
		return nil, err
	}
	e := Parts{Schema: schema}
	var source gjson.Result
	var status, isChange bool
	payload.ForEach(func(key, v gjson.Result) bool {
		switch key.Str {
		case "before":
			e.Before = v
		case "after":
			e.After = v
		case "source":
			source = v
		case "op":
			e.Op = v.Str
		case "status":
			status = true
		case "ddl", "tableChanges":
			isChange = true
		}
		return true
	})
	switch {
	case e.Op != "":
	case isChange:
		return readChange(&payload)
	case status:
		return nil, nil // the mark of a transaction
	default:
		return nil, errclass.BadValue("", errclass.Conversion, `the message has no "op": it is no change event of Debezium`)
	}
	e.Origin = ReadOrigin(source)
	return d.DecodeParts(&e, in, b)
}

// DecodeParts is Decode of an event that was taken apart.
func (d *Decoder) DecodeParts(e *Parts, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	n := b.Len()
	change, err := d.event(e, in, b)
	if err != nil {
		changefmt.Undo(b, n)
	}
	return change, err
}

func (d *Decoder) event(e *Parts, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	src := &e.Origin
	op, known := OpOf(e.Op)
	switch {
	case known:
	case e.Op == "t":
		return &record.Change{Kind: record.Truncate, Name: src.Owned(), LSN: string(src.LSN), At: src.At}, nil
	case e.Op == "m":
		return nil, nil // a message of the source's own, of no table
	default:
		return nil, errclass.BadValue("", errclass.Conversion, "unknown op %.20q", e.Op)
	}
	now, was := e.After, e.Before
	if op == record.Delete {
		now = e.Before
	}
	if !now.IsObject() {
		return nil, errclass.BadValue("", errclass.Conversion, "an event of op %q lacks its row", e.Op)
	}
	key := e.Key
	if key == nil {
		key = in.Key
	}
	if err := d.use(e, &now, key); err != nil {
		return nil, err
	}
	known = was.IsObject()
	for _, o := range []struct {
		object *changefmt.Object
		value  *gjson.Result
		there  bool
	}{{d.layout.after, &e.After, e.After.IsObject()}, {d.layout.before, &was, known}} {
		if !o.there {
			continue
		}
		if strange := o.object.Read(o.value); strange != "" {
			return nil, errclass.BadValue(strings.Clone(strange), errclass.Other, "the schema does not list the column")
		}
	}
	facts := changefmt.Facts{Committed: src.At, LSN: src.LSN, GTID: src.GTID, TxID: src.TxID, Snapshot: src.Snapshot || e.Op == "r", Origin: true}
	return nil, changefmt.Rows(b, d.layout.schema, op, known, known && d.moved(), d, &facts, in)
}

// moved tells that the rows before and after have different keys.
func (d *Decoder) moved() bool {
	return slices.ContainsFunc(d.layout.schema.Key, func(k int) bool {
		was, now := &d.layout.before.Values[k], &d.layout.after.Values[k]
		return was.Exists() && now.Exists() && was.Raw != now.Raw
	})
}

// use finds the layout of a message.
func (d *Decoder) use(e *Parts, row *gjson.Result, key []byte) (err error) {
	shape, name := d.shape[:0], &e.Origin.Name
	for _, part := range []string{name.Database, name.Schema, name.Table, e.Schema.Raw, e.Shape} {
		shape = append(append(shape, part...), 0xff)
	}
	if !e.Schema.IsObject() && e.Types == nil {
		shape = append(changefmt.Fold(shape, row), 0xff)
		if other := &e.Before; e.After.IsObject() && other.IsObject() && other.Raw != row.Raw {
			shape = changefmt.Fold(shape, other)
		}
	}
	var names gjson.Result
	if len(key) > 0 && key[0] == '{' {
		if names, _, err = unwrap(key); err != nil {
			return err
		}
		shape = changefmt.Fold(append(shape, 0xff), &names)
	}
	d.shape = shape
	d.layout, err = d.shapes.Of(shape, func() (*layout, error) { return d.newLayout(e, row, &names) })
	return err
}

func (d *Decoder) newLayout(e *Parts, row, keyNames *gjson.Result) (*layout, error) {
	var types []Type
	if e.Types != nil {
		var err error
		if types, err = e.Types(); err != nil {
			return nil, err
		}
	} else if e.Schema.IsObject() {
		if types = rowTypes(d.options, &e.Schema); types == nil {
			return nil, errclass.BadValue("", errclass.Conversion, "the schema of the message describes no row")
		}
	} else {
		names := changefmt.Members(row)
		if e.After.IsObject() && e.Before.IsObject() {
			for _, name := range changefmt.Members(&e.Before) {
				if !slices.Contains(names, name) {
					names = append(names, name)
				}
			}
		}
		types = d.given(names)
	}
	l := &layout{}
	var columns []record.Column
	var names []string
	for _, t := range types {
		reader, err := NewCellReader(t, d.parser)
		if err != nil {
			return nil, err
		}
		l.readers = append(l.readers, reader)
		columns, names = append(columns, t.Column), append(names, t.Column.Name)
	}
	var key []int
	if keyNames.IsObject() {
		for _, name := range changefmt.Members(keyNames) {
			c := slices.Index(names, name)
			if c < 0 {
				key = nil
				break
			}
			key = append(key, c)
		}
	}
	l.schema = changefmt.NewSchema(e.Origin.Owned(), columns, key, d.meta)
	l.before, l.after = changefmt.NewObject(names), changefmt.NewObject(names)
	return l, nil
}

// given returns the types of columns that no schema describes.
func (d *Decoder) given(names []string) []Type {
	columns := make([]record.Column, len(names))
	for i, name := range names {
		columns[i] = record.Column{Name: name, Kind: record.Any, Nullable: true}
		for _, c := range d.columns {
			if c.Name == name {
				columns[i] = bitColumn(c)
			}
		}
	}
	return Types(columns, d.options)
}

// bitColumn is a column of MySQL's type bit as its rows have it: a truth value,
// or a number.
func bitColumn(c record.Column) record.Column {
	switch {
	case c.Kind != record.Bytes || changefmt.BaseType(c.Native) != "bit":
	case c.Length <= 1:
		c.Kind = record.Bool
	default:
		c.Kind = record.Uint64
	}
	return c
}

// rowTypes reads the fields of a row in an envelope's schema.
func rowTypes(o Options, schema *gjson.Result) (types []Type) {
	for _, f := range schema.Get("fields").Array() {
		if name := f.Get("field").Str; name != "after" && name != "before" {
			continue
		}
		for _, column := range f.Get("fields").Array() {
			types = append(types, fieldType(o, &column))
		}
		break
	}
	return types
}

// Fill implements [changefmt.Filler].
func (d *Decoder) Fill(b *record.Batch, before bool) (err error) {
	values := d.layout.after.Values
	if before {
		values = d.layout.before.Values
	}
	for c := range d.layout.readers {
		if d.scratch, err = d.layout.readers[c].appendJSON(d.parser, b, &values[c], d.scratch); err != nil {
			return err
		}
	}
	return nil
}
