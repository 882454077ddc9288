package binlogkit

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/record"
)

// columnsOf spells the columns of a definition.
func columnsOf(d *Definition) string {
	if d == nil {
		return "unknown"
	}
	var list []string
	for _, c := range d.Columns {
		text := c.Name + " " + c.Type
		if c.Charset != "" {
			text += " " + c.Charset
		}
		if !c.Nullable {
			text += " not null"
		}
		if c.Hidden {
			text += " hidden"
		}
		list = append(list, text)
	}
	return strings.Join(list, ", ") + fmt.Sprintf("; key %v", d.Key())
}

func TestHistory(t *testing.T) {
	for _, test := range []struct {
		name    string
		product Product
		sql     []string
		want    string
	}{
		{"keys", Product{}, []string{"CREATE TABLE d.t (a INT UNIQUE, b INT NOT NULL, UNIQUE KEY u (b))"}, "a int, b int not null; key [b]"},
		{"primary key", Product{}, []string{"CREATE TABLE d.t (a INT, b INT)", "ALTER TABLE d.t ADD PRIMARY KEY (b, a)"}, "a int not null, b int not null; key [b a]"},
		{"primary key dropped", Product{}, []string{"CREATE TABLE d.t (a INT PRIMARY KEY)", "ALTER TABLE d.t DROP PRIMARY KEY"}, "a int not null; key []"},
		{"serial", Product{}, []string{"CREATE TABLE d.t (id SERIAL)"}, "id bigint unsigned not null; key [id]"},
		{"several columns after one", Product{}, []string{"CREATE TABLE d.t (a INT, z INT)", "ALTER TABLE d.t ADD COLUMN (b INT, c INT)", "ALTER TABLE d.t ADD d INT AFTER a, ADD e INT FIRST"},
			"e int, a int, d int, z int, b int, c int; key []"},
		{"modify keeps the place", Product{}, []string{"CREATE TABLE d.t (a INT, b INT, c INT)", "ALTER TABLE d.t MODIFY b BIGINT UNSIGNED NOT NULL, CHANGE c cc TEXT FIRST"}, "cc text utf8mb4, a int, b bigint unsigned not null; key []"},
		{"column of the key is dropped", Product{}, []string{"CREATE TABLE d.t (a INT, b INT, PRIMARY KEY (a, b))", "ALTER TABLE d.t DROP COLUMN a"}, "b int not null; key [b]"},
		{"character sets", Product{}, []string{"CREATE TABLE d.t (a VARCHAR(5), b VARCHAR(5) CHARACTER SET latin1, c VARCHAR(5) COLLATE utf8mb3_bin, e CHAR(2) CHARACTER SET binary) DEFAULT CHARSET=gbk"},
			"a varchar(5) gbk, b varchar(5) latin1, c varchar(5) utf8mb3, e binary(2); key []"},
		{"converted", Product{}, []string{"CREATE TABLE d.t (a VARCHAR(5) CHARACTER SET latin1, n INT)", "ALTER TABLE d.t CONVERT TO CHARACTER SET utf16", "ALTER TABLE d.t ADD b TEXT"}, "a varchar(5) utf16, n int, b text utf16; key []"},
		{"database", Product{}, []string{"CREATE DATABASE x CHARACTER SET latin2", "CREATE TABLE x.t (a TEXT)", "RENAME TABLE x.t TO d.t"}, "a text latin2; key []"},
		{"shapes", Product{}, []string{"CREATE TABLE d.t (point POINT NOT NULL SRID 4326, g GEOMETRY, SPATIAL INDEX (point), id INT INVISIBLE)"}, "point point not null, g geometry, id int hidden; key []"},
		{"MariaDB", Product{MariaDB: true}, []string{"CREATE OR REPLACE TABLE d.t (`id` UUID PRIMARY KEY, ip INET6, n INT UNSIGNED, j JSON, y YEAR, c VARCHAR(3) COLLATE utf8mb4_uca1400_ai_ci)"},
			"id uuid not null, ip inet6, n int(10) unsigned, j longtext utf8mb4, y year(4), c varchar(3) utf8mb4; key [id]"},
		{"if exists", Product{MariaDB: true}, []string{"CREATE TABLE d.t (a INT)", "ALTER TABLE d.t ADD COLUMN IF NOT EXISTS a INT, ADD COLUMN IF NOT EXISTS b INT"}, "a int(11), b int(11); key []"},
		{"comments", Product{}, []string{"/* gh-ost */ CREATE /*!50100 TABLE */ d.t (a INT /* x */ COMMENT 'it''s') -- end"}, "a int; key []"},
		{"case", Product{FoldCase: true}, []string{"CREATE TABLE D.T (a INT)", "ALTER TABLE d.t ADD b INT"}, "a int, b int; key []"},
		{"enum", Product{}, []string{`CREATE TABLE d.t (e ENUM('a','it''s','b  ') CHARACTER SET sjis, s SET('x','y'))`}, "e enum('a','it''s','b') sjis, s set('x','y') utf8mb4; key []"},
		{"like and drop", Product{}, []string{"CREATE TABLE d.u (a INT PRIMARY KEY)", "CREATE TABLE d.t LIKE d.u", "DROP TABLE d.u"}, "a int not null; key [a]"},
		{"dropped with its database", Product{}, []string{"CREATE TABLE d.t (a INT)", "DROP DATABASE d"}, "unknown"},
		{"of a selection", Product{}, []string{"CREATE TABLE `t` (\n  `a` int DEFAULT NULL\n) START TRANSACTION"}, "a int; key []"},
		{"temporary", Product{}, []string{"CREATE TEMPORARY TABLE d.t (a INT)"}, "unknown"},
	} {
		h := NewHistory(test.product)
		h.SetDatabase("d", "utf8mb4")
		h.SetDatabase("D", "utf8mb4")
		for _, sql := range test.sql {
			if _, err := h.Apply("d", sql); err != nil {
				t.Errorf("%s: %s: %v", test.name, sql, err)
			}
		}
		text, err := h.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		again := NewHistory(test.product)
		if err := again.Load(text); err != nil {
			t.Fatal(err)
		}
		if got := columnsOf(again.Table(record.Name{Database: "d", Table: "t"})); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}

func TestTarget(t *testing.T) {
	for sql, want := range map[string]string{
		"ALTER TABLE t WHATEVER":                        "d.t",
		"ALTER IGNORE TABLE IF EXISTS `x`.`t ``q` FOO":  "x.t `q",
		"CREATE TABLE IF NOT EXISTS a . b (x NONSENSE)": "a.b",
		"/* c */ TRUNCATE TABLE `if`":                   "d.if",
		"CREATE SEQUENCE s":                             "",
		"DROP":                                          "",
	} {
		got := ""
		if name, ok := Target("d", sql); ok {
			got = name.String()
		}
		if got != want {
			t.Errorf("%s is about %q, want %q", sql, got, want)
		}
	}
}

// FuzzStatements gives any text as a statement of the log.
func FuzzStatements(f *testing.F) {
	f.Add("CREATE TABLE t (a POINT SRID 4, b INT INVISIBLE)")
	f.Add("ALTER TABLE `a`.`b` CHANGE x y ENUM('a') CHARSET=sjis COLLATE 'utf8mb4_uca1400_ai_ci'")
	f.Add("CREATE OR REPLACE TABLE a.b LIKE c -- x")
	f.Fuzz(func(t *testing.T, sql string) {
		h := NewHistory(Product{})
		h.Define(&Definition{Database: "d", Table: "t", Columns: []Column{{Name: "a", Type: "int"}}})
		rewrite(sql)
		Target("d", sql)
		h.Names("d", sql)
		h.Changes("d", sql)
		effects, err := h.Apply("d", sql)
		if err != nil {
			return
		}
		for _, e := range effects {
			for _, d := range []*Definition{e.Before, e.After} {
				if d != nil {
					d.SQL()
					SchemaOf(d, &Options{Intern: func(s *record.Schema) *record.Schema { return s }})
				}
			}
		}
	})
}
