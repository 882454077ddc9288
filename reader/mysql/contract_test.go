package mysql

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// products runs a test against each product, on a server that packages share.
func products(t *testing.T, f func(t *testing.T, db servers.Database)) {
	t.Run("MySQL", func(t *testing.T) { f(t, servers.MySQL(t).DB(t)) })
	t.Run("MariaDB", func(t *testing.T) { f(t, servers.MariaDB(t).DB(t)) })
}

// job is a reader's parameters, with the account and the table filled in.
func job(db servers.Database, table string, more map[string]any) string {
	parameters := map[string]any{
		"username": servers.RootUser, "password": servers.RootPassword, "column": []string{"*"},
		"connection": []any{map[string]any{"jdbcUrl": []string{db.URL()}, "table": []string{table}}},
	}
	for k, v := range more {
		parameters[k] = v
	}
	text, err := json.Marshal(parameters)
	if err != nil {
		panic(err)
	}
	return string(text)
}

const rowsOfContract = 300

// tables are the shapes of tables that the contract is checked with: how one
// is made, the parameters, and row i of it, spelled.
var tables = []struct {
	name, table string
	create      string
	insert      func(i int) string
	parameters  map[string]any
	cells       func(i int) []string
	loose       bool // cannot be resumed
	unordered   bool
}{
	{
		name: "primary key", table: "`orders`",
		create: "CREATE TABLE orders (id BIGINT PRIMARY KEY, n INT UNSIGNED, price DECIMAL(10,2), t VARCHAR(20), at DATETIME(3))",
		insert: func(i int) string {
			return fmt.Sprintf("(%d, %s, %d.50, 'zoë %d', '2020-02-29 10:00:00.125')", i*7-1000, orNull(i, 3), i, i)
		},
		parameters: map[string]any{"splitPk": "`id`", "splitStrategy": "range"},
		cells: func(i int) []string {
			return []string{fmt.Sprintf("int64 %d", i*7-1000), orNullCell(i, 3), fmt.Sprintf("decimal %d.50", i), fmt.Sprintf("string zoë %d", i), "datetime 2020-02-29 10:00:00.125"}
		},
	},
	{
		name: "key of texts, not read", table: "people",
		create: "CREATE TABLE people (family VARCHAR(20), nr VARBINARY(8), PRIMARY KEY (family, nr), shoe INT)",
		insert: func(i int) string {
			return fmt.Sprintf("('%c''\\\\ %d', X'%04x', %s)", 'a'+i/100, i/10, i, orNull(i, 2))
		},
		parameters: map[string]any{"column": []any{"SHOE", map[string]any{"name": "origin", "value": "it's", "type": "string"}},
			"splitPk": "shoe", "splitStrategy": "mod", "where": "1 = 1 or shoe is null -- all"},
		cells:     func(i int) []string { return []string{orNullCell(i, 2), "string it's"} },
		unordered: true, // keys are compared as the collation does
	},
	{
		name: "unique secondary index", table: "seats",
		create:     "CREATE TABLE seats (code CHAR(6) PRIMARY KEY, nr INT NOT NULL, UNIQUE KEY (nr))",
		insert:     func(i int) string { return fmt.Sprintf("('%06x', %d)", (i*7919)%65536, i) },
		parameters: map[string]any{"splitPk": "nr", "splitStrategy": "range", "orderByColumn": "nr"},
		cells: func(i int) []string {
			return []string{fmt.Sprintf("string %06x", (i*7919)%65536), fmt.Sprintf("int64 %d", i)}
		},
	},
	{
		name: "order with equal keys", table: "visits",
		create:     "CREATE TABLE visits (day DATE NULL, who INT, KEY (day))",
		insert:     func(i int) string { return fmt.Sprintf("(%s, 5)", dayOrNull(i)) },
		parameters: map[string]any{"orderByColumn": "day", "splitPk": "who", "splitStrategy": "mod"},
		cells: func(i int) []string {
			if i < 10 {
				return []string{"null", "int64 5"}
			}
			return []string{fmt.Sprintf("date 2024-01-%02d", 1+i/10), "int64 5"}
		},
	},
	{
		name: "no key", table: "log",
		create:     "CREATE TABLE log (line INT NULL, text TEXT)",
		insert:     func(i int) string { return fmt.Sprintf("(%s, 'line')", orNull(i, 5)) },
		parameters: map[string]any{"splitPk": "line", "splitStrategy": "auto"},
		cells:      func(i int) []string { return []string{orNullCell(i, 5), "string line"} },
		loose:      true, unordered: true,
	},
	{
		name: "statement", table: "",
		create:     "CREATE TABLE base (id INT PRIMARY KEY, v DOUBLE)",
		insert:     func(i int) string { return fmt.Sprintf("(%d, %d.25)", i, i) },
		parameters: map[string]any{"customSql": "select id, v as `value` from base -- all of it\n;", "column": []string{"value", "id"}, "orderByColumn": "id", "splitPk": "id", "where": "id >= 0 or id < 0"},
		cells:      func(i int) []string { return []string{fmt.Sprintf("float64 %d.25", i), fmt.Sprintf("int64 %d", i)} },
	},
}

func orNull(i, every int) string {
	if i%every == 0 {
		return "NULL"
	}
	return fmt.Sprint(i)
}

func orNullCell(i, every int) string {
	if i%every == 0 {
		return "null"
	}
	return fmt.Sprintf("int64 %d", i)
}

func dayOrNull(i int) string {
	if i < 10 {
		return "NULL"
	}
	return fmt.Sprintf("'2024-01-%02d'", 1+i/10)
}

