package kafka

import (
	"context"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// objects makes a row of each JSON object, whose members are columns of kind
// any; what is no object is a row of one column message.
type objects struct {
	noSchema
	message bool // is added
	meta    []string
	parser  *changefmt.Parser
	shapes  changefmt.Shapes[object]
	shape   []byte
	plain   texts
	facts   changefmt.Facts

	now  *object
	text []byte
}

// object is how messages of a shape are filled in.
type object struct {
	schema  *record.Schema
	members *changefmt.Object
	whole   bool // the last column is the whole message
}

func newObjects(message bool, meta []string) *objects {
	return &objects{message: message, meta: meta, parser: changefmt.NewParser(),
		plain: texts{schemas: newSchemas([]record.Column{{Name: messageColumn, Kind: record.Any, Nullable: true}}, nil, meta)}}
}

// Decode implements [changefmt.Decoder].
func (d *objects) Decode(ctx context.Context, m *changefmt.Message, b *record.Batch) (*record.Change, error) {
	all, err := jsonfmt.Parse(m.Value)
	if m.Value == nil || err != nil {
		return d.plain.Decode(ctx, m, b)
	}
	d.shape = changefmt.Fold(append(append(d.shape[:0], m.Topic...), 0xff), &all)
	if d.now, err = d.shapes.Of(d.shape, func() (*object, error) { return d.newObject(m.Topic, &all) }); err != nil {
		return nil, err
	}
	d.now.members.Read(&all)
	d.text, d.facts.Committed = m.Value, m.At
	n := b.Len()
	if err := changefmt.Rows(b, d.now.schema, record.Insert, false, false, d, &d.facts, m); err != nil {
		changefmt.Undo(b, n)
		return nil, err
	}
	return nil, nil
}

func (d *objects) newObject(topic string, all *gjson.Result) (*object, error) {
	names := changefmt.Members(all)
	seen := map[string]bool{}
	columns := make([]record.Column, 0, len(names)+1)
	for _, name := range names {
		if seen[name] {
			return nil, errclass.BadValue(name, errclass.Duplicate, "the member is there twice")
		}
		seen[name] = true
		columns = append(columns, record.Column{Name: name, Kind: record.Any, Nullable: true})
	}
	o := &object{members: changefmt.NewObject(names), whole: d.message && !seen[messageColumn]}
	if o.whole {
		columns = append(columns, record.Column{Name: messageColumn, Kind: record.String, Nullable: true})
	}
	o.schema = changefmt.NewSchema(record.Name{Table: topic}, columns, nil, d.meta)
	return o, nil
}

// Fill implements [changefmt.Filler].
func (d *objects) Fill(b *record.Batch, _ bool) error {
	o := d.now
	for c := range o.members.Values {
		if err := d.parser.Append(b, &o.members.Values[c], o.schema.Columns[c].Name, nil); err != nil {
			return err
		}
	}
	if o.whole {
		b.String(d.text)
	}
	return nil
}
