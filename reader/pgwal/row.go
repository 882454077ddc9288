package pgwal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// row takes an insert, update or delete in.
func (s *source) row(ctx context.Context, b *record.Batch, kind byte, m *message, at pgkit.LSN) error {
	id := m.uint32()
	rel := s.tables.byID[id]
	if rel == nil {
		return malformed("the log has a row of relation %d, which it has not described", id)
	}
	if rel.schema == nil || s.tables.lists.Comes(rel.schema.Name) {
		return nil
	}
	var before byte // K: the identity alone, O: the whole row as it was
	s.old, s.now = s.old[:0], s.now[:0]
	for len(m.p) > 0 && !m.broken {
		switch which := m.int8(); which {
		case 'K', 'O':
			before = which
			s.old = m.tuple(s.old)
		case 'N':
			s.now = m.tuple(s.now)
		default:
			m.broken = true
		}
	}
	if err := m.err(kind); err != nil {
		return err
	}
	for _, t := range [][]value{s.old, s.now} {
		if len(t) != 0 && len(t) != len(rel.columns) {
			return malformed("the log has a row of table %s with %d values, it has %d columns", rel.schema.Name, len(t), len(rel.columns))
		}
	}
	s.tx.since++
	rel.touched = s.tx.end
	e := emitter{ctx: ctx, source: s, b: b, rel: rel, at: at}
	switch cat := s.reader.config.cat; kind {
	case 'I':
		if cat[record.Insert] {
			e.emit(record.Insert, s.now, nil, 0)
		}
	case 'D':
		if cat[record.Delete] {
			e.emit(record.Delete, s.old, nil, before)
		}
	default:
		if cat[record.UpdateAfter] {
			e.update(before)
		}
	}
	return e.err
}

// emitter puts the rows of one change into a batch.
type emitter struct {
	ctx    context.Context //nolint:containedctx // it lives as long as a call
	source *source
	b      *record.Batch
	rel    *relation
	at     pgkit.LSN
	err    error // ends the source
}

// update hands an update on: as a delete and an insert if it changes the key.
func (e *emitter) update(before byte) {
	s := e.source
	whole := s.old
	if before == 'K' {
		e.identify()
		whole = nil
	}
	switch {
	case before == 0, before == 'K' && !e.moved():
		e.emit(record.UpdateAfter, s.now, nil, 0)
	case before == 'K' && e.partial():
	case e.moved():
		was := e.emit(record.Delete, s.old, nil, before)
		if is := e.emit(record.Insert, s.now, whole, 0); was && is {
			e.b.Link()
		}
	default:
		was := e.emit(record.UpdateBefore, s.old, nil, before)
		is, why := e.put(record.UpdateAfter, s.now, s.old, 0)
		if was && !is { // the pair travels together or not at all
			e.b.Drop()
		}
		if why != nil {
			e.refuse(s.now, why)
		}
	}
}

// identify completes the row as it is now by the values of its identity, which
// the log gives although they have not changed where they are stored out of line.
func (e *emitter) identify() {
	s := e.source
	for i, c := range e.rel.columns {
		if c.inKey && s.now[i].kind == 'u' {
			s.now[i] = s.old[i]
		}
	}
}

// partial refuses an update that changes the key of a row of which the log does
// not have all values: the row under the new key could not be made. One that a
// snapshot shows already is none: the row under the old key is gone.
func (e *emitter) partial() bool {
	s := e.source
	i := slices.IndexFunc(s.now, func(v value) bool { return v.kind == 'u' })
	switch {
	case i < 0:
		return false
	case e.emit(record.Insert, s.now, nil, 0):
		e.b.Drop()
		e.refuse(s.now, errclass.BadValue(e.rel.columns[i].name, errclass.Other,
			"the log leaves the value out, as it has not changed, and the key has: ALTER TABLE %s REPLICA IDENTITY FULL", e.rel.schema.Name))
	default:
		e.emit(record.Delete, s.old, nil, 'K')
	}
	return true
}

