package flinksql_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
	"github.com/datasync-io/datasync/core/transform/flinksql"
)

// sample has a column of every family; one row of it is below.
var sample = record.NewSchema(record.Name{Schema: "s", Table: "v"}, []record.Column{
	{Name: "a", Kind: record.Int64}, {Name: "big", Kind: record.Int64}, {Name: "u", Kind: record.Uint64},
	{Name: "price", Kind: record.Decimal, Precision: 10, Scale: 2}, {Name: "free", Kind: record.Decimal}, {Name: "f", Kind: record.Float64},
	{Name: "c", Kind: record.String}, {Name: "n", Kind: record.String, Nullable: true}, {Name: "ni", Kind: record.Int64, Nullable: true},
	{Name: "t", Kind: record.Bool}, {Name: "day", Kind: record.Date}, {Name: "ts", Kind: record.Datetime, Scale: 3}, {Name: "at", Kind: record.Timestamp},
	{Name: "tm", Kind: record.Time}, {Name: "any", Kind: record.Any}, {Name: "j", Kind: record.JSON}, {Name: "info._int_", Kind: record.Int64},
	{Name: "stu:id", Kind: record.Int64}, {Name: "bin", Kind: record.Bytes}, {Name: "weird", Kind: record.String},
}, 0)

func sampleRow(b *record.Batch, op record.Op, s *record.Schema) {
	b.Begin(s, op)
	b.Int64(7)
	b.Int64(9223372036854775807)
	b.Uint64(18446744073709551615)
	b.Decimal([]byte("12.50"))
	b.Decimal([]byte("123456789012345678901234567890.123456789"))
	b.Float64(2.5)
	b.String([]byte("Zoë O'Neil"))
	b.Null()
	b.Null()
	b.Bool(true)
	b.Date(19782)                     // 2024-02-29
	b.Datetime(1709210096, 789000000) // 2024-02-29 12:34:56.789
	b.Timestamp(1709210096, 0)
	b.Time(45296 * 1_000_000_000) // 12:34:56
	b.Int64(42)
	b.JSON([]byte(`{"k":1}`))
	b.Int64(5)
	b.Int64(6)
	b.Bytes([]byte{0xAB})
	b.String([]byte("12a"))
}

var paris = mustZone("Europe/Paris")

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err)
	}
	return z
}

// run applies a query to the sample and returns the rows that come out, their
// cells as kind:text with | between.
func run(t *testing.T, sql string) ([]string, error) {
	t.Helper()
	q, err := flinksql.Parse(sql, "")
	if err != nil {
		return nil, err
	}
	in, out := record.NewBatch(0, 0), record.NewBatch(0, 0)
	sampleRow(in, record.Insert, sample)
	clock := func() time.Time { return time.Unix(1_700_000_000, 123456789) }
	err = q.NewTransform(flinksql.Options{Zone: paris, Now: clock}).Apply(context.Background(), in, out)
	return texts(out), err
}

func texts(b *record.Batch) []string {
	var rows []string
	for i := range b.Len() {
		r := b.Row(i)
		var cells []string
		for c := range r.Schema().Columns {
			if k := r.Kind(c); k <= record.Null {
				cells = append(cells, k.String())
			} else {
				cells = append(cells, k.String()+":"+string(r.AppendText(nil, c)))
			}
		}
		rows = append(rows, r.Op().String()+" "+strings.Join(cells, "|"))
	}
	return rows
}

