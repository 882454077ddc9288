package mysql

import (
	"testing"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

var (
	oldServer = mysqlkit.ParseServer("5.7.44")
	newServer = mysqlkit.ParseServer("8.0.43")
	maria     = mysqlkit.ParseServer("5.5.5-10.11.6-MariaDB")
)

// What a statement says of a column whose type changes, or that takes NULL
// from now on, is all that the server has shown of it.
func TestDefinition(t *testing.T) {
	for name, c := range map[string]struct {
		shown  string
		typ    string // "": it stays
		null   bool
		server mysqlkit.Server
		want   string
	}{
		"null": {"`c` varchar(10) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'it''s, (so)' COMMENT 'a \\' b'", "", true, newServer,
			"`c` varchar(10) CHARACTER SET latin1 COLLATE latin1_bin NULL DEFAULT 'it''s, (so)' COMMENT 'a \\' b'"},
		"longer": {"`c` varchar(10) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'x' COMMENT 'y' /*!80023 INVISIBLE */", "VARCHAR(50)", false, newServer,
			"`c` VARCHAR(50) CHARACTER SET latin1 COLLATE latin1_bin NOT NULL DEFAULT 'x' COMMENT 'y' /*!80023 INVISIBLE */"},
		"another character set": {"`c` varchar(36) CHARACTER SET latin1 DEFAULT 'x'", "CHAR(36) CHARACTER SET ascii COLLATE ascii_bin", true, newServer,
			"`c` CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL DEFAULT 'x'"},
		"no text any longer": {"`c` varchar(10) CHARACTER SET latin1 NOT NULL DEFAULT '5'", "INT", false, newServer, "`c` INT NOT NULL DEFAULT '5'"},
		"a large text":       {"`c` varchar(10) NOT NULL DEFAULT 'x'", "LONGTEXT", false, newServer, "`c` LONGTEXT NOT NULL DEFAULT ('x')"},
		"of an old server":   {"`c` varchar(10) NOT NULL DEFAULT 'x'", "LONGTEXT", false, oldServer, "`c` LONGTEXT NOT NULL"},
		"of MariaDB":         {"`c` varchar(10) NOT NULL DEFAULT 'x'", "LONGTEXT", false, maria, "`c` LONGTEXT NOT NULL DEFAULT 'x'"},
		"numbered":           {"`c` int unsigned NOT NULL AUTO_INCREMENT COMMENT 'n'", "BIGINT", false, newServer, "`c` BIGINT NOT NULL AUTO_INCREMENT COMMENT 'n'"},
		"numbered no longer": {"`c` int unsigned NOT NULL AUTO_INCREMENT", "VARCHAR(20)", false, newServer, "`c` VARCHAR(20) NOT NULL"},
		"clocks": {"`c` datetime NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", "DATETIME(6)", true, newServer,
			"`c` DATETIME(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)"},
		"clocks of MariaDB": {"`c` datetime(3) NOT NULL DEFAULT current_timestamp(3) ON UPDATE current_timestamp(3)", "DATETIME(6)", false, maria,
			"`c` DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6)"},
		"clocks that a text has not": {"`c` timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP", "VARCHAR(30)", false, newServer, "`c` VARCHAR(30) NOT NULL"},
		"computed": {"`c` int GENERATED ALWAYS AS ((`a` + 1)) STORED NOT NULL COMMENT 'x'", "BIGINT", true, newServer,
			"`c` BIGINT GENERATED ALWAYS AS ((`a` + 1)) STORED COMMENT 'x'"},
		"an expression": {"`c` varchar(40) DEFAULT (concat(_utf8mb4'NOT NULL',uuid()))", "VARCHAR(50)", true, newServer,
			"`c` VARCHAR(50) NULL DEFAULT (concat(_utf8mb4'NOT NULL',uuid()))"},
		"an expression of MariaDB": {"`c` varchar(40) DEFAULT concat('a',uuid()) COMMENT 'b'", "VARCHAR(50)", true, maria,
			"`c` VARCHAR(50) NULL DEFAULT concat('a',uuid()) COMMENT 'b'"},
		"a condition": {"`c` int(11) DEFAULT NULL CHECK (`c` > 0)", "BIGINT", true, maria, "`c` BIGINT NULL DEFAULT NULL CHECK (`c` > 0)"},
		"a document": {"`c` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK (json_valid(`c`))", "LONGTEXT", true, maria,
			"`c` LONGTEXT NULL DEFAULT NULL"},
		"a shape":     {"`c` point NOT NULL /*!80003 SRID 4326 */", "LONGBLOB", false, newServer, "`c` LONGBLOB NOT NULL"},
		"a set":       {"`c` set('a,b','c)') NOT NULL DEFAULT 'a,b'", "", true, newServer, "`c` set('a,b','c)') NULL DEFAULT 'a,b'"},
		"minus":       {"`c` int NOT NULL DEFAULT -1", "BIGINT", false, newServer, "`c` BIGINT NOT NULL DEFAULT -1"},
		"MariaDB own": {"`c` varchar(10) /*M!100301 COMPRESSED*/ INVISIBLE NOT NULL DEFAULT 'a'", "", true, maria, "`c` varchar(10) /*M!100301 COMPRESSED*/ NULL INVISIBLE DEFAULT 'a'"},
	} {
		t.Run(name, func(t *testing.T) {
			d, err := columnOf("CREATE TABLE `(t` (\n  `a` int COMMENT '`c`, ('' x',\n  "+c.shown+",\n  PRIMARY KEY (`a`)\n) ENGINE=InnoDB COMMENT='x'", "C")
			if err != nil {
				t.Fatal(err)
			}
			if c.typ != "" {
				d.change(c.typ, c.server)
			}
			if c.null {
				d.relax()
			}
			if got := d.String(); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	if _, err := columnOf("CREATE TABLE `t` (`a` int)", "b"); err == nil {
		t.Error("a column that is not there was found")
	}
}
