package postgresql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
)

// keyed changes or deletes rows by key, with one statement for a batch, whose
// rows are its parameters.
type keyed struct{ bulk *pgkit.Bulk }

func (s *session) newKeyed(ctx context.Context, f *sqlwrite.Form, e *pgkit.Encoder) (formWriter, error) {
	if len(f.Columns) == 0 {
		return nil, errclass.With(errclass.Data, errors.New("the row has no value at all"))
	}
	if f.Verb == sqlwrite.Upsert && (&statement{f: f}).unique() {
		if w, err := s.newStaged(ctx, f, e); w != nil || err != nil {
			return w, err
		}
	}
	a, err := s.conn.Arrays(ctx, e)
	if err != nil {
		return nil, err
	}
	always, err := s.always(ctx, f)
	if err != nil {
		return nil, err
	}
	t := &statement{f: f, a: a, table: pgkit.Dialect.Table(f.Table.Name), always: always, overriding: s.conn.Server.Number >= 100000}
	s.names++
	sql := t.spell()
	b, err := s.conn.PrepareBulk(ctx, a, fmt.Sprintf("datasync_%d", s.names), sql)
	if err != nil {
		return nil, fmt.Errorf("preparing %s: %w", sql, err)
	}
	if f.Verb == sqlwrite.Upsert && !t.unique() {
		s.log.Warn("the key of an upsert has no unique index: rows that others add meanwhile may be doubled", "table", f.Table.Name.String())
	}
	return &keyed{bulk: b}, nil
}

// always returns the columns that the server alone may number: an update
// leaves them.
func (s *session) always(ctx context.Context, f *sqlwrite.Form) ([]string, error) {
	if s.conn.Server.Number < 100000 || !slices.ContainsFunc(f.Columns, func(c sqlwrite.Column) bool { return c.Identity }) {
		return nil, nil
	}
	table := strings.ReplaceAll(pgkit.Dialect.Table(f.Table.Name), "'", "''")
	r, err := s.conn.Query(ctx, "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = '"+table+"'::regclass AND attidentity = 'a'")
	if err != nil {
		return nil, fmt.Errorf("asking for identity columns: %w", err)
	}
	var names []string
	for i := range r.Rows {
		names = append(names, r.Text(i, 0))
	}
	return names, nil
}

// write sends the rows as arrays.
func (w *keyed) write(ctx context.Context, s *session, r sqlwrite.Rows) (int64, error) {
	if bad := w.bulk.Encode(r.Len(), r.Row, r.Columns); len(bad) > 0 {
		slices.SortFunc(bad, func(a, b errclass.BadRow) int { return a.Index - b.Index })
		return 0, &errclass.Rows{Bad: slices.CompactFunc(bad, func(a, b errclass.BadRow) bool { return a.Index == b.Index })}
	}
	return w.bulk.Exec(ctx, s.waiting())
}

// statement spells what is done with a form's rows.
type statement struct {
	f          *sqlwrite.Form
	a          *pgkit.Arrays
	table      string
	always     []string
	overriding bool // the server knows OVERRIDING
}

func (t *statement) spell() string {
	switch t.f.Verb {
	case sqlwrite.Delete:
		return "DELETE FROM " + t.table + " AS t USING " + t.a.From("u") + " WHERE " + t.on()
	case sqlwrite.Update:
		return t.update()
	case sqlwrite.Upsert:
		if t.unique() {
			return t.insert() + " SELECT " + t.values() + " FROM " + t.a.From("u") + t.conflict()
		}
		u := "WITH u AS (SELECT * FROM " + t.a.From("u") + ")"
		if len(t.changed()) > 0 {
			u += ", changed AS (UPDATE " + t.table + " AS t SET " + t.sets("t") + " FROM u WHERE " + t.on() + ")"
		}
		return u + " " + t.insert() + " SELECT " + t.values() + " FROM u WHERE NOT EXISTS (SELECT 1 FROM " + t.table + " AS t WHERE " + t.on() + ")"
	}
	return t.insert() + " SELECT " + t.values() + " FROM " + t.a.From("u")
}

func (t *statement) name(i int) string { return pgkit.Dialect.Quote(t.f.Columns[i].Name) }

// names are the form's columns.
func (t *statement) names() string {
	names := make([]string, len(t.f.Columns))
	for i := range names {
		names[i] = t.name(i)
	}
	return strings.Join(names, ", ")
}

func (t *statement) insert() string {
	sql := "INSERT INTO " + t.table + " AS t (" + t.names() + ")"
	if t.overriding {
		sql += " OVERRIDING SYSTEM VALUE"
	}
	return sql
}

func (t *statement) values() string {
	values := make([]string, len(t.f.Columns))
	for i := range values {
		values[i] = t.a.Value("u", i)
	}
	return strings.Join(values, ", ")
}

// on is the condition by which a row is found.
func (t *statement) on() string {
	terms := make([]string, len(t.f.Key))
	for i, k := range t.f.Key {
		terms[i] = "t." + t.name(k) + " = " + t.a.Value("u", k)
	}
	return strings.Join(terms, " AND ")
}

// changed are the columns that an update sets.
func (t *statement) changed() (list []int) {
	for i := range t.f.Columns {
		if !slices.Contains(t.f.Key, i) && !slices.Contains(t.always, t.f.Columns[i].Name) {
			list = append(list, i)
		}
	}
	return list
}

// sets assigns the new values; old is what the row at hand is called.
func (t *statement) sets(old string) string {
	var sets []string
	for _, i := range t.changed() {
		value := t.a.Value("u", i)
		if t.f.KeepOld {
			value = "COALESCE(" + value + ", " + old + "." + t.name(i) + ")"
		}
		sets = append(sets, t.name(i)+" = "+value)
	}
	return strings.Join(sets, ", ")
}

func (t *statement) update() string {
	sets := t.sets("t")
	if sets == "" { // it only tells which rows are there
		sets = t.name(t.f.Key[0]) + " = t." + t.name(t.f.Key[0])
	}
	return "UPDATE " + t.table + " AS t SET " + sets + " FROM " + t.a.From("u") + " WHERE " + t.on()
}

func (t *statement) conflict() string {
	keys := make([]string, len(t.f.Key))
	for i, k := range t.f.Key {
		keys[i] = t.name(k)
	}
	clause := " ON CONFLICT (" + strings.Join(keys, ", ") + ") DO "
	var sets []string
	for _, i := range t.changed() {
		value := "EXCLUDED." + t.name(i)
		if t.f.KeepOld {
			value = "COALESCE(" + value + ", t." + t.name(i) + ")"
		}
		sets = append(sets, t.name(i)+" = "+value)
	}
	if len(sets) == 0 {
		return clause + "NOTHING"
	}
	return clause + "UPDATE SET " + strings.Join(sets, ", ")
}

// unique tells that ON CONFLICT can go by the key: it is that of a unique index.
func (t *statement) unique() bool {
	for _, x := range t.f.Table.Indexes {
		if !x.Unique || x.Partial || len(x.Columns) != len(t.f.Key) {
			continue
		}
		if !slices.ContainsFunc(t.f.Key, func(k int) bool { return !slices.Contains(x.Columns, t.f.Columns[k].Name) }) {
			return true
		}
	}
	return false
}
