package binlog

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
	readmysql "github.com/datasync-io/datasync/reader/mysql"
)

// typed is a column's type and literals of values.
type typed struct {
	sql    string
	values []string
}

const (
	nines65   = "99999999999999999999999999999999999999999999999999999999999999999"
	decimal30 = "99999999999999999999999999999999999.999999999999999999999999999999"
)

// common are the types that both products have.
var common = []typed{
	{"TINYINT", []string{"-128", "0", "127"}}, {"TINYINT(1)", []string{"0", "1", "-128"}}, {"TINYINT UNSIGNED", []string{"0", "255"}}, {"BOOL", []string{"TRUE"}},
	{"SMALLINT", []string{"-32768", "32767"}}, {"SMALLINT UNSIGNED", []string{"65535"}}, {"MEDIUMINT", []string{"-8388608", "-1", "8388607"}}, {"MEDIUMINT UNSIGNED", []string{"16777215"}},
	{"INT", []string{"-2147483648", "2147483647"}}, {"INT UNSIGNED", []string{"4294967295"}}, {"INT(8) UNSIGNED ZEROFILL", []string{"42"}}, {"INTEGER", []string{"1"}},
	{"BIGINT", []string{"-9223372036854775808", "9223372036854775807"}}, {"BIGINT UNSIGNED", []string{"0", "18446744073709551615"}},
	{"YEAR", []string{"1901", "2155", "0"}},
	{"DECIMAL(10,2)", []string{"-99999999.99", "0", "0.01", "-0.01", "12.5", "100000.10"}}, {"DECIMAL", []string{"-5"}}, {"DECIMAL(65,0)", []string{"-" + nines65, nines65, "1000000000000000001"}},
	{"DECIMAL(65,30)", []string{"-" + decimal30, "0.000000000000000000000000000001", decimal30}}, {"DECIMAL(5,5)", []string{"0.12345", "-0.00001"}},
	{"DECIMAL(18,9) UNSIGNED", []string{"999999999.000000001"}}, {"DECIMAL(8,2) ZEROFILL", []string{"12.5", "0"}}, {"NUMERIC(9,0)", []string{"123456789"}},
	{"FLOAT", []string{"16777216", "0.1", "-3.4028234e38"}}, {"FLOAT(7,3)", []string{"1.5"}}, {"FLOAT UNSIGNED", []string{"2"}}, {"DOUBLE", []string{"0.1", "-0.0e0", "1.7976931348623157e308"}}, {"DOUBLE PRECISION", []string{"3"}}, {"REAL", []string{"4"}},
	{"BIT", []string{"b'1'", "b'0'"}}, {"BIT(10)", []string{"b'1000000001'"}}, {"BIT(64)", []string{"X'ffffffffffffffff'"}},
	{"DATE", []string{"'2024-02-29'", "'0001-01-01'", "'9999-12-31'"}},
	{"TIME", []string{"'00:00:00'", "'-838:59:59'", "'838:59:59'", "'-00:00:01'"}}, {"TIME(1)", []string{"'-00:00:00.1'", "'-12:00:00.9'"}}, {"TIME(3)", []string{"'-12:34:56.789'", "'01:02:03.004'"}},
	{"TIME(6)", []string{"'-25:00:00.000001'", "'12:34:56.7'", "'-838:59:58.999999'"}},
	{"DATETIME", []string{"'1000-01-01 00:00:00'", "'9999-12-31 23:59:59'"}}, {"DATETIME(2)", []string{"'2024-02-29 23:59:59.25'"}}, {"DATETIME(4)", []string{"'2024-02-29 23:59:59.1234'"}}, {"DATETIME(6)", []string{"'2024-02-29 23:59:59.000001'"}},
	{"TIMESTAMP NULL", []string{"'1970-01-01 00:00:01'", "'2038-01-19 03:14:07'"}}, {"TIMESTAMP(5) NULL", []string{"'2024-10-27 01:30:00.12345'"}},
	{"CHAR(5)", []string{"'ab'", "''", "'ab  '"}}, {"CHAR(100)", []string{"REPEAT('😀', 100)"}}, {"CHAR", []string{"'x'"}}, {"VARCHAR(20)", []string{"'zoë €😀'", "'a\\0b'", "'x  '"}}, {"VARCHAR(1000)", []string{"REPEAT('é', 1000)"}},
	{"VARCHAR(20) CHARACTER SET latin1", []string{"'zoë €'"}}, {"CHAR(20) CHARACTER SET gbk", []string{"'中文 a'"}}, {"VARCHAR(20) CHARACTER SET utf16", []string{"'日本 😀'"}}, {"TEXT CHARACTER SET ucs2", []string{"'zoë'"}},
	{"VARCHAR(20) CHARACTER SET sjis", []string{"'日本語'"}}, {"VARCHAR(20) CHARACTER SET koi8r", []string{"'Привет'"}}, {"VARCHAR(20) CHARACTER SET utf8mb3", []string{"'日本'"}}, {"VARCHAR(20) CHARACTER SET ascii", []string{"'abc'"}},
	{"CHAR(5) CHARACTER SET binary", []string{"'ab'"}}, {"VARCHAR(20) COLLATE utf8mb4_bin", []string{"'Bin'"}},
	{"TINYTEXT", []string{"'tiny'"}}, {"TEXT", []string{"REPEAT('é', 30000)"}}, {"MEDIUMTEXT", []string{"'m'"}}, {"LONGTEXT", []string{"REPEAT('x', 70000)", "''"}}, {"TEXT(100)", []string{"'sized'"}},
	{"BINARY(4)", []string{"X'00ff'", "X'00000000'", "X'01020304'"}}, {"VARBINARY(255)", []string{"X''", "X'FFFE00'"}}, {"TINYBLOB", []string{"X'01'"}}, {"BLOB", []string{"REPEAT(X'00FF', 1000)"}}, {"MEDIUMBLOB", []string{"X'02'"}}, {"LONGBLOB", []string{"REPEAT(X'00FF', 100000)"}},
	{"ENUM('a','b c','ü','it''s')", []string{"'a'", "'ü'", "'it''s'"}}, {"SET('a','b','ü')", []string{"''", "'a'", "'a,b,ü'"}}, {"ENUM('é','€') CHARACTER SET latin1", []string{"'é'"}},
	{"JSON", []string{`'{"a": 1, "b": [true, null, "x\\"y"], "ü": 1e100}'`, "'[]'", "'{}'", `'"text"'`, "'123456789012345678'", "'[1.5, -2, 0.1, 1e20, 1e-7, 12345678901234567890]'", "NULL"}},
	{"POINT", []string{"ST_GeomFromText('POINT(1 -2.5)')"}}, {"GEOMETRY", []string{"ST_GeomFromText('LINESTRING(0 0,1 1,2 4)')"}}, {"POLYGON", []string{"ST_GeomFromText('POLYGON((0 0,10 0,10 10,0 10,0 0))')"}},
}

