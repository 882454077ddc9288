package mysql

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// typed is a column type and values of it: the literal to insert and how the
// cell is spelled.
type typed struct {
	typ    string
	only   string // product, "" for all
	kind   string // of the cells
	values [][2]string
}

var types = []typed{
	{"TINYINT", "", "int64", [][2]string{{"-128", "-128"}, {"127", "127"}, {"0", "0"}}},
	{"TINYINT UNSIGNED", "", "int64", [][2]string{{"255", "255"}}},
	{"TINYINT(1)", "", "int64", [][2]string{{"2", "2"}, {"-1", "-1"}}},
	{"SMALLINT", "", "int64", [][2]string{{"-32768", "-32768"}, {"32767", "32767"}}},
	{"SMALLINT UNSIGNED", "", "int64", [][2]string{{"65535", "65535"}}},
	{"MEDIUMINT", "", "int64", [][2]string{{"-8388608", "-8388608"}, {"8388607", "8388607"}}},
	{"MEDIUMINT UNSIGNED", "", "int64", [][2]string{{"16777215", "16777215"}}},
	{"INT", "", "int64", [][2]string{{"-2147483648", "-2147483648"}, {"2147483647", "2147483647"}}},
	{"INT UNSIGNED", "", "int64", [][2]string{{"4294967295", "4294967295"}}},
	{"INT(8) UNSIGNED ZEROFILL", "", "int64", [][2]string{{"42", "42"}}},
	{"BIGINT", "", "int64", [][2]string{{"-9223372036854775808", "-9223372036854775808"}, {"9223372036854775807", "9223372036854775807"}}},
	{"BIGINT UNSIGNED", "", "uint64", [][2]string{{"18446744073709551615", "18446744073709551615"}, {"0", "0"}}},
	{"YEAR", "", "int64", [][2]string{{"1901", "1901"}, {"2155", "2155"}, {"0", "0"}}},
	{"DECIMAL(65,30)", "", "decimal", [][2]string{
		{"99999999999999999999999999999999999.999999999999999999999999999999", "99999999999999999999999999999999999.999999999999999999999999999999"},
		{"-0.000000000000000000000000000001", "-0.000000000000000000000000000001"}}},
	{"DECIMAL(10,2)", "", "decimal", [][2]string{{"12.5", "12.50"}, {"-3", "-3.00"}}},
	{"DECIMAL(20,0) UNSIGNED", "", "decimal", [][2]string{{"18446744073709551616", "18446744073709551616"}}},
	{"DECIMAL(8,2) ZEROFILL", "", "decimal", [][2]string{{"12.5", "12.50"}, {"0", "0.00"}, {"0.25", "0.25"}}},
	{"FLOAT", "", "float32", [][2]string{{"16777216", "16777216"}, {"0.1", "0.1"}, {"-3.402823e38", "-3.402823e+38"}, {"1.17549435e-38", "1.1754944e-38"}, {"8388609.5", "8388610"}}},
	{"DOUBLE", "", "float64", [][2]string{{"0.1", "0.1"}, {"1.7976931348623157e308", "1.7976931348623157e+308"}, {"2.2250738585072014e-308", "2.2250738585072014e-308"}, {"9007199254740993", "9007199254740992"}}},
	{"BIT(1)", "", "bool", [][2]string{{"b'1'", "true"}, {"b'0'", "false"}}},
	{"BIT(10)", "", "uint64", [][2]string{{"b'1000000001'", "513"}}},
	{"BIT(64)", "", "uint64", [][2]string{{"X'ffffffffffffffff'", "18446744073709551615"}}},
	{"DATE", "", "date", [][2]string{{"'2024-02-29'", "2024-02-29"}, {"'0001-01-01'", "0001-01-01"}, {"'9999-12-31'", "9999-12-31"}}},
	{"TIME", "", "time", [][2]string{{"'00:00:00'", "00:00:00"}, {"'-838:59:59'", "-838:59:59"}, {"'838:59:59'", "838:59:59"}}},
	{"TIME(6)", "", "time", [][2]string{{"'-25:00:00.000001'", "-25:00:00.000001"}, {"'12:34:56.7'", "12:34:56.700000"}, {"'-00:00:00.5'", "-00:00:00.500000"}}},
	{"DATETIME", "", "datetime", [][2]string{{"'1000-01-01 00:00:00'", "1000-01-01 00:00:00"}, {"'9999-12-31 23:59:59'", "9999-12-31 23:59:59"}}},
	{"DATETIME(6)", "", "datetime", [][2]string{{"'2024-02-29 23:59:59.000001'", "2024-02-29 23:59:59.000001"}, {"'2024-01-01'", "2024-01-01 00:00:00.000000"}}},
	{"TIMESTAMP NULL", "", "timestamp", [][2]string{{"'1970-01-01 00:00:01'", "1970-01-01 00:00:01Z"}, {"'2038-01-19 03:14:07'", "2038-01-19 03:14:07Z"}}},
	{"TIMESTAMP(6) NULL", "", "timestamp", [][2]string{{"'2024-10-27 01:30:00.123456'", "2024-10-27 01:30:00.123456Z"}}},
	{"CHAR(5)", "", "string", [][2]string{{"'ab'", "ab"}, {"''", ""}}},
	{"VARCHAR(20)", "", "string", [][2]string{{"'zoë €😀'", "zoë €😀"}, {"'a\\0b'", "a\x00b"}, {"'x  '", "x  "}}},
	{"VARCHAR(20) CHARACTER SET latin1", "", "string", [][2]string{{"'zoë'", "zoë"}}},
	{"VARCHAR(20) COLLATE utf8mb4_bin", "", "string", [][2]string{{"'Bin'", "Bin"}}},
	{"TINYTEXT", "", "string", [][2]string{{"'tiny'", "tiny"}}},
	{"TEXT", "", "string", [][2]string{{"REPEAT('é', 30000)", strings.Repeat("é", 30000)}}},
	{"LONGTEXT", "", "string", [][2]string{{"REPEAT('x', 70000)", strings.Repeat("x", 70000)}}},
	{"BINARY(4)", "", "bytes", [][2]string{{"X'00ff'", "\x00\xff\x00\x00"}}},
	{"VARBINARY(10)", "", "bytes", [][2]string{{"X'80ff00'", "\x80\xff\x00"}, {"''", ""}}},
	{"TINYBLOB", "", "bytes", [][2]string{{"X'fb'", "\xfb"}}},
	{"MEDIUMBLOB", "", "bytes", [][2]string{{"REPEAT(X'fe', 70000)", strings.Repeat("\xfe", 70000)}}},
	{"ENUM('new','zoë')", "", "string", [][2]string{{"'zoë'", "zoë"}, {"1", "new"}}},
	{"SET('a','b','c')", "", "string", [][2]string{{"'c,a'", "a,c"}, {"''", ""}}},
	{"JSON", "MySQL", "json", [][2]string{{`'{"b": [1, 2.50, "é"], "a": null}'`, `{"a": null, "b": [1, 2.5, "é"]}`}, {`'null'`, `null`}}},
	{"JSON", "MariaDB", "string", [][2]string{{`'{"b": 1}'`, `{"b": 1}`}}},
	{"GEOMETRY", "", "bytes", [][2]string{{"ST_GeomFromText('POINT(1 2)')", "\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@"}}},
	{"UUID", "MariaDB", "uuid", [][2]string{{"'123E4567-e89b-12d3-a456-426614174000'", "123e4567-e89b-12d3-a456-426614174000"}}},
	{"INET6", "MariaDB", "string", [][2]string{{"'2001:db8::1'", "2001:db8::1"}}},
	{"INT AS (7) VIRTUAL", "", "int64", [][2]string{{"DEFAULT", "7"}}},
}