func TestContract(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		for _, tt := range tables {
			t.Run(tt.name, func(t *testing.T) {
				_, rest, _ := strings.Cut(tt.create, "CREATE TABLE ")
				real, _, _ := strings.Cut(rest, " ")
				var values []string
				var want [][]string
				for i := range rowsOfContract {
					values = append(values, tt.insert(i))
					want = append(want, tt.cells(i))
				}
				db.Exec(t, tt.create, "INSERT INTO "+real+" VALUES "+strings.Join(values, ","))
				parameters := job(db, tt.table, tt.parameters)
				plugintest.Reader(t, plugintest.ReaderSuite{
					New:       func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), parameters) },
					Want:      func(testing.TB) [][]string { return want },
					Resumable: !tt.loose, Unordered: tt.unordered,
					Bad:   badConfigs(db),
					Waive: waivers(tt.loose),
				})
			})
		}
	})
}

func waivers(loose bool) map[string]string {
	if !loose {
		return nil
	}
	return map[string]string{"resume": "the reader resumes tables that have a key; this one has none"}
}

func badConfigs(db servers.Database) map[string]func(testing.TB) error {
	bad := map[string]map[string]any{
		"unknown key":        {"splitPK": "id"},
		"no column":          {"column": nil},
		"star and more":      {"column": []string{"*", "id"}},
		"limit":              {"where": "id > 3 limit 10"},
		"parentheses":        {"where": "1=1) or (1=1"},
		"strategy":           {"splitStrategy": "hash"},
		"bound without key":  {"splitPkStart": "3"},
		"bound is no number": {"splitPk": "id", "splitPkEnd": "x"},
		"increment":          {"startLocation": "3"},
		"polling":            {"polling": true},
		"split by constant":  {"splitPk": "k", "column": []any{map[string]any{"name": "k", "value": "1"}}},
		"no user":            {"username": ""},
		"no URL":             {"connection": []any{map[string]any{"table": "t"}}},
		"no table":           {"connection": []any{map[string]any{"jdbcUrl": db.URL()}}},
		"not MySQL":          {"connection": []any{map[string]any{"jdbcUrl": "jdbc:postgresql://h/db", "table": "t"}}},
		"no database":        {"connection": []any{map[string]any{"jdbcUrl": "jdbc:mysql://h:3306", "table": "t"}}},
		"three parts":        {"connection": []any{map[string]any{"jdbcUrl": db.URL(), "table": "a.b.c"}}},
		"key store":          {"properties": map[string]string{"trustCertificateKeyStoreUrl": "file:/x/truststore.jks"}},
		"zero dates":         {"properties": map[string]string{"zeroDateTimeBehavior": "round"}},
	}
	builders := map[string]func(testing.TB) error{}
	for name, more := range bad {
		builders[name] = plugintest.ReaderError(Info(), job(db, "t", more))
	}
	return builders
}

// TestKeys resumes tables whose primary keys are of every type that sorts.
func TestKeys(t *testing.T) {
	keys := []struct{ typ, value, only string }{
		{"INT UNSIGNED", "2147483640 + %d", ""},
		{"BIGINT UNSIGNED", "18446744073709551500 + %d", ""},
		{"TINYINT(1)", "%d - 20", ""},
		{"YEAR", "1990 + %d", ""},
		{"BIT(12)", "%d * 7", ""},
		{"DECIMAL(40,10)", "-12345678901234567890.0000000001 * %d", ""},
		{"DOUBLE", "%d / 7 - 1", ""},
		{"DATE", "'0999-12-20' + INTERVAL %d DAY", ""},
		{"TIME(3)", "SEC_TO_TIME(%d * 123.456 - 3000)", ""},
		{"DATETIME(6)", "'2024-02-28 23:59:50' + INTERVAL %d * 1500001 MICROSECOND", ""},
		{"TIMESTAMP(3)", "'2024-03-31 01:59:50' + INTERVAL %d MINUTE", ""},
		{"BINARY(3)", "CHAR(%d, 0, 255)", ""},
		{"VARBINARY(9)", "CONCAT(X'fe00', %d)", ""},
		{"VARCHAR(20)", "CONCAT('Zoë-', %d, ' a')", ""},
		{"VARCHAR(20) CHARACTER SET latin1", "CONCAT('zoë', %d)", ""},
		{"VARCHAR(20) COLLATE utf8mb4_bin", "CONCAT(IF(%[1]d, 'a', 'A'), %[1]d)", ""},
		{"CHAR(20)", "CONCAT('😀', %d)", ""},
		{"UUID", "CONCAT('123e4567-e89b-12d3-a456-4266141740', LPAD(%d, 2, 0))", "MariaDB"},
		{"INET6", "CONCAT('2001:db8::', %d)", "MariaDB"},
	}
	products(t, func(t *testing.T, db servers.Database) {
		for i, k := range keys {
			if k.only != "" && !strings.HasSuffix(t.Name(), k.only) {
				continue
			}
			t.Run(k.typ, func(t *testing.T) {
				const rows = 15
				table := fmt.Sprintf("k%d", i)
				var values []string
				var want [][]string
				for n := range rows {
					values = append(values, "("+fmt.Sprintf(k.value, n)+fmt.Sprintf(", %d)", n))
					want = append(want, []string{fmt.Sprintf("int64 %d", n)})
				}
				db.Exec(t, "SET time_zone = '+00:00'", "CREATE TABLE "+table+" (k "+k.typ+" PRIMARY KEY, n INT)", "INSERT INTO "+table+" VALUES "+strings.Join(values, ", "))
				parameters := job(db, table, map[string]any{"column": []string{"n"}})
				plugintest.CheckReader(t, plugintest.ReaderSuite{
					New:       func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), parameters) },
					Want:      func(testing.TB) [][]string { return want },
					Channels:  []int{1},
					Resumable: true, Unordered: true,
				}, "whole", "resume", "marks")
			})
		}
	})
}
