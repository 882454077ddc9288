package matrix

var postgresTypes = []sourceType{
	{"boolean", boolean, []string{"true", "false"}, nil},
	{"smallint", number, []string{"-32768", "32767"}, integer(-32768, 32767)},
	{"integer", number, []string{"-2147483648", "2147483647"}, integer(-1<<31, 1<<31-1)},
	{"bigint", number, []string{"-9223372036854775808", "9223372036854775807"}, integer(-1<<63, 1<<63-1)},
	{"oid", number, []string{"0", "4294967295"}, nil},
	{"numeric", number, append(quoteAll("NaN", "Infinity", "-Infinity", "1e-20", "1e100"), nines65, "-"+decimal30), nil},
	{"numeric(10,2)", number, append(quoteAll("NaN"), "-99999999.99", "0.01", "99999999.99"), decimalOf(8, 2)},
	{"numeric(38,10)", number, []string{"-9999999999999999999999999999.9999999999"}, decimalOf(28, 10)},
	{"real", single, quoteAll("-3.4028235e38", "-0", "1.1754944e-38", "0.1", "NaN", "Infinity"), nil},
	{"double precision", double, quoteAll("-1.7976931348623157e308", "-0", "2.2250738585072014e-308", "0.1", "9007199254740993", "NaN", "-Infinity"), float},
	{"money", number, quoteAll("-92233720368547758.08", "0.01", "92233720368547758.07"), nil},
	{"date", moment, quoteAll("0001-01-01", "1969-12-31", "2000-02-29", "9999-12-31", "4713-01-01 BC", "5874897-12-31", "infinity", "-infinity"), dateValue},
	{"timestamp", moment, quoteAll("0001-01-01 00:00:00", "2016-12-31 23:59:59.999999", "2016-12-31 23:59:60", "2021-03-28 02:30:00", "9999-12-31 23:59:59.999999", "4713-01-01 00:00:00 BC", "294276-12-31 23:59:59.999999", "infinity", "-infinity"), datetimeValue(6)},
	{"timestamp(3)", moment, quoteAll("2021-10-31 02:30:00.123"), nil},
	{"timestamptz", moment, quoteAll("0001-01-01 00:00:00+00", "2021-03-28 02:30:00+02", "9999-12-31 23:59:59.999999+00", "infinity", "-infinity"), nil},
	{"time", moment, quoteAll("00:00:00", "23:59:59.999999", "24:00:00"), nil},
	{"timetz", moment, quoteAll("00:00:00+00", "12:34:56.789+05:30", "23:59:59.999999-12"), nil},
	{"interval", span, quoteAll("0", "1 year 2 months 3 days 04:05:06.789", "-1 mons +2 days -03:00:00.000001", "178000000 years"), nil},
	{"char(10)", text, quoteAll("", "a", "Zürich 😀"), nil},
	{"varchar(100)", text, []string{"''", "' '", `E'a\nb\tc\\d'`, `'"quoted", it''s'`, "'NULL'", `'\N'`, `'\.'`, "'日本語 😀𝄞'", "'0123456789'"}, textValue},
	{"text", text, []string{"''", "repeat('😀', 20000)", "repeat('x', 70000)"}, textValue},
	{"bytea", bytes, []string{`'\x'`, `'\x00'`, `'\xfffefd00090a0d2c22'`, `decode(repeat('00ff', 8388608), 'hex')`}, nil},
	{"uuid", text, quoteAll("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), nil},
	{"json", document, quoteAll("null", "[]", ` {"a":1, "a":2,  "b":[true,null,"x"]} `, `"text"`, "1.10"), nil},
	{"jsonb", document, quoteAll("null", "[]", `{"a":1,"b":[true,null,"x\"y"],"ü":1e3}`, `"text"`, "123456789012345678901234567890"), nil},
	{"xml", text, quoteAll("<a b=\"c\">d</a>"), nil},
	{"bit(5)", bits, []string{"B'00000'", "B'10101'"}, nil},
	{"bit varying(64)", bits, []string{"B''", "B'1'", "B'1111111111111111111111111111111111111111111111111111111111111111'"}, nil},
	{"integer[]", text, quoteAll("{}", "{1,NULL,-3}", "{{1,2},{3,4}}"), nil},
	{"text[]", text, quoteAll("{}", `{a,"b c","",NULL,"NULL","\"\\"}`), nil},
	{"int4range", text, quoteAll("empty", "[1,10)", "(,)"), nil},
	{"tstzrange", text, quoteAll(`["2021-03-28 00:00:00+00","2021-03-29 00:00:00+00")`), nil},
	{"inet", text, quoteAll("127.0.0.1", "10.0.0.0/8", "::1"), nil},
	{"cidr", text, quoteAll("10.0.0.0/8"), nil},
	{"macaddr", text, quoteAll("08:00:2b:01:02:03"), nil},
	{"point", text, quoteAll("(1,-2.5)"), nil},
	{"tsvector", text, quoteAll("''a'':1 ''cat'':5"), nil},
	{"mood", text, quoteAll("sad", "ok", "so so ü"), nil},  // CREATE TYPE mood AS ENUM
	{"positive", number, quoteAll("1", "2147483647"), nil}, // CREATE DOMAIN positive AS int
	{"address", text, quoteAll(`("High Street",5)`), nil},  // CREATE TYPE address AS (street text, number int)
}

// postgresBefore makes the types of one's own.
const postgresBefore = `CREATE TYPE mood AS ENUM ('sad', 'ok', 'so so ü');
	CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
	CREATE TYPE address AS (street text, number integer)`