func TestExpressions(t *testing.T) {
	for _, tt := range []struct{ sql, want string }{
		// literals and names
		{"1", "int64:1"}, {"1.50", "decimal:1.50"}, {"1e3", "float64:1000"}, {"'it''s \\d'", `string:it's \d`}, {"TRUE", "bool:true"}, {"NULL", "null"},
		{"18446744073709551615", "decimal:18446744073709551615"}, {"123456789012345678901", "decimal:123456789012345678901"}, {"x'ab'", "bytes:\xab"}, {"-5", "int64:-5"},
		{"v.a", "int64:7"}, {"`a`", "int64:7"}, {"info._int_ + 2", "int64:7"}, {"stu.id", "int64:6"}, {"j", `json:{"k":1}`}, {"bin", "bytes:\xab"}, {"any", "int64:42"},
		{"DATE '2024-02-29'", "date:2024-02-29"}, {"TIMESTAMP '2024-02-29 01:02:03.5'", "datetime:2024-02-29 01:02:03.5"}, {"TIME '10:11:12'", "time:10:11:12"},
		// arithmetic
		{"a + 1", "int64:8"}, {"a - 10", "int64:-3"}, {"a * a", "int64:49"}, {"a / 2", "int64:3"}, {"-a / 2", "int64:-3"}, {"MOD(a, 4)", "int64:3"}, {"-a % 4", "int64:-3"},
		{"u + 1", "decimal:18446744073709551616"}, {"price + 1", "decimal:13.50"}, {"price * price", "decimal:156.2500"}, {"price / 3", "decimal:4.1666666666667"},
		{"price - 12.5", "decimal:0.00"}, {"-price", "decimal:-12.50"}, {"MOD(price, 5)", "decimal:2.50"}, {"free * 2", "decimal:246913578024691357802469135780.246913578"},
		{"free / 7", "decimal:17636684144620811271604938270.017636684142857143"}, {"1.0 / 3", "decimal:0.333333333333"}, {"f * 2", "float64:5"}, {"f + price", "float64:15"}, {"1 + 0.1 + 0.2", "decimal:1.3"},
		{"a + n", "null"}, {"ni * 2", "null"}, {"'3' + 4", "decimal:7"}, {"any + 1", "decimal:43"}, {"0.1 + 0.2", "decimal:0.3"}, {"big - 1", "int64:9223372036854775806"},
		// logic
		{"a > 5 AND a < 10", "bool:true"}, {"ni > 5", "null"}, {"ni > 5 AND a < 5", "bool:false"}, {"ni > 5 OR a > 5", "bool:true"}, {"NOT ni > 5", "null"}, {"ni IS NULL", "bool:true"}, {"a IS NOT NULL", "bool:true"},
		{"ni > 1 IS TRUE", "bool:false"}, {"(ni > 1) IS NOT TRUE", "bool:true"}, {"a BETWEEN 7 AND 8", "bool:true"}, {"a NOT BETWEEN 1 AND ni", "null"}, {"a BETWEEN 8 AND ni", "bool:false"},
		{"a IN (1, 7)", "bool:true"}, {"a IN (1, NULL)", "null"}, {"a NOT IN (1, 2)", "bool:true"}, {"c IN ('x', 'Zoë O''Neil')", "bool:true"}, {"price IN (12.5, 1)", "bool:true"}, {"ni IN (1)", "null"},
		{"a <> 0 AND 10 / a > 0", "bool:true"}, {"a = 0 AND 1 / 0 > 0", "bool:false"}, {"a <=> NULL", "bool:false"}, {"n <=> NULL", "bool:true"},
		{"price = 12.5", "bool:true"}, {"f = 2.5", "bool:true"}, {"u > big", "bool:true"}, {"any > 9", "bool:true"}, {"c > 'Z'", "bool:true"}, {"day = '2024-02-29'", "bool:true"}, {"ts > day", "bool:true"}, {"t = TRUE", "bool:true"}, {"at = ts", "bool:false"}, {"ts > '2024-02-29 12:34:56.788'", "bool:true"},
		{"c LIKE 'Zo%'", "bool:true"}, {"c LIKE 'Zo_ %il'", "bool:true"}, {"c LIKE '%x%'", "bool:false"}, {"c NOT LIKE 'Q%'", "bool:true"}, {"n LIKE '%'", "null"}, {"'5%' LIKE '5!%' ESCAPE '!'", "bool:true"}, {"'5x' LIKE '5!%' ESCAPE '!'", "bool:false"}, {`'a\b' LIKE 'a\b'`, "bool:true"},
		// choice
		{"CASE WHEN a > 5 THEN 'big' ELSE 'small' END", "string:big"}, {"CASE a WHEN 1 THEN 1.5 WHEN 7 THEN 2 END", "decimal:2.0"}, {"CASE WHEN a > 50 THEN 1 END", "null"}, {"CASE WHEN a = 7 THEN 1 ELSE 1 / 0 END", "int64:1"},
		{"COALESCE(n, c)", "string:Zoë O'Neil"}, {"IFNULL(ni, 3)", "int64:3"}, {"NULLIF(a, 7)", "null"}, {"NULLIF(a, 8)", "int64:7"}, {"IF(t, 1, 2)", "int64:1"}, {"GREATEST(1, a, 3)", "int64:7"}, {"LEAST(1, ni)", "null"},
		// casts
		{"CAST(a AS varchar)", "string:7"}, {"CAST(c AS VARCHAR(3))", "string:Zoë"}, {"CAST('x' AS CHAR(3))", "string:x  "}, {"CAST(price AS INT)", "int64:12"}, {"CAST('12.7' AS BIGINT)", "int64:12"}, {"CAST(price AS DECIMAL(4, 1))", "decimal:12.5"}, {"CAST('1.005' AS DECIMAL(5,2))", "decimal:1.01"},
		{"CAST(day AS STRING)", "string:2024-02-29"}, {"CAST(ts AS STRING)", "string:2024-02-29 12:34:56.789"}, {"CAST(at AS TIMESTAMP(0))", "datetime:2024-02-29 13:34:56"}, {"CAST(ts AS DATE)", "date:2024-02-29"}, {"CAST(ts AS TIME)", "time:12:34:56"},
		{"CAST('2024-01-02 03:04:05' AS TIMESTAMP(3))", "datetime:2024-01-02 03:04:05.000"}, {"CAST(TIMESTAMP '2024-07-01 02:00:00' AS TIMESTAMP_LTZ(0))", "timestamp:2024-07-01 00:00:00Z"}, {"CAST(t AS INT)", "int64:1"}, {"CAST('yes' AS BOOLEAN)", "bool:true"}, {"TRY_CAST(weird AS INT)", "null"}, {"CAST(t AS STRING)", "string:TRUE"}, {"CAST(a AS DOUBLE)", "float64:7"}, {"CAST(f AS DECIMAL(3,1))", "decimal:2.5"}, {"CAST('ab' AS BYTES)", "bytes:ab"}, {"CAST(CAST(a AS VARCHAR(5)) AS INT) + 1", "int64:8"},
		// texts
		{"UPPER(c)", "string:ZOË O'NEIL"}, {"lower(c)", "string:zoë o'neil"}, {"CHAR_LENGTH(c)", "int64:10"}, {"c || '!' || a", "string:Zoë O'Neil!7"}, {"c || n", "null"}, {"CONCAT(c, 1)", "string:Zoë O'Neil1"}, {"CONCAT_WS('-', 'a', n, 'b')", "string:a-b"},
		{"TRIM('  x ')", "string:x"}, {"TRIM(BOTH 'x' FROM 'xxaxx')", "string:a"}, {"TRIM(LEADING 'x' FROM 'xxaxx')", "string:axx"}, {"TRIM(TRAILING 'x' FROM 'xxaxx')", "string:xxa"}, {"LTRIM(' x ')", "string:x "}, {"RTRIM(' x ')", "string: x"},
		{"SUBSTRING(c, 2, 2)", "string:oë"}, {"SUBSTRING(c FROM 5)", "string:O'Neil"}, {"SUBSTR(c, -4)", "string:Neil"}, {"SUBSTRING(c FROM 1 FOR 3)", "string:Zoë"}, {"LEFT(c, 3)", "string:Zoë"}, {"RIGHT(c, 2)", "string:il"}, {"REPLACE(c, 'o', '00')", "string:Z00ë O'Neil"}, {"REVERSE('aë')", "string:ëa"}, {"REPEAT('ab', 2)", "string:abab"},
		{"LPAD('7', 3, '0')", "string:007"}, {"RPAD('abc', 2, 'x')", "string:ab"}, {"INITCAP('hello wORLD')", "string:Hello World"}, {"POSITION('O' IN c)", "int64:5"}, {"LOCATE('e', 'eve', 2)", "int64:3"}, {"INSTR('abc', 'c')", "int64:3"}, {"ASCII('A')", "int64:65"}, {"CHR(65)", "string:A"}, {"SPLIT_INDEX('a,b,c', ',', 1)", "string:b"},
		{"TO_BASE64('ab')", "string:YWI="}, {"FROM_BASE64('YWI=')", "string:ab"}, {"MD5('a')", "string:0cc175b9c0f1b6a831c399e269772661"}, {"SHA1('')", "string:da39a3ee5e6b4b0d3255bfef95601890afd80709"}, {"REGEXP_REPLACE('a1b2', '([0-9])', '<$1>')", "string:a<1>b<2>"}, {"REGEXP_EXTRACT('id=42', 'id=(\\d+)', 1)", "string:42"}, {"REGEXP(c, '^Zo')", "bool:true"},
		// numbers
		{"ABS(-a)", "int64:7"}, {"ABS(-price)", "decimal:12.50"}, {"SIGN(-2.5)", "int64:-1"}, {"CEIL(price)", "decimal:13"}, {"FLOOR(-price)", "decimal:-13"}, {"ROUND(price, 1)", "decimal:12.5"}, {"ROUND(price)", "decimal:13"}, {"ROUND(-0.5)", "decimal:-1"}, {"ROUND(1234.5, -2)", "decimal:1200"}, {"ROUND(1250, -2)", "int64:1300"}, {"TRUNCATE(1.987, 1)", "decimal:1.9"}, {"ROUND(2.675e0, 2)", "float64:2.68"}, {"FLOOR(f)", "float64:2"}, {"POWER(2, 10)", "float64:1024"}, {"SQRT(16)", "float64:4"},
		// times
		{"YEAR(day)", "int64:2024"}, {"EXTRACT(MONTH FROM ts)", "int64:2"}, {"DAYOFYEAR(day)", "int64:60"}, {"QUARTER(day)", "int64:1"}, {"WEEK(DATE '2021-01-03')", "int64:53"}, {"DAYOFWEEK(day)", "int64:5"}, {"HOUR(ts)", "int64:12"}, {"EXTRACT(HOUR FROM at)", "int64:13"}, {"MINUTE(tm)", "int64:34"}, {"SECOND(ts)", "int64:56"},
		{"day + INTERVAL '1' DAY", "date:2024-03-01"}, {"day - INTERVAL '1' YEAR", "date:2023-02-28"}, {"ts + INTERVAL '90' MINUTE", "datetime:2024-02-29 14:04:56.789"}, {"ts + INTERVAL '1.5' SECOND", "datetime:2024-02-29 12:34:58.289000"}, {"TIMESTAMPADD(MONTH, 1, day)", "date:2024-03-29"}, {"TIMESTAMPDIFF(DAY, day, DATE '2024-03-02')", "int64:2"}, {"TIMESTAMPDIFF(MONTH, DATE '2024-01-31', day)", "int64:0"}, {"TIMESTAMPDIFF(HOUR, ts, day)", "int64:-12"}, {"tm + INTERVAL '12' HOUR", "time:00:34:56"},
		{"DATE_FORMAT(ts, 'yyyy/MM/dd HH-mm-ss.SSS')", "string:2024/02/29 12-34-56.789"}, {"TO_DATE('2024-02-29')", "date:2024-02-29"}, {"TO_DATE('29.02.24', 'dd.MM.yy')", "date:2024-02-29"}, {"TO_TIMESTAMP('20240229123456', 'yyyyMMddHHmmss')", "datetime:2024-02-29 12:34:56.000"}, {"TO_TIMESTAMP('2024-02-29 12:34:56')", "datetime:2024-02-29 12:34:56.000"}, {"FROM_UNIXTIME(0)", "string:1970-01-01 01:00:00"}, {"UNIX_TIMESTAMP('1970-01-01 01:00:01')", "int64:1"}, {"TO_TIMESTAMP_LTZ(1500, 3)", "timestamp:1970-01-01 00:00:01.500Z"},
		{"CURRENT_TIMESTAMP", "timestamp:2023-11-14 22:13:20.123Z"}, {"CURRENT_DATE", "date:2023-11-14"}, {"LOCALTIMESTAMP", "datetime:2023-11-14 23:13:20.123"}, {"UNIX_TIMESTAMP()", "int64:1700000000"},
	} {
		rows, err := run(t, "SELECT "+tt.sql+" AS x FROM v")
		if err != nil {
			t.Errorf("%s: %v", tt.sql, err)
			continue
		}
		if got := strings.TrimPrefix(rows[0], "insert "); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.sql, got, tt.want)
		}
	}
}