// mysqlOnly are types and values of MySQL alone.
var mysqlOnly = []typed{
	{"JSON", []string{"JSON_OBJECT('d', CAST('2024-02-29' AS DATE), 't', CAST('-12:34:56.5' AS TIME(1)), 'dt', CAST('2024-02-29 01:02:03.000004' AS DATETIME(6)), 'n', CAST(12.50 AS DECIMAL(10,2)))",
		"JSON_ARRAY(CAST(X'0102ff' AS BINARY), b'101', CAST(18446744073709551615 AS UNSIGNED), -9223372036854775808)", "JSON_OBJECT('long', REPEAT('x', 70000), 'k', JSON_ARRAY(1,2,3))",
		`'{"\\u0001": "\\b\\f\\n\\r\\t/", "zz": 1, "a": 2}'`, "CAST(1.0e0 AS JSON)", "JSON_ARRAY(1e15, 1e14, 123456789012345.5, 0.00001, 1e-15, 1e-16, 1.5e300, -0.0e0, 100e0, 3.0e0)"}},
	{"INT INVISIBLE", []string{"7"}},
}

var mariadbOnly = []typed{
	{"UUID", []string{"'123e4567-e89b-12d3-a456-426614174000'", "'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'", "'018f4d2e-5a3b-7c1d-8e2f-123456789abc'", "'9b2c7f4e-1d3a-4e5b-9c8d-0a1b2c3d4e5f'"}},
	{"INET6", []string{"'2001:db8::ff00:42:8329'", "'::'", "'::ffff:192.0.2.1'"}}, {"INET4", []string{"'192.0.2.1'", "'0.0.0.0'"}},
}

