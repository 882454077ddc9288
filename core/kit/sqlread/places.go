package sqlread

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// places are what the job reads, in its order, each once. Servers are asked for
// what patterns stand for, the first time.
func (r *reader) places(ctx context.Context) ([]place, error) {
	r.finding.Lock()
	defer r.finding.Unlock()
	if r.found != nil {
		return r.found, nil
	}
	if r.cfg.CustomSQL != "" {
		r.found = []place{{}}
		return r.found, nil
	}
	var found []place
	for i := range r.cfg.Connection {
		patterns, err := r.cfg.Patterns(i)
		if err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		for n := range patterns {
			names, err := r.names(ctx, i, &patterns[n])
			if err != nil {
				return nil, fmt.Errorf("connection[%d].table[%d]: %w", i, n, err)
			}
			for _, name := range names {
				if p := (place{connection: i, table: name}); !slices.Contains(found, p) {
					found = append(found, p)
				}
			}
		}
	}
	r.found = found
	return found, nil
}

// names are the tables that a pattern stands for, at least one.
func (r *reader) names(ctx context.Context, connection int, p *sqlkit.Pattern) (names []record.Name, err error) {
	one := &r.cfg.Connection[connection]
	if p.IsPlain() {
		name, err := r.driver.Name(one, p.Text)
		return []record.Name{name}, errclass.With(errclass.Config, err)
	}
	s, err := r.session(ctx, place{connection: connection})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, r.release(s)) }()
	schemas, err := r.schemas(ctx, s, one, p)
	if err != nil {
		return nil, err
	}
	var seen []string
	for _, in := range schemas {
		tables, err := s.Tables(ctx, in)
		if err != nil {
			return nil, err
		}
		for _, t := range tables {
			seen = append(seen, t.Table)
			if p.FitsTable(t.Table) {
				names = append(names, t)
			}
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	hint := ""
	if near := config.Nearest(p.Text, seen); near != "" {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	return nil, errclass.With(errclass.Config, fmt.Errorf("no table fits %s%s", p.Text, hint))
}

// schemas are where the tables of a pattern may be.
func (r *reader) schemas(ctx context.Context, s Session, one *sqlkit.Connection, p *sqlkit.Pattern) ([]record.Name, error) {
	const table = "t" // of any name: its schema alone counts
	schema, every := p.Parent()
	if !every {
		text := table
		if schema != "" {
			text = r.dialect.Quote(schema) + "." + table
		}
		name, err := r.driver.Name(one, text)
		return []record.Name{name}, errclass.With(errclass.Config, err)
	}
	lister, ok := r.driver.(SchemaLister)
	if !ok {
		return nil, errclass.With(errclass.Config, fmt.Errorf("%s: a schema cannot be a pattern here: name it", p.Text))
	}
	all, err := lister.Schemas(ctx, s)
	if err != nil {
		return nil, err
	}
	var names []record.Name
	for _, schema := range all {
		if !p.FitsSchema(schema) {
			continue
		}
		name, err := r.driver.Name(one, r.dialect.Quote(schema)+"."+table)
		if err != nil {
			return nil, errclass.With(errclass.Config, err)
		}
		names = append(names, name)
	}
	return names, nil
}

// several tells that the job reads of more than one table, or may.
func (r *reader) several(found []place) bool {
	if r.cfg.CustomSQL != "" {
		return false
	}
	return len(found) > 1 || !r.cfg.OneTable()
}
