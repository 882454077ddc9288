package sqlwrite_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// lite is a driver over SQLite, which is strict about what the engine promises.
type lite struct {
	t        testing.TB
	path     string
	nameless bool                                 // errors name no row
	denied   string                               // statements that begin so are not allowed; "": all are
	commit   func() error                         // an answer to a commit that took place; nil: none is lost
	wrote    func(*sqlwrite.Form, *sqlwrite.Rows) // is told of each Write
}

func newLite(t testing.TB, sql string) *lite {
	t.Helper()
	d := &lite{t: t, path: filepath.Join(t.TempDir(), "x.db")}
	c, err := sqlitekit.Open(d.path, sqlitekit.Settings{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Exec(t.Context(), "PRAGMA journal_mode = WAL;"+sql); err != nil {
		t.Fatal(err)
	}
	return d
}

// info makes the driver a plugin.
func (d *lite) info() plugin.WriterInfo {
	return plugin.WriterInfo{Name: "lite", Config: func() any { c := sqlwrite.Defaults(); return &c }, New: func(env plugin.Env, dec *config.Decoder) (plugin.Writer, error) {
		c := sqlwrite.Defaults()
		if err := dec.Decode(&c); err != nil {
			return nil, err
		}
		return sqlwrite.New(env, &c, d)
	}}
}

// rows reads a query's rows, NULL as NULL.
func (d *lite) rows(query string) (all [][]string) {
	d.t.Helper()
	c, err := sqlitekit.Open(d.path, sqlitekit.Settings{})
	if err != nil {
		d.t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	err = c.Rows(d.t.Context(), query, func(row []*string) error {
		texts := make([]string, len(row))
		for i := range row {
			texts[i] = "NULL"
			if row[i] != nil {
				texts[i] = *row[i]
			}
		}
		all = append(all, texts)
		return nil
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return all
}

func (d *lite) Dialect() *sqlkit.Dialect { return sqlitekit.Dialect() }

func (d *lite) Name(_ *sqlkit.Connection, table string) (record.Name, error) {
	parts, err := sqlkit.ParseName(table, 1)
	if err != nil {
		return record.Name{}, config.Field("connection[0].table", err)
	}
	return record.Name{Table: parts[0]}, nil
}

func (d *lite) Supports(sqlwrite.Verb) error { return nil }

var affinities = map[sqlitekit.Affinity]record.Kind{
	sqlitekit.IntegerAffinity: record.Int64, sqlitekit.RealAffinity: record.Float64, sqlitekit.TextAffinity: record.String,
	sqlitekit.NumericAffinity: record.Any,
}

func (d *lite) Target(_ *record.Column, to *sqlkit.TableColumn) (record.Column, int) {
	return to.Column, 0
}

func (d *lite) Create(t *sqlwrite.NewTable) ([]string, error) {
	var lines []string
	for i := range t.Columns {
		kind := map[record.Kind]string{record.Int64: " INTEGER", record.String: " TEXT"}[t.Columns[i].Kind]
		if !t.Columns[i].Nullable {
			kind += " NOT NULL"
		}
		lines = append(lines, d.Dialect().Quote(t.Columns[i].Name)+kind)
	}
	if len(t.Key) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(d.Dialect().QuoteAll(t.Key), ", ")+")")
	}
	return []string{"CREATE TABLE " + d.Dialect().Table(t.Name) + " (" + strings.Join(lines, ", ") + ")"}, nil
}

func (d *lite) Ledger() sqlwrite.LedgerSQL {
	return sqlwrite.LedgerSQL{Key: "TEXT", Text: "TEXT", Shared: func(sql string) string { return sql }}
}

func (d *lite) Dial(context.Context) (sqlwrite.Session, error) {
	c, err := sqlitekit.Open(d.path, sqlitekit.Settings{Busy: 10 * time.Second})
	if err != nil {
		return nil, err
	}
	if err := c.Run("PRAGMA synchronous = OFF"); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &liteSession{d: d, c: c, stmts: map[*sqlwrite.Form]*sqlitekit.Stmt{}}, nil
}

type liteSession struct {
	d     *lite
	c     *sqlitekit.Conn
	saved bool
	stmts map[*sqlwrite.Form]*sqlitekit.Stmt
}

type keySet map[string]bool

func (s *liteSession) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	t, err := s.c.Table(ctx, name.Table)
	if errclass.Of(err) == errclass.Config {
		err = errclass.With(errclass.Config, fmt.Errorf("%w: %w", sqlkit.ErrNoTable, err))
	}
	if err != nil {
		return nil, err
	}
	out := &sqlkit.Table{Name: record.Name{Table: t.Name}, View: t.View, Indexes: t.Indexes, Rows: -1}
	for i := range t.Columns {
		c := t.Column(i)
		c.Kind = record.Any
		if kind, known := affinities[sqlitekit.AffinityOf(t.Columns[i].Declared)]; known {
			c.Kind = kind
		}
		out.Columns = append(out.Columns, sqlkit.TableColumn{Column: c, Default: i == t.Alias, Generated: t.Columns[i].Generated})
	}
	if key := t.PrimaryKey(); key != nil {
		x := sqlkit.Index{Name: "primary", Primary: true, Unique: true}
		for _, i := range key {
			x.Columns = append(x.Columns, t.Columns[i].Name)
		}
		out.Indexes = append([]sqlkit.Index{x}, out.Indexes...)
	}
	return out, nil
}

func (s *liteSession) Exec(_ context.Context, sql string) error {
	if s.d.denied != "" && strings.HasPrefix(sql, s.d.denied) {
		return errclass.With(errclass.Config, errors.New("permission denied"))
	}
	return s.c.Run(sql)
}

func (s *liteSession) Query(ctx context.Context, sql string) (rows [][]*string, err error) {
	err = s.c.Rows(ctx, sql, func(row []*string) error {
		kept := make([]*string, len(row))
		for i := range row {
			if row[i] != nil {
				v := strings.Clone(*row[i])
				kept[i] = &v
			}
		}
		rows = append(rows, kept)
		return nil
	})
	return rows, err
}

func (s *liteSession) Begin(context.Context) error {
	s.saved = false
	return s.c.Run("BEGIN IMMEDIATE")
}

func (s *liteSession) Commit(context.Context) error {
	if err := s.c.Run("COMMIT"); err != nil {
		return err
	}
	if s.d.commit != nil {
		return s.d.commit()
	}
	return nil
}

func (s *liteSession) Rollback(context.Context) error { return s.c.Run("ROLLBACK") }

func (s *liteSession) Savepoint(context.Context) error {
	if s.saved {
		if err := s.c.Run("RELEASE datasync"); err != nil {
			return err
		}
	}
	s.saved = true
	return s.c.Run("SAVEPOINT datasync")
}

func (s *liteSession) Restore(context.Context) error {
	if !s.saved {
		return errors.New("there is no savepoint")
	}
	return s.c.Run("ROLLBACK TO datasync")
}

func (s *liteSession) Interrupt() {}

func (s *liteSession) Close() error {
	for _, stmt := range s.stmts {
		stmt.Close()
	}
	return s.c.Close()
}

func (s *liteSession) Write(_ context.Context, f *sqlwrite.Form, r sqlwrite.Rows) (found int64, err error) {
	if s.d.wrote != nil {
		s.d.wrote(f, &r)
	}
	stmt := s.stmts[f]
	if stmt == nil {
		if stmt, err = s.c.Prepare(s.spell(f)); err != nil {
			return 0, err
		}
		s.stmts[f] = stmt
	}
	keys := keySet{}
	for i := range r.Len() {
		row := r.Row(i)
		if err = s.bind(stmt, f, &r, row, keys); err == nil {
			_, err = stmt.Step()
			found += s.c.Changes()
			stmt.Reset()
		}
		switch {
		case err == nil:
		case errclass.Of(err) == errclass.Data && !s.d.nameless:
			return 0, &errclass.Rows{Bad: []errclass.BadRow{errclass.AsBadRow(i, err)}}
		default:
			return 0, err
		}
	}
	return found, nil
}

// bind also fails the test where a key comes twice or a kind is not as said.
func (s *liteSession) bind(stmt *sqlitekit.Stmt, f *sqlwrite.Form, r *sqlwrite.Rows, row record.Row, keys keySet) error {
	key := ""
	for i, c := range r.Columns {
		kind := row.Kind(c)
		if want := f.Columns[i].From.Kind; kind == record.Absent || kind != record.Null && want != record.Any && kind != want {
			s.d.t.Errorf("column %s: a cell of kind %s, want %s", f.Columns[i].Name, kind, want)
		}
		for _, k := range f.Key {
			if k == i {
				key += fmt.Sprintf("%q", row.AppendText(nil, c))
			}
		}
		var err error
		switch kind {
		case record.Null:
			err = stmt.BindNull(i + 1)
		case record.Int64:
			err = stmt.BindInt64(i+1, row.Int64(c))
		case record.Float64:
			err = stmt.BindFloat64(i+1, row.Float64(c))
		case record.Bytes:
			err = stmt.BindBytes(i+1, row.Bytes(c))
		default:
			err = stmt.BindText(i+1, row.AppendText(nil, c))
		}
		if err != nil {
			return err
		}
	}
	if len(f.Key) > 0 {
		if keys[key] {
			s.d.t.Errorf("key %s comes twice in one %d", key, f.Verb)
		}
		keys[key] = true
	}
	return nil
}

func (s *liteSession) spell(f *sqlwrite.Form) string {
	d := s.d.Dialect()
	var names, marks, sets, where []string
	isKey := map[int]bool{}
	for _, k := range f.Key {
		isKey[k] = true
	}
	for i, c := range f.Columns {
		name := d.Quote(c.Name)
		names, marks = append(names, name), append(marks, fmt.Sprintf("?%d", i+1))
		if isKey[i] {
			where = append(where, fmt.Sprintf("%s = ?%d", name, i+1))
			continue
		}
		switch {
		case f.Verb == sqlwrite.Update:
			sets = append(sets, fmt.Sprintf("%s = ?%d", name, i+1))
		case f.KeepOld:
			sets = append(sets, fmt.Sprintf("%s = coalesce(excluded.%s, %s)", name, name, name))
		default:
			sets = append(sets, fmt.Sprintf("%s = excluded.%s", name, name))
		}
	}
	table := d.Table(f.Table.Name)
	insert := "INTO " + table + " (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(marks, ", ") + ")"
	switch f.Verb {
	case sqlwrite.Insert:
		return "INSERT " + insert
	case sqlwrite.Replace:
		return "INSERT OR REPLACE " + insert
	case sqlwrite.Upsert:
		var keys []string
		for _, k := range f.Key {
			keys = append(keys, d.Quote(f.Columns[k].Name))
		}
		if len(sets) == 0 {
			return "INSERT " + insert + " ON CONFLICT DO NOTHING"
		}
		return "INSERT " + insert + " ON CONFLICT (" + strings.Join(keys, ", ") + ") DO UPDATE SET " + strings.Join(sets, ", ")
	case sqlwrite.Update:
		return "UPDATE " + table + " SET " + strings.Join(sets, ", ") + " WHERE " + strings.Join(where, " AND ")
	}
	return "DELETE FROM " + table + " WHERE " + strings.Join(where, " AND ")
}
