package kafka

import (
	"bytes"
	"context"
	"slices"
	"unicode/utf8"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/msgfmt"
	"github.com/datasync-io/datasync/core/kit/filekit"
	"github.com/datasync-io/datasync/core/record"
)

// newDecoder makes the decoder of one source.
func (r *reader) newDecoder() (changefmt.Decoder, error) {
	c := r.config
	if !c.isText() {
		return r.changes()
	}
	d, err := r.texts()
	if err != nil || c.charset == nil && !c.BlankIgnore {
		return d, err
	}
	return &recoded{topicDecoder: d, charset: c.charset, skipBlank: c.BlankIgnore}, nil
}

// changes makes the decoder of a format of changes.
func (r *reader) changes() (changefmt.Decoder, error) {
	schemas, err := r.registry()
	if err != nil {
		return nil, err
	}
	_, columns, _, err := r.config.plan(convert.Options{Zone: r.zone})
	if err != nil {
		return nil, err
	}
	return msgfmt.NewDecoder(msgfmt.Settings{Format: r.config.Format, Config: r.config.FormatOptions, Zone: r.zone, Registry: schemas, Columns: columns, Meta: r.env.Meta})
}

// topicDecoder is a decoder of texts or JSON.
type topicDecoder interface {
	changefmt.Decoder
	// schemaOf returns the schema of all rows of a topic, nil where each message
	// tells it.
	schemaOf(topic string) *record.Schema
}

func (r *reader) texts() (topicDecoder, error) {
	c := r.config
	switch {
	case c.Format == formatText:
		return &texts{schemas: newSchemas([]record.Column{{Name: messageColumn, Kind: record.String, Nullable: true}}, nil, r.env.Meta)}, nil
	case len(c.Column) > 0:
		return newTyped(c, convert.Options{Zone: r.zone}, r.env.Meta)
	case len(c.KeyColumns) > 0:
		d, err := msgfmt.NewDecoder(msgfmt.Settings{Format: msgfmt.JSON, Zone: r.zone, Key: c.KeyColumns, Meta: r.env.Meta})
		return untold{Decoder: d}, err
	}
	return newObjects(c.AddMessage, r.env.Meta), nil
}

// untold is a decoder whose messages tell their columns.
type untold struct {
	changefmt.Decoder
	noSchema
}

type noSchema struct{}

func (noSchema) schemaOf(string) *record.Schema { return nil }

// schemas are those of the topics of a decoder, which differ in the name alone.
type schemas struct {
	columns []record.Column
	key     []int
	meta    []string
	topic   string
	last    *record.Schema
	all     map[string]*record.Schema
}

func newSchemas(columns []record.Column, key []int, meta []string) schemas {
	return schemas{columns: columns, key: key, meta: meta, all: map[string]*record.Schema{}}
}

func (s *schemas) schemaOf(topic string) *record.Schema {
	if s.last != nil && s.topic == topic {
		return s.last
	}
	if s.all[topic] == nil {
		s.all[topic] = changefmt.NewSchema(record.Name{Table: topic}, slices.Clone(s.columns), s.key, s.meta)
	}
	s.topic, s.last = topic, s.all[topic]
	return s.last
}

// texts makes a row of one column of each message.
type texts struct {
	schemas
	facts changefmt.Facts
	value []byte
}

// Decode implements [changefmt.Decoder].
func (d *texts) Decode(_ context.Context, m *changefmt.Message, b *record.Batch) (*record.Change, error) {
	if !utf8.Valid(m.Value) {
		return nil, errclass.BadValue(messageColumn, errclass.Encoding, "the message is not valid UTF-8: set encoding")
	}
	d.value, d.facts.Committed = m.Value, m.At
	return nil, changefmt.Rows(b, d.schemaOf(m.Topic), record.Insert, false, false, d, &d.facts, m)
}

// Fill implements [changefmt.Filler].
func (d *texts) Fill(b *record.Batch, _ bool) error {
	if d.value == nil {
		b.Null()
	} else {
		b.String(d.value)
	}
	return nil
}

// recoded gives a decoder UTF-8, and no blank messages if these are not wanted.
type recoded struct {
	topicDecoder
	charset   *filekit.Charset // nil: it is UTF-8
	skipBlank bool
	inner     changefmt.Message
}

// Decode implements [changefmt.Decoder].
func (d *recoded) Decode(ctx context.Context, m *changefmt.Message, b *record.Batch) (*record.Change, error) {
	d.inner = *m
	if d.charset != nil && m.Value != nil {
		text, err := d.charset.NewDecoder().Bytes(m.Value)
		if err != nil || !d.charset.Whole && bytes.ContainsRune(text, utf8.RuneError) {
			return nil, errclass.BadValue(messageColumn, errclass.Encoding, "the message is not in the job's encoding")
		}
		d.inner.Value = text
	}
	if d.skipBlank && len(bytes.TrimSpace(d.inner.Value)) == 0 {
		return nil, nil
	}
	return d.topicDecoder.Decode(ctx, &d.inner, b)
}
