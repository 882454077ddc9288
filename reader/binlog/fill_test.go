package binlog

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// TestFillIsTheServers adds columns whose defaults the server works out: what
// the change says of the rows that are there is what they have got.
func TestFillIsTheServers(t *testing.T) {
	const both, mysql, maria = "mysql mariadb", "mysql", "mariadb"
	cases := []struct{ column, in string }{
		{"DATETIME DEFAULT CURRENT_TIMESTAMP", both}, {"DATETIME(6) NOT NULL DEFAULT NOW(6) ON UPDATE NOW(6)", both}, {"DATETIME(2) DEFAULT LOCALTIMESTAMP(2)", both}, {"DATETIME DEFAULT LOCALTIME", both},
		{"TIMESTAMP NULL DEFAULT NOW()", both}, {"TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3)", both}, {"DATETIME NULL ON UPDATE CURRENT_TIMESTAMP", both},
		{"DATETIME(6) DEFAULT (NOW())", both}, {"DATETIME(6) DEFAULT NOW()", maria}, {"DATETIME(6) DEFAULT NOW(3)", maria}, {"TIMESTAMP(6) NULL DEFAULT NOW()", maria},
		{"DATE DEFAULT (CURRENT_DATE)", both}, {"DATE DEFAULT CURDATE()", maria}, {"DATE DEFAULT (NOW())", both}, {"DATETIME DEFAULT (CURDATE())", both}, {"DATE DEFAULT CURRENT_DATE", maria},
		{"TIME DEFAULT (CURRENT_TIME)", both}, {"TIME(3) DEFAULT (CURTIME(3))", both}, {"TIME(6) DEFAULT (CURTIME())", both}, {"TIME DEFAULT (NOW())", both}, {"TIME DEFAULT CURRENT_TIME", maria},
		{"DATETIME DEFAULT (UTC_TIMESTAMP)", both}, {"DATETIME(3) DEFAULT (UTC_TIMESTAMP(3))", both}, {"DATE DEFAULT (UTC_DATE())", both}, {"DATETIME DEFAULT UTC_TIMESTAMP", maria},
		{"VARCHAR(30) DEFAULT (NOW())", both}, {"VARCHAR(30) DEFAULT (CURTIME(3))", both}, {"BIGINT DEFAULT (UNIX_TIMESTAMP())", both},
		{"INT DEFAULT (1+1)", both}, {"INT NOT NULL DEFAULT (-(2*3) - 4)", both}, {"DECIMAL(10,3) DEFAULT (1.5 * 2.25 + 1)", both}, {"VARCHAR(9) DEFAULT (1.25 + 1)", both}, {"VARCHAR(9) DEFAULT (CONCAT('a', ')b'))", both},
		{"JSON DEFAULT (JSON_ARRAY())", both}, {"JSON DEFAULT (JSON_OBJECT())", both}, {"JSON DEFAULT (CAST('[1]' AS JSON))", mysql},
	}
	unknown := []struct{ column, in string }{
		{"VARCHAR(40) DEFAULT (UUID())", maria}, {"DATETIME DEFAULT (SYSDATE())", maria}, {"INT DEFAULT (7 DIV 2)", both}, {"DATETIME DEFAULT (NOW(6))", mysql}, {"VARCHAR(300) DEFAULT (CURRENT_USER())", maria},
		{"TIME(2) DEFAULT (CURTIME(6))", both}, {"TIMESTAMP NULL DEFAULT (CURRENT_DATE)", both}, {"DATETIME DEFAULT (NOW() + INTERVAL 1 DAY)", both},
	}
	products(t, func(t *testing.T, db servers.Database) {
		product := strings.ToLower(t.Name()[strings.LastIndexByte(t.Name(), '/')+1:])
		zones := []string{"+05:30", "SYSTEM", "-03:00"}
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		s := follow(t, build(t, parameters(db, map[string]any{"ddlSkip": false})))
		columns, want := 0, map[int]string{}
		for _, c := range append(slices.Clone(cases), unknown...) {
			if !strings.Contains(c.in, product) {
				continue
			}
			name := fmt.Sprintf("c%d", columns)
			db.Exec(t, "SET time_zone = '"+zones[columns%len(zones)]+"', timestamp = 1700000000.987654", "ALTER TABLE t ADD "+name+" "+c.column)
			want[columns] = c.column
			columns++
		}
		s.drain(0, columns)
		for i, c := range s.ddl {
			name := fmt.Sprintf("c%d", i)
			if len(c.Columns) != 1 || !c.Columns[0].Added {
				t.Errorf("%s: the change says %+v", want[i], c.Columns)
				continue
			}
			told := c.Columns[0].Fill
			if slices.ContainsFunc(unknown, func(u struct{ column, in string }) bool { return u.column == want[i] }) {
				if told.Kind != record.Computed {
					t.Errorf("%s: the change tells %+v", want[i], told)
				}
				continue
			}
			got := *db.Query(t, "SELECT COALESCE(CAST("+inUTC(c.To.Columns[c.Columns[0].Column], name)+" AS CHAR), 'NULL') FROM t")[0][0]
			text := told.Text
			if told.Kind == record.Nothing {
				text = "NULL"
			}
			if told.Kind == record.Computed || !sameMoment(text, got) {
				t.Errorf("%s: the change tells %+v, the row has %s", want[i], told, got)
			}
		}
	})
}

