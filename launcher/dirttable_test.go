package launcher_test

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	_ "modernc.org/sqlite" // reads back what was written

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/launcher/builtin"
)

// database is a system that dirty rows are written into.
type database struct {
	url, user, password string
	exec                func(sql string)
	query               func(sql string) [][]string
}

var databases = map[string]func(*testing.T) database{
	"sqlite": func(t *testing.T) database {
		file := filepath.Join(t.TempDir(), "dirty.db")
		with := func(do func(*sql.DB) error) {
			t.Helper()
			db, err := sql.Open("sqlite", file+"?_pragma=busy_timeout(60000)")
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if err := do(db); err != nil {
				t.Error(err)
			}
		}
		return database{url: "jdbc:sqlite:" + file, exec: func(text string) {
			with(func(db *sql.DB) error {
				_, err := db.Exec(text)
				return err
			})
		}, query: func(text string) (all [][]string) {
			with(func(db *sql.DB) error {
				rows, err := db.Query(text)
				if err != nil {
					return err
				}
				defer rows.Close()
				for rows.Next() {
					names, _ := rows.Columns()
					cells, to := make([]sql.NullString, len(names)), make([]any, len(names))
					for i := range cells {
						to[i] = &cells[i]
					}
					if err := rows.Scan(to...); err != nil {
						return err
					}
					var row []string
					for _, c := range cells {
						row = append(row, c.String)
					}
					all = append(all, row)
				}
				return rows.Err()
			})
			return all
		}}
	},
	"mysql": func(t *testing.T) database {
		db := servers.MySQL(t).DB(t)
		return database{url: db.URL(), user: servers.RootUser, password: servers.RootPassword, exec: func(text string) { db.Exec(t, text) },
			query: func(text string) (all [][]string) {
				r, err := db.Connect(t).Execute(text)
				if err != nil {
					t.Fatal(err)
				}
				for i := range r.RowNumber() {
					var row []string
					for c := range r.ColumnNumber() {
						cell, err := r.GetString(i, c)
						if err != nil {
							t.Fatal(err)
						}
						row = append(row, cell)
					}
					all = append(all, row)
				}
				return all
			}}
	},
	"postgresql": func(t *testing.T) database {
		db := servers.PostgreSQL(t).DB(t)
		return database{url: db.URL(), user: servers.RootUser, password: servers.RootPassword, exec: func(text string) { db.Exec(t, text) },
			query: func(text string) (all [][]string) {
				results, err := db.Connect(t).Exec(context.Background(), text).ReadAll()
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range results[0].Rows {
					var row []string
					for _, cell := range r {
						row = append(row, string(cell))
					}
					all = append(all, row)
				}
				return all
			}}
	},
}

// refusing is a job in memory that refuses rows and writes them into a table.
func refusing(t *testing.T, db database, refuse func(r record.Row) error, setting string) *bench {
	t.Helper()
	b := newBench(t)
	b.to.Refuse = refuse
	whole, err := builtin.Registry()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := b.registry.Reader("memory")
	if err != nil {
		t.Fatal(err)
	}
	writer, err := b.registry.Writer("memory")
	if err != nil {
		t.Fatal(err)
	}
	writers := []plugin.WriterInfo{*writer}
	for _, info := range whole.Writers() {
		writers = append(writers, *info)
	}
	if b.registry, err = plugin.NewRegistry([]plugin.ReaderInfo{*reader}, writers); err != nil {
		t.Fatal(err)
	}
	b.text = fmt.Sprintf(`{"job":{"content":[{"reader":{"name":"memoryreader","parameter":{}},"writer":{"name":"memorywriter","parameter":{}}}],
		"setting":{"speed":{"channel":2},"errorLimit":{},"dirty":{"jdbc":{"url":%q,"username":%q,"password":%q%s}}}}}`, db.url, db.user, db.password, setting)
	return b
}

// every refuses every n-th row.
func every(n int64) func(r record.Row) error {
	return func(r record.Row) error {
		if r.Int64(0)%n == 0 {
			return errclass.BadValue("id", errclass.Overflow, "does not fit")
		}
		return nil
	}
}

// TestDirtyTable writes dirty rows into tables of each system, one that is
// made and one as ChunJun makes it.
func TestDirtyTable(t *testing.T) {
	const chunjun = `CREATE TABLE chunjun_dirty_data (job_id VARCHAR(32) NOT NULL, job_name VARCHAR(255) NOT NULL, operator_name VARCHAR(255) NOT NULL,
		dirty_data TEXT NOT NULL, error_message TEXT, field_name VARCHAR(255), create_time TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP%s)`
	for name, open := range databases {
		for _, there := range []bool{false, true} {
			t.Run(fmt.Sprint(name, " there ", there), func(t *testing.T) {
				db := open(t)
				if there {
					digits := "(6)"
					if name == "sqlite" {
						digits = ""
					}
					db.exec(fmt.Sprintf(chunjun, digits))
				}
				b := refusing(t, db, every(10), `,"batchSize":30`)
				wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
				got := db.query("SELECT job_id, job_name, operator_name, dirty_data, error_message, field_name, create_time FROM chunjun_dirty_data")
				if len(got) != rows/10 {
					t.Fatalf("%d rows, want %d\n%s", len(got), rows/10, &b.log)
				}
				data := map[string]bool{}
				for _, row := range got {
					data[row[3]] = true
					if len(row[0]) != 32 || row[1] != "memory-0" || row[2] != "memorywriter" || row[4] != "does not fit" || row[5] != "id" || !strings.HasPrefix(row[6], "20") {
						t.Fatalf("row %q", row)
					}
				}
				if len(data) != rows/10 || !slices.ContainsFunc(got, func(row []string) bool { return strings.HasPrefix(row[3], `{"id":"40",`) }) {
					t.Errorf("%d different rows, among them %q", len(data), got[0][3])
				}
				if strings.Contains(b.log.String(), "narrower") {
					t.Errorf("a table as ChunJun makes it is called narrow:\n%s", &b.log)
				}
			})
		}
	}
}

