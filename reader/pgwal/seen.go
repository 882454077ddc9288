package pgwal

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// seen is what views have learnt of tables, and a connection for questions in
// between. Several goroutines use it.
type seen struct {
	mu     sync.Mutex
	tables *tables // nil: none yet

	asking sync.Mutex
	conn   *pgkit.Conn // nil: none yet
}

// define returns what a table is in the transaction of c. Views of a table that
// is as it was have one schema.
func (v *views) define(ctx context.Context, c *pgkit.Conn, publication string, name record.Name) (*relation, string, error) {
	rel, where, err := newTables(v.config, v.env.Meta).defined(ctx, c, publication, name)
	if err != nil {
		return nil, "", err
	}
	v.seen.mu.Lock()
	defer v.seen.mu.Unlock()
	if v.seen.tables == nil {
		v.seen.tables = newTables(v.config, v.env.Meta)
	}
	if old := v.seen.tables.known[name]; old != nil && slices.Equal(old.columns, rel.columns) && old.identity == rel.identity {
		return old, where, nil
	}
	v.seen.tables.known[name] = rel
	return rel, where, nil
}

// keyOf returns the columns of a table's key.
func (v *views) keyOf(name record.Name) ([]sqlkit.KeyColumn, error) {
	v.seen.mu.Lock()
	var rel *relation
	if v.seen.tables != nil {
		rel = v.seen.tables.known[name]
	}
	v.seen.mu.Unlock()
	if rel == nil {
		err := v.ask(context.Background(), func(c *pgkit.Conn) (err error) {
			rel, _, err = v.define(context.Background(), c, v.publication, name)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	columns := make([]sqlkit.KeyColumn, len(rel.schema.Key))
	for i, k := range rel.schema.Key {
		columns[i] = sqlkit.KeyColumn{Name: rel.columns[k].name, Kind: rel.schema.Columns[k].Kind}
	}
	return columns, nil
}

// ask runs f with the connection for questions.
func (r *reader) ask(ctx context.Context, f func(*pgkit.Conn) error) (err error) {
	r.seen.asking.Lock()
	defer r.seen.asking.Unlock()
	if r.seen.conn == nil {
		if r.seen.conn, err = pgkit.Dial(ctx, r.config.settings); err != nil {
			return err
		}
	}
	if err = f(r.seen.conn); err == nil || r.seen.conn.Reusable() {
		return err
	}
	err = errors.Join(err, r.seen.conn.Close())
	r.seen.conn = nil
	return err
}

// close ends the connection.
func (s *seen) close() error {
	if s.conn == nil {
		return nil
	}
	return s.conn.Close()
}
