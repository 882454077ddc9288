package binlog

import (
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// TestMinimalInserts: what an insert leaves out has the column's default, which
// minimal images do not have. A full image of the same row says what is right.
func TestMinimalInserts(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, `CREATE TABLE d (id INT PRIMARY KEY AUTO_INCREMENT, a INT DEFAULT 5, b VARCHAR(9) DEFAULT 'it''s', c DATETIME DEFAULT NOW(), d DATE DEFAULT '2020-01-02', e INT NOT NULL, f VARCHAR(5) DEFAULT (UPPER('x')),
			h BIT(3) DEFAULT b'101', i ENUM('x','y') DEFAULT 'y', j BINARY(3) DEFAULT 'ab', k DECIMAL(5,2) DEFAULT 1.5, l JSON, m VARCHAR(5) DEFAULT 'NULL', n VARCHAR(9) DEFAULT '', o TEXT, p TINYINT(1) DEFAULT 1,
			q BIGINT UNSIGNED DEFAULT 18446744073709551615, r DOUBLE DEFAULT 1.5e10, s TIME(3) DEFAULT '-12:00:01.5', u DATETIME(3) DEFAULT '2024-02-29 01:02:03.5', v TIMESTAMP NULL DEFAULT NOW(), w SET('x','y') NOT NULL, y YEAR DEFAULT 2024)`)
		s := follow(t, build(t, parameters(db, nil)))
		db.Exec(t, "ALTER TABLE d ADD z VARCHAR(9) DEFAULT 'z', ADD late INT DEFAULT (1 + 1)", "SET SESSION sql_mode = '', binlog_row_image = 'MINIMAL'", "INSERT INTO d (b) VALUES ('z')", "SET SESSION binlog_row_image = 'FULL'", "UPDATE d SET b = 'y'")
		rows := s.until(3)
		if got, want := strings.TrimPrefix(rows[0], "insert "), strings.TrimPrefix(rows[1], "update-before "); got != want {
			t.Errorf("the row is read as\n%s, the server has\n%s", got, want)
		}
	})
}
