package pgkit_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

// values are texts that PostgreSQL reads; read is what the cell prints, "" for
// the same text.
var typeTests = []struct {
	typ    string
	kind   record.Kind
	text   bool // has no binary form here
	values []string
	read   []string
}{
	{typ: "boolean", kind: record.Bool, values: []string{"t", "f"}, read: []string{"true", "false"}},
	{typ: "smallint", kind: record.Int64, values: []string{"-32768", "0", "32767"}},
	{typ: "integer", kind: record.Int64, values: []string{"-2147483648", "0", "2147483647"}},
	{typ: "bigint", kind: record.Int64, values: []string{"-9223372036854775808", "-1", "9223372036854775807"}},
	{typ: "oid", kind: record.Int64, values: []string{"0", "4294967295"}},
	{typ: "xid8", kind: record.Uint64, values: []string{"0", "18446744073709551615"}},
	{typ: "real", kind: record.Float32, values: []string{"0", "-0", "1.1", "-3.4028235e+38", "1e-45", "NaN", "Infinity", "-Infinity"},
		read: []string{"", "", "", "-3.4028235e+38", "1e-45", "", "", ""}},
	{typ: "double precision", kind: record.Float64, values: []string{"0", "-0", "0.1", "1.7976931348623157e+308", "5e-324", "NaN", "Infinity", "-Infinity"}},
	{typ: "numeric", kind: record.Decimal, values: []string{"0", "0.00", "1", "-1", "10000", "9999", "0.0001", "-0.00010", "12345678901234567890.123456789012345678901234567890",
		"100000000000000000000000000000000000000000000000000000000000000000", "0.00000000000000000000000000000000001", "NaN", "Infinity", "-Infinity",
		strings.Repeat("9", 200) + "." + strings.Repeat("123", 100)}},
	{typ: "numeric(10,2)", kind: record.Decimal, values: []string{"99999999.99", "-99999999.99", "0.10", "NaN"}},
	{typ: "numeric(2,-3)", kind: record.Decimal, values: []string{"99000", "-1000", "0"}},
	{typ: "money", kind: record.Decimal, values: []string{"-92233720368547758.08", "0.01", "12.50", "92233720368547758.07"}},
	{typ: "text", kind: record.String, values: []string{"", "a", "é😀\U00010348", "tab\tnl\ncr\rbs\\", `\N`, `\.`, `"quoted"`, "  blanks  ", strings.Repeat("x", 100000)}},
	{typ: "varchar(3)", kind: record.String, values: []string{"", "abc", "é😀b"}},
	{typ: "char(5)", kind: record.String, values: []string{"abc  ", "     "}},
	{typ: "name", kind: record.String, values: []string{"n"}},
	{typ: `"char"`, kind: record.String, text: true, values: []string{"c", ""}},
	{typ: "bytea", kind: record.Bytes, values: []string{`\x`, `\x00ff5c0a09`}, read: []string{"", "\x00\xff\\\n\t"}},
	{typ: "date", kind: record.Date, values: []string{"2000-01-01", "1970-01-01", "0001-01-01", "9999-12-31", "0001-12-31 BC", "4713-01-01 BC", "5874897-12-31", "infinity", "-infinity", "2024-02-29"},
		read: []string{"", "", "", "", "0000-12-31", "-4712-01-01", "+5874897-12-31", "", "", ""}},
	{typ: "time", kind: record.Time, values: []string{"00:00:00", "23:59:59.999999", "24:00:00"}},
	{typ: "time(3)", kind: record.Time, values: []string{"12:34:56.789"}},
	{typ: "timetz", kind: record.Time, values: []string{"00:00:00+15:59", "23:59:59.999999-15:59", "24:00:00+00"}, read: []string{"", "", "24:00:00+00:00"}},
	{typ: "timestamp", kind: record.Datetime, values: []string{"1970-01-01 00:00:00", "1969-12-31 23:59:59.999999", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "4713-11-24 00:00:00 BC",
		"294276-12-31 23:59:59.999999", "infinity", "-infinity", "2016-12-31 23:59:60"},
		read: []string{"", "", "", "", "-4712-11-24 00:00:00", "+294276-12-31 23:59:59.999999", "", "", "2017-01-01 00:00:00"}},
	{typ: "timestamp(3)", kind: record.Datetime, values: []string{"2020-01-01 00:00:00.123"}},
	{typ: "timestamptz", kind: record.Timestamp, values: []string{"1970-01-01 00:00:00+00", "2024-03-31 02:30:00+02", "0044-03-15 12:00:00+00 BC", "infinity", "-infinity"},
		read: []string{"1970-01-01 00:00:00Z", "2024-03-31 00:30:00Z", "-0043-03-15 12:00:00Z", "", ""}},
	{typ: "interval", kind: record.Interval, values: []string{"1 year 2 mons 3 days 04:05:06.000007", "-1 mons +3 days -00:00:00.5", "178000000 years", "-178000000 years", "0", "infinity", "-infinity"},
		read: []string{"P14M3DT14706.000007S", "P-1M3DT-0.5S", "P2136000000M0DT0S", "P-2136000000M0DT0S", "P0M0DT0S",
			"P2147483647M2147483647DT9223372036854.775807S", "P-2147483648M-2147483648DT-9223372036854.775808S"}},
	{typ: "uuid", kind: record.UUID, values: []string{"00000000-0000-0000-0000-000000000000", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "ffffffff-ffff-ffff-ffff-ffffffffffff"}},
	{typ: "json", kind: record.JSON, values: []string{`{"a": 1,  "a": 2}`, `"\u0000"`, "null", "[1e400]"}},
	{typ: "jsonb", kind: record.JSON, values: []string{`{"a": 1, "b": [true, null, "é"]}`, "null", "12345678901234567890.10"}},
	{typ: "bit(3)", kind: record.String, values: []string{"000", "101"}},
	{typ: "bit varying", kind: record.String, values: []string{"", "1", "1010101010101"}},
	{typ: "xml", kind: record.String, text: true, values: []string{"<a>1</a>", "plain"}},
	{typ: "integer[]", kind: record.String, text: true, values: []string{"{}", "{1,NULL,3}", "[2:3]={1,2}", "{{1,2},{3,4}}"}},
	{typ: "text[]", kind: record.String, text: true, values: []string{`{"a,b","\"q\"","\\",NULL,"NULL",""}`}, read: []string{""}},
	{typ: "double precision[]", kind: record.String, text: true, values: []string{"{0.1,1.7976931348623157e+308,NaN}"}},
	{typ: "timestamptz[]", kind: record.String, text: true, values: []string{`{"2020-01-01 00:00:00+00",infinity}`}},
	{typ: "int4range", kind: record.String, text: true, values: []string{"[1,5)", "empty", "(,)"}},
	{typ: "int4multirange", kind: record.String, text: true, values: []string{"{[1,3),[5,8)}"}},
	{typ: "inet", kind: record.String, text: true, values: []string{"192.168.0.1/24", "::1", "10.0.0.1"}},
	{typ: "cidr", kind: record.String, text: true, values: []string{"192.168.0.0/24"}},
	{typ: "macaddr", kind: record.String, text: true, values: []string{"08:00:2b:01:02:03"}},
	{typ: "point", kind: record.String, text: true, values: []string{"(1.1,-2)"}},
	{typ: "polygon", kind: record.String, text: true, values: []string{"((0,0),(1,1),(1,0))"}},
	{typ: "tsvector", kind: record.String, text: true, values: []string{"'a':1 'b':2"}},
	{typ: "pg_lsn", kind: record.String, text: true, values: []string{"16/B374D848"}},
	{typ: "mood", kind: record.String, values: []string{"sad", "it's ok"}},
	{typ: "mood[]", kind: record.String, text: true, values: []string{`{sad,"it's ok"}`}},
	{typ: "citext", kind: record.String, values: []string{"AbC"}},
	{typ: "hstore", kind: record.String, text: true, values: []string{`"a"=>"1", "b"=>NULL`}},
	{typ: "ltree", kind: record.String, text: true, values: []string{"a.b.c"}},
	{typ: "price", kind: record.Decimal, values: []string{"1.50"}},
	{typ: "pair", kind: record.String, text: true, values: []string{`(1,"x y")`}},
}

