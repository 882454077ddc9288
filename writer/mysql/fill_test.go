package mysql

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/binlogkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// Rows that are there have in a column that is added what they have at the
// source, whose statement is all that is known of it; so have those that are
// inserted without it. What is no constant is refused.
func TestMigrateFills(t *testing.T) {
	const refused = true
	for _, c := range []struct {
		column  string
		refused bool
	}{
		{"INT", false}, {"INT NOT NULL", false}, {"INT DEFAULT 5", false}, {"INT NOT NULL DEFAULT -7", false}, {"INT DEFAULT '12'", false}, {"INT DEFAULT NULL", false},
		{"BIGINT UNSIGNED NOT NULL DEFAULT 18446744073709551615", false}, {"TINYINT(1) NOT NULL DEFAULT 1", false}, {"BOOLEAN DEFAULT TRUE", false}, {"YEAR NOT NULL DEFAULT 2024", false},
		{"DECIMAL(10,2) NOT NULL DEFAULT 3.5", false}, {"DECIMAL(30,10) DEFAULT -12345678901234567890.0123456789", false}, {"DECIMAL(5,2) NOT NULL", false}, {"DOUBLE DEFAULT 1.5e3", false}, {"FLOAT DEFAULT 0.1", false},
		{"VARCHAR(20) NOT NULL", false}, {"VARCHAR(20) DEFAULT 'it''s \\\\ \"ä😀'", false}, {"VARCHAR(20) DEFAULT ''", false}, {"VARCHAR(20) DEFAULT 7", false}, {"CHAR(5) NOT NULL DEFAULT 'ab'", false},
		{"VARCHAR(20) CHARACTER SET latin1 DEFAULT 'é'", false}, {"ENUM('b','a') NOT NULL", false}, {"ENUM('b','a') DEFAULT 'A'", false}, {"SET('x','y','z') DEFAULT 'z,x'", false}, {"SET('x','y') NOT NULL", false},
		{"BINARY(4) NOT NULL", false}, {"BINARY(4) DEFAULT 'a'", false}, {"VARBINARY(4) DEFAULT X'00ff'", false}, {"BIT(8) DEFAULT b'101'", false}, {"BIT(1) NOT NULL", false}, {"TEXT NOT NULL", false}, {"BLOB NOT NULL", false},
		{"DATE DEFAULT '2024-02-29'", false}, {"DATETIME DEFAULT '2024-02-29 01:02:03'", false}, {"DATETIME(3) DEFAULT '2024-02-29 01:02:03.5'", false}, {"TIME NOT NULL DEFAULT '-12:00:01'", false}, {"TIME NOT NULL", false},
		{"TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP", false}, {"TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", false},
		{"DATETIME DEFAULT CURRENT_TIMESTAMP", refused}, {"VARCHAR(40) DEFAULT (UPPER(a))", refused}, {"INT AS (id + 1) STORED", refused}, {"TIMESTAMP NULL DEFAULT '2024-02-29 01:02:03'", refused}, {"INT DEFAULT 1.5", refused},
	} {
		for name, server := range map[string]func(testing.TB) servers.SQLServer{"mysql": servers.MySQL, "mariadb": servers.MariaDB} {
			t.Run(name+"/"+c.column, func(t *testing.T) {
				db := server(t).DB(t)
				fills(t, db, name == "mariadb", c.column, c.refused)
			})
		}
	}
}

func fills(t *testing.T, db servers.Database, mariaDB bool, column string, refused bool) {
	h := binlogkit.NewHistory(binlogkit.Product{MariaDB: mariaDB})
	o := &binlogkit.Options{MariaDB: mariaDB, Intern: func(s *record.Schema) *record.Schema { return s }}
	create := "CREATE TABLE %s (id INT NOT NULL PRIMARY KEY, a VARCHAR(5)) DEFAULT CHARSET = utf8mb4"
	db.Exec(t, "DROP TABLE IF EXISTS src, dst", fmt.Sprintf(create, "src"), fmt.Sprintf(create, "dst"), "INSERT INTO src VALUES (1, 'x'), (2, NULL)", "INSERT INTO dst SELECT * FROM src")
	if _, err := h.Apply("d", fmt.Sprintf(create, "src")); err != nil {
		t.Fatal(err)
	}
	alter := "ALTER TABLE src ADD COLUMN c " + column + " AFTER id"
	db.Exec(t, alter)
	effects, err := h.Apply("d", alter)
	if err != nil {
		t.Fatal(err)
	}
	e := effects[0]
	c := &record.Change{Kind: record.Alter, Name: e.Name, From: binlogkit.SchemaOf(e.Before, o), To: binlogkit.SchemaOf(e.After, o), SQL: alter}
	c.Columns = binlogkit.ColumnChanges(e.Before, e.After, &binlogkit.Run{Session: binlogkit.Session{At: statementTime(t, db)}}, c.To, o)
	for range 2 {
		w := plugintest.NewWriter(t, Info(), job(db, "dst", map[string]any{"schemaChange": "evolve"}))
		err := w.(plugin.Migrator).Migrate(t.Context(), c)
		if cerr := w.Close(); cerr != nil {
			t.Error(cerr)
		}
		if refused {
			if errclass.Of(err) != errclass.Permanent || !strings.Contains(err.Error(), "schemaChange to lenient") {
				t.Errorf("it was not refused: %v", err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(column, "CURRENT_TIMESTAMP") && (strings.Contains(column, "DEFAULT") || !strings.Contains(column, "NOT NULL")) { // else rows say it themselves
		db.Exec(t, "INSERT INTO src (id) VALUES (3)", "INSERT INTO dst (id) VALUES (3)")
	}
	value := "c"
	if strings.HasPrefix(column, "BIT") {
		value = "c + 0"
	} else if strings.Contains(column, "CHARACTER SET") {
		value = "CONVERT(c USING utf8mb4)"
	}
	read := func(table string) string {
		return *db.Query(t, "SELECT GROUP_CONCAT(id, ':', COALESCE(REPLACE(HEX(CONCAT("+value+")), HEX('.000000'), ''), 'NULL') ORDER BY id) FROM "+table)[0][0]
	}
	if got, want := read("dst"), read("src"); got != want {
		t.Errorf("the rows have %s, those of the source %s\n%s", got, want, *db.Query(t, "SHOW CREATE TABLE dst")[0][1])
	}
}

// statementTime is when the last ALTER was run, as the log would tell: what the
// rows themselves have, if it is a time, else now.
func statementTime(t *testing.T, db servers.Database) time.Time {
	if r := db.Query(t, "SELECT UNIX_TIMESTAMP(c) FROM src WHERE id = 1 AND (SELECT data_type FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = 'src' AND column_name = 'c') = 'timestamp'"); len(r) > 0 && r[0][0] != nil {
		var seconds float64
		if _, err := fmt.Sscan(*r[0][0], &seconds); err != nil {
			t.Fatal(err)
		}
		return time.Unix(int64(seconds), 0)
	}
	return time.Now()
}