// TestDirtyValues computes what has no result: the row is refused and names
// the column and the expression.
func TestDirtyValues(t *testing.T) {
	for _, tt := range []struct {
		sql, want string
		reason    errclass.Reason
	}{
		{"big + 1", "big + 1: overflow: 9223372036854775807 + 1 is no BIGINT", errclass.Overflow},
		{"-(-big - 1)", "overflow", errclass.Overflow},
		{"big * a", "overflow", errclass.Overflow},
		{"a / (a - 7)", "division by zero", errclass.Other},
		{"price / (a - 7)", "division by zero", errclass.Other},
		{"u * u * u", "has more digits than DECIMAL(38, 0)", errclass.Overflow},
		{"CAST(weird AS INT)", `weird: "12a" is no number (to INT)`, errclass.Conversion},
		{"CAST(big AS INT)", "big: the number is out of range (to INT)", errclass.Conversion},
		{"CAST(price AS DECIMAL(3, 2))", "price: the number has more digits (to DECIMAL(3, 2))", errclass.Conversion},
		{"weird > 3", `"12a" is no number`, errclass.Conversion},
		{"TO_DATE(c)", "is not in the format", errclass.Conversion},
		{"CAST(c AS DATE)", "is no DATE", errclass.Conversion},
		{"c || CAST(bin AS STRING)", "no UTF-8", errclass.Conversion},
	} {
		rows, err := run(t, "SELECT "+tt.sql+" AS x FROM v")
		var refused *errclass.Rows
		if !errors.As(err, &refused) || len(refused.Bad) != 1 || len(rows) > 0 {
			t.Errorf("%s: rows %v, error %v; want a row that is refused", tt.sql, rows, err)
			continue
		}
		bad := refused.Bad[0]
		if bad.Column != "x" || bad.Reason != tt.reason || !strings.Contains(bad.Err.Error(), tt.want) {
			t.Errorf("%s: column %q, reason %s, %q; want x, %s, %q", tt.sql, bad.Column, bad.Reason, bad.Err, tt.reason, tt.want)
		}
	}
}