// TestTypes reads values of every type at their limits, and NULL of each.
func TestTypes(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		product := t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]
		columns, rows := []string{"id INT PRIMARY KEY"}, 0
		var used []typed
		for _, ty := range types {
			if ty.only == "" || ty.only == product {
				columns = append(columns, fmt.Sprintf("c%d %s", len(used), ty.typ))
				used = append(used, ty)
				rows = max(rows, len(ty.values))
			}
		}
		want := make([][]string, rows+1)
		statements := []string{"SET time_zone = '+00:00'", "CREATE TABLE every (" + strings.Join(columns, ", ") + ") CHARACTER SET utf8mb4"}
		for i := range want {
			literals := []string{fmt.Sprint(i)}
			want[i] = []string{fmt.Sprintf("int64 %d", i)}
			for _, ty := range used {
				switch v := ty.values[i%len(ty.values)]; {
				case i == rows && v[0] != "DEFAULT":
					literals, want[i] = append(literals, "NULL"), append(want[i], "null")
				default:
					literals, want[i] = append(literals, v[0]), append(want[i], ty.kind+" "+v[1])
				}
			}
			statements = append(statements, "INSERT INTO every VALUES ("+strings.Join(literals, ", ")+")")
		}
		db.Exec(t, statements...)
		got := read(t, job(db, "every", nil))
		if len(got) != len(want) {
			t.Fatalf("%d rows, want %d", len(got), len(want))
		}
		for i := range want {
			for c := range want[i] {
				if got[i][c] != want[i][c] {
					t.Errorf("row %d, %s: %.80q, want %.80q", i, columns[c], got[i][c], want[i][c])
				}
			}
		}
	})
}

// read returns the rows of a job in one channel, spelled.
func read(t *testing.T, parameters string) [][]string {
	t.Helper()
	readings, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), parameters), 1, plugintest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for _, g := range readings {
		rows = append(rows, g.Rows...)
	}
	return rows
}
