package sqlservercdc

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// emitter puts the rows of changes into batches.
type emitter struct {
	cat     map[record.Op]bool
	scratch *record.Batch
	one     [1]int
	texts   [2][]byte
}

// change hands on the change that a cursor stands at, and goes past it: one
// row of a change table, or the two of an update.
func (e *emitter) change(b *record.Batch, c *cursor, tx *commit) error {
	commit, sequence := c.commit, c.sequence
	switch c.operation {
	case opInsert:
		if e.cat[record.Insert] {
			e.emit(b, c, record.Insert, tx)
		}
		return c.advance()
	case opDelete:
		return e.remove(b, c, tx)
	case opBefore:
		return e.update(b, c, tx)
	case opAfter: // without what was before
		if e.cat[record.UpdateAfter] {
			e.emit(b, c, record.UpdateAfter, tx)
		}
		return c.advance()
	}
	return errclass.With(errclass.Permanent, fmt.Errorf("table %s has a change of operation %d at %s, %s", c.table.name, c.operation, commit, sequence))
}

// remove hands a delete on. With an insert of the same place it is an update,
// which the server has carried out so because it touches a key.
func (e *emitter) remove(b *record.Batch, c *cursor, tx *commit) error {
	commit, sequence := c.commit, c.sequence
	emitted := (e.cat[record.Delete] || e.cat[record.UpdateAfter]) && e.emit(b, c, record.Delete, tx)
	if err := c.advance(); err != nil {
		return err
	}
	kind := record.Delete
	pair := c.at(commit, sequence, opInsert)
	if pair {
		kind = record.UpdateAfter
	}
	if emitted && !e.cat[kind] {
		b.Drop()
	}
	if !pair {
		return nil
	}
	if e.cat[kind] && e.emit(b, c, record.Insert, tx) && emitted {
		b.Link()
	}
	return c.advance()
}

// update hands an update on: as a delete and an insert if it changes the key.
// A row as it was that is not followed by the row as it is was moved by a
// statement over several rows, and is a delete; the rows as they are follow.
func (e *emitter) update(b *record.Batch, c *cursor, tx *commit) error {
	commit, sequence := c.commit, c.sequence
	wanted := e.cat[record.UpdateAfter]
	before := wanted && e.emit(b, c, record.UpdateBefore, tx)
	if err := c.advance(); err != nil {
		return err
	}
	if !c.at(commit, sequence, opAfter) {
		if before {
			e.again(b, record.Delete)
		}
		return nil
	}
	if wanted {
		suspect := slices.ContainsFunc(c.capture.schema.Key, func(k int) bool { return c.capture.changed(c.mask(), k) })
		err := e.try(b, c, record.UpdateAfter, tx)
		switch {
		case err != nil:
			if before { // the pair travels together or not at all
				b.Drop()
			}
			reject(b, c, err)
		case before && suspect && e.moved(b):
			e.again(b, record.Delete, record.Insert)
			b.Link()
		}
	}
	return c.advance()
}

// moved tells that the last two rows of a batch differ in their key.
func (e *emitter) moved(b *record.Batch) bool {
	n := b.Len()
	for _, k := range b.Row(n - 1).Schema().Key {
		for i := range e.texts {
			row := b.Row(n - 2 + i)
			e.texts[i] = row.AppendText(append(e.texts[i][:0], byte(row.Kind(k))), k)
		}
		if !bytes.Equal(e.texts[0], e.texts[1]) {
			return true
		}
	}
	return false
}

// again makes other operations of the last rows of a batch.
func (e *emitter) again(b *record.Batch, ops ...record.Op) {
	n := b.Len()
	e.scratch.Reset("")
	for i := range ops {
		e.scratch.CopyRow(b.Row(n - len(ops) + i))
	}
	for range ops {
		b.Drop()
	}
	for i, op := range ops {
		row := e.scratch.Row(i)
		b.Begin(row.Schema(), op)
		for k := range row.Schema().Columns {
			b.Copy(row, k)
		}
	}
}

// emit appends the row that a cursor stands at; false if it is none, which
// goes to the dirty rows.
func (e *emitter) emit(b *record.Batch, c *cursor, op record.Op, tx *commit) bool {
	err := e.try(b, c, op, tx)
	if err != nil {
		reject(b, c, err)
	}
	return err == nil
}

// try appends the row that a cursor stands at, or nothing.
func (e *emitter) try(b *record.Batch, c *cursor, op record.Op, tx *commit) error {
	s := c.capture.schema
	b.Begin(s, op)
	if err := e.cells(b, c); err != nil {
		b.Drop()
		return err
	}
	for i := range s.Columns[s.Data:] {
		metas[s.Columns[s.Data+i].Name](b, tx)
	}
	return nil
}

// reject hands the row that a cursor stands at over as input that is none.
func reject(b *record.Batch, c *cursor, why error) {
	s := c.capture.schema
	b.Reject(c.rows.Raw(s.Data), errclass.Placed(why, "a change of table %s at %s", s.Name, c.commit))
}

func (e *emitter) cells(b *record.Batch, c *cursor) error {
	n := c.capture.schema.Data
	if !c.capture.anyLarge || c.operation == opInsert || c.operation == opAfter {
		return c.rows.Append(b, n)
	}
	for i := range n {
		if c.absent(i) {
			b.Absent()
			continue
		}
		e.one[0] = i
		if err := c.rows.Pick(b, e.one[:]); err != nil {
			return err
		}
	}
	return nil
}

// absent tells that the change table has no value of a column of a row as it
// was, which it says with NULL.
func (c *cursor) absent(column int) bool {
	if !c.rows.Null(column) {
		return false
	}
	switch c.capture.large[column] {
	case foreign:
		return true
	case large:
		return c.operation == opBefore && !c.capture.changed(c.mask(), column)
	}
	return false
}

// metas are the metadata columns that there are.
var metas = map[string]func(b *record.Batch, tx *commit){
	"_ts": func(b *record.Batch, _ *commit) {
		now := time.Now()
		b.Timestamp(now.Unix(), uint32(now.Nanosecond()))
	},
	"_optime": func(b *record.Batch, tx *commit) {
		if tx.end.IsZero() {
			b.Null()
			return
		}
		b.Timestamp(tx.end.Unix(), uint32(tx.end.Nanosecond()))
	},
	"_lsn": func(b *record.Batch, tx *commit) { b.Take(record.String, tx.at.append(b.Buffer())) },
	"_txid": func(b *record.Batch, tx *commit) {
		if tx.tx == "" {
			b.Null()
			return
		}
		b.Text(record.String, tx.tx)
	},
	"_snapshot": func(b *record.Batch, _ *commit) { b.Bool(false) },
}