// TestRefused are queries that are turned down before a row is read.
func TestRefused(t *testing.T) {
	for _, tt := range []struct{ sql, want string }{
		{"SELECT a FROM v ORDER BY a", "ORDER BY is not supported: rows are transformed one by one"},
		{"SELECT a FROM v GROUP BY a", "GROUP BY is not supported: rows are transformed one by one"},
		{"SELECT DISTINCT a FROM v", "DISTINCT is not supported: rows are transformed one by one"},
		{"SELECT a FROM v LIMIT 3", "LIMIT is not supported: rows are transformed one by one"},
		{"SELECT a FROM v GROUP BY a HAVING a > 1", "HAVING is not supported"},
		{"SELECT COUNT(*) FROM v", "COUNT: aggregate functions are not supported: rows are transformed one by one"},
		{"SELECT a, SUM(a) FROM v", "SUM: aggregate functions are not supported"},
		{"SELECT ROW_NUMBER() OVER (PARTITION BY a) FROM v", "window functions are not supported"},
		{"SELECT v.a FROM v JOIN w ON v.a = w.a", "joins are not supported: FROM names the reader's table alone"},
		{"SELECT a FROM v, w", "joins are not supported: FROM names the reader's table alone"},
		{"SELECT a FROM (SELECT a FROM v)", "subqueries are not supported"},
		{"SELECT a FROM v WHERE a IN (SELECT 1)", "subqueries are not supported"},
		{"SELECT (SELECT 1) FROM v", "subqueries are not supported"},
		{"SELECT a FROM v UNION ALL SELECT a FROM v", "UNION, INTERSECT and EXCEPT are not supported"},
		{"WITH w AS (SELECT 1) SELECT a FROM v", "WITH is not supported"},
		{"INSERT INTO v VALUES (1)", "expected SELECT ... FROM view [WHERE ...]"},
		{"SELECT a FROM v; SELECT a FROM v", "expected one SELECT, found 2 statements"},
		{"SELECT a", "FROM is missing"},
		{"SELECT a FROM", "syntax error at the end"},
		{"SELECT a b c FROM v", `syntax error at "c FROM v"`},
		{"SELECT nope FROM v", "nope: there is no such column, there are a, big"},
		{"SELECT DEC FROM v", "syntax error"},
		{"SELECT A FROM v", "A: there is no such column, did you mean a? (case counts)"},
		{"SELECT w.a FROM v", "w.a: there is no such column"},
		{"SELECT v.a FROM v AS x", "v.a: there is no such column"},
		{"SELECT FROBNICATE(a) FROM v", "FROBNICATE(a): the function FROBNICATE is not supported"},
		{"SELECT UPPER(a, c) FROM v", "UPPER does not take 2 arguments"},
		{"SELECT CAST(a AS ROW<x INT>) FROM v", "CAST to ROW<x INT> is not supported"},
		{"SELECT CAST(a AS DECIMAL(50)) FROM v", "CAST to DECIMAL(50): the precision is from 1 to 38"},
		{"SELECT CAST('x' AS INT) FROM v", `"x" is no number (to INT)`},
		{"SELECT CAST(day AS INT) FROM v", "CAST from DATE to INT is not supported"},
		{"SELECT a + day FROM v", "day is no number: it is DATE"},
		{"SELECT a FROM v WHERE a", "a: expected a condition, it is BIGINT"},
		{"SELECT a FROM v WHERE bin > 1", "cannot be compared"},
		{"SELECT CASE WHEN t THEN bin ELSE 1 END FROM v", "which does not go together with the other values; use CAST"},
		{"SELECT c SIMILAR TO 'x' FROM v", "write REGEXP(x, 'pattern') in place of SIMILAR TO"},
		{"SELECT a IS DISTINCT FROM 3 FROM v", "in place of IS DISTINCT FROM"},
		{"SELECT REGEXP(c, '(?<=a)b') FROM v", "look-behind (?<=...) is not supported"},
		{"SELECT REGEXP(c, c) FROM v", "the regular expression must be a literal"},
		{"SELECT DATE_FORMAT(ts, 'EEE') FROM v", "the letter E of the format"},
		{"SELECT 'open FROM v", "has no end"},
		{"SELECT 12345678901234567890.123456789012345678901234567890 FROM v", "has more than 38 digits"},
		{"SELECT 'x' + 1 FROM v", "'x': \"x\" is no number"},
		{"SELECT nope FROM v WHERE nowhere", "nowhere: there is no such column"},
		{"SELECT a AND t FROM v", "expected a condition"},
		{"SELECT a & 1 FROM v", "is not supported"},
	} {
		if _, err := run(t, tt.sql); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s:\n got %v\nwant %s", tt.sql, err, tt.want)
		} else if errclass.Of(err) != errclass.Config {
			t.Errorf("%s: class %s", tt.sql, errclass.Of(err))
		}
	}
	if _, err := flinksql.Parse("SELECT a FROM other", "v"); err == nil || !strings.Contains(err.Error(), "FROM other: the reader's table is called v") {
		t.Errorf("another view: %v", err)
	}
}

