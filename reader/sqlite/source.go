package sqlite

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

var _ plugin.Source = (*source)(nil)

// source is one SELECT that runs. The key's columns stand after those of the
// schema in its rows.
type source struct {
	path    string
	conn    *sqlitekit.Conn
	stmt    *sqlitekit.Stmt
	schema  *record.Schema
	key     []sqlkit.KeyColumn // none: the split cannot be resumed
	literal []byte
}

// keyColumns are the columns of a split's order. Their values are kept in
// positions as literals, since each has a type of its own.
func keyColumns(spec *sqlkit.Spec) []sqlkit.KeyColumn {
	key := make([]sqlkit.KeyColumn, len(spec.Key))
	for i, name := range spec.Key {
		key[i] = sqlkit.KeyColumn{Name: name, Kind: record.String}
	}
	return key
}

// after returns the condition of the rows after a position, "" for all rows.
func after(spec *sqlkit.Spec, position json.RawMessage) (string, error) {
	if position == nil {
		return "", nil
	}
	lost := func(err error) error {
		return errclass.With(errclass.PositionLost, fmt.Errorf("reading the position %s: %w", position, err))
	}
	if len(spec.Key) == 0 {
		return "", lost(errors.New("the split has no order to go on in"))
	}
	key := keyColumns(spec)
	last, err := sqlkit.ParsePosition(position, key)
	if err != nil {
		return "", err
	}
	for i := range last {
		if last[i], err = sqlitekit.ParseLiteral(last[i].Text); err != nil {
			return "", lost(fmt.Errorf("column %q: %w", key[i].Name, err))
		}
	}
	return sqlitekit.Dialect().After(key, last), nil
}

// source begins a SELECT; the connection is the source's from then on.
func (r *reader) source(conn *sqlitekit.Conn, in *input, spec *sqlkit.Spec, after string) (*source, error) {
	d := sqlitekit.Dialect()
	stmt := sqlkit.Select{Dialect: d, From: in.from, Where: []string{r.config.Where, spec.Predicate(d), after}}
	stmt.Items = append(stmt.Items, in.items...)
	for _, name := range spec.Key {
		stmt.Items = append(stmt.Items, sqlkit.Item{SQL: d.Quote(name)})
		stmt.OrderBy = append(stmt.OrderBy, d.Quote(name))
	}
	if r.config.OrderByColumn != "" {
		if in.table != nil && in.table.Index(r.config.OrderByColumn) < 0 && !in.table.IsRowID(r.config.OrderByColumn) {
			return nil, unknownColumn("orderByColumn", r.config.OrderByColumn, in.table)
		}
		stmt.OrderBy = []string{d.Quote(r.config.OrderByColumn)}
	}
	s, err := conn.Prepare(stmt.String())
	if err != nil {
		return nil, err
	}
	return &source{path: r.path, conn: conn, stmt: s, schema: in.schema, key: keyColumns(spec)}, nil
}

// Fill implements [plugin.Source]: up to the soft limit, since the split can
// be begun again after every row.
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	defer s.conn.Watch(ctx)()
	for {
		more, err := s.stmt.Step()
		if err != nil {
			return fmt.Errorf("reading %s: %w", s.path, err)
		}
		if !more {
			return io.EOF
		}
		s.stmt.Append(b, s.schema)
		if b.Full() {
			s.mark(b)
			return nil
		}
	}
}

// mark says that the split can be begun again after the current row.
func (s *source) mark(b *record.Batch) {
	if len(s.key) == 0 {
		return
	}
	last := make([]sqlkit.Value, len(s.key))
	for i := range last {
		s.literal = s.stmt.AppendLiteral(s.literal[:0], len(s.schema.Columns)+i)
		last[i] = sqlkit.Value{Kind: record.String, Text: string(s.literal)}
	}
	b.Mark(sqlkit.AppendPosition(nil, s.key, last), time.Time{})
}

// Close implements [plugin.Source].
func (s *source) Close() error {
	s.stmt.Close()
	return s.conn.Close()
}