// TestDirtyTableGoesAway drops the table amid the run: the job ends where
// nothing may be lost, and goes on where it may.
func TestDirtyTableGoesAway(t *testing.T) {
	for name, open := range databases {
		for _, failures := range []string{"", "-1"} {
			t.Run(name+" failures "+failures, func(t *testing.T) {
				db := open(t)
				var once sync.Once
				b := refusing(t, db, func(r record.Row) error {
					if r.Int64(0) == rows/2 {
						once.Do(func() { db.exec("DROP TABLE chunjun_dirty_data") })
					}
					return every(10)(r)
				}, `,"batchSize":1`)
				if failures != "" {
					b.confProp = `{"chunjun.dirty-data.max-collect-failed-rows":"` + failures + `"}`
				}
				r := b.run(t, t.Context())
				if failures == "" {
					wantEnd(t, r, launcher.Failed, 1)
					if text := r.Err.Error(); !strings.Contains(text, "keeping dirty rows: 1 of them: ") || !strings.Contains(text, "chunjun_dirty_data") {
						t.Errorf("the error is %v", r.Err)
					}
					return
				}
				wantEnd(t, r, launcher.Finished, 0)
				if !strings.Contains(b.log.String(), "dirty rows could not be kept") {
					t.Errorf("nothing is said:\n%s", &b.log)
				}
				if n := b.stored(t).Counters.Errors(); n != rows/10 {
					t.Errorf("%d dirty rows are counted, want %d", n, rows/10)
				}
			})
		}
	}
}

// TestDirtyTableLosesItsConnection ends the sessions of the table amid the run:
// the rows get in by others.
func TestDirtyTableLosesItsConnection(t *testing.T) {
	for name, sessions := range map[string]string{
		"mysql":      "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()",
		"postgresql": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
	} {
		t.Run(name, func(t *testing.T) {
			db := databases[name](t)
			killed := 0
			var once sync.Once
			b := refusing(t, db, func(r record.Row) error {
				if r.Int64(0) == rows/2 {
					once.Do(func() {
						for _, row := range db.query(sessions) {
							killed++
							if name == "mysql" {
								db.exec("KILL " + row[0])
							}
						}
					})
				}
				return every(10)(r)
			}, `,"batchSize":1`)
			wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
			got := db.query("SELECT COUNT(DISTINCT dirty_data) FROM chunjun_dirty_data")
			if got[0][0] != fmt.Sprint(rows/10) || killed == 0 || !strings.Contains(b.log.String(), "writing dirty rows into their table: trying again") {
				t.Errorf("%s different rows after %d sessions were ended, want %d:\n%s", got[0][0], killed, rows/10, &b.log)
			}
		})
	}
}

// TestDirtyTableIsWrittenBeforeThePosition interrupts a run between two
// flushes: what is behind its position is in the table.
func TestDirtyTableIsWrittenBeforeThePosition(t *testing.T) {
	db := databases["sqlite"](t)
	b := refusing(t, db, every(7), `,"batchFlushInterval":"1h"`)
	b.interrupted(t)
	if got, want := len(db.query("SELECT job_id FROM chunjun_dirty_data")), int(b.stored(t).Counters.Errors()); got < want || want == 0 {
		t.Errorf("%d dirty rows are in the table, the position is behind %d", got, want)
	}
	b.resume = true
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if got := db.query("SELECT COUNT(DISTINCT dirty_data) FROM chunjun_dirty_data"); got[0][0] != fmt.Sprint(rows/7+1) {
		t.Errorf("%s different dirty rows are in the table, want %d", got[0][0], rows/7+1)
	}
}

// TestDirtyTableThatCannotBeOpened ends a job before it has done anything, and
// a file with a wrong address before it connects.
func TestDirtyTableThatCannotBeOpened(t *testing.T) {
	db := databases["sqlite"](t)
	db.exec("CREATE VIEW chunjun_dirty_data AS SELECT 1 AS job_id")
	b := refusing(t, db, every(10), "")
	r := b.run(t, t.Context())
	if r.ExitCode == 0 || slices.Contains(b.calls, "before") || !strings.Contains(r.Err.Error(), "the table for dirty rows: ") {
		t.Errorf("ended with %d: %v; calls %v", r.ExitCode, r.Err, b.calls)
	}
	for url, want := range map[string]string{
		"jdbc:oracle:thin:@h":            "the table for dirty rows: no writer for the URL jdbc:oracle:thin:@h: expected jdbc:mysql:, jdbc:postgresql:, jdbc:sqlserver: or jdbc:sqlite: and a place",
		"mysql://u:hush@h/d":             "no writer for the URL mysql://u:******@h/d",
		"jdbc:mysql://h:1/d?password=xy": "the table for dirty rows: username: No username supplied",
	} {
		b := refusing(t, database{url: url}, nil, "")
		j, err := job.Parse([]byte(b.text), job.Options{File: "memory.json"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = launcher.New(j, launcher.Options{Registry: b.registry, StateDir: b.state})
		if errclass.Of(err) != errclass.Config || !strings.Contains(config.MaskText(err.Error()), want) {
			t.Errorf("%s: got %v, want %s", url, err, want)
		}
	}
}
