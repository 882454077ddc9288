package kafka

import (
	"context"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// typed makes a row of the listed columns of each JSON object.
type typed struct {
	schemas
	plans   []planned
	keys    []string
	whole   int // the column that is the whole message; -1: none
	members *jsonfmt.Decoder
	names   []string
	any     *record.Schema // of the members
	scratch *record.Batch  // a row of it: the object at hand
	one     *record.Batch  // a row of wholeSchema
	facts   changefmt.Facts

	text    []byte // the message
	object  bool   // it is one
	deleted bool   // its key's row is to be deleted
}

func newTyped(c *Config, opt convert.Options, meta []string) (*typed, error) {
	plans, columns, members, err := c.plan(opt)
	if err != nil {
		return nil, err
	}
	d := &typed{plans: plans, keys: c.KeyColumns, whole: -1, members: jsonfmt.NewDecoder(members, false), names: members, scratch: record.NewBatch(1, math.MaxInt), one: record.NewBatch(1, math.MaxInt)}
	all := make([]record.Column, len(members))
	for i, name := range members {
		all[i] = record.Column{Name: name, Kind: record.Any, Nullable: true}
	}
	d.any = record.NewSchema(record.Name{}, all)
	var key []int
	for _, name := range c.KeyColumns {
		key = append(key, slices.IndexFunc(columns, func(col record.Column) bool { return col.Name == name }))
	}
	for i := range plans {
		if plans[i].name == messageColumn && plans[i].fixed == nil {
			d.whole = i
		}
	}
	d.schemas = newSchemas(columns, key, meta)
	return d, nil
}

// Decode implements [changefmt.Decoder].
func (d *typed) Decode(_ context.Context, m *changefmt.Message, b *record.Batch) (*record.Change, error) {
	op := record.Insert
	if len(d.keys) > 0 {
		op = record.UpdateAfter
	}
	d.text, d.facts.Committed = m.Value, m.At
	if d.deleted = m.Value == nil && len(d.keys) > 0; d.deleted {
		op = record.Delete
		if m.Key == nil {
			return nil, errclass.BadValue("", errclass.Null, "the message has neither value nor key")
		}
		var err error
		if d.text, err = keyObject(m.Key, d.keys); err != nil {
			return nil, err
		}
	}
	if err := d.read(); err != nil {
		return nil, err
	}
	n := b.Len()
	if err := changefmt.Rows(b, d.schemaOf(m.Topic), op, false, false, d, &d.facts, m); err != nil {
		changefmt.Undo(b, n)
		return nil, err
	}
	return nil, nil
}

// read takes the message apart. What is no object has no members, and is
// something only where the whole message is a column.
func (d *typed) read() error {
	d.scratch.Reset("")
	d.scratch.Begin(d.any, record.Insert)
	if d.text == nil && d.whole < 0 {
		return errclass.BadValue("", errclass.Null, "the message has no value: with keyColumns it deletes the row of its key")
	}
	err := d.members.Append(d.scratch, d.text)
	if d.object = err == nil; d.object || d.whole < 0 {
		return err
	}
	if !utf8.Valid(d.text) {
		return errclass.BadValue(messageColumn, errclass.Encoding, "the message is not valid UTF-8: set encoding")
	}
	d.scratch.Reset("")
	d.scratch.Begin(d.any, record.Insert)
	for range d.names {
		d.scratch.Null()
	}
	return nil
}

// Fill implements [changefmt.Filler].
func (d *typed) Fill(b *record.Batch, _ bool) error {
	row := d.scratch.Row(0)
	for i := range d.plans {
		p := &d.plans[i]
		switch {
		case d.deleted && !p.key:
			b.Absent()
		case p.fixed != nil:
			b.Copy(*p.fixed, 0)
		case p.key && row.Kind(p.member) == record.Null:
			return errclass.BadValue(p.name, errclass.Null, "the message lacks the key column")
		case i == d.whole && row.Kind(p.member) == record.Null && d.text != nil && !d.has(messageColumn):
			if err := d.wholeMessage(b, p); err != nil {
				return err
			}
		default:
			if err := p.convert(b, row, p.member); err != nil {
				return err
			}
		}
	}
	return nil
}

// has tells that the object has a member of that name, which may be null.
func (d *typed) has(name string) bool {
	return d.object && gjson.GetBytes(d.text, name).Exists()
}

var wholeSchema = record.NewSchema(record.Name{}, []record.Column{{Name: messageColumn, Kind: record.Any}})

func (d *typed) wholeMessage(b *record.Batch, p *planned) error {
	d.one.Reset("")
	d.one.Begin(wholeSchema, record.Insert)
	d.one.String(d.text)
	return p.convert(b, d.one.Row(0), 0)
}

// keyObject makes an object of a message's key: an object already, a JSON list
// of the values, or the text of the only one.
func keyObject(key []byte, names []string) ([]byte, error) {
	if gjson.ValidBytes(key) {
		switch v := gjson.ParseBytes(key); {
		case v.IsObject():
			return key, nil
		case v.IsArray():
			values := v.Array()
			if len(values) != len(names) {
				return nil, errclass.BadValue("", errclass.Conversion, "the key %.80q is no list of %d values", key, len(names))
			}
			var object []byte
			for i := range values {
				object = append(append(append(object, ','), changefmt.Label(names[i])...), values[i].Raw...)
			}
			return changefmt.CloseObject(object, 0), nil
		}
	}
	if len(names) != 1 {
		return nil, errclass.BadValue("", errclass.Conversion, "the key %.80q is no list of %d values", key, len(names))
	}
	object := append([]byte{','}, changefmt.Label(names[0])...)
	return changefmt.CloseObject(jsonfmt.AppendText(object, string(key)), 0), nil
}
