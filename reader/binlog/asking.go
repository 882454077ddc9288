package binlog

import (
	"context"
	"errors"
	"sync"

	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// asking is a connection for questions in between, and the schemas that views
// have in common. Several goroutines use it.
type asking struct {
	mu      sync.Mutex
	srv     *server // nil: none yet
	keys    map[record.Name][]sqlkit.KeyColumn
	schemas *tables
}

func (a *asking) close() error {
	if a.srv == nil {
		return nil
	}
	return a.srv.close()
}

// ask runs f with the connection for questions.
func (r *reader) ask(ctx context.Context, f func(*server) error) (err error) {
	a := &r.asking
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.srv == nil {
		if a.srv, err = connect(ctx, r.settings); err != nil {
			return err
		}
	}
	if err = f(a.srv); err != nil {
		err = errors.Join(err, a.srv.close())
		a.srv = nil
	}
	return err
}

// intern returns one schema for one shape.
func (r *reader) intern(s *record.Schema) *record.Schema {
	a := &r.asking
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.schemas == nil {
		a.schemas = &tables{schemas: map[record.Name][]*record.Schema{}}
	}
	return a.schemas.intern(s)
}

// keyOf returns the columns of a table's key.
func (r *reader) keyOf(ctx context.Context, name record.Name) (columns []sqlkit.KeyColumn, err error) {
	err = r.ask(ctx, func(srv *server) error {
		if columns = r.asking.keys[name]; columns != nil {
			return nil
		}
		d, err := srv.define(ctx, name)
		if err != nil {
			return err
		}
		s := binlogkit.SchemaOf(d, &newTables(r, srv, nil).options)
		columns = make([]sqlkit.KeyColumn, len(s.Key))
		for i, k := range s.Key {
			columns[i] = sqlkit.KeyColumn{Name: s.Columns[k].Name, Kind: s.Columns[k].Kind}
		}
		if r.asking.keys == nil {
			r.asking.keys = map[record.Name][]sqlkit.KeyColumn{}
		}
		r.asking.keys[name] = columns
		return nil
	})
	return columns, err
}
