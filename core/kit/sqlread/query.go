package sqlread

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// query is a read of an origin: under which conditions beside the job's own,
// and in which order. Its result has the origin's columns, and after them those
// of the order that are not among these.
type query struct {
	*origin
	order
	where  []string      // "" is left out
	by     *sqlkit.Index // to read by; nil: the system chooses
	strict bool          // the first column of the order is never NULL here, whatever its definition says
	most   int           // rows at most; 0: all
}

// query returns the read of a split.
func (r *reader) query(o *origin, spec *sqlkit.Spec) *query {
	q := &query{origin: o, order: order{spec.Key, spec.Unique}, where: []string{spec.Predicate(r.dialect)}, most: spec.Most}
	if spec.Kind == sqlkit.Range && len(spec.Key) > 0 && spec.Key[0] == spec.Column {
		q.by, q.strict = o.leading(spec.Column), !spec.Nulls
	}
	return q
}

// statement returns the SELECT of a query, under more conditions.
func (r *reader) statement(q *query, more ...string) *sqlkit.Select {
	d := r.dialect
	sel := &sqlkit.Select{Dialect: d, From: q.from, Limit: q.most}
	sel.Where = append(append(append(sel.Where, r.cfg.Where), q.where...), more...)
	for i := range q.columns {
		if at := q.selected[i]; at >= 0 {
			sel.Items = append(sel.Items, q.item(d, at))
		} else {
			sel.Items = append(sel.Items, d.Item(&q.columns[i]))
		}
	}
	for _, at := range q.hidden() {
		sel.Items = append(sel.Items, q.item(d, at))
	}
	if h, ok := r.driver.(Hinter); ok && q.table != nil {
		sel.Hint = h.Hint(q.table, q.by)
	}
	for _, name := range q.key {
		sel.OrderBy = append(sel.OrderBy, q.sortedBy(d, name))
	}
	if by := unquoted(r.cfg.OrderByColumn); by != "" && len(q.key) == 0 {
		sel.OrderBy = []string{q.sortedBy(d, q.field(by).Name)}
	}
	return sel
}

// sortedBy names a column in ORDER BY, where a name that something else was
// selected as would mean that.
func (q *query) sortedBy(d *sqlkit.Dialect, name string) string {
	taken := slices.ContainsFunc(q.columns, func(c sqlkit.Column) bool {
		_, constant := c.Constant()
		return constant && strings.EqualFold(c.Name, name)
	})
	switch f := q.field(name); {
	case !taken && f.Select == "":
		return d.Quote(name)
	case q.table == nil:
		return d.Quote(sqlkit.DerivedAlias) + "." + d.Quote(name)
	}
	return q.from + "." + d.Quote(name)
}

// hidden are the fields of the order that the job does not read.
func (q *query) hidden() []int {
	var fields []int
	for _, name := range q.key {
		if at := q.find(name); !slices.Contains(q.selected, at) {
			fields = append(fields, at)
		}
	}
	return fields
}

// keyColumns describe the order.
func (q *query) keyColumns() []sqlkit.KeyColumn {
	columns := make([]sqlkit.KeyColumn, len(q.key))
	for i, name := range q.key {
		f := q.field(name)
		columns[i] = sqlkit.KeyColumn{Name: f.Name, Kind: f.Kind, Nullable: f.Nullable && !q.strict}
	}
	return columns
}

// prepare prepares a query, after a position if that is not nil.
func (r *reader) prepare(ctx context.Context, s Session, q *query, position []byte) (Statement, error) {
	for _, name := range q.key {
		if q.find(name) < 0 {
			return nil, q.changed("column %q is gone", name)
		}
	}
	after := ""
	if position != nil {
		key := q.keyColumns()
		if len(key) == 0 {
			return nil, errclass.With(errclass.PositionLost, fmt.Errorf("%s is read in no order that a position could be in: start over with -fresh", q))
		}
		last, err := sqlkit.ParsePosition(position, key)
		if err != nil {
			return nil, err
		}
		after = r.dialect.After(key, last)
	}
	st, err := s.Prepare(ctx, r.statement(q, after).String())
	if err != nil {
		if !errors.Is(err, sqlkit.ErrNoTable) {
			err = fmt.Errorf("reading %s: %w", q.origin, err)
		}
		return nil, r.explain(q.origin, err)
	}
	if err := q.fits(st.Columns()); err != nil {
		return nil, errors.Join(err, st.Close(ctx))
	}
	return st, nil
}

// fits returns an error if a result is not what the origin was seen to be.
func (q *query) fits(columns []record.Column) error {
	fields := slices.Concat(q.selected, q.hidden())
	if len(columns) != len(fields) {
		return q.changed("the result has %d columns, %d were expected", len(columns), len(fields))
	}
	for i, at := range fields {
		if at < 0 {
			continue
		}
		switch was, is := &q.fields[at], &columns[i]; {
		case is.Kind == record.Absent:
		case was.Kind != is.Kind, was.Select == "" && was.Native != "" && is.Native != "" && was.Native != is.Native:
			return q.changed("column %q is %s, it was %s", was.Name, spelled(is), spelled(&was.Column))
		}
	}
	return nil
}

func spelled(c *record.Column) string {
	if c.Native != "" {
		return c.Native
	}
	return c.Kind.String()
}

// changed says that the table is not what it was.
func (q *query) changed(format string, args ...any) error {
	return errclass.With(errclass.Permanent, fmt.Errorf("%s was changed during the run: %w; start over with -fresh", q, fmt.Errorf(format, args...)))
}
