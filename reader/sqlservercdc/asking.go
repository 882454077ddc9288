package sqlservercdc

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// asking is a connection for questions in between, and what views have learnt
// of tables. Several goroutines use it.
type asking struct {
	mu       sync.Mutex
	captures map[record.Name]*capture

	turn sync.Mutex
	srv  *server // nil: none yet
}

// intern returns what is known of a table, as long as it is as it was: views of
// it have one schema.
func (a *asking) intern(name record.Name, made *capture) *capture {
	a.mu.Lock()
	defer a.mu.Unlock()
	if was := a.captures[name]; was != nil && sameShape(was.schema, made.schema) {
		made.schema = was.schema
	}
	if a.captures == nil {
		a.captures = map[record.Name]*capture{}
	}
	a.captures[name] = made
	return made
}

func (a *asking) known(name record.Name) *capture {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.captures[name]
}

// ask runs f with the connection for questions.
func (r *reader) ask(ctx context.Context, f func(*server) error) (err error) {
	a := &r.asking
	a.turn.Lock()
	defer a.turn.Unlock()
	if a.srv == nil {
		if a.srv, err = dial(ctx, r.settings); err != nil {
			return err
		}
	}
	if err = f(a.srv); err == nil || a.srv.Reusable() {
		return err
	}
	err = errors.Join(err, a.srv.Close())
	a.srv = nil
	return err
}

func (a *asking) close() error {
	if a.srv == nil {
		return nil
	}
	return a.srv.Close()
}

// keyOf returns the columns of a table's key.
func (v *views) keyOf(ctx context.Context, name record.Name) (columns []record.Column, err error) {
	known := v.asking.known(name)
	if known == nil {
		err := v.ask(ctx, func(srv *server) error {
			d := &viewDriver{views: v, srv: srv, name: name}
			st, err := srv.status(ctx)
			if err != nil {
				return err
			}
			in, err := d.instance(ctx, st.max)
			if err == nil {
				err = d.define(ctx, in)
			}
			known = d.capture
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("looking at the key of table %s: %w", name, err)
		}
	}
	for _, k := range known.schema.Key {
		columns = append(columns, known.schema.Columns[k])
	}
	return columns, nil
}

// Key implements [handover.Views].
func (v *views) Key(c handover.Chunk, position json.RawMessage) (handover.Key, error) {
	key, err := v.keyOf(context.Background(), c.Table)
	if err != nil {
		return nil, err
	}
	columns := make([]sqlkit.KeyColumn, len(key))
	for i := range key {
		columns[i] = sqlkit.KeyColumn{Name: key[i].Name, Kind: key[i].Kind}
	}
	values, err := sqlkit.ParsePosition(position, columns)
	return handover.Key(values), err
}

// sqlCompare compares two keys, which may be the first columns alone. A UNION
// takes the columns' collations over for values of their types.
func sqlCompare(table record.Name, columns []record.Column, a, b handover.Key) string {
	d := mssqlkit.Dialect
	names := make([]string, len(a))
	var cases strings.Builder
	for i := range a {
		names[i] = d.Quote(columns[i].Name)
		fmt.Fprintf(&cases, " WHEN a.%s < b.%s THEN -1 WHEN a.%s > b.%s THEN 1", names[i], names[i], names[i], names[i])
	}
	side := func(k handover.Key, as string) string {
		values := make([]string, len(k))
		for i, one := range k {
			values[i] = "CAST(" + d.Literal(one) + " AS " + columns[i].Native + ")"
		}
		return "(SELECT " + strings.Join(names, ", ") + " FROM " + d.Table(record.Name{Schema: table.Schema, Table: table.Table}) +
			" WHERE 1 = 0 UNION ALL SELECT " + strings.Join(values, ", ") + ") " + as
	}
	return "SELECT CASE" + cases.String() + " ELSE 0 END FROM " + side(a, "a") + " CROSS JOIN " + side(b, "b")
}

// Compare implements [handover.Order]: the database is asked, by the columns'
// own types and collations.
func (v *views) Compare(ctx context.Context, table record.Name, a, b handover.Key) (by int, err error) {
	columns, err := v.keyOf(ctx, table)
	if err != nil {
		return 0, err
	}
	if len(columns) < len(a) {
		return 0, errclass.With(errclass.PositionLost, fmt.Errorf("table %s has another key than when it was copied: start over with -fresh", table))
	}
	err = v.ask(ctx, func(srv *server) error {
		row, err := srv.First(ctx, sqlCompare(table, columns, a, b))
		if err != nil {
			return err
		}
		by, err = strconv.Atoi(text(row, 0))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("comparing keys of table %s: %w", table, err)
	}
	return by, nil
}
