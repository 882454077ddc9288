package avrofmt

import (
	"context"
	"fmt"
	"slices"

	"github.com/hamba/avro/v2"
	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/record"
)

var _ changefmt.Decoder = (*Decoder)(nil)

// Decoder reads framed messages: events of Debezium, and rows as they are now,
// which are an update-after, or without key an insert. Key columns are those of
// the key's schema.
//
// A message without value is the delete of its key where [Options].Flat says
// that rows come without envelope; else it follows the event of a delete and
// tells nothing.
type Decoder struct {
	options Options
	client  *registry.Client
	meta    []string
	parser  *changefmt.Parser
	keys    map[int]*shape         // by number
	shapes  map[[2]int]*shape      // by the numbers of value and key; key -1: none
	tables  map[place]*shape       // of events, by these and the table
	deletes map[int]*record.Schema // of messages without value, by key
	body    cursor
	shape   *shape
	images  [2]cursor // where the rows before and after begin
	tail    []byte
}

type place struct {
	numbers [2]int
	name    record.Name
}

// shape is how messages of a pair of schemas are read.
type shape struct {
	root     *avro.RecordSchema
	row      *avro.RecordSchema
	envelope bool
	columns  []column
	data     []record.Column
	key      []int
	schema   *record.Schema // of rows without envelope
}

// NewDecoder returns a decoder of rows with these metadata columns; client is
// the caller's.
func NewDecoder(o Options, client *registry.Client, meta []string) *Decoder {
	d := &Decoder{options: o, client: client, meta: meta, parser: changefmt.NewParser()}
	d.forget()
	return d
}

func (d *Decoder) forget() {
	d.keys, d.shapes, d.tables, d.deletes = map[int]*shape{}, map[[2]int]*shape{}, map[place]*shape{}, map[int]*record.Schema{}
}

// Decode implements [changefmt.Decoder].
func (d *Decoder) Decode(ctx context.Context, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	if in.Value == nil && (!d.options.Flat || in.Key == nil) {
		return nil, nil
	}
	n := b.Len()
	var err error
	if in.Value == nil {
		err = d.deleted(ctx, in, b)
	} else {
		err = d.row(ctx, in, b)
	}
	if err != nil {
		changefmt.Undo(b, n)
	}
	return nil, err
}

func (d *Decoder) row(ctx context.Context, in *changefmt.Message, b *record.Batch) error {
	number, body, err := registry.Unframe(in.Value)
	if err != nil {
		return err
	}
	numbers := [2]int{number, -1}
	if len(in.Key) > 0 {
		if key, _, err := registry.Unframe(in.Key); err == nil {
			numbers[1] = key
		}
	}
	if d.shape, err = d.shapeOf(ctx, numbers, in.Topic); err != nil {
		return err
	}
	d.body = cursor{body: body}
	if d.shape.envelope {
		return d.event(numbers, in, b)
	}
	op := record.UpdateAfter
	if len(d.shape.key) == 0 {
		op = record.Insert
	}
	d.images[1] = d.body
	if err := changefmt.Rows(b, d.shape.schema, op, false, false, d, &changefmt.Facts{Committed: in.At}, in); err != nil {
		return err
	}
	return d.ended()
}

var errShort = "the message is shorter or longer than its schema says"

func (d *Decoder) ended() error {
	if d.body.bad || len(d.body.body) > 0 {
		return errclass.BadValue("", errclass.Conversion, "%s", errShort)
	}
	return nil
}

// event reads an envelope: the rows when all else is known.
func (d *Decoder) event(numbers [2]int, in *changefmt.Message, b *record.Batch) error {
	var origin debeziumfmt.Origin
	var has [2]bool
	var name string
	for _, f := range d.shape.root.Fields() {
		switch f.Name() {
		case "before":
			has[0] = d.skipImage(f, 0)
		case "after":
			has[1] = d.skipImage(f, 1)
		case "source":
			origin = debeziumfmt.ReadOrigin(gjson.ParseBytes(d.body.appendJSON(nil, f.Type(), 0)))
		case "op":
			name = gjson.ParseBytes(d.body.appendJSON(nil, f.Type(), 0)).Str
		default:
			d.tail = d.body.appendJSON(d.tail[:0], f.Type(), 0)
		}
	}
	if err := d.ended(); err != nil {
		return err
	}
	op, known := debeziumfmt.OpOf(name)
	if !known || op == record.Delete && !has[0] || op != record.Delete && !has[1] {
		return errclass.BadValue("", errclass.Conversion, "an event of op %.20q without its row", name)
	}
	s, err := d.table(numbers, origin.Owned())
	if err != nil {
		return err
	}
	moved := has[0] && has[1] && d.moved()
	facts := changefmt.Facts{Committed: origin.At, LSN: origin.LSN, GTID: origin.GTID, TxID: origin.TxID, Snapshot: origin.Snapshot || name == "r", Origin: true}
	return changefmt.Rows(b, s, op, has[0], moved, d, &facts, in)
}

// skipImage notes where a row stands; false: it is null.
func (d *Decoder) skipImage(f *avro.Field, i int) bool {
	s := f.Type()
	if u, ok := s.(*avro.UnionSchema); ok {
		s = d.body.branch(u)
	}
	if s.Type() == avro.Null {
		return false
	}
	d.images[i] = d.body
	for c := range d.shape.columns {
		d.tail = d.body.appendJSON(d.tail[:0], d.shape.columns[c].schema, 0)
	}
	return true
}

