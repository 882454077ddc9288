package binlog

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// spellChange spells a schema change: what it did and the columns after it.
func spellChange(c record.Change) string {
	kind := map[record.ChangeKind]string{record.Other: "other", record.Create: "create", record.Alter: "alter", record.Drop: "drop", record.Rename: "rename", record.Truncate: "truncate"}[c.Kind]
	columns := func(s *record.Schema) string {
		if s == nil {
			return "-"
		}
		var names []string
		for _, col := range s.Columns {
			names = append(names, col.Name+" "+col.Native)
		}
		return s.Name.Table + "(" + strings.Join(names, ", ") + ")"
	}
	return fmt.Sprintf("%s %s: %s -> %s", kind, c.Name.Table, columns(c.From), columns(c.To))
}

// drain reads until so many rows and schema changes are there.
func (s *stream) drain(rows, changes int) {
	s.t.Helper()
	for len(s.rows) < rows || len(s.ddl) < changes {
		s.step()
	}
}

func (s *stream) step() {
	s.t.Helper()
	if err := s.fill(s.t.Context()); err != nil {
		s.t.Fatalf("after %d rows and %d schema changes: %v", len(s.rows), len(s.ddl), err)
	}
}

func intType(db servers.Database, t testing.TB) string {
	t.Helper()
	r, err := db.Connect(t).Execute("SELECT @@version")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if v, _ := r.GetString(0, 0); strings.Contains(v, "MariaDB") {
		return "int(11)"
	}
	return "int"
}

// TestSchemaChanges follows DDL between rows: the definition is the one of
// each place of the log, also when the reader begins anew, and each change
// stands between the rows before and after it.
func TestSchemaChanges(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		number := intType(db, t)
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT)")
		s := follow(t, build(t, parameters(db, map[string]any{"ddlSkip": false})))
		db.Exec(t,
			"INSERT INTO t VALUES (1, 10)",
			"ALTER TABLE t ADD COLUMN b VARCHAR(10) DEFAULT 'x' AFTER id",
			"INSERT INTO t VALUES (2, 'two', 20)",
			"ALTER TABLE t CHANGE a amount BIGINT, DROP COLUMN b",
			"INSERT INTO t VALUES (3, 30)",
			"CREATE INDEX i ON t (amount)",
			"CREATE TABLE u LIKE t",
			"RENAME TABLE t TO t2, u TO t",
			"INSERT INTO t VALUES (4, 40)",
			"INSERT INTO t2 VALUES (5, 50)",
			"TRUNCATE TABLE t2",
			"DROP TABLE t, t2",
		)
		s.drain(5, 9)
		same(t, s.rows, []string{
			"insert t id=int64:1 a=int64:10", "insert t id=int64:2 b=string:two a=int64:20", "insert t id=int64:3 amount=int64:30",
			"insert t id=int64:4 amount=int64:40", "insert t2 id=int64:5 amount=int64:50"})
		var got []string
		for _, c := range s.ddl {
			got = append(got, spellChange(c))
			if c.SQL == "" || c.LSN == "" || c.At.IsZero() {
				t.Errorf("%s: statement %q, place %q, time %v", spellChange(c), c.SQL, c.LSN, c.At)
			}
		}
		big := strings.NewReplacer("int(11)", "bigint(20)").Replace(number)
		if big == number {
			big = "bigint"
		}
		amount := "(id " + number + ", amount " + big + ")"
		same(t, got, []string{
			"alter t: t(id " + number + ", a " + number + ") -> t(id " + number + ", b varchar(10), a " + number + ")",
			"alter t: t(id " + number + ", b varchar(10), a " + number + ") -> t" + amount,
			"other t: t" + amount + " -> t" + amount,
			"create u: - -> u" + amount,
			"rename t: t" + amount + " -> t2" + amount,
			"rename u: u" + amount + " -> t" + amount,
			"truncate t2: t2" + amount + " -> t2" + amount,
			"drop t: t" + amount + " -> -",
			"drop t2: t2" + amount + " -> -",
		})
		if want := "DROP TABLE `" + db.Name + "`.`t2`"; s.ddl[8].SQL != want {
			t.Errorf("the second table of a statement is dropped by %q, want %q", s.ddl[8].SQL, want)
		}
	})
}

