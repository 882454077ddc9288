package msgfmt

import (
	"context"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/record"
)

// plain writes the row as it is now, as an object by column name.
type plain struct{ *jsonfmt.Encoder }

var (
	_ changefmt.Encoder  = plain{}
	_ changefmt.Upserter = plain{}
)

func newPlain(s Settings) plain { return plain{jsonfmt.NewEncoder(s.Names...)} }

// Meta implements [changefmt.Encoder].
func (plain) Meta() []string { return nil }

// Grouping implements [changefmt.Encoder].
func (plain) Grouping() changefmt.Grouping { return changefmt.Alone }

// Upserts implements [changefmt.Upserter].
func (plain) Upserts() bool { return true }

// Begin implements [changefmt.Encoder].
func (plain) Begin(time.Time) {}

// AppendKey implements [changefmt.Encoder].
func (plain) AppendKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	return changefmt.AppendTextKey(dst, r, columns)
}

// AppendValue implements [changefmt.Encoder].
func (p plain) AppendValue(dst []byte, ev changefmt.Event) ([]byte, error) {
	return p.AppendRow(dst, ev.After)
}

// AppendChange implements [changefmt.Encoder]: later rows tell.
func (plain) AppendChange(dst []byte, _ *record.Change) ([]byte, int, bool) { return dst, -1, false }

// plainDecoder reads objects by column name: an update-after where the key
// columns are known, else an insert; without value, the delete of the key. All
// columns are of kind any, the table has the topic's name.
type plainDecoder struct {
	key    []string
	meta   []string
	parser *changefmt.Parser
	shapes changefmt.Shapes[plainLayout]
	shape  []byte
	layout *plainLayout
}

type plainLayout struct {
	schema *record.Schema
	object *changefmt.Object
}

func newPlainDecoder(key, meta []string) *plainDecoder {
	return &plainDecoder{key: key, meta: meta, parser: changefmt.NewParser()}
}

// Decode implements [changefmt.Decoder].
func (d *plainDecoder) Decode(_ context.Context, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	op, text := record.UpdateAfter, in.Value
	if len(d.key) == 0 {
		op = record.Insert
	}
	if in.Value == nil {
		if len(d.key) == 0 || in.Key == nil {
			return nil, nil
		}
		var err error
		if text, err = d.keyObject(in.Key); err != nil {
			return nil, err
		}
		op = record.Delete
	}
	all, err := jsonfmt.Parse(text)
	if err != nil {
		return nil, err
	}
	d.shape = changefmt.Fold(append(append(d.shape[:0], in.Topic...), 0xff), &all)
	if d.layout, err = d.shapes.Of(d.shape, func() (*plainLayout, error) { return d.newLayout(in.Topic, &all) }); err != nil {
		return nil, err
	}
	d.layout.object.Read(&all)
	n := b.Len()
	if err := changefmt.Rows(b, d.layout.schema, op, false, false, d, &changefmt.Facts{Committed: in.At}, in); err != nil {
		changefmt.Undo(b, n)
		return nil, err
	}
	return nil, nil
}

// keyObject makes an object of a key: the text of one column, or a JSON array of
// several.
func (d *plainDecoder) keyObject(key []byte) ([]byte, error) {
	values := []string{string(jsonfmt.AppendText(nil, string(key)))}
	if len(d.key) > 1 {
		values = nil
		if gjson.ValidBytes(key) {
			for _, v := range gjson.ParseBytes(key).Array() {
				values = append(values, v.Raw)
			}
		}
	}
	if len(values) != len(d.key) {
		return nil, errclass.BadValue("", errclass.Conversion, "the key %.80q is no list of %d values", key, len(d.key))
	}
	var object []byte
	for i, v := range values {
		object = append(append(append(object, ','), changefmt.Label(d.key[i])...), v...)
	}
	return changefmt.CloseObject(object, 0), nil
}

func (d *plainDecoder) newLayout(topic string, all *gjson.Result) (*plainLayout, error) {
	names := changefmt.Members(all)
	columns := make([]record.Column, len(names))
	for c, name := range names {
		columns[c] = record.Column{Name: name, Kind: record.Any, Nullable: true}
	}
	var key []int
	for _, name := range d.key {
		c := slices.Index(names, name)
		if c < 0 {
			return nil, errclass.BadValue(name, errclass.Null, "the message lacks the key column")
		}
		key = append(key, c)
	}
	return &plainLayout{schema: changefmt.NewSchema(record.Name{Table: topic}, columns, key, d.meta), object: changefmt.NewObject(names)}, nil
}

// Fill implements [changefmt.Filler].
func (d *plainDecoder) Fill(b *record.Batch, _ bool) error {
	for c := range d.layout.object.Values {
		if err := d.parser.Append(b, &d.layout.object.Values[c], d.layout.schema.Columns[c].Name, nil); err != nil {
			return err
		}
	}
	return nil
}