// moved tells that the rows before and after have different keys.
func (d *Decoder) moved() bool {
	if len(d.shape.key) == 0 {
		return false
	}
	was, now := d.images[0], d.images[1]
	var a, b []byte
	for c := range d.shape.columns {
		s := d.shape.columns[c].schema
		a, b = was.appendJSON(a[:0], s, 0), now.appendJSON(b[:0], s, 0)
		if slices.Contains(d.shape.key, c) && string(a) != string(b) {
			return true
		}
	}
	return false
}

// Fill implements [changefmt.Filler].
func (d *Decoder) Fill(b *record.Batch, before bool) error {
	at := &d.images[1]
	if before {
		at = &d.images[0]
	}
	in := *at
	for c := range d.shape.columns {
		if err := d.shape.columns[c].read(&in, d.parser, b); err != nil {
			return err
		}
	}
	if in.bad {
		return errclass.BadValue("", errclass.Conversion, "%s", errShort)
	}
	if !d.shape.envelope {
		d.body = in
	}
	return nil
}

// deleted appends the delete of a key.
func (d *Decoder) deleted(ctx context.Context, in *changefmt.Message, b *record.Batch) error {
	number, body, err := registry.Unframe(in.Key)
	if err != nil {
		return err
	}
	key, err := d.keyOf(ctx, number)
	if err != nil {
		return err
	}
	s := d.deletes[number]
	if s == nil {
		columns := make([]int, len(key.data))
		for c := range columns {
			columns[c] = c
		}
		s = changefmt.NewSchema(debeziumfmt.NameOf(key.root.Namespace(), in.Topic), key.data, columns, d.meta)
		d.deletes[number] = s
	}
	d.shape, d.body = key, cursor{body: body}
	d.images[0] = d.body
	if err := changefmt.Rows(b, s, record.Delete, true, false, d, &changefmt.Facts{Committed: in.At}, in); err != nil {
		return err
	}
	return d.ended()
}

// table returns the schema of an event's table.
func (d *Decoder) table(numbers [2]int, name record.Name) (*record.Schema, error) {
	at := place{numbers, name}
	if found := d.tables[at]; found != nil {
		return found.schema, nil
	}
	s := *d.shape
	s.schema = changefmt.NewSchema(name, s.data, s.key, d.meta)
	d.tables[at] = &s
	return s.schema, nil
}

// shapeOf plans messages of a pair of schemas.
func (d *Decoder) shapeOf(ctx context.Context, numbers [2]int, topic string) (*shape, error) {
	if s := d.shapes[numbers]; s != nil {
		return s, nil
	}
	if len(d.shapes) >= changefmt.MaxSchemas || len(d.tables) >= changefmt.MaxSchemas {
		d.forget()
	}
	s, err := d.parse(ctx, numbers[0])
	if err != nil {
		return nil, err
	}
	if numbers[1] >= 0 {
		key, err := d.keyOf(ctx, numbers[1])
		if err != nil {
			return nil, err
		}
		for c := range key.data {
			i := slices.IndexFunc(s.data, func(column record.Column) bool { return column.Name == key.data[c].Name })
			if i < 0 {
				s.key = nil
				break
			}
			s.key = append(s.key, i)
		}
	}
	if !s.envelope {
		s.schema = changefmt.NewSchema(debeziumfmt.NameOf(s.root.Namespace(), topic), s.data, s.key, d.meta)
	}
	d.shapes[numbers] = s
	return s, nil
}

func (d *Decoder) keyOf(ctx context.Context, number int) (*shape, error) {
	if s := d.keys[number]; s != nil {
		return s, nil
	}
	s, err := d.parse(ctx, number)
	if err == nil {
		d.keys[number] = s
	}
	return s, err
}

// parse plans messages of a schema.
func (d *Decoder) parse(ctx context.Context, number int) (*shape, error) {
	text, err := d.client.Schema(ctx, number)
	if err != nil {
		return nil, err
	}
	schema, err := avro.ParseBytesWithCache([]byte(text.Text), "", &avro.SchemaCache{})
	if err != nil {
		return nil, errclass.With(errclass.Data, fmt.Errorf("reading schema %d: %w", number, err))
	}
	root, ok := schema.(*avro.RecordSchema)
	if !ok {
		return nil, errclass.BadValue("", errclass.Conversion, "schema %d is no record", number)
	}
	s := &shape{root: root, row: root}
	if row := rowOf(root); row != nil {
		s.row, s.envelope = row, true
	}
	for _, f := range s.row.Fields() {
		c, err := newColumn(f, d.options.Options, d.parser)
		if err != nil {
			return nil, err
		}
		s.columns, s.data = append(s.columns, c), append(s.data, c.cell.Column)
	}
	return s, nil
}

// rowOf returns the record of the rows of an envelope; nil: it is none.
func rowOf(root *avro.RecordSchema) (row *avro.RecordSchema) {
	op := false
	for _, f := range root.Fields() {
		op = op || f.Name() == "op"
		if f.Name() != "before" && f.Name() != "after" || row != nil {
			continue
		}
		s := f.Type()
		if u, ok := s.(*avro.UnionSchema); ok {
			for _, t := range u.Types() {
				if t.Type() == avro.Record || t.Type() == avro.Ref {
					s = t
				}
			}
		}
		if ref, ok := s.(*avro.RefSchema); ok {
			s = ref.Schema()
		}
		row, _ = s.(*avro.RecordSchema)
	}
	if !op {
		return nil
	}
	return row
}