// TestSchemaAtEachPlace reads a log again from its begin, by a reader that
// learns of the tables only after they have changed.
func TestSchemaAtEachPlace(t *testing.T) {
	for _, l := range logs {
		t.Run(l.name, func(t *testing.T) {
			start := servers.StartMySQL
			if l.maria {
				start = servers.StartMariaDB
			}
			db := start(t, servers.WithArgs(l.options...)).DB(t)
			begin := statusOf(t, db)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT, b VARCHAR(10))", "INSERT INTO t VALUES (1, 10, 'x')",
				"ALTER TABLE t MODIFY a INT AFTER b, ADD c DATETIME(3) FIRST", "INSERT INTO t VALUES (NULL, 2, 'y', 20)", "ALTER TABLE t DROP a", "INSERT INTO t VALUES ('2024-01-02 03:04:05.678', 3, 'z')")
			s := follow(t, build(t, parameters(db, map[string]any{"start": begin})))
			same(t, s.until(3), []string{"insert t id=int64:1 a=int64:10 b=string:x", "insert t c=null id=int64:2 b=string:y a=int64:20", "insert t c=datetime:2024-01-02 03:04:05.678 id=int64:3 b=string:z"})
			db.Exec(t, "UPDATE t SET b = 'w' WHERE id = 3")
			s = reopen(t, build(t, parameters(db, nil)), s.last) // the history comes with the position
			same(t, s.until(2), []string{"update-before t c=datetime:2024-01-02 03:04:05.678 id=int64:3 b=string:z", "update-after t c=datetime:2024-01-02 03:04:05.678 id=int64:3 b=string:w"})
		})
	}
}

// TestUnknownColumns begins before a change of a table whose columns the log
// does not say: it is refused and not guessed.
func TestUnknownColumns(t *testing.T) {
	db := servers.StartMySQL(t, servers.WithArgs("--binlog-row-metadata=MINIMAL")).DB(t)
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT, b INT)", "CREATE TABLE other (id INT PRIMARY KEY)")
	begin := statusOf(t, db)
	db.Exec(t, "INSERT INTO other VALUES (1)", "INSERT INTO t VALUES (1, 10, 20)", "ALTER TABLE t RENAME COLUMN a TO c, RENAME COLUMN b TO a")
	s := follow(t, build(t, parameters(db, map[string]any{"start": begin})))
	var err error
	for err == nil {
		err = s.fill(t.Context())
	}
	if !strings.Contains(err.Error(), "binlog_row_metadata = 'FULL'") {
		t.Errorf("rows of unknown columns: %v", err)
	}
}

// TestOnlineSchemaChange follows the statements of gh-ost and
// pt-online-schema-change: the table is altered, its shadows are not seen.
func TestOnlineSchemaChange(t *testing.T) {
	for _, tool := range []struct{ shadow, old string }{{"_t_gho", "_t_del"}, {"_t_new", "_t_old"}} {
		t.Run(tool.shadow, func(t *testing.T) {
			products(t, func(t *testing.T, db servers.Database) {
				db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT)", "INSERT INTO t VALUES (1, 10)")
				s := follow(t, build(t, parameters(db, map[string]any{"ddlSkip": false})))
				db.Exec(t,
					"CREATE TABLE "+tool.shadow+" LIKE t", "ALTER TABLE "+tool.shadow+" ADD COLUMN b INT",
					"INSERT INTO "+tool.shadow+" (id, a) SELECT id, a FROM t",
					"RENAME TABLE t TO "+tool.old+", "+tool.shadow+" TO t", "INSERT INTO t VALUES (2, 20, 200)", "DROP TABLE "+tool.old)
				s.drain(1, 1)
				same(t, s.rows, []string{"insert t id=int64:2 a=int64:20 b=int64:200"})
				if len(s.ddl) != 1 || s.ddl[0].Kind != record.Alter || s.ddl[0].Name.Table != "t" || len(s.ddl[0].From.Columns) != 2 || len(s.ddl[0].To.Columns) != 3 {
					t.Errorf("schema changes %v", s.ddl)
				}
			})
		})
	}
}

