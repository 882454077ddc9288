package matrix

import (
	"slices"
	"strings"
)

func quoteAll(values ...string) []string {
	for i := range values {
		values[i] = "'" + values[i] + "'"
	}
	return values
}

const (
	nines65   = "99999999999999999999999999999999999999999999999999999999999999999"
	decimal30 = "99999999999999999999999999999999999.999999999999999999999999999999"
)

// mysqlTypes are those that MySQL and MariaDB have in common.
var mysqlTypes = []sourceType{
	{"tinyint", number, []string{"-128", "0", "127"}, integer(-128, 127)},
	{"tinyint(1)", number, []string{"0", "1", "-128", "127"}, integer(-128, 127)},
	{"tinyint unsigned", number, []string{"0", "255"}, integer(0, 255)},
	{"smallint", number, []string{"-32768", "32767"}, nil},
	{"smallint unsigned", number, []string{"0", "65535"}, nil},
	{"mediumint", number, []string{"-8388608", "8388607"}, nil},
	{"mediumint unsigned", number, []string{"0", "16777215"}, nil},
	{"int", number, []string{"-2147483648", "2147483647"}, integer(-1<<31, 1<<31-1)},
	{"int unsigned", number, []string{"0", "4294967295"}, integer(0, 1<<32-1)},
	{"bigint", number, []string{"-9223372036854775808", "9223372036854775807"}, integer(-1<<63, 1<<63-1)},
	{"bigint unsigned", number, []string{"0", "9223372036854775807", "9223372036854775808", "18446744073709551615"}, unsigned},
	{"decimal(10,2)", number, []string{"-99999999.99", "0.00", "0.01", "99999999.99"}, decimalOf(8, 2)},
	{"decimal(65,0)", number, []string{"-" + nines65, nines65}, decimalOf(65, 0)},
	{"decimal(65,30)", number, []string{"-" + decimal30, "0.000000000000000000000000000001", decimal30}, decimalOf(35, 30)},
	{"float", single, []string{"-3.4028234e38", "-0.0e0", "1.17549435e-38", "16777216", "0.1", "3.4028234e38"}, nil},
	{"double", double, []string{"-1.7976931348623157e308", "-0.0e0", "2.2250738585072014e-308", "0.1", "9007199254740993", "1.7976931348623157e308"}, float},
	{"bit(1)", bits, []string{"b'0'", "b'1'"}, nil},
	{"bit(64)", bits, []string{"b'0'", "b'1000000000000000000000000000000000000000000000000000000000000000'", "18446744073709551615"}, nil},
	{"date", moment, quoteAll("0001-01-01", "1582-10-10", "1969-12-31", "2000-02-29", "2021-03-28", "9999-12-31", "0000-00-00", "2021-02-30"), dateValue},
	{"datetime", moment, quoteAll("0001-01-01 00:00:00", "1969-12-31 23:59:59", "2021-03-28 02:30:00", "9999-12-31 23:59:59", "0000-00-00 00:00:00"), nil},
	{"datetime(6)", moment, quoteAll("1000-01-01 00:00:00.000001", "2016-12-31 23:59:59.999999", "2021-10-31 02:30:00.5", "9999-12-31 23:59:59.999999"), datetimeValue(6)},
	{"timestamp", moment, quoteAll("1970-01-01 00:00:01", "2021-03-28 02:30:00", "2038-01-19 03:14:07"), nil},
	{"timestamp(6)", moment, quoteAll("1970-01-01 00:00:01.000001", "2038-01-19 03:14:07.999999"), nil},
	{"time", moment, quoteAll("-838:59:59", "-00:00:01", "00:00:00", "23:59:59", "24:00:00", "838:59:59"), nil},
	{"time(6)", moment, quoteAll("-838:59:58.999999", "-00:00:00.000001", "12:34:56.789", "838:59:58.999999"), nil},
	{"year", number, []string{"1901", "2155", "0"}, nil},
	{"char(10)", text, quoteAll("", "a", "Zürich 😀"), nil},
	{"varchar(100)", text, append(quoteAll("", " ", "a\\nb\\tc\\\\d", "\\\"quoted\\\", it\\'s", "NULL", "\\\\N", "日本語 😀𝄞", "0123456789"), "CONCAT('a', CHAR(0 USING utf8mb4), 'b')"), textValue},
	{"longtext", text, []string{"''", "REPEAT('😀', 20000)", "REPEAT('x', 70000)"}, nil},
	{"binary(4)", bytes, []string{"X'00'", "X'00FF00FF'"}, nil},
	{"varbinary(255)", bytes, []string{"X''", "X'00'", "X'5C4E'", "X'FFFEFD00090A0D2C22'"}, bytesValue},
	{"longblob", bytes, []string{"X''", "REPEAT(X'00FF', 8388608)"}, nil},
	{"enum('a','b c','ü')", text, quoteAll("a", "b c", "ü"), nil},
	{"set('a','b','ü')", text, quoteAll("", "a", "a,b,ü"), nil},
	{"json", document, quoteAll("null", "[]", `{"a": 1, "b": [true, null, "x\\"y"], "ü": 1e100}`, `"text"`, "123456789012345678"), nil},
	{"point", bytes, []string{"ST_GeomFromText('POINT(1 -2.5)')"}, nil},
}

// mariadbTypes are what they are in MariaDB, without values that a packet of that server cannot hold.
func mariadbTypes() []sourceType {
	types := slices.Clone(mysqlTypes)
	for i := range types {
		types[i].values = slices.Clone(types[i].values)
		if types[i].sql == "json" {
			types[i].family = text // it is another word for longtext
		}
		for j, v := range types[i].values {
			types[i].values[j] = strings.NewReplacer("8388608", "4000000").Replace(v)
		}
	}
	return types
}