func TestResultSchema(t *testing.T) {
	s := *sample
	s.Columns = append(append([]record.Column{}, sample.Columns...), record.Column{Name: "_ts", Kind: record.Timestamp})
	q, err := flinksql.Parse("SELECT c AS name, a, a + 1, a, CAST(price AS DECIMAL(5,1)) d, * FROM v", "v")
	if err != nil {
		t.Fatal(err)
	}
	p, err := q.Compile(&s, flinksql.Options{})
	if err != nil {
		t.Fatal(err)
	}
	out := p.Schema()
	var names []string
	for _, c := range out.Columns {
		names = append(names, c.Name+" "+c.Kind.String())
	}
	want := "name string,a int64,EXPR$2 int64,a0 int64,d decimal,a1 int64"
	if got := strings.Join(names, ","); !strings.HasPrefix(got, want) || !strings.HasSuffix(got, ",_ts timestamp") {
		t.Errorf("columns %s", got)
	}
	if out.Data != len(out.Columns)-1 || len(out.Key) != 1 || out.Key[0] != 1 || out.Name != sample.Name {
		t.Errorf("data %d, key %v, name %s", out.Data, out.Key, out.Name)
	}
	if d := out.Columns[4]; d.Precision != 5 || d.Scale != 1 {
		t.Errorf("%+v", d)
	}
}
