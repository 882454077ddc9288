package avrofmt

import (
	"context"
	"encoding/binary"
	"fmt"
	"math"
	"time"
	"unicode/utf8"

	"github.com/hamba/avro/v2"

	"github.com/datasync-io/datasync/core/errclass"
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

// Encoder writes framed messages. A table is registered before its first row.
type Encoder struct {
	options Options
	client  *registry.Client
	tables  map[*record.Schema]*table
	last    *record.Schema
	table   *table
	now     int64
	scratch []byte
	tx      *changefmt.Transaction
}

// table is what is known of a table.
type table struct {
	types    []debeziumfmt.Type
	source   debeziumfmt.Source
	key      int // numbers of the schemas
	value    int
	headless bool // no key was registered
}

// NewEncoder returns an encoder; client is the caller's.
func NewEncoder(o Options, client *registry.Client) *Encoder {
	o.Schemas = true // decimals as bytes, unless the options say otherwise
	return &Encoder{options: o, client: client, tables: map[*record.Schema]*table{}}
}

// Meta implements [changefmt.Encoder].
func (e *Encoder) Meta() []string {
	if e.options.Flat {
		return nil
	}
	return debeziumfmt.MetaNames()
}

// Grouping implements [changefmt.Encoder].
func (e *Encoder) Grouping() changefmt.Grouping {
	if e.options.Flat {
		return changefmt.Alone
	}
	return changefmt.Pairs
}

// Upserts implements [changefmt.Upserter].
func (e *Encoder) Upserts() bool { return e.options.Flat }

// Begin implements [changefmt.Encoder].
func (e *Encoder) Begin(now time.Time) { e.now = now.UnixNano() }

// In implements [changefmt.Transactor].
func (e *Encoder) In(tx *changefmt.Transaction) { e.tx = tx }

// AppendChange implements [changefmt.Encoder]: the schemas of later rows tell.
func (*Encoder) AppendChange(dst []byte, _ *record.Change) ([]byte, int, bool) { return dst, -1, false }

// Register implements [changefmt.Registrar].
func (e *Encoder) Register(ctx context.Context, topic string, s *record.Schema, key []int) error {
	if e.tables[s] != nil {
		return nil
	}
	t := &table{types: debeziumfmt.Types(s.Columns[:s.Data], e.options.Options), headless: len(key) == 0}
	t.source = debeziumfmt.NewSource(s, record.Row{}, e.options.Options)
	full := e.options.FullName(s.Name, t.source.System)
	namespace := namespaceOf(full)
	all := make([]int, s.Data)
	for c := range all {
		all[c] = c
	}
	text := rowSchema("Value", namespace, t.types, all)
	if !e.options.Flat {
		text = envelopeSchema(namespace, t.types, all, &t.source)
	}
	var err error
	if t.value, err = e.register(ctx, topic, full, "value", text); err != nil {
		return err
	}
	if !t.headless {
		if t.key, err = e.register(ctx, topic, full, "key", rowSchema("Key", namespace, t.types, key)); err != nil {
			return err
		}
	}
	e.tables[s] = t
	return nil
}

func (e *Encoder) register(ctx context.Context, topic, full, part, text string) (int, error) {
	if _, err := avro.ParseBytesWithCache([]byte(text), "", &avro.SchemaCache{}); err != nil {
		return 0, errclass.With(errclass.Config, fmt.Errorf("making an Avro schema of table %s: %w; rename or leave out the columns", full, err))
	}
	return e.client.Register(ctx, e.client.Config().SubjectOf(topic, full, part), registry.Schema{Text: text, Type: registry.Avro})
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
			panic("avrofmt: a row of a table that was not registered")
		}
	}
	return e.table
}

