package pgwal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// relation is a table as the log has it at a place.
type relation struct {
	schema   *record.Schema // nil: the job does not read it
	decoder  *pgkit.TextDecoder
	columns  []column
	touched  pgkit.LSN // the end of the last transaction with a row of the table
	identity byte      // d: primary key, i: an index, f: all columns, n: nothing
}

type column struct {
	name  string
	typ   pgkit.TypeRef
	inKey bool // of the replica identity
}

// tables are the relations of one stream, by their numbers in it.
type tables struct {
	config *Config
	meta   []record.Column
	byID   map[uint32]*relation
	known  map[record.Name]*relation // the last of each table
	fresh  bool                      // known, or what is beside it, has changed since it was kept
	lists  handover.Coming
	copies *handover.Copies // beside the log
}

func newTables(c *Config, meta []string) *tables {
	t := &tables{config: c, byID: map[uint32]*relation{}, known: map[record.Name]*relation{}, copies: new(handover.Copies)}
	for _, m := range record.Meta {
		if _, ours := metas[m.Name]; ours && slices.Contains(meta, m.Name) {
			t.meta = append(t.meta, record.Column{Name: m.Name, Kind: m.Kind, Nullable: m.Name == "_txid"}) // of a row that was copied
		}
	}
	return t
}

// add takes the definition of a table in; c is for what the log does not tell.
// It returns the relation before, if the job reads the table and knew another.
// passing tells that rows of it were handed on before the stream began: what is
// known is known of the place after them, and stays.
func (t *tables) add(ctx context.Context, c *pgkit.Conn, m *message, passing bool) (before, now *relation, err error) {
	id := m.uint32()
	name := record.Name{Database: t.config.settings.Database, Schema: m.text(), Table: m.text()}
	rel := &relation{identity: m.int8()}
	for range m.int16() {
		col := column{inKey: m.int8()&1 != 0, name: m.text()}
		col.typ = pgkit.TypeRef{OID: m.uint32(), Modifier: int32(m.uint32())}
		rel.columns = append(rel.columns, col)
		if m.broken {
			break
		}
	}
	if err := m.err('R'); err != nil {
		return nil, nil, err
	}
	t.byID[id] = rel
	if name.Schema == "" {
		name.Schema = "pg_catalog"
	}
	if !t.config.wants(name) {
		return nil, nil, nil
	}
	old := t.known[name]
	if old != nil && old.schema == nil { // of an earlier stream
		if err := t.describe(ctx, c, name, old); err != nil {
			return nil, nil, err
		}
	}
	if old != nil && slices.Equal(old.columns, rel.columns) && old.identity == rel.identity {
		t.byID[id] = old // the same shape: the same schema
		return nil, nil, nil
	}
	if old != nil && passing {
		return nil, nil, nil
	}
	if err := t.describe(ctx, c, name, rel); err != nil {
		return nil, nil, err
	}
	t.known[name], t.fresh = rel, true
	if old == nil {
		return nil, rel, nil
	}
	rel.touched = old.touched
	return old, rel, nil
}

// describe makes the schema of a relation. Nullability and the primary key are
// asked of the table as it is now: the log has neither.
func (t *tables) describe(ctx context.Context, c *pgkit.Conn, name record.Name, rel *relation) error {
	types := make([]pgkit.TypeRef, len(rel.columns))
	for i, col := range rel.columns {
		types[i] = col.typ
	}
	var err error
	if rel.decoder, err = c.TextDecoder(ctx, types); err != nil {
		return fmt.Errorf("table %s: %w", name, err)
	}
	table, err := c.ReadTable(ctx, name)
	if err != nil && !errors.Is(err, sqlkit.ErrNoTable) {
		return fmt.Errorf("table %s: %w", name, err)
	}
	s := &record.Schema{Name: name, Columns: rel.decoder.Columns(), Data: len(rel.columns)}
	for i, col := range rel.columns {
		s.Columns[i].Name, s.Columns[i].Nullable = col.name, true
		if table == nil {
			continue
		}
		for _, f := range table.Columns {
			if f.Name == col.name {
				s.Columns[i].Nullable, s.Columns[i].Comment = f.Nullable, f.Comment
			}
		}
	}
	s.Key = rel.key(table)
	s.Columns = append(s.Columns, t.meta...)
	if table != nil {
		s.Comment = table.Comment
	}
	rel.schema = s
	return nil
}

// key is the primary key, or else the replica identity, which with FULL is no key.
func (rel *relation) key(table *sqlkit.Table) []int {
	var key []int
	if table != nil {
		for _, x := range table.Indexes {
			if !x.Primary {
				continue
			}
			for _, name := range x.Columns {
				i := slices.IndexFunc(rel.columns, func(c column) bool { return c.name == name })
				if i < 0 {
					key = nil
					break
				}
				key = append(key, i)
			}
		}
	}
	if key != nil && (rel.identity == 'f' || !slices.ContainsFunc(key, func(i int) bool { return !rel.columns[i].inKey })) {
		return key
	}
	if rel.identity == 'f' {
		return nil
	}
	key = nil
	for i, c := range rel.columns {
		if c.inKey {
			key = append(key, i)
		}
	}
	return key
}
