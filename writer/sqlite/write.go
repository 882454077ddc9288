package sqlite

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
)

// statement writes one row by a form, of whose columns its parameters are.
type statement struct {
	*sqlitekit.Stmt
	form       *sqlwrite.Form
	affinities []sqlitekit.Affinity // of the form's columns
}

// Write implements [sqlwrite.Session]. All rows that are refused are found,
// but for those after one that has rolled the transaction back.
func (s *session) Write(_ context.Context, f *sqlwrite.Form, r sqlwrite.Rows) (found int64, err error) {
	stmt, err := s.statement(f)
	if err != nil {
		return 0, err
	}
	s.d.active.Store(time.Now().UnixNano())
	var bad []errclass.BadRow
	for i := range r.Len() {
		err := s.bind(stmt, r.Row(i), r.Columns)
		if err == nil {
			err = stmt.run()
		}
		switch {
		case err == nil:
			if f.Verb == sqlwrite.Update {
				found += s.conn.Changes()
			}
			continue
		case errclass.Of(err) != errclass.Data:
			return 0, s.explain(f, err)
		}
		if bad = append(bad, errclass.AsBadRow(i, err)); !s.conn.InTransaction() {
			break
		}
	}
	if len(bad) > 0 {
		return 0, &errclass.Rows{Bad: bad}
	}
	return found, nil
}

// explain finds out whether a table is not as it was: a statement that does not
// fit it any more does not say so.
func (s *session) explain(f *sqlwrite.Form, err error) error {
	if errclass.Of(err) == errclass.Permanent {
		stmt, again := s.conn.Prepare(spell(f))
		if again != nil {
			return again
		}
		stmt.Close()
	}
	return err
}

// run executes the statement to its end.
func (s *statement) run() error {
	defer s.Reset()
	for {
		if more, err := s.Step(); err != nil || !more {
			return err
		}
	}
}

// statement returns the statement of a form, which is kept.
func (s *session) statement(f *sqlwrite.Form) (*statement, error) {
	if stmt := s.statements[f]; stmt != nil {
		return stmt, nil
	}
	prepared, err := s.conn.Prepare(spell(f))
	if err != nil {
		return nil, err
	}
	stmt := &statement{Stmt: prepared, form: f}
	for i := range f.Columns {
		stmt.affinities = append(stmt.affinities, sqlitekit.AffinityOf(f.Columns[i].Native))
	}
	s.statements[f] = stmt
	return stmt, nil
}

// spell returns a form's statement. Parameter i is the value of column i.
func spell(f *sqlwrite.Form) string {
	table := sqlitekit.Dialect().Table(f.Table.Name)
	switch f.Verb {
	case sqlwrite.Delete:
		return "DELETE FROM " + table + whereKey(f)
	case sqlwrite.Update:
		return "UPDATE " + table + " SET " + sets(f, func(name string, i int) string { return fmt.Sprintf("?%d", i+1) }) + whereKey(f)
	case sqlwrite.Replace:
		return "INSERT OR REPLACE INTO " + table + values(f)
	case sqlwrite.Upsert:
		return "INSERT INTO " + table + values(f) + onConflict(f)
	}
	return "INSERT INTO " + table + values(f)
}

// values are a form's columns and as many parameters.
func values(f *sqlwrite.Form) string {
	if len(f.Columns) == 0 {
		return " DEFAULT VALUES"
	}
	names, marks := make([]string, len(f.Columns)), make([]string, len(f.Columns))
	for i := range f.Columns {
		names[i], marks[i] = name(f, i), fmt.Sprintf("?%d", i+1)
	}
	return " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
}

func onConflict(f *sqlwrite.Form) string {
	keys := make([]string, len(f.Key))
	for n, i := range f.Key {
		keys[n] = name(f, i)
	}
	clause := " ON CONFLICT (" + strings.Join(keys, ", ") + ") DO "
	changes := sets(f, func(name string, _ int) string {
		if f.KeepOld {
			return "coalesce(excluded." + name + ", " + name + ")"
		}
		return "excluded." + name
	})
	if changes == "" {
		return clause + "NOTHING"
	}
	return clause + "UPDATE SET " + changes
}

// sets gives the columns beside the key new values.
func sets(f *sqlwrite.Form, value func(name string, i int) string) string {
	var list []string
	for i := range f.Columns {
		if !slices.Contains(f.Key, i) {
			list = append(list, name(f, i)+" = "+value(name(f, i), i))
		}
	}
	return strings.Join(list, ", ")
}

func whereKey(f *sqlwrite.Form) string {
	list := make([]string, len(f.Key))
	for n, i := range f.Key {
		list[n] = fmt.Sprintf("%s = ?%d", name(f, i), i+1)
	}
	return " WHERE " + strings.Join(list, " AND ")
}

func name(f *sqlwrite.Form, i int) string { return sqlitekit.Dialect().Quote(f.Columns[i].Name) }