// AppendKey implements [changefmt.Encoder].
func (e *Encoder) AppendKey(dst []byte, r record.Row, columns []int) ([]byte, bool, error) {
	t := e.of(r.Schema())
	if len(columns) == 0 || t.headless {
		return dst, false, nil
	}
	start := len(dst)
	dst = registry.AppendHead(dst, t.key)
	var err error
	for _, c := range columns {
		if dst, err = e.appendCell(dst, &t.types[c], r, c); err != nil {
			return dst[:start], false, err
		}
	}
	return dst, true, nil
}

// AppendValue implements [changefmt.Encoder].
func (e *Encoder) AppendValue(dst []byte, ev changefmt.Event) ([]byte, error) {
	t := e.of(ev.Row().Schema())
	start := len(dst)
	dst = registry.AppendHead(dst, t.value)
	var err error
	if e.options.Flat {
		dst, err = e.appendAfter(dst, t, &ev)
	} else {
		dst, err = e.appendEnvelope(dst, t, &ev)
	}
	if err != nil {
		return dst[:start], err
	}
	return dst, nil
}

// Branches of a union of null and something.
const (
	none = 0
	some = 2 // 1, as Avro writes it
)

func (e *Encoder) appendEnvelope(dst []byte, t *table, ev *changefmt.Event) (out []byte, err error) {
	if ev.Before.Valid() && (ev.Op == record.Delete || complete(ev.Before)) {
		if dst, err = e.appendBefore(append(dst, some), t, ev.Before); err != nil {
			return dst, err
		}
	} else {
		dst = append(dst, none)
	}
	if ev.After.Valid() {
		if dst, err = e.appendAfter(append(dst, some), t, ev); err != nil {
			return dst, err
		}
	} else {
		dst = append(dst, none)
	}
	row := ev.Row()
	dst = e.appendSource(dst, &t.source, row)
	if e.tx == nil || len(e.tx.ID) == 0 {
		dst = append(dst, none)
	} else {
		dst = appendText(append(dst, some), e.tx.ID)
		dst = binary.AppendVarint(binary.AppendVarint(dst, e.tx.Total), e.tx.OfTable)
	}
	dst = appendText(dst, debeziumfmt.OpName(ev.Op, t.source.Meta.InSnapshot(row)))
	for _, unit := range []int64{1e6, 1e3, 1} {
		dst = binary.AppendVarint(append(dst, some), e.now/unit)
	}
	return dst, nil
}

// complete tells that no value of a row is absent.
func complete(r record.Row) bool {
	for c := range r.Schema().Data {
		if r.Kind(c) == record.Absent {
			return false
		}
	}
	return true
}

