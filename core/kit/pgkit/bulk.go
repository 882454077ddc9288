package pgkit

import (
	"context"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

// Arrays spells rows as parameters of a statement: one array for each column
// of an encoder, which the statement makes rows of again. Nothing has to exist
// at the server for it, and it costs one round trip.
type Arrays struct {
	encoder *Encoder
	types   []string // of an element, in SQL
	oids    []uint32
}

// Arrays asks how arrays of the encoder's columns are called. A column whose
// binary form is not known goes as texts, which the server casts.
func (c *Conn) Arrays(ctx context.Context, e *Encoder) (*Arrays, error) {
	a := &Arrays{encoder: e}
	rows := make([]string, len(e.columns))
	for i := range e.columns {
		rows[i] = fmt.Sprintf("(%d,%d::oid)", i, e.columns[i].oid)
	}
	r, err := c.Query(ctx, "SELECT n.nspname, t.typname FROM (VALUES "+strings.Join(rows, ",")+") f(i, t)"+
		" JOIN pg_catalog.pg_type t ON t.oid = f.t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace ORDER BY f.i")
	if err != nil {
		return nil, fmt.Errorf("asking for the names of types: %w", err)
	}
	for i := range e.columns {
		a.types = append(a.types, Dialect.Quote(r.Text(i, 0))+"."+Dialect.Quote(r.Text(i, 1)))
		oid := e.columns[i].oid
		if !e.columns[i].binary {
			oid = oidText
		}
		a.oids = append(a.oids, oid)
	}
	return a, nil
}

// From spells the rows for a FROM clause, under an alias; their columns are c1,
// c2 and so on.
func (a *Arrays) From(alias string) string {
	params, names := make([]string, len(a.types)), make([]string, len(a.types))
	for i, typ := range a.types {
		if !a.encoder.columns[i].binary {
			typ = "text"
		}
		params[i], names[i] = fmt.Sprintf("$%d::%s[]", i+1, typ), fmt.Sprintf("c%d", i+1)
	}
	return "unnest(" + strings.Join(params, ", ") + ") AS " + alias + " (" + strings.Join(names, ", ") + ")"
}

// Value spells column i, from 0, of the rows.
func (a *Arrays) Value(alias string, i int) string {
	name := fmt.Sprintf("%s.c%d", alias, i+1)
	if a.encoder.columns[i].binary {
		return name
	}
	return name + "::" + a.types[i]
}

// Bulk is a prepared statement whose parameters are arrays. It belongs to its
// connection.
type Bulk struct {
	conn    *Conn
	arrays  *Arrays
	name    string
	values  [][]byte
	formats []int16
}

// PrepareBulk prepares a statement with the arrays as its parameters.
func (c *Conn) PrepareBulk(ctx context.Context, a *Arrays, name, sql string) (*Bulk, error) {
	err := c.guard(ctx, func() error {
		_, err := c.pg.Prepare(context.Background(), name, sql, nil)
		return err
	})
	if err != nil {
		return nil, err
	}
	b := &Bulk{conn: c, arrays: a, name: name, values: make([][]byte, len(a.oids)), formats: make([]int16, len(a.oids))}
	for i := range b.formats {
		b.formats[i] = pgproto3.BinaryFormat
	}
	return b, nil
}

const maxArray = 1<<30 - 1 // bytes of a parameter (MaxAllocSize)

// Encode takes n rows, of which columns are the row's column for each of the
// arrays. It returns the rows that cannot be written; then none is to be.
func (b *Bulk) Encode(n int, row func(i int) record.Row, columns []int) (bad []errclass.BadRow) {
	for c := range columns {
		dst := b.values[c]
		if cap(dst) > keepBuffer {
			dst = nil
		}
		// One dimension, with NULLs, of a type, so long, from 1 (array_recv).
		dst = binary.BigEndian.AppendUint32(dst[:0], 1)
		dst = binary.BigEndian.AppendUint32(dst, 1)
		dst = binary.BigEndian.AppendUint32(dst, b.arrays.oids[c])
		dst = binary.BigEndian.AppendUint32(dst, uint32(n))
		dst = binary.BigEndian.AppendUint32(dst, 1)
		for i := range n {
			out, err := b.element(dst, row(i), c, columns[c])
			if err == nil && len(out) > maxArray {
				err = b.arrays.encoder.columns[c].bad(errclass.TooLarge, "%d bytes are more than a statement's parameter holds", len(out)-len(dst))
			}
			if err != nil {
				bad = append(bad, errclass.AsBadRow(i, err))
				continue
			}
			dst = out
		}
		b.values[c] = dst
	}
	return bad
}

// element appends a value; on an error dst comes back as it was.
func (b *Bulk) element(dst []byte, r record.Row, c, column int) ([]byte, error) {
	k := r.Kind(column)
	if k == record.Null {
		return append(dst, 0xff, 0xff, 0xff, 0xff), nil
	}
	t := &b.arrays.encoder.columns[c]
	if k == record.Absent {
		return dst, t.unfit(k)
	}
	at := len(dst)
	out, err := t.check(append(dst, 0, 0, 0, 0), r, column)
	if err != nil {
		return dst, err
	}
	if t.wire.encode == nil {
		out = r.AppendText(out[:at+4], column)
	}
	if len(out)-at-4 > maxField {
		return dst, t.bad(errclass.TooLarge, "%d bytes are more than a field of PostgreSQL holds", len(out)-at-4)
	}
	binary.BigEndian.PutUint32(out[at:], uint32(len(out)-at-4))
	return out, nil
}

// Exec runs the statement with the rows encoded last, after those of before,
// and returns how many rows it has found or added. All go in one flight.
func (b *Bulk) Exec(ctx context.Context, before []string) (affected int64, err error) {
	err = b.conn.guard(ctx, func() error {
		batch := &pgconn.Batch{}
		for _, sql := range before {
			batch.ExecParams(sql, nil, nil, nil, nil)
		}
		batch.ExecPrepared(b.name, b.values, b.formats, nil)
		results, err := b.conn.pg.ExecBatch(context.Background(), batch).ReadAll()
		if err != nil {
			return err
		}
		affected = results[len(results)-1].CommandTag.RowsAffected()
		return results[len(results)-1].Err
	})
	return affected, err
}
