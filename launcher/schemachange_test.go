package launcher_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/plugintest/topics"
)

// changing is a database with a table x whose log a job follows.
type changing struct {
	db interface {
		executor
		URL() string
		Query(t testing.TB, sql string) [][]*string
	}
	name   string
	reader string // what a job file says
}

// changingMySQL is x as MySQL has it.
const changingMySQL = `CREATE TABLE x (id BIGINT NOT NULL COMMENT 'the key', d DECIMAL(10,2) NOT NULL, s VARCHAR(20) COMMENT 'it''s text', m DATETIME, PRIMARY KEY (id)) COMMENT = 'what changes'`

func changingMySQLs(server func(testing.TB) servers.SQLServer) func(t *testing.T) changing {
	return func(t *testing.T) changing {
		db := server(t).DB(t)
		db.Exec(t, changingMySQL)
		return changing{db: db, name: db.Name, reader: fmt.Sprintf(`{"name":"binlogreader","parameter":{"username":%q,"password":%q,"jdbcUrl":%q,"table":["x"],"cat":"insert,update,delete","ddlSkip":false,"start":{"mode":"initial"}}}`,
			servers.RootUser, servers.RootPassword, db.URL())}
	}
}

func changingPostgreSQL(t *testing.T) changing {
	db := servers.PostgreSQL(t).DB(t)
	slot := db.Name + "_s"
	db.Exec(t, "CREATE TABLE x (id bigint PRIMARY KEY, d numeric(10,2) NOT NULL, s varchar(20), m timestamp)", "COMMENT ON TABLE x IS 'what changes'", "COMMENT ON COLUMN x.id IS 'the key'", "COMMENT ON COLUMN x.s IS 'it''s text'")
	t.Cleanup(func() {
		for *db.Query(t, "SELECT count(*) FROM pg_replication_slots WHERE active AND slot_name = '"+slot+"'")[0][0] != "0" {
			db.Exec(t, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '"+slot+"' AND active_pid IS NOT NULL")
		}
		db.Exec(t, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '"+slot+"'")
	})
	return changing{db: db, name: db.Name, reader: fmt.Sprintf(`{"name":"pgwalreader","parameter":{"username":%q,"password":%q,"url":%q,"slotName":%q,"allowCreateSlot":true,"tableList":["public.x"],"cat":"insert,update,delete","ddlSkip":false,"start":{"mode":"initial"}}}`,
		servers.RootUser, servers.RootPassword, db.URL(), slot)}
}

// changed is where the rows go.
type changed struct {
	writer string                                // what a job file says
	query  func(t *testing.T, sql string) string // rows with blanks and line ends; "" where there is no table yet
	has    string                                // a query for what the table is, and what it says in part
	want   []string
}

func changedSQL(t *testing.T, name string, db interface {
	URL() string
	Query(t testing.TB, sql string) [][]*string
}, schema, exists, has string, want ...string) changed {
	return changed{writer: fmt.Sprintf(`{"name":%q,"parameter":{"username":%q,"password":%q,"connection":[{"jdbcUrl":%q%s,"table":["x"]}],"column":["*"],"mode":"update","createTable":true,"schemaChange":"evolve"}}`,
		name, servers.RootUser, servers.RootPassword, db.URL(), schema), has: has, want: want,
		query: func(t *testing.T, sql string) string {
			if *db.Query(t, exists)[0][0] == "0" {
				return ""
			}
			return joined(db.Query(t, sql))
		}}
}

func joined(rows [][]*string) string {
	var out strings.Builder
	for _, r := range rows {
		for i, v := range r {
			text := "NULL"
			if v != nil {
				text = *v
			}
			if i > 0 {
				out.WriteByte(' ')
			}
			out.WriteString(text)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func changedTargets() map[string]func(t *testing.T) changed {
	return map[string]func(t *testing.T) changed{
		"mysql": func(t *testing.T) changed {
			return changedSQL(t, "mysqlwriter", servers.MySQL(t).DB(t), "", "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = 'x'", "SHOW CREATE TABLE x",
				"`id` bigint NOT NULL COMMENT 'the key'", "`d` decimal(10,2) NOT NULL", "`s` varchar(20)", "COMMENT 'it''s text'", "`m` datetime", "PRIMARY KEY (`id`)", "COMMENT='what changes'")
		},
		"postgresql": func(t *testing.T) changed {
			return changedSQL(t, "postgresqlwriter", servers.PostgreSQL(t).DB(t), `,"schema":"public"`, "SELECT count(to_regclass('x'))",
				"SELECT attname, format_type(atttypid, atttypmod), attnotnull, col_description(attrelid, attnum), obj_description(attrelid), (SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = attrelid AND contype = 'p') FROM pg_attribute WHERE attrelid = 'x'::regclass AND attnum > 0 ORDER BY attnum",
				"id bigint t the key what changes PRIMARY KEY (id)", "d numeric(10,2) t NULL", "s character varying(20) f it's text", "m timestamp without time zone f")
		},
		"sqlite": func(t *testing.T) changed {
			path := filepath.Join(t.TempDir(), "x.db")
			return changed{writer: fmt.Sprintf(`{"name":"sqlitewriter","parameter":{"path":%q,"table":"x","column":["*"],"mode":"update","createTable":true,"schemaChange":"evolve"}}`, path),
				has: "SELECT sql FROM sqlite_master WHERE name = 'x'", want: []string{"`id` INTEGER NOT NULL", "`d` TEXT NOT NULL", "`s` TEXT", "PRIMARY KEY (`id`)"},
				query: func(t *testing.T, sql string) string { return sqliteText(t, path, sql) }}
		},
	}
}

// TestSchemaChangesDownstream makes tables of a stream's, with types, keys and
// comments, and follows columns that are added: rows that were there before have
// what they have at the source.
func TestSchemaChangesDownstream(t *testing.T) {
	for from, source := range map[string]func(t *testing.T) changing{"mysql": changingMySQLs(servers.MySQL), "mariadb": changingMySQLs(servers.MariaDB), "postgresql": changingPostgreSQL} {
		for to, target := range changedTargets() {
			t.Run(from+" to "+to, func(t *testing.T) { followChanges(t, source(t), target(t)) })
		}
	}
}

// TestTablesOfALog makes tables for rows that the log has, without a copy of
// those that were there.
func TestTablesOfALog(t *testing.T) {
	for from, source := range map[string]func(t *testing.T) changing{"mysql": changingMySQLs(servers.MySQL), "mariadb": changingMySQLs(servers.MariaDB), "postgresql": changingPostgreSQL} {
		t.Run(from, func(t *testing.T) {
			s, to := source(t), changedTargets()["postgresql"](t)
			s.reader = strings.Replace(s.reader, "initial", "latest", 1)
			r := runJob(t, fmt.Sprintf(`{"job":{"content":[{"reader":%s,"writer":%s}],"setting":{"speed":{"channel":1}}}}`, s.reader, to.writer), s.name, filepath.Join(t.TempDir(), "state"))
			id := 0
			r.until("the log", func() bool { // the job may not have begun yet
				id++
				s.db.Exec(t, fmt.Sprintf("INSERT INTO x VALUES (%d, 1.5, 'a', NULL)", id))
				return to.query(t, "SELECT id FROM x") != ""
			})
			r.stop()
			to.compare(t)
		})
	}
}

// compare tells whether the table is what it is to be.
func (c *changed) compare(t *testing.T) {
	t.Helper()
	definition := c.query(t, c.has)
	for _, want := range c.want {
		if !strings.Contains(definition, want) {
			t.Errorf("the table lacks %s:\n%s", want, definition)
		}
	}
}

func followChanges(t *testing.T, s changing, to changed) {
	s.db.Exec(t, "INSERT INTO x VALUES (1, 1.5, 'a', '2024-01-02 03:04:05')")
	r := runJob(t, fmt.Sprintf(`{"job":{"content":[{"reader":%s,"writer":%s}],"setting":{"speed":{"channel":1}}}}`, s.reader, to.writer), s.name, filepath.Join(t.TempDir(), "state"))
	arrived := func(rows int) {
		t.Helper()
		r.until("the rows", func() bool { return strings.Count(to.query(t, "SELECT id FROM x"), "\n") == rows })
	}
	arrived(1)
	to.compare(t)
	s.db.Exec(t, "INSERT INTO x VALUES (2, 2.5, NULL, NULL)")
	arrived(2)
	s.db.Exec(t, "ALTER TABLE x ADD COLUMN n int NOT NULL DEFAULT 5", "ALTER TABLE x ADD COLUMN w varchar(30) DEFAULT 'it''s ä'", "ALTER TABLE x ADD COLUMN e date DEFAULT '2024-02-29'",
		"ALTER TABLE x ADD COLUMN p decimal(8,3) DEFAULT -1.25", "ALTER TABLE x ADD COLUMN z int",
		"INSERT INTO x (id, d, n, z) VALUES (3, 3.5, 7, 8)", "UPDATE x SET s = 'new' WHERE id = 2")
	arrived(3)
	r.until("the update", func() bool { return strings.Contains(to.query(t, "SELECT id, s FROM x"), "2 new") })
	r.stop()
	sql := "SELECT id, s, n, w, e, p, z FROM x ORDER BY id"
	if got, want := to.query(t, sql), joined(s.db.Query(t, sql)); got != want {
		t.Errorf("the target has\n%swant\n%s", got, want)
	}
}

// sqliteText queries a file that may not be there yet.
func sqliteText(t *testing.T, path, sql string) string {
	t.Helper()
	conn, err := sqlitekit.Open(path, sqlitekit.Settings{ReadOnly: true, Busy: 10 * time.Second})
	if err != nil {
		return ""
	}
	defer func() { _ = conn.Close() }()
	var rows [][]*string
	if err := conn.Rows(t.Context(), sql, func(row []*string) error {
		rows = append(rows, slices.Clone(row))
		return nil
	}); err != nil {
		return ""
	}
	return joined(rows)
}

// TestSchemaChangeWithoutRows has nothing come behind a schema change: consumers
// of committed messages see it all the same.
func TestSchemaChangeWithoutRows(t *testing.T) {
	for name, source := range map[string]func(t *testing.T) changing{"mysql": changingMySQLs(servers.MySQL), "mariadb": changingMySQLs(servers.MariaDB)} {
		t.Run(name, func(t *testing.T) {
			s, kafka := source(t), servers.Kafka(t)
			topic := kafka.Topic(t, 1)
			writer := fmt.Sprintf(`{"name":"kafkawriter","parameter":{"topic":%q,"format":"canal-json","semantic":"exactly-once","producerSettings":{"bootstrap.servers":%q}}}`, topic, kafka.Addr())
			state := filepath.Join(t.TempDir(), "state")
			run := func() *running {
				return runJob(t, fmt.Sprintf(`{"job":{"content":[{"reader":%s,"writer":%s}],"setting":{"speed":{"channel":1}}}}`, s.reader, writer), topic, state)
			}
			count := func() (n int) {
				for _, m := range topics.Read(t, kafka.Addr(), topic)[0] {
					n += strings.Count(string(m.Value), "ADD COLUMN n")
				}
				return n
			}
			s.db.Exec(t, "INSERT INTO x VALUES (1, 1.5, 'a', NULL)")
			r := run()
			r.until("the row", func() bool { return len(topics.Read(t, kafka.Addr(), topic)[0]) > 0 })
			s.db.Exec(t, "ALTER TABLE x ADD COLUMN n int")
			r.until("the change", func() bool { return count() > 0 })
			r.stop()
			r = run()
			s.db.Exec(t, "INSERT INTO x VALUES (2, 1.5, 'the end', NULL, 3)")
			r.until("the last row", func() bool {
				list := topics.Read(t, kafka.Addr(), topic)[0]
				return strings.Contains(string(list[len(list)-1].Value), "the end")
			})
			r.stop()
			if n := count(); n != 1 {
				t.Errorf("the change is there %d times", n)
			}
		})
	}
}

// TestChangesIntoFiles follows a log into files, through a schema change, with
// keys as old job files have them; the files appear while the job runs.
func TestChangesIntoFiles(t *testing.T) {
	for name, source := range map[string]func(t *testing.T) changing{"mysql": changingMySQLs(servers.MySQL), "postgresql": changingPostgreSQL} {
		t.Run(name, func(t *testing.T) {
			s, dir := source(t), t.TempDir()
			s.reader = strings.Replace(s.reader, `"cat":`, `"pavingData":true,"cat":`, 1)
			writer := fmt.Sprintf(`{"name":"ftpwriter","parameter":{"path":%q,"fileName":"x.csv","isFirstLineHeader":true,"publishInterval":"1us"}}`, dir)
			r := runJob(t, fmt.Sprintf(`{"job":{"content":[{"reader":%s,"writer":%s}],"setting":{"speed":{"channel":1}}}}`, s.reader, writer), s.name, filepath.Join(t.TempDir(), "state"))
			all := func() (lines []string) {
				files, err := os.ReadDir(dir)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range files {
					if !f.IsDir() {
						data, err := os.ReadFile(filepath.Join(dir, f.Name()))
						if err != nil {
							t.Fatal(err)
						}
						head, rows, _ := strings.Cut(string(data), "\n")
						for line := range strings.Lines(rows) {
							lines = append(lines, head+"\n"+line)
						}
					}
				}
				return lines
			}
			there := func(text string) func() bool {
				return func() bool {
					return slices.ContainsFunc(all(), func(line string) bool { return strings.Contains(line, text) })
				}
			}
			s.db.Exec(t, "INSERT INTO x VALUES (0, 1, 'first', NULL)")
			r.until("the first row", there("first"))
			s.db.Exec(t, "UPDATE x SET d = 2 WHERE id = 0", "ALTER TABLE x ADD COLUMN n int DEFAULT 5", "INSERT INTO x VALUES (1, 1, 'last', NULL, 7)")
			r.until("the last row", there("last"))
			r.stop()
			lines := all()
			if len(lines) != 3 {
				t.Errorf("%d changes are there: %q", len(lines), lines)
			}
			const old = ",type,before_id,before_d,before_s,before_m,after_id,after_d,after_s,after_m\n"
			for _, want := range [][2]string{{old, ",INSERT,,,,,0,1.00,first,\n"}, {old, ",0,2.00,first,\n"},
				{",type,before_id,before_d,before_s,before_m,before_n,after_id,after_d,after_s,after_m,after_n\n", ",INSERT,,,,,,1,1.00,last,,7\n"}} {
				if !slices.ContainsFunc(lines, func(line string) bool { return strings.Contains(line, want[0]) && strings.HasSuffix(line, want[1]) }) {
					t.Errorf("no line is %q: %q", want, lines)
				}
			}
		})
	}
}
