package mysql

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// products runs a test against each product, on a server that packages share.
func products(t *testing.T, f func(t *testing.T, db servers.Database)) {
	t.Run("MySQL", func(t *testing.T) { f(t, servers.MySQL(t).DB(t)) })
	t.Run("MariaDB", func(t *testing.T) { f(t, servers.MariaDB(t).DB(t)) })
}

// lab is a session on a database, and the rows that it writes.
type lab struct {
	t    testing.TB
	db   servers.Database
	s    *session
	form map[string]*sqlwrite.Form
}

func newLab(t testing.TB, db servers.Database, log *slog.Logger) *lab {
	t.Helper()
	d := &driver{log: log, settings: &mysqlkit.Settings{Hosts: []string{db.Addr()}, User: servers.RootUser, Password: config.NewSecret(servers.RootPassword),
		TLS: mysqlkit.TLS{Mode: mysqlkit.TLSDisabled}, Writes: true}}
	s, err := d.Dial(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return &lab{t: t, db: db, s: s.(*session), form: map[string]*sqlwrite.Form{}}
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func (l *lab) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// forms of rows of a schema, whose columns are those of the table of that name.
func (l *lab) formOf(verb sqlwrite.Verb, s *record.Schema, change func(*sqlwrite.Form)) (*sqlwrite.Form, []int) {
	l.t.Helper()
	table, err := l.s.Table(l.t.Context(), record.Name{Database: l.db.Name, Table: s.Name.Table})
	l.must(err)
	f := &sqlwrite.Form{Verb: verb, Table: table}
	var at []int
	for i := range s.Columns {
		c := table.Column(s.Columns[i].Name)
		if c == nil {
			l.t.Fatalf("table %s has no column %s", table.Name, s.Columns[i].Name)
		}
		isKey := false
		for _, k := range s.Key {
			isKey = isKey || k == i
		}
		if verb == sqlwrite.Delete && !isKey {
			continue
		}
		if isKey && verb != sqlwrite.Insert {
			f.Key = append(f.Key, len(f.Columns))
		}
		f.Columns, at = append(f.Columns, sqlwrite.Column{TableColumn: c, From: s.Columns[i]}), append(at, i)
	}
	if change != nil {
		change(f)
	}
	return f, at
}

// write writes a batch in the open transaction.
func (l *lab) write(ctx context.Context, f *sqlwrite.Form, at []int, b *record.Batch) (int64, error) {
	return l.s.Write(ctx, f, sqlwrite.Rows{Batch: b, Columns: at})
}

func (l *lab) text(sql string) string {
	l.t.Helper()
	r, err := l.s.Query(l.t.Context(), sql)
	l.must(err)
	var rows []string
	for _, row := range r {
		var cells []string
		for _, v := range row {
			if v == nil {
				cells = append(cells, "NULL")
			} else {
				cells = append(cells, *v)
			}
		}
		rows = append(rows, strings.Join(cells, " "))
	}
	return strings.Join(rows, "; ")
}