// TestTypes compares what the log says with what SELECT does: values, and the
// shape of rows.
func TestTypes(t *testing.T) {
	for _, product := range []struct {
		name  string
		start func(testing.TB, ...servers.Option) servers.SQLServer
		types []typed
		least string
	}{
		{"MySQL", servers.StartMySQL, slices.Concat(common, mysqlOnly), "MINIMAL"},
		{"MariaDB", servers.StartMariaDB, slices.Concat(common, mariadbOnly), "NO_LOG"},
	} {
		t.Run(product.name, func(t *testing.T) {
			srv := product.start(t)
			for _, metadata := range []string{"FULL", product.least} {
				for _, seeded := range []bool{true, false} {
					t.Run(fmt.Sprintf("metadata %s, seeded %v", metadata, seeded), func(t *testing.T) {
						db := srv.DB(t)
						db.Exec(t, "SET GLOBAL binlog_row_metadata = "+metadata)
						compareTypes(t, db, product.types, seeded)
					})
				}
			}
		})
	}
}

func compareTypes(t *testing.T, db servers.Database, types []typed, seeded bool) {
	var create, insert []string
	rows := 0
	for i, typ := range types {
		create = append(create, fmt.Sprintf("CREATE TABLE t%03d (id INT PRIMARY KEY, v %s)", i, typ.sql))
		for n, v := range append(typ.values, "NULL") {
			insert = append(insert, fmt.Sprintf("INSERT INTO t%03d (id, v) VALUES (%d, %s)", i, n, v))
			rows++
		}
	}
	if seeded {
		db.Exec(t, create...)
	}
	s := follow(t, build(t, parameters(db, nil)))
	if !seeded {
		db.Exec(t, create...)
	}
	db.Exec(t, insert...)
	got := map[string]*table{}
	s.each = func(r record.Row) { collect(got, r) }
	s.until(rows)
	want := selected(t, db)
	for i, typ := range types {
		name := fmt.Sprintf("t%03d", i)
		g, w := got[name], want[name]
		if g == nil || w == nil {
			t.Errorf("%s: from the log %v, from the table %v", typ.sql, g, w)
			continue
		}
		if a, b := fmt.Sprintf("%+v", g.schema.Columns), fmt.Sprintf("%+v", w.schema.Columns); a != b {
			t.Errorf("%s: columns\n log   %s\n table %s", typ.sql, a, b)
		}
		if a, b := fmt.Sprint(g.schema.Key), fmt.Sprint(w.schema.Key); a != b {
			t.Errorf("%s: key %s of the log, %s of the table", typ.sql, a, b)
		}
		for n := range max(len(g.rows), len(w.rows)) {
			if n >= len(g.rows) || n >= len(w.rows) || !slices.Equal(g.rows[n], w.rows[n]) {
				t.Errorf("%s, value %d:\n log   %.300q\n table %.300q", typ.sql, n, at(g.rows, n), at(w.rows, n))
			}
		}
	}
}

func at(rows [][]string, i int) []string {
	if i < len(rows) {
		return rows[i]
	}
	return nil
}

// table is what was read of one.
type table struct {
	schema *record.Schema
	rows   [][]string
}

func collect(tables map[string]*table, r record.Row) {
	name := r.Schema().Name.Table
	if tables[name] == nil {
		tables[name] = &table{schema: r.Schema()}
	}
	tables[name].rows = append(tables[name].rows, plugintest.Cells(r))
}

// selected reads all tables of a database with the batch reader.
func selected(t *testing.T, db servers.Database) map[string]*table {
	t.Helper()
	text, err := json.Marshal(map[string]any{"username": servers.RootUser, "password": servers.RootPassword, "column": []string{"*"}, "orderByColumn": "id",
		"connection": []any{map[string]any{"jdbcUrl": []string{db.URL()}, "table": []string{"t*"}}}})
	if err != nil {
		t.Fatal(err)
	}
	d, err := config.Inline(string(text))
	if err != nil {
		t.Fatal(err)
	}
	r, err := readmysql.Info().New(plugin.Env{Log: slog.New(slog.DiscardHandler), Zone: time.UTC}, d)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	splits, err := plugintest.Plan(t.Context(), r, plugin.Plan{Channels: 1})
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]*table{}
	for _, split := range splits {
		s := reopen(t, r, plugin.Progress{Split: split})
		s.each = func(r record.Row) { collect(tables, r) }
		for {
			if err := s.fill(t.Context()); err != nil {
				if !strings.Contains(err.Error(), "EOF") {
					t.Fatal(err)
				}
				break
			}
		}
		s.close()
	}
	return tables
}