func (e *Encoder) appendBefore(dst []byte, t *table, r record.Row) (out []byte, err error) {
	for c := range t.types {
		if dst, err = e.appendCell(dst, &t.types[c], r, c); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (e *Encoder) appendAfter(dst []byte, t *table, ev *changefmt.Event) (out []byte, err error) {
	for c := range t.types {
		column := &t.types[c]
		r := ev.Now(c)
		if r.Kind(c) == record.Absent {
			if !column.Placeable() {
				return dst, errclass.BadValue(column.Column.Name, errclass.Other, "the change says nothing about the column, and Avro has no way to say so; let the source log whole rows (binlog_row_image FULL, REPLICA IDENTITY FULL)")
			}
			if column.Column.Nullable {
				dst = append(dst, some)
			}
			dst = appendText(dst, debeziumfmt.Unavailable)
			continue
		}
		if dst, err = e.appendCell(dst, column, r, c); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

// appendCell appends a value; an absent one is null.
func (e *Encoder) appendCell(dst []byte, t *debeziumfmt.Type, r record.Row, c int) ([]byte, error) {
	if t.Wire == debeziumfmt.Mixed {
		return appendMixed(dst, r, c)
	}
	null := r.Kind(c) <= record.Null
	switch {
	case t.Column.Nullable && null:
		return append(dst, none), nil
	case t.Column.Nullable:
		dst = append(dst, some)
	case null:
		return dst, errclass.BadValue(t.Column.Name, errclass.Null, "the column is not nullable, but has no value")
	}
	switch t.Wire {
	case debeziumfmt.Boolean:
		if r.Bool(c) {
			return append(dst, 1), nil
		}
		return append(dst, 0), nil
	case debeziumfmt.Int16, debeziumfmt.Int32, debeziumfmt.Int64:
		v, err := t.Int64(r, c)
		return binary.AppendVarint(dst, v), err
	case debeziumfmt.Float32:
		return binary.LittleEndian.AppendUint32(dst, math.Float32bits(r.Float32(c))), nil
	case debeziumfmt.Float64:
		if r.Kind(c) != record.Float64 {
			return dst, errclass.BadValue(t.Column.Name, errclass.Overflow, "a decimal may lose digits as a double of Avro; set decimals to precise or string")
		}
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(r.Float64(c))), nil
	case debeziumfmt.String:
		e.scratch = t.AppendText(e.scratch[:0], r, c)
		if !utf8.Valid(e.scratch) {
			return dst, changefmt.NotUTF8(r, c)
		}
		return appendText(dst, e.scratch), nil
	case debeziumfmt.Bytes:
		var err error
		e.scratch, err = t.AppendBytes(e.scratch[:0], r, c)
		return appendText(dst, e.scratch), err
	case debeziumfmt.Geometry, debeziumfmt.Point:
		return appendShape(dst, t, r, c)
	default:
		raw, scale, err := t.AppendVariable(e.scratch[:0], r, c)
		e.scratch = raw
		return appendText(binary.AppendVarint(dst, int64(scale)), raw), err
	}
}

// appendShape appends a spatial value, in the order of its schema's fields.
func appendShape(dst []byte, t *debeziumfmt.Type, r record.Row, c int) ([]byte, error) {
	s, err := t.Shape(r, c)
	if err != nil {
		return dst, err
	}
	if t.Wire == debeziumfmt.Point {
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.X))
		dst = binary.LittleEndian.AppendUint64(dst, math.Float64bits(s.Y))
		dst = append(dst, some)
	}
	dst = appendText(dst, s.WKB)
	if s.Plain {
		return append(dst, none), nil
	}
	return binary.AppendVarint(append(dst, some), int64(s.SRID)), nil
}

// appendText appends a text or bytes.
func appendText[T []byte | string](dst []byte, text T) []byte {
	return append(binary.AppendVarint(dst, int64(len(text))), text...)
}

func appendMixed(dst []byte, r record.Row, c int) ([]byte, error) {
	branch := func(n int64) []byte { return binary.AppendVarint(dst, n) }
	switch r.Kind(c) {
	case record.Absent, record.Null:
		return branch(mixedNull), nil
	case record.Bool:
		if r.Bool(c) {
			return append(branch(mixedBool), 1), nil
		}
		return append(branch(mixedBool), 0), nil
	case record.Int64:
		return binary.AppendVarint(branch(mixedLong), r.Int64(c)), nil
	case record.Float64:
		return binary.LittleEndian.AppendUint64(branch(mixedDouble), math.Float64bits(r.Float64(c))), nil
	case record.Bytes:
		return appendText(branch(mixedBytes), r.Bytes(c)), nil
	}
	text := r.AppendISO(nil, c)
	if !utf8.Valid(text) {
		return dst, changefmt.NotUTF8(r, c)
	}
	return appendText(branch(mixedString), text), nil
}

// appendSource appends the members of a source, in the order of their schema.
func (e *Encoder) appendSource(dst []byte, s *debeziumfmt.Source, r record.Row) []byte {
	v := s.Values(r, e.now)
	for _, f := range s.Fields() {
		text, n, there := v.Member(f.Name)
		switch {
		case f.Optional && !there:
			dst = append(dst, none)
			continue
		case f.Optional:
			dst = append(dst, some)
		}
		if f.Wire == "string" {
			dst = appendText(dst, text)
		} else {
			dst = binary.AppendVarint(dst, n)
		}
	}
	return dst
}