// moved tells that an update has changed the key, where that is known.
func (e *emitter) moved() bool {
	for _, c := range e.rel.schema.Key {
		old, now := e.source.old[c], e.source.now[c]
		if now.kind != 'u' && (now.kind != old.kind || !bytes.Equal(now.text, old.text)) {
			return true
		}
	}
	return false
}

// emit puts a row into the batch, or hands it over as input that is none.
func (e *emitter) emit(op record.Op, values, was []value, before byte) bool {
	in, why := e.put(op, values, was, before)
	if why != nil {
		e.refuse(values, why)
	}
	return in
}

// put appends a row; values that the log leaves out come from was. Of a row
// with its identity alone the other values are absent. It tells whether the row
// is in the batch: not one that is none, and why, nor one that a snapshot shows
// already.
func (e *emitter) put(op record.Op, values, was []value, before byte) (in bool, why error) {
	b, rel := e.b, e.rel
	b.Begin(rel.schema, op)
	for i := range rel.columns {
		v := values[i]
		if v.kind == 'u' && len(was) > 0 {
			v = was[i]
		}
		switch {
		case before == 'K' && !rel.columns[i].inKey, v.kind == 'u':
			b.Absent()
		case v.kind == 'n':
			b.Null()
		default:
			if err := rel.decoder.Append(b, i, v.text); err != nil {
				b.Drop()
				return false, e.bad(i, err)
			}
		}
	}
	e.meta()
	skip, err := e.source.skips(e.ctx, b.Row(b.Len()-1))
	e.err = errors.Join(e.err, err)
	if skip {
		b.Drop()
	}
	return !skip, nil
}

// skips tells that a row is left out: a snapshot shows it, or one is going to.
func (s *source) skips(ctx context.Context, r record.Row) (skip bool, err error) {
	if s.filter != nil {
		if skip, err = s.filter.Skip(ctx, r); skip || err != nil {
			return skip, err
		}
	}
	if s.copier != nil && s.copier.Copies(r.Schema().Name) {
		return s.copier.Skip(ctx, r)
	}
	return false, nil
}

func (e *emitter) meta() {
	tx := &e.source.tx
	for _, c := range e.rel.schema.Columns[e.rel.schema.Data:] {
		metas[c.Name](e.b, tx, e.at)
	}
}

// metas are the metadata columns that there are.
var metas = map[string]func(b *record.Batch, tx *transaction, at pgkit.LSN){
	"_ts": func(b *record.Batch, _ *transaction, _ pgkit.LSN) {
		now := time.Now()
		b.Timestamp(now.Unix(), uint32(now.Nanosecond()))
	},
	"_optime": func(b *record.Batch, tx *transaction, _ pgkit.LSN) {
		b.Timestamp(tx.at.Unix(), uint32(tx.at.Nanosecond()))
	},
	"_lsn": func(b *record.Batch, _ *transaction, at pgkit.LSN) { b.Text(record.String, lsnText(at)) },
	"_txid": func(b *record.Batch, tx *transaction, _ pgkit.LSN) {
		b.Text(record.String, fmt.Sprint(tx.id))
	},
	"_snapshot": func(b *record.Batch, _ *transaction, _ pgkit.LSN) { b.Bool(false) },
}

// bad is the error of a value, with its column.
func (e *emitter) bad(column int, why error) error {
	name := e.rel.schema.Columns[column].Name
	var v *errclass.Value
	if errors.As(why, &v) {
		why = errclass.With(errclass.Data, &errclass.Value{Column: name, Reason: v.Reason, Err: v.Err})
	}
	return why
}

// refuse hands values over as input that is no row.
func (e *emitter) refuse(values []value, why error) {
	raw := map[string]any{}
	for i, v := range values {
		switch v.kind {
		case 'n':
			raw[e.rel.columns[i].name] = nil
		case 'u':
		default:
			raw[e.rel.columns[i].name] = string(v.text)
		}
	}
	text, err := json.Marshal(raw)
	if err != nil { // texts always can be encoded
		e.err = err
		return
	}
	e.b.Reject(text, errclass.Placed(why, "table %s at %s", e.rel.schema.Name, e.at))
}
