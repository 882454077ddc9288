package postgresql

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// job is a reader's parameters, with the account and the table filled in.
func job(db servers.PostgreSQLDatabase, table string, more map[string]any) string {
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

// shapes are the tables that the contract is checked with: how one
// is made, the parameters, and row i of it, spelled.
var shapes = []struct {
	name, table string
	create      string
	insert      func(i int) string
	parameters  map[string]any
	cells       func(i int) []string
	loose       bool // cannot be resumed
	unordered   bool
}{
	{
		name: "primary key", table: `"orders"`,
		create: "CREATE TABLE orders (id bigint PRIMARY KEY, n int, price numeric(10,2), t varchar(20), at timestamptz(3), tags text[])",
		insert: func(i int) string {
			return fmt.Sprintf("(%d, %s, %d.5, 'zoë %d', '2020-02-29 12:00:00.125+02', '{a,NULL}')", i*7-1000, orNull(i, 3), i, i)
		},
		parameters: map[string]any{"splitPk": `"id"`, "splitStrategy": "range"},
		cells: func(i int) []string {
			return []string{fmt.Sprintf("int64 %d", i*7-1000), orNullCell(i, 3), fmt.Sprintf("decimal %d.50", i), fmt.Sprintf("string zoë %d", i),
				"timestamp 2020-02-29 10:00:00.125Z", "string {a,NULL}"}
		},
	},
	{
		name: "key of texts, not read", table: "people",
		create: "CREATE TABLE people (family varchar(20), nr bytea, shoe int, PRIMARY KEY (family, nr))",
		insert: func(i int) string {
			return fmt.Sprintf(`('%c''\ %d', '\x%04x', %s)`, 'a'+i/100, i/10, i, orNull(i, 2))
		},
		parameters: map[string]any{"column": []any{"SHOE", map[string]any{"name": "origin", "value": "it's", "type": "string"}},
			"splitPk": "shoe", "splitStrategy": "mod", "where": "1 = 1 or shoe is null -- all"},
		cells:     func(i int) []string { return []string{orNullCell(i, 2), "string it's"} },
		unordered: true, // keys are compared as the collation does
	},
	{
		name: "schema and unique index", table: "sales.seats",
		create:     "CREATE TABLE sales.seats (code char(6) PRIMARY KEY, nr int NOT NULL UNIQUE)",
		insert:     func(i int) string { return fmt.Sprintf("('%06x', %d)", (i*7919)%65536, i) },
		parameters: map[string]any{"splitPk": "nr", "splitStrategy": "range", "orderByColumn": "nr"},
		cells: func(i int) []string {
			return []string{fmt.Sprintf("string %06x", (i*7919)%65536), fmt.Sprintf("int64 %d", i)}
		},
	},
	{
		name: "order with equal keys, NULL last", table: "visits",
		create:     "CREATE TABLE visits (day date NULL, who int); CREATE INDEX ON visits (day)",
		insert:     func(i int) string { return fmt.Sprintf("(%s, 5)", dayOrNull(i)) },
		parameters: map[string]any{"orderByColumn": "day", "splitPk": "who", "splitStrategy": "mod"},
		cells: func(i int) []string {
			if i >= 290 {
				return []string{"null", "int64 5"}
			}
			return []string{fmt.Sprintf("date 2024-01-%02d", 1+i/10), "int64 5"}
		},
	},
	{
		name: "fractions and what is no number", table: "weights",
		create: "CREATE TABLE weights (w double precision, id int PRIMARY KEY)",
		insert: func(i int) string {
			return fmt.Sprintf("(%s, %d)", []string{"'NaN'", "'-Infinity'", "NULL", fmt.Sprintf("%d.5", i), fmt.Sprintf("-%d.25", i)}[i%5], i)
		},
		parameters: map[string]any{"splitPk": "w", "splitStrategy": "mod"},
		cells: func(i int) []string {
			w := []string{"float64 NaN", "float64 -Infinity", "null", fmt.Sprintf("float64 %d.5", i), fmt.Sprintf("float64 -%d.25", i)}[i%5]
			return []string{w, fmt.Sprintf("int64 %d", i)}
		},
	},
	{
		name: "partitions", table: "parts",
		create: "CREATE TABLE parts (id int PRIMARY KEY, v interval) PARTITION BY RANGE (id); CREATE TABLE parts1 PARTITION OF parts FOR VALUES FROM (0) TO (100); " +
			"CREATE TABLE parts2 PARTITION OF parts DEFAULT",
		insert:     func(i int) string { return fmt.Sprintf("(%d, '%d days 1 mon')", i, i) },
		parameters: map[string]any{"splitPk": "id", "splitStrategy": "auto"},
		cells: func(i int) []string {
			return []string{fmt.Sprintf("int64 %d", i), fmt.Sprintf("interval P1M%dDT0S", i)}
		},
	},
	{
		name: "no key", table: "log",
		create:     "CREATE TABLE log (line int NULL, text text)",
		insert:     func(i int) string { return fmt.Sprintf("(%s, 'line')", orNull(i, 5)) },
		parameters: map[string]any{"splitPk": "line", "splitStrategy": "auto"},
		cells:      func(i int) []string { return []string{orNullCell(i, 5), "string line"} },
		loose:      true, unordered: true,
	},
	{
		name: "view", table: "all_of_it",
		create:     "CREATE TABLE behind (id int PRIMARY KEY, day date); CREATE VIEW all_of_it AS SELECT day, id FROM behind",
		insert:     func(i int) string { return fmt.Sprintf("(%d, 'infinity')", i) },
		parameters: map[string]any{"splitPk": "id", "splitStrategy": "range", "orderByColumn": "id"},
		cells:      func(i int) []string { return []string{"date infinity", fmt.Sprintf("int64 %d", i)} },
		unordered:  true,
	},
	{
		name: "key whose case does not matter", table: "names",
		create: "CREATE COLLATION folding (provider = icu, locale = 'und-u-ks-level2', deterministic = false); " +
			"CREATE TABLE names (name text COLLATE folding PRIMARY KEY, nr int)",
		insert: func(i int) string { return fmt.Sprintf("('%s%d', %d)", []string{"a", "B", "c"}[i%3], i, i) },
		cells: func(i int) []string {
			return []string{fmt.Sprintf("string %s%d", []string{"a", "B", "c"}[i%3], i), fmt.Sprintf("int64 %d", i)}
		},
		parameters: map[string]any{"splitPk": "nr", "splitStrategy": "mod"},
		loose:      true, unordered: true, // a position in such an order could part values that compare as equal
	},
	{
		name: "statement", table: "",
		create:     "CREATE TABLE base (id int PRIMARY KEY, v real)",
		insert:     func(i int) string { return fmt.Sprintf("(%d, %d.25)", i, i) },
		parameters: map[string]any{"customSql": "select id, v as \"value\" from base -- all of it\n;", "column": []string{"value", "id"}, "orderByColumn": "id", "splitPk": "id", "where": "id >= 0 or id < 0"},
		cells:      func(i int) []string { return []string{fmt.Sprintf("float32 %d.25", i), fmt.Sprintf("int64 %d", i)} },
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
	if i >= 290 {
		return "NULL"
	}
	return fmt.Sprintf("'2024-01-%02d'", 1+i/10)
}

func TestContract(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE SCHEMA sales")
	for _, tt := range shapes {
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
			var waive map[string]string
			if tt.loose {
				waive = map[string]string{"resume": "the reader resumes tables that have a key; this one has none"}
			}
			plugintest.Reader(t, plugintest.ReaderSuite{
				New:       func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), parameters) },
				Want:      func(testing.TB) [][]string { return want },
				Resumable: !tt.loose, Unordered: tt.unordered,
				Bad:   badConfigs(db),
				Waive: waive,
			})
		})
	}
}