var typeSetup = []string{
	`CREATE TYPE mood AS ENUM ('sad', 'it''s ok')`, `CREATE EXTENSION citext`, `CREATE EXTENSION hstore`, `CREATE EXTENSION ltree`,
	`CREATE DOMAIN positive AS numeric(10,2) CHECK (VALUE > 0)`, `CREATE DOMAIN price AS positive`, `CREATE TYPE pair AS (a int, b text)`,
}

// Every value is read as what it is, and written back as the same.
func TestTypes(t *testing.T) {
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, typeSetup...)
	c := dial(t, settings(t, db.URL(), hasty))
	for i, tt := range typeTests {
		for _, beside := range []string{"", ", int[]"} { // alone, and beside a column that goes as text
			from, to := fmt.Sprintf("a%d_%d", i, len(beside)), fmt.Sprintf("b%d_%d", i, len(beside))
			columns, names := "id int, v "+tt.typ, []string{"id", "v"}
			if beside != "" {
				columns, names = columns+", x int[]", append(names, "x")
			}
			list := make([]string, 0, len(tt.values)+1)
			for n, v := range tt.values {
				list = append(list, fmt.Sprintf("(%d, '%s'::text)", n, strings.ReplaceAll(v, "'", "''")))
			}
			list = append(list, fmt.Sprintf("(%d, NULL)", len(tt.values)))
			err := c.Exec(t.Context(), "CREATE TABLE "+from+" ("+columns+"); CREATE TABLE "+to+" ("+columns+"); "+
				"INSERT INTO "+from+" (id, v) SELECT id, v::"+tt.typ+" FROM (VALUES "+strings.Join(list, ", ")+") x(id, v)")
			if err != nil {
				t.Fatal(err)
			}
			b, schema := read(t, c, "SELECT * FROM "+from+" ORDER BY id")
			if k := schema.Columns[1].Kind; k != tt.kind {
				t.Errorf("%s is read as %v, want %v", tt.typ, k, tt.kind)
			}
			for n := range tt.values {
				want := tt.values[n]
				if tt.read != nil && (tt.read[n] != "" || tt.kind == record.Bytes) {
					want = tt.read[n]
				}
				got := string(b.Row(n).AppendText(nil, 1))
				if strings.Contains(got, ":") { // times show all digits that their type keeps
					got = strings.Replace(got, ".000000", "", 1)
				}
				if got != want {
					t.Errorf("%s %q is read as %.200q, want %.200q", tt.typ, tt.values[n], got, want)
				}
			}
			if k := b.Row(len(tt.values)).Kind(1); k != record.Null {
				t.Errorf("%s: NULL is read as %v", tt.typ, k)
			}
			if n, err := write(c, to, names, b); err != nil || n != int64(b.Len()) {
				t.Errorf("%s: wrote %d rows, %v", tt.typ, n, err)
				continue
			}
			for _, diff := range db.Query(t, "SELECT a.v::text, b.v::text FROM "+from+" a JOIN "+to+" b USING (id) WHERE a.v::text IS DISTINCT FROM b.v::text") {
				t.Errorf("%s %v was written as %v (beside %q)", tt.typ, show(diff[0]), show(diff[1]), beside)
			}
		}
	}
}

func show(s *string) string {
	if s == nil {
		return "NULL"
	}
	return fmt.Sprintf("%.300q", *s)
}