// inUTC spells a column so that an instant is shown in UTC.
func inUTC(c record.Column, name string) string {
	if c.Kind == record.Timestamp {
		return "CONCAT(CONVERT_TZ(" + name + ", @@time_zone, '+00:00'), 'Z')"
	}
	return name
}

// sameMoment compares texts, whose fraction of a second may be left out.
func sameMoment(a, b string) bool {
	trim := func(s string) string {
		zone := strings.HasSuffix(s, "Z")
		s = strings.TrimSuffix(s, "Z")
		if strings.Contains(s, ":") && strings.Contains(s, ".") {
			s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
		}
		if zone {
			s += "Z"
		}
		return s
	}
	return trim(a) == trim(b)
}

// TestStatementsOfOtherModes follows statements of sessions in which names stand
// in double quotes, backslashes are letters, and texts are not UTF-8.
func TestStatementsOfOtherModes(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT)")
		s := follow(t, build(t, parameters(db, map[string]any{"ddlSkip": false})))
		db.Exec(t, "SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", `ALTER TABLE "t" RENAME COLUMN "a" TO "b ""x""", ADD "c" VARCHAR(9) DEFAULT '\'`, "SET sql_mode = 'REAL_AS_FLOAT'", "ALTER TABLE t ADD d REAL",
			"SET sql_mode = DEFAULT", "SET NAMES latin1", "ALTER TABLE t ADD caf\xe9 INT", "SET NAMES utf8mb4", "INSERT INTO t VALUES (1, 2, 'x', 1.5, 3)")
		s.drain(1, 3)
		same(t, s.rows, []string{`insert t id=int64:1 b "x"=int64:2 c=string:x d=float32:1.5 café=int64:3`})
		var got []string
		for _, c := range s.ddl {
			if c.To == nil {
				t.Fatalf("%s was not read", c.SQL)
			}
			last := c.To.Columns[len(c.To.Columns)-1]
			got = append(got, last.Name+" "+last.Kind.String())
		}
		same(t, got, []string{"c string", "d float32", "café int64"})
		if told := s.ddl[0].Columns; len(told) != 1 || told[0].Fill.Text != `\` {
			t.Errorf("of the first it is said %+v", told)
		}
	})
}

// TestFillOfASwap: rows of a shadow table were written when they were copied,
// not when the table took its place.
func TestFillOfASwap(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1)")
		s := follow(t, build(t, parameters(db, map[string]any{"ddlSkip": false})))
		db.Exec(t, "CREATE TABLE _t_gho LIKE t", "ALTER TABLE _t_gho ADD c TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP, ADD d INT DEFAULT 5", "SET timestamp = 1700000000", "INSERT INTO _t_gho (id) SELECT id FROM t",
			"SET timestamp = 1800000000", "RENAME TABLE t TO _t_del, _t_gho TO t")
		s.drain(0, 1)
		if c := s.ddl[0].Columns; len(c) != 2 || c[0].Fill.Kind != record.Computed || c[1].Fill.Text != "5" {
			t.Errorf("the swap says %+v", c)
		}
	})
}