func badConfigs(db servers.PostgreSQLDatabase) map[string]func(testing.TB) error {
	connection := func(url, table string) []any { return []any{map[string]any{"jdbcUrl": url, "table": table}} }
	bad := map[string]map[string]any{
		"unknown key":        {"splitPK": "id"},
		"no column":          {"column": nil},
		"limit":              {"where": "id > 3 limit 10"},
		"strategy":           {"splitStrategy": "hash"},
		"bound is no number": {"splitPk": "id", "splitPkEnd": "x"},
		"no user":            {"username": ""},
		"no URL":             {"connection": []any{map[string]any{"table": "t"}}},
		"no table":           {"connection": []any{map[string]any{"jdbcUrl": db.URL()}}},
		"not PostgreSQL":     {"connection": connection("jdbc:mysql://h/db", "t")},
		"four parts":         {"connection": connection(db.URL(), "a.b.c.d")},
		"other database":     {"connection": connection(db.URL(), "elsewhere.public.t")},
		"key store":          {"properties": map[string]string{"sslkey": "/x/client.p12"}},
		"sslmode":            {"properties": map[string]string{"sslmode": "often"}},
	}
	builders := map[string]func(testing.TB) error{}
	for name, more := range bad {
		builders[name] = plugintest.ReaderError(Info(), job(db, "t", more))
	}
	return builders
}