// TestInitialTableStructure begins with a CREATE TABLE of each table, once.
func TestInitialTableStructure(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(10) NOT NULL, UNIQUE KEY u (v))", "CREATE TABLE b (x TEXT)")
		p := parameters(db, map[string]any{"initialTableStructure": true})
		s := follow(t, build(t, p))
		db.Exec(t, "INSERT INTO b VALUES ('x')")
		s.drain(1, 2)
		if len(s.ddl) != 2 || !s.ddl[0].Snapshot || s.ddl[0].Kind != record.Create || s.ddl[0].Name.Table != "a" || s.ddl[1].Name.Table != "b" || !strings.Contains(s.ddl[0].SQL, "UNIQUE KEY `u` (`v`)") {
			t.Errorf("schema changes %+v", s.ddl)
		}
		s = reopen(t, build(t, p), s.last)
		db.Exec(t, "INSERT INTO b VALUES ('y')")
		s.until(1)
		if len(s.ddl) != 0 {
			t.Errorf("a run that goes on begins with %v", s.ddl)
		}
	})
}

// TestStatementNotRead goes on behind a schema change that cannot be read
// where the log says the columns itself, and stops where it does not.
func TestStatementNotRead(t *testing.T) {
	for metadata, goes := range map[string]bool{"FULL": true, "NO_LOG": false} {
		t.Run(metadata, func(t *testing.T) {
			db := servers.StartMariaDB(t, servers.WithArgs("--binlog-row-metadata="+metadata)).DB(t)
			db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT)")
			s := follow(t, build(t, parameters(db, map[string]any{"ddlSkip": false})))
			db.Exec(t, "ALTER TABLE t WAIT 5 ADD COLUMN b INT", "INSERT INTO t (id, a) VALUES (1, 10)")
			var err error
			for err == nil && len(s.rows) == 0 {
				err = s.fill(t.Context())
			}
			if goes != (err == nil) {
				t.Errorf("rows %v, %v", s.rows, err)
			}
			if len(s.ddl) != 1 || s.ddl[0].To != nil {
				t.Errorf("schema changes %+v", s.ddl)
			}
		})
	}
}

// TestCreateTableSelect: the table is made within the transaction of its rows.
// What came before has its position before that, so that the destination can
// make what it has durable, and a reader that begins there meets both.
func TestCreateTableSelect(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		number := intType(db, t)
		db.Exec(t, "CREATE TABLE a (id INT PRIMARY KEY)")
		s := follow(t, build(t, parameters(db, map[string]any{"ddlSkip": false})))
		db.Exec(t, "INSERT INTO a VALUES (1), (2)", "CREATE TABLE b AS SELECT id FROM a", "INSERT INTO a VALUES (3)")
		s.drain(2, 0)
		before := s.last
		s.drain(2, 1)
		same(t, s.rows, []string{"insert a id=int64:1", "insert a id=int64:2"})
		if before.Position == nil || string(before.Position) != string(s.last.Position) {
			t.Errorf("the rows before the table stand at %s, the table at %s", before.Position, s.last.Position)
		}
		rest := []string{"insert b id=int64:1", "insert b id=int64:2", "insert a id=int64:3"}
		s.rows = nil
		s.drain(3, 1)
		same(t, s.rows, rest)
		s = reopen(t, build(t, parameters(db, map[string]any{"ddlSkip": false})), before)
		s.drain(3, 1)
		same(t, s.rows, rest)
		if got, want := spellChange(s.ddl[0]), "create b: - -> b(id "+number+")"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
