package jsonschemafmt

import (
	"context"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/jsonfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/record"
)

var _ changefmt.Decoder = (*Decoder)(nil)

// Decoder reads framed messages: events of Debezium, and rows as they are now,
// which are an update-after, or without key an insert. A message without value
// is the delete of its key where [Options].Flat says that rows come without
// envelope; else it tells nothing.
type Decoder struct {
	options Options
	client  *registry.Client
	inner   *debeziumfmt.Decoder
	schemas map[int]*schema
}

// schema is how messages of a schema are read.
type schema struct {
	types    []debeziumfmt.Type
	title    string
	envelope bool
	shape    string
}

// NewDecoder returns a decoder of rows with these metadata columns; client is
// the caller's.
func NewDecoder(o Options, client *registry.Client, meta []string) *Decoder {
	o = o.complete()
	return &Decoder{options: o, client: client, inner: debeziumfmt.NewDecoder(o.Options, nil, meta), schemas: map[int]*schema{}}
}

// Decode implements [changefmt.Decoder].
func (d *Decoder) Decode(ctx context.Context, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	var p debeziumfmt.Parts
	var key gjson.Result
	var keySchema *schema
	if number, body, err := registry.Unframe(in.Key); err == nil {
		if keySchema, err = d.schema(ctx, number); err != nil {
			return nil, err
		}
		if key, err = jsonfmt.Parse(body); err != nil {
			return nil, err
		}
		p.Key = body
	}
	if in.Value == nil {
		if !d.options.Flat || keySchema == nil {
			return nil, nil
		}
		p.Op, p.Before = "d", key
		return d.rows(&p, keySchema, in, b)
	}
	number, body, err := registry.Unframe(in.Value)
	if err != nil {
		return nil, err
	}
	s, err := d.schema(ctx, number)
	if err != nil {
		return nil, err
	}
	all, err := jsonfmt.Parse(body)
	if err != nil {
		return nil, err
	}
	if !s.envelope {
		p.Op, p.After = "u", all
		if keySchema == nil {
			p.Op = "c"
		}
		return d.rows(&p, s, in, b)
	}
	all.ForEach(func(name, v gjson.Result) bool {
		switch name.Str {
		case "before":
			p.Before = v
		case "after":
			p.After = v
		case "source":
			p.Origin = debeziumfmt.ReadOrigin(v)
		case "op":
			p.Op = v.Str
		}
		return true
	})
	if p.Op == "" {
		return nil, errclass.BadValue("", errclass.Conversion, `the message has no "op": it is no change event`)
	}
	return d.rows(&p, s, in, b)
}

func (d *Decoder) rows(p *debeziumfmt.Parts, s *schema, in *changefmt.Message, b *record.Batch) (*record.Change, error) {
	p.Types, p.Shape = func() ([]debeziumfmt.Type, error) { return s.types, nil }, s.shape
	if p.Origin.Name.Table == "" {
		p.Origin.Name = debeziumfmt.NameOf(s.title, in.Topic)
	}
	return d.inner.DecodeParts(p, in, b)
}

// schema returns how messages of a number are read.
func (d *Decoder) schema(ctx context.Context, number int) (*schema, error) {
	if s := d.schemas[number]; s != nil {
		return s, nil
	}
	found, err := d.client.Schema(ctx, number)
	if err != nil {
		return nil, err
	}
	if !gjson.Valid(found.Text) {
		return nil, errclass.BadValue("", errclass.Conversion, "schema %d is no JSON schema", number)
	}
	root := gjson.Parse(found.Text)
	row, wrapped := rowOf(root)
	s := &schema{types: typesOf(d.options.Options, row), envelope: wrapped, shape: strconv.Itoa(number)}
	s.title = strings.TrimSuffix(strings.TrimSuffix(member(row, "title").Str, ".Value"), ".Key")
	if len(d.schemas) >= changefmt.MaxSchemas {
		clear(d.schemas)
	}
	d.schemas[number] = s
	return s, nil
}