// TestKeys resumes tables whose primary keys are of every type that sorts.
func TestKeys(t *testing.T) {
	keys := []struct{ typ, value string }{
		{"smallint", "%d - 5"},
		{"bigint", "9223372036854775800 - %d"},
		{"oid", "(4294967200 + %d)::oid"},
		{"numeric", "-12345678901234567890.0000000001 * %d"},
		{"numeric", "CASE %[1]d WHEN 3 THEN 'NaN' WHEN 4 THEN 'Infinity' WHEN 5 THEN '-Infinity' ELSE '%[1]d' END::numeric"},
		{"double precision", "%d / 7.0 - 1"},
		{"double precision", "CASE %[1]d WHEN 3 THEN 'NaN' WHEN 4 THEN 'Infinity' WHEN 5 THEN '-Infinity' ELSE '%[1]d' END::float8"},
		{"date", "date '0999-12-20' + %d"},
		{"date", "CASE %[1]d WHEN 3 THEN 'infinity' WHEN 4 THEN '-infinity' ELSE date '0001-01-05 BC' + 365 * %[1]d END"},
		{"time(3)", "time '00:00' + %d * interval '123.456 s'"},
		{"timestamp", "timestamp '2024-02-28 23:59:50' + %d * interval '1.500001 s'"},
		{"timestamp", "timestamp '9999-12-31 23:59:55' + %d * interval '1 s'"},
		{"timestamptz(3)", "timestamptz '2024-03-31 01:59:50+01' + %d * interval '1 minute'"},
		{"timetz", "timetz '10:00:00+02' + %d * interval '1 minute'"},
		{"bytea", `('\xfe00' || lpad(to_hex(%d), 2, '0'))::bytea`},
		{"uuid", "('123e4567-e89b-12d3-a456-4266141740' || lpad(%d::text, 2, '0'))::uuid"},
		{"varchar(20)", "'Zoë-' || %d || ' a''\\'"},
		{`text COLLATE "en-x-icu"`, "CASE %[1]d %% 2 WHEN 0 THEN 'a' ELSE 'A' END || %[1]d"},
		{"char(20)", "'😀' || %d"},
		{"name", "'n' || %d"},
		{"grade", "(ARRAY['z','y','x','w','v','u','t','s','r','q','p','o','n','m','l'])[%d + 1]::grade"},
		{"boolean", "%d %% 2 = 0"},
	}
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, "CREATE TYPE grade AS ENUM ('z','y','x','w','v','u','t','s','r','q','p','o','n','m','l')")
	for i, k := range keys {
		t.Run(k.typ, func(t *testing.T) {
			rows := 15
			if k.typ == "boolean" {
				rows = 2
			}
			table := fmt.Sprintf("k%d", i)
			var values []string
			var want [][]string
			for n := range rows {
				values = append(values, "("+fmt.Sprintf(k.value, n)+fmt.Sprintf(", %d)", n))
				want = append(want, []string{fmt.Sprintf("int64 %d", n)})
			}
			db.Exec(t, "CREATE TABLE "+table+" (k "+k.typ+" PRIMARY KEY, n int)", "INSERT INTO "+table+" VALUES "+strings.Join(values, ", "))
			parameters := job(db, table, map[string]any{"column": []string{"n"}})
			plugintest.CheckReader(t, plugintest.ReaderSuite{
				New:       func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), parameters) },
				Want:      func(testing.TB) [][]string { return want },
				Channels:  []int{1},
				Resumable: true, Unordered: true,
			}, "whole", "resume", "marks")
		})
	}
}
