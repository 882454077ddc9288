package matrix

var sqliteTypes = []sourceType{
	{"INTEGER", number, []string{"-9223372036854775808", "0", "9223372036854775807"}, integer(-1<<63, 1<<63-1)},
	{"REAL", double, []string{"-1.7976931348623157e308", "0.1", "9007199254740992.0", "9e999", "-9e999"}, float},
	{"NUMERIC", number, []string{"1", "0.5", "'12345678901234567890'"}, nil},
	{"TEXT", text, []string{"''", "'it''s \"quoted\", yes'", "'日本語 😀𝄞'", "'NULL'", "char(97, 10, 98)", "'12'"}, textValue},
	{"BLOB", bytes, []string{"X''", "X'00'", "X'FFFEFD00090A0D2C22'", "zeroblob(16777216)"}, bytesValue},
	{"", text, []string{"'text in a column without a type'", "''"}, nil},
	{"DATE", moment, []string{"'2021-02-28'", "'0001-01-01'", "'9999-12-31'"}, nil},
	{"DATETIME", moment, []string{"'2021-02-28 02:30:00'", "'2021-02-28 02:30:00.123456'"}, nil},
	{"BOOLEAN", boolean, []string{"0", "1"}, nil},
}
