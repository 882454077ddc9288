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
	"github.com/datasync-io/datasync/writer/sqlite"
)

// lite is the driver of SQLite, which is strict about what the engine promises.
type lite struct {
	sqlwrite.Driver
	t        testing.TB
	path     string
	nameless bool                                 // errors name no row
	denied   string                               // statements that begin so are not allowed; "": all are
	commit   func() error                         // an answer to a commit that took place; nil: none is lost
	wrote    func(*sqlwrite.Form, *sqlwrite.Rows) // is told of each Write
}

func newLite(t testing.TB, sql string) *lite {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.db")
	d := &lite{Driver: sqlite.NewDriver(path, sqlitekit.Settings{Busy: 10 * time.Second}), t: t, path: path}
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

// Dialect has the engine take texts of several statements apart.
func (d *lite) Dialect() *sqlkit.Dialect {
	dialect := *d.Driver.Dialect()
	dialect.Scripts = false
	return &dialect
}

// Target wants cells of the kind that a column's declaration prefers.
func (d *lite) Target(_ *record.Column, to *sqlkit.TableColumn) (record.Column, int) {
	column := to.Column
	column.Kind = record.Any
	switch sqlitekit.AffinityOf(column.Native) {
	case sqlitekit.IntegerAffinity:
		column.Kind = record.Int64
	case sqlitekit.RealAffinity:
		column.Kind = record.Float64
	case sqlitekit.TextAffinity:
		column.Kind = record.String
	}
	return column, 0
}

func (d *lite) Dial(ctx context.Context) (sqlwrite.Session, error) {
	s, err := d.Driver.Dial(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.Exec(ctx, "PRAGMA synchronous = OFF"); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &liteSession{s, d}, nil
}

type liteSession struct {
	sqlwrite.Session
	d *lite
}

func (s *liteSession) Exec(ctx context.Context, sql string) error {
	if s.d.denied != "" && strings.HasPrefix(sql, s.d.denied) {
		return errclass.With(errclass.Config, errors.New("permission denied"))
	}
	return s.Session.Exec(ctx, sql)
}

func (s *liteSession) Commit(ctx context.Context) error {
	if err := s.Session.Commit(ctx); err != nil {
		return err
	}
	if s.d.commit != nil {
		return s.d.commit()
	}
	return nil
}

func (s *liteSession) Write(ctx context.Context, f *sqlwrite.Form, r sqlwrite.Rows) (found int64, err error) {
	if s.d.wrote != nil {
		s.d.wrote(f, &r)
	}
	keys := map[string]bool{}
	for i := range r.Len() {
		s.check(f, &r, r.Row(i), keys)
	}
	found, err = s.Session.Write(ctx, f, r)
	var refused *errclass.Rows
	if s.d.nameless && errors.As(err, &refused) {
		err = errclass.With(errclass.Data, refused.Bad[0].Err)
	}
	return found, err
}

// check fails the test where a key comes twice or a kind is not as said.
func (s *liteSession) check(f *sqlwrite.Form, r *sqlwrite.Rows, row record.Row, keys map[string]bool) {
	for i, c := range r.Columns {
		kind := row.Kind(c)
		if want := f.Columns[i].From.Kind; kind == record.Absent || kind != record.Null && want != record.Any && kind != want {
			s.d.t.Errorf("column %s: a cell of kind %s, want %s", f.Columns[i].Name, kind, want)
		}
	}
	if len(f.Key) == 0 {
		return
	}
	key := ""
	for _, k := range f.Key {
		key += fmt.Sprintf("%q", row.AppendText(nil, r.Columns[k]))
	}
	if keys[key] {
		s.d.t.Errorf("key %s comes twice in one %d", key, f.Verb)
	}
	keys[key] = true
}
