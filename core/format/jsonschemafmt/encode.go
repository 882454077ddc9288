package jsonschemafmt

import (
	"context"
	"time"

	"github.com/datasync-io/datasync/core/format/changefmt"
	"github.com/datasync-io/datasync/core/format/debeziumfmt"
	"github.com/datasync-io/datasync/core/format/registry"
	"github.com/datasync-io/datasync/core/record"
)

var (
	_ changefmt.Encoder    = (*Encoder)(nil)
	_ changefmt.Registrar  = (*Encoder)(nil)
	_ changefmt.Upserter   = (*Encoder)(nil)
	_ changefmt.Transactor = (*Encoder)(nil)
)

// Options refine the format.
type Options struct {
	debeziumfmt.Options      // Schemas means nothing
	Flat                bool // the row as it is now, without envelope
}

// complete gives decimals the bytes that the schema describes.
func (o Options) complete() Options {
	o.Schemas = false
	if o.Decimal == "" {
		o.Decimal = debeziumfmt.DecimalPrecise
	}
	return o
}

// Encoder writes framed messages. A table is registered before its first row.
type Encoder struct {
	options Options
	inner   *debeziumfmt.Encoder
	client  *registry.Client
	tables  map[*record.Schema]*table
	last    *record.Schema
	table   *table
}

// table has the numbers of a table's schemas.
type table struct {
	key, value int
	headless   bool
}

// NewEncoder returns an encoder; client is the caller's.
func NewEncoder(o Options, client *registry.Client) *Encoder {
	o = o.complete()
	return &Encoder{options: o, inner: debeziumfmt.NewEncoder(o.Options), client: client, tables: map[*record.Schema]*table{}}
}

// Meta implements [changefmt.Encoder].
func (e *Encoder) Meta() []string {
	if e.options.Flat {
		return nil
	}
	return e.inner.Meta()
}

// Grouping implements [changefmt.Encoder].
func (e *Encoder) Grouping() changefmt.Grouping {
	if e.options.Flat {
		return changefmt.Alone
	}
	return e.inner.Grouping()
}

// Upserts implements [changefmt.Upserter].
func (e *Encoder) Upserts() bool { return e.options.Flat }

// Begin implements [changefmt.Encoder].
func (e *Encoder) Begin(now time.Time) { e.inner.Begin(now) }

// In implements [changefmt.Transactor].
func (e *Encoder) In(tx *changefmt.Transaction) { e.inner.In(tx) }

// AppendChange implements [changefmt.Encoder]: the schemas of later rows tell.
func (*Encoder) AppendChange(dst []byte, _ *record.Change) ([]byte, int, bool) { return dst, -1, false }

// Register implements [changefmt.Registrar].
func (e *Encoder) Register(ctx context.Context, topic string, s *record.Schema, key []int) error {
	if e.tables[s] != nil {
		return nil
	}
	t := &table{headless: len(key) == 0}
	types := debeziumfmt.Types(s.Columns[:s.Data], e.options.Options)
	source := debeziumfmt.NewSource(s, record.Row{}, e.options.Options)
	full := e.options.FullName(s.Name, source.System)
	all := make([]int, s.Data)
	for c := range all {
		all[c] = c
	}
	text := string(appendRow(nil, full+".Value", types, all))
	if !e.options.Flat {
		text = envelope(full, types, all, &source)
	}
	c := e.client.Config()
	var err error
	if t.value, err = e.client.Register(ctx, c.SubjectOf(topic, full, "value"), registry.Schema{Text: text, Type: registry.JSON}); err != nil {
		return err
	}
	if !t.headless {
		text := string(appendRow(nil, full+".Key", types, key))
		if t.key, err = e.client.Register(ctx, c.SubjectOf(topic, full, "key"), registry.Schema{Text: text, Type: registry.JSON}); err != nil {
			return err
		}
	}
	e.tables[s] = t
	return nil
}

// Forget implements [changefmt.Registrar].
func (e *Encoder) Forget() {
	clear(e.tables)
	e.last, e.table = nil, nil
}

func (e *Encoder) of(s *record.Schema) *table {
	if s != e.last {
		e.last, e.table = s, e.tables[s]
		if e.table == nil {
			panic("jsonschemafmt: a row of a table that was not registered")
		}
	}
	return e.table
}

// AppendKey implements [changefmt.Encoder].
func (e *Encoder) AppendKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	t := e.of(r.Schema())
	if t.headless {
		return dst, false, nil
	}
	start := len(dst)
	dst, ok, err := e.inner.AppendKey(registry.AppendHead(dst, t.key), r, columns)
	if !ok || err != nil {
		return dst[:start], false, err
	}
	return dst, true, nil
}

// AppendValue implements [changefmt.Encoder].
func (e *Encoder) AppendValue(dst []byte, ev changefmt.Event) ([]byte, error) {
	start := len(dst)
	dst = registry.AppendHead(dst, e.of(ev.Row().Schema()).value)
	var err error
	if e.options.Flat {
		dst, err = e.inner.AppendAfter(dst, ev)
	} else {
		dst, err = e.inner.AppendValue(dst, ev)
	}
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}
