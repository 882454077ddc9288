package launcher_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// shop is two databases, the first of which a job copies into the second.
type shop struct {
	t        *testing.T
	dir      string
	from, to *sqlitekit.Conn
	log      bytes.Buffer
}

func newShop(t *testing.T, from, to string) *shop {
	s := &shop{t: t, dir: t.TempDir()}
	for _, db := range []struct {
		conn **sqlitekit.Conn
		name string
		sql  string
	}{{&s.from, "from.db", from}, {&s.to, "to.db", to}} {
		c, err := sqlitekit.Open(filepath.Join(s.dir, db.name), sqlitekit.Settings{Create: true, Busy: 10 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		if err := c.Exec(t.Context(), "PRAGMA journal_mode = WAL;"+db.sql); err != nil {
			t.Fatal(err)
		}
		*db.conn = c
	}
	return s
}

func (s *shop) exec(c *sqlitekit.Conn, sql string) {
	s.t.Helper()
	if err := c.Exec(s.t.Context(), sql); err != nil {
		s.t.Fatal(err)
	}
}

// run runs the job; more are keys of the reader and of the writer.
func (s *shop) run(reader, writer string, o launcher.Options) *launcher.Result {
	s.t.Helper()
	text := fmt.Sprintf(`{"job":{"content":[{
		"reader":{"name":"sqlitereader","parameter":{"path":%q,"column":["*"],%s}},
		"writer":{"name":"sqlitewriter","parameter":{"path":%q,"table":"*","column":["*"]%s}}}],"setting":{"speed":{"channel":2}}}}`,
		filepath.Join(s.dir, "from.db"), reader, filepath.Join(s.dir, "to.db"), writer)
	registry, err := builtin.Registry()
	if err != nil {
		s.t.Fatal(err)
	}
	j, err := job.Parse([]byte(text), job.Options{File: "shop.json"})
	if err != nil {
		s.t.Fatal(err)
	}
	o.Registry, o.StateDir, o.Log = registry, filepath.Join(s.dir, "state"), slog.New(slog.NewTextHandler(&s.log, nil))
	r, err := launcher.New(j, o)
	if err != nil {
		s.t.Fatal(err)
	}
	return r.Run(s.t.Context(), s.t.Context())
}

// check compares how a run has ended: its exit code, and the tables set aside
// with a part of why.
func (s *shop) check(r *launcher.Result, exit int, aside map[string]string) {
	s.t.Helper()
	if r.ExitCode != exit {
		s.t.Errorf("exit code %d, want %d: %v\n%s", r.ExitCode, exit, r.Err, &s.log)
	}
	for _, p := range r.Plan {
		want, is := aside[p.Split.Table.Table]
		if is != (p.Err != "") || is == p.Done || !strings.Contains(p.Err, want) {
			s.t.Errorf("split %s of %s: done %t, error %q, want %q", p.Split.ID, p.Split.Table, p.Done, p.Err, want)
		}
	}
}

// count is the number of rows of a table at the destination.
func (s *shop) count(table string) string {
	s.t.Helper()
	n, err := s.to.Text(s.t.Context(), "SELECT count(*) || '/' || count(DISTINCT id) FROM "+table)
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

const shopRows = "WITH RECURSIVE i(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM i WHERE n < %d) INSERT INTO %s SELECT n, 'x' || n FROM i;"

// shopTables are tables of 3,000 rows.
func shopTables(names ...string) (sql string) {
	for _, n := range names {
		sql += "CREATE TABLE " + n + " (id INTEGER PRIMARY KEY, v TEXT);" + fmt.Sprintf(shopRows, 3000, n)
	}
	return sql
}

// TestTargetsThatDoNotFitAreSetAside: the other tables are copied, and when the
// targets are mended -resume copies the rest.
func TestTargetsThatDoNotFitAreSetAside(t *testing.T) {
	const fits = "CREATE TABLE good (id INTEGER, v TEXT); CREATE TABLE fine (id INTEGER PRIMARY KEY, v TEXT);"
	const narrow, nokey = "CREATE TABLE narrow (id INTEGER PRIMARY KEY);", "CREATE TABLE nokey (id INTEGER, v TEXT);"
	aside := map[string]string{"gone": "no such table", "narrow": `no column "v"`, "nokey": "name a uniqueKey"}
	mended := "CREATE TABLE gone (id INTEGER PRIMARY KEY, v TEXT); ALTER TABLE narrow ADD COLUMN v TEXT; DROP TABLE nokey; CREATE TABLE nokey (id INTEGER PRIMARY KEY, v TEXT);"
	for name, tt := range map[string]struct{ there, writer string }{
		"before the first row": {fits + narrow + nokey, `, "mode": "update"`},
		"after preSql":         {"", `, "mode": "update", "preSql": ["` + fits + narrow + nokey + `"]`},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShop(t, shopTables("good", "gone", "narrow", "fine", "nokey"), strings.Replace(tt.there, "good (id INTEGER,", "good (id INTEGER PRIMARY KEY,", 1))
			writer := strings.Replace(tt.writer, "good (id INTEGER,", "good (id INTEGER PRIMARY KEY,", 1)
			s.check(s.run(`"table": ["good", "gone", "narrow", "fine", "nokey"]`, writer, launcher.Options{}), launcher.ExitSetAside, aside)
			for _, table := range []string{"good", "fine"} {
				if got := s.count(table); got != "3000/3000" {
					t.Errorf("table %s has %s rows", table, got)
				}
			}
			if got := s.count("nokey"); got != "0/0" {
				t.Errorf("the table that is set aside has %s rows", got)
			}
			s.exec(s.to, mended)
			s.check(s.run(`"table": ["good", "gone", "narrow", "fine", "nokey"]`, writer, launcher.Options{Resume: true}), launcher.ExitOK, nil)
			for table := range aside {
				if got := s.count(table); got != "3000/3000" {
					t.Errorf("table %s has %s rows after the resume", table, got)
				}
			}
		})
	}
}

// TestNoTargetFits: a job of which nothing can be moved fails as one of a
// single table does.
func TestNoTargetFits(t *testing.T) {
	for name, tables := range map[string]string{"one": `"table": "gone"`, "all": `"table": ["gone", "lost"]`, "pattern": `"table": "go*"`} {
		s := newShop(t, shopTables("gone", "lost"), "")
		r := s.run(tables, "", launcher.Options{})
		if r.ExitCode != launcher.ExitConfig || !strings.Contains(r.Err.Error(), "no such table: gone") || strings.Contains(r.Err.Error(), "table gone: ") {
			t.Errorf("%s: exit code %d, %v", name, r.ExitCode, r.Err)
		}
	}
}

// TestATargetThatIsDroppedIsSetAside: a trigger of one table stands for somebody
// who breaks another amid the run.
func TestATargetThatIsDroppedIsSetAside(t *testing.T) {
	s := newShop(t, shopTables("aa", "bb", "cc"), "CREATE TABLE aa (id INTEGER, v TEXT); CREATE TABLE bb (id INTEGER, v TEXT); CREATE TABLE cc (id INTEGER, v TEXT); CREATE TABLE log (id INTEGER);"+
		"CREATE TRIGGER broken BEFORE INSERT ON bb WHEN new.id = 2000 BEGIN INSERT INTO nowhere VALUES (1); END;")
	tables := `"table": ["aa", "bb", "cc"]`
	s.check(s.run(tables, "", launcher.Options{}), launcher.ExitSetAside, map[string]string{"bb": "nowhere"})
	for _, table := range []string{"aa", "cc"} {
		if got := s.count(table); got != "3000/3000" {
			t.Errorf("table %s has %s rows", table, got)
		}
	}
	s.exec(s.to, "DROP TRIGGER broken")
	s.check(s.run(tables, "", launcher.Options{Resume: true}), launcher.ExitOK, nil)
	if got := s.count("bb"); got != "3000/3000" {
		t.Errorf("the table that was set aside has %s rows after the resume", got)
	}
}
