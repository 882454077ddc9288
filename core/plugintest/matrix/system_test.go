package matrix

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// system is a database that values come from and go to.
type system struct {
	name   string // of its plugins
	title  string
	types  []sourceType // as a source; none: it is a target only
	before string       // makes what types need
	open   func(t *testing.T) database
}

// database is an empty one, on a real server.
type database interface {
	exec(t *testing.T, sql string)
	// texts returns the system's own text of a column of all rows, by id.
	texts(t *testing.T, table string, c column) map[int]*string
	// columns returns the types of a table's columns but id, as the system spells them.
	columns(t *testing.T, table string) []string
	// connection is that of a job file.
	connection(table string) fields
	quote(name string) string
}

// column is one of the table of types.
type column struct {
	name   string
	native string
	family family
}

// family says which texts mean the same value.
type family uint8

const (
	text family = iota
	number
	single // a float of 32 bits
	double
	boolean
	bits  // texts are 0 and 1
	bytes // texts are those of digits
	moment
	span     // an interval
	document // JSON
)

// digits is what the systems are asked to say of bytes: the hex digits, and of
// many their number and their MD5 sum.
func digits(b []byte) string {
	if len(b) > 1<<16 {
		return fmt.Sprintf("%d %x", len(b), md5.Sum(b))
	}
	return hex.EncodeToString(b)
}

// sourceType is a type and the values of it that are moved, as literals of its system.
type sourceType struct {
	sql    string // in CREATE TABLE
	family family
	values []string
	random func(r *generator) string // nil: none
}

type fields = map[string]any

// sqlDatabase is what MySQL and MariaDB have in common.
type mysqlDatabase struct{ servers.Database }

func openMySQL(t *testing.T) database   { return mysqlDatabase{servers.MySQL(t).DB(t)} }
func openMariaDB(t *testing.T) database { return mysqlDatabase{servers.MariaDB(t).DB(t)} }

func (d mysqlDatabase) exec(t *testing.T, sql string) {
	t.Helper()
	d.Exec(t, "SET sql_mode = 'STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO', time_zone = '+00:00'", sql)
}

func (d mysqlDatabase) quote(name string) string { return "`" + name + "`" }

func (d mysqlDatabase) texts(t *testing.T, table string, c column) map[int]*string {
	t.Helper()
	expr := d.quote(c.name)
	switch native := strings.ToLower(c.native); {
	case c.family == bytes:
		expr = "IF(LENGTH(" + expr + ") > 65536, CONCAT(LENGTH(" + expr + "), ' ', MD5(" + expr + ")), HEX(" + expr + "))"
	case c.family == bits && strings.HasPrefix(native, "bit"):
		expr = "BIN(" + expr + " + 0)"
	case strings.HasPrefix(native, "float"):
		expr = "CAST(" + expr + " AS DOUBLE)"
	default:
		expr = "CAST(" + expr + " AS CHAR)"
	}
	return d.ask(t, "SELECT id, "+expr+" FROM "+d.quote(table))
}

func (d mysqlDatabase) ask(t *testing.T, sql string) map[int]*string {
	t.Helper()
	c := d.Connect(t)
	for _, s := range []string{"SET NAMES utf8mb4", "SET time_zone = '+00:00'"} {
		if _, err := c.Execute(s); err != nil {
			t.Fatal(err)
		}
	}
	r, err := c.Execute(sql)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	found := map[int]*string{}
	for i := range r.Values {
		id, err := r.GetInt(i, 0)
		if err != nil {
			t.Fatal(err)
		}
		found[int(id)] = nil
		if null, err := r.IsNull(i, 1); err != nil || null {
			continue
		}
		s, err := r.GetString(i, 1)
		if err != nil {
			t.Fatal(err)
		}
		found[int(id)] = &s
	}
	return found
}

func (d mysqlDatabase) columns(t *testing.T, table string) []string {
	t.Helper()
	named := d.ask(t, fmt.Sprintf("SELECT ordinal_position, column_type FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = '%s' AND column_name <> 'id'", table))
	return inOrder(named)
}

func inOrder(named map[int]*string) []string {
	types := make([]string, 0, len(named))
	for i := 0; len(types) < len(named); i++ {
		if s := named[i]; s != nil {
			types = append(types, *s)
		}
	}
	return types
}

func (d mysqlDatabase) connection(table string) fields {
	return fields{"username": servers.RootUser, "password": servers.RootPassword,
		"connection": []any{fields{"jdbcUrl": []string{d.URL()}, "table": []string{table}}}}
}

// postgresDatabase is one of PostgreSQL.
type postgresDatabase struct{ servers.PostgreSQLDatabase }

func openPostgreSQL(t *testing.T) database { return postgresDatabase{servers.PostgreSQL(t).DB(t)} }

func (d postgresDatabase) exec(t *testing.T, sql string) { t.Helper(); d.Exec(t, sql) }

func (d postgresDatabase) quote(name string) string { return `"` + name + `"` }

func (d postgresDatabase) texts(t *testing.T, table string, c column) map[int]*string {
	t.Helper()
	name := d.quote(c.name)
	expr := "concat(" + name + ", '')" // as it is printed; a cast to text is another function for some types
	switch {
	case c.native == "bytea" && c.family == bytes:
		expr = "CASE WHEN octet_length(" + name + ") > 65536 THEN octet_length(" + name + ") || ' ' || md5(" + name + ") ELSE encode(" + name + ", 'hex') END"
	case c.native == "money":
		expr = name + "::numeric::text"
	}
	expr = "CASE WHEN " + name + " IS NOT NULL THEN " + expr + " END"
	return byID(t, d.Query(t, "SELECT id, "+expr+" FROM "+d.quote(table)))
}

func byID(t *testing.T, rows [][]*string) map[int]*string {
	t.Helper()
	found := map[int]*string{}
	for _, row := range rows {
		var id int
		if _, err := fmt.Sscan(*row[0], &id); err != nil {
			t.Fatal(err)
		}
		found[id] = row[1]
	}
	return found
}

func (d postgresDatabase) columns(t *testing.T, table string) []string {
	t.Helper()
	var types []string
	for _, row := range d.Query(t, fmt.Sprintf(`SELECT format_type(atttypid, atttypmod) FROM pg_attribute
		WHERE attrelid = '"%s"'::regclass AND attnum > 0 AND attname <> 'id' ORDER BY attnum`, table)) {
		types = append(types, *row[0])
	}
	return types
}

func (d postgresDatabase) connection(table string) fields {
	return fields{"username": servers.RootUser, "password": servers.RootPassword,
		"connection": []any{fields{"jdbcUrl": []string{d.URL()}, "table": []string{table}}}}
}
