package mysql

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
	readmysql "github.com/datasync-io/datasync/reader/mysql"
)

// typed is a column type and values of it: how a cell is appended, and the
// literal that it has to be equal to.
type typed struct {
	typ, only string
	kind      record.Kind
	values    []value
}

type value struct {
	put     func(b *record.Batch)
	literal string
}

func ints(pairs ...int64) (list []value) {
	for _, n := range pairs {
		list = append(list, value{func(b *record.Batch) { b.Int64(n) }, fmt.Sprint(n)})
	}
	return list
}

func texts(kind record.Kind, pairs ...string) (list []value) {
	for i := 0; i < len(pairs); i += 2 {
		list = append(list, value{func(b *record.Batch) { b.Text(kind, pairs[i]) }, pairs[i+1]})
	}
	return list
}

func cells(list ...any) (values []value) {
	for i := 0; i < len(list); i += 2 {
		values = append(values, value{list[i].(func(*record.Batch)), list[i+1].(string)})
	}
	return values
}

func moment(kind record.Kind, year int64, month, day, clock int, nsec uint32) func(*record.Batch) {
	sec := record.Days(year, month, day)*86400 + int64(clock)
	return func(b *record.Batch) {
		switch kind {
		case record.Date:
			b.Date(record.Days(year, month, day))
		case record.Datetime:
			b.Datetime(sec, nsec)
		default:
			b.Timestamp(sec, nsec)
		}
	}
}

func duration(ns int64) func(*record.Batch) { return func(b *record.Batch) { b.Time(ns) } }
func f32(v float32) func(*record.Batch)     { return func(b *record.Batch) { b.Float32(v) } }
func f64(v float64) func(*record.Batch)     { return func(b *record.Batch) { b.Float64(v) } }
func u64(v uint64) func(*record.Batch)      { return func(b *record.Batch) { b.Uint64(v) } }
func truth(v bool) func(*record.Batch)      { return func(b *record.Batch) { b.Bool(v) } }

var types = []typed{
	{"TINYINT", "", record.Int64, ints(-128, 127, 0)},
	{"TINYINT UNSIGNED", "", record.Int64, ints(0, 255)},
	{"TINYINT(1)", "", record.Bool, cells(truth(true), "1", truth(false), "0")},
	{"SMALLINT", "", record.Int64, ints(-32768, 32767)},
	{"SMALLINT UNSIGNED", "", record.Uint64, cells(u64(65535), "65535")},
	{"MEDIUMINT", "", record.Int64, ints(-8388608, 8388607)},
	{"MEDIUMINT UNSIGNED", "", record.Int64, ints(16777215)},
	{"INT", "", record.Int64, ints(-2147483648, 2147483647)},
	{"INT UNSIGNED", "", record.Int64, ints(4294967295)},
	{"INT(8) UNSIGNED ZEROFILL", "", record.Int64, ints(42)},
	{"BIGINT", "", record.Int64, ints(-9223372036854775808, 9223372036854775807, -1)},
	{"BIGINT UNSIGNED", "", record.Uint64, cells(u64(18446744073709551615), "18446744073709551615", u64(0), "0")},
	{"YEAR", "", record.Int64, ints(1901, 2155, 0)},
	{"DECIMAL(65,30)", "", record.Decimal, texts(record.Decimal,
		"99999999999999999999999999999999999.999999999999999999999999999999", "99999999999999999999999999999999999.999999999999999999999999999999",
		"-0.000000000000000000000000000001", "-0.000000000000000000000000000001", "0", "0", "1.5e3", "1500")},
	{"DECIMAL(10,2)", "", record.Decimal, texts(record.Decimal, "12.5", "12.50", "-3", "-3.00", "-99999999.99", "-99999999.99")},
	{"DECIMAL(20,0) UNSIGNED", "", record.Decimal, texts(record.Decimal, "18446744073709551616", "18446744073709551616")},
	{"FLOAT", "", record.Float32, cells(f32(16777216), "16777216", f32(0.1), "0.1", f32(-3.4028235e38), "-3.4028234663852886e38", f32(1.1754944e-38), "1.1754943508222875e-38",
		f32(1e-45), "1.401298464324817e-45", f32(8388609), "8388609")},
	{"DOUBLE", "", record.Float64, cells(f64(0.1), "0.1", f64(1.7976931348623157e308), "1.7976931348623157e308", f64(2.2250738585072014e-308), "2.2250738585072014e-308",
		f64(9007199254740993), "9007199254740992", f64(-1e-300), "-1e-300")},
	{"DOUBLE", "", record.Float32, cells(f32(0.1), "0.10000000149011612")},
	{"FLOAT(7,2)", "", record.Float32, cells(f32(1.25), "1.25", f32(12345.5), "12345.5")},
	{"BIT(1)", "", record.Bool, cells(truth(true), "b'1'", truth(false), "b'0'")},
	{"BIT(10)", "", record.Uint64, cells(u64(513), "513", u64(0), "0")},
	{"BIT(64)", "", record.Uint64, cells(u64(18446744073709551615), "X'ffffffffffffffff'")},
	{"DATE", "", record.Date, cells(moment(record.Date, 2024, 2, 29, 0, 0), "'2024-02-29'", moment(record.Date, 1, 1, 1, 0, 0), "'0001-01-01'", moment(record.Date, 9999, 12, 31, 0, 0), "'9999-12-31'")},
	{"TIME", "", record.Time, cells(duration(0), "'00:00:00'", duration(-longest), "'-838:59:59'", duration(longest), "'838:59:59'")},
	{"TIME(6)", "", record.Time, cells(duration(-90000_000001000), "'-25:00:00.000001'", duration(45296_700000000), "'12:34:56.7'", duration(-500000000), "'-00:00:00.5'")},
	{"DATETIME", "", record.Datetime, cells(moment(record.Datetime, 1000, 1, 1, 0, 0), "'1000-01-01 00:00:00'", moment(record.Datetime, 9999, 12, 31, 86399, 0), "'9999-12-31 23:59:59'",
		moment(record.Datetime, 1, 1, 1, 1, 0), "'0001-01-01 00:00:01'")},
	{"DATETIME(6)", "", record.Datetime, cells(moment(record.Datetime, 2024, 2, 29, 86399, 1000), "'2024-02-29 23:59:59.000001'", moment(record.Datetime, 2024, 1, 1, 0, 0), "'2024-01-01'")},
	{"DATETIME(3)", "", record.Datetime, cells(moment(record.Datetime, 1969, 12, 31, 86399, 999000000), "'1969-12-31 23:59:59.999'")},
	{"TIMESTAMP NULL", "", record.Timestamp, cells(moment(record.Timestamp, 1970, 1, 1, 1, 0), "'1970-01-01 00:00:01'", moment(record.Timestamp, 2038, 1, 19, 11647, 0), "'2038-01-19 03:14:07'")},
	{"TIMESTAMP(6) NULL", "", record.Timestamp, cells(moment(record.Timestamp, 2024, 10, 27, 5400, 123456000), "'2024-10-27 01:30:00.123456'",
		func(b *record.Batch) { b.TimestampOffset(1, 0, 330) }, "'1970-01-01 00:00:01'")},
	{"CHAR(5)", "", record.String, texts(record.String, "ab", "'ab'", "", "''", "zoë€😀", "'zoë€😀'", "abcde   ", "'abcde'")},
	{"VARCHAR(20)", "", record.String, texts(record.String, "zoë €😀", "'zoë €😀'", "a\x00b", "'a\\0b'", "x  ", "'x  '", "\\N", "'\\\\N'", "NULL", "'NULL'", "a\tb\nc\\d'e\"f\r", "'a\\tb\\nc\\\\d\\'e\"f\\r'", "\x1a", "'\\Z'")},
	{"VARCHAR(20) CHARACTER SET latin1", "", record.String, texts(record.String, "zoë", "'zoë'")},
	{"VARCHAR(20) COLLATE utf8mb4_bin", "", record.String, texts(record.String, "Bin", "'Bin'")},
	{"VARCHAR(50)", "", record.UUID, texts(record.UUID, "123e4567-e89b-12d3-a456-426614174000", "'123e4567-e89b-12d3-a456-426614174000'")},
	{"TEXT", "", record.String, texts(record.String, strings.Repeat("é", 30000), "REPEAT('é', 30000)")},
	{"LONGTEXT", "", record.String, texts(record.String, strings.Repeat("x", 70000), "REPEAT('x', 70000)")},
	{"BINARY(4)", "", record.Bytes, texts(record.Bytes, "\x00\xff\x00\x00", "X'00ff0000'")},
	{"VARBINARY(10)", "", record.Bytes, texts(record.Bytes, "\x80\xff\x00\t\n\\", "X'80ff00090a5c'", "", "''")},
	{"TINYBLOB", "", record.Bytes, texts(record.Bytes, "\xfb", "X'fb'")},
	{"MEDIUMBLOB", "", record.Bytes, texts(record.Bytes, strings.Repeat("\xfe", 70000), "REPEAT(X'fe', 70000)")},
	{"ENUM('new','zoë','it''s','a\\\\b')", "", record.String, texts(record.String, "zoë", "'zoë'", "it's", "'it''s'", "a\\b", "'a\\\\b'")},
	{"SET('a','b','c')", "", record.String, texts(record.String, "a,c", "'a,c'", "c,a", "'a,c'", "", "''")},
	{"JSON", "", record.JSON, texts(record.JSON, `{"b": [1, 2.50, "é\n"], "a": null}`, `'{"b": [1, 2.50, "é\\n"], "a": null}'`, `null`, `'null'`)},
	{"GEOMETRY", "", record.Bytes, texts(record.Bytes, "\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\xf0?\x00\x00\x00\x00\x00\x00\x00@", "ST_GeomFromText('POINT(1 2)')")},
	{"UUID", "MariaDB", record.UUID, texts(record.UUID, "123e4567-e89b-12d3-a456-426614174000", "'123e4567-e89b-12d3-a456-426614174000'")},
	{"INET6", "MariaDB", record.String, texts(record.String, "2001:db8::1", "'2001:db8::1'")},
}

const longest = (838*3600 + 59*60 + 59) * 1_000_000_000

// used are the types that a product has.
func used(t *testing.T) (list []typed) {
	product := t.Name()[strings.LastIndexByte(t.Name(), '/')+1:]
	for _, ty := range types {
		if ty.only == "" || ty.only == product {
			list = append(list, ty)
		}
	}
	return list
}

// typeRows is how many rows the table of all types has; the last one is all NULL.
const typeRows = 70

// everyType makes a table "want" with a column of each type of list, and gives
// its columns as SQL and the same rows in a batch for a table "got".
func everyType(t *testing.T, db servers.Database, list []typed) (columns string, s *record.Schema, b *record.Batch) {
	definitions, schemaColumns := []string{"id INT PRIMARY KEY"}, []record.Column{{Name: "id", Kind: record.Int64}}
	for i, ty := range list {
		definitions = append(definitions, fmt.Sprintf("c%d %s", i, ty.typ))
		schemaColumns = append(schemaColumns, record.Column{Name: fmt.Sprintf("c%d", i), Kind: ty.kind, Nullable: true})
	}
	columns = " (" + strings.Join(definitions, ", ") + ") CHARACTER SET utf8mb4"
	statements := []string{"SET time_zone = '+00:00'", "CREATE TABLE want" + columns}
	b = record.NewBatch(0, 0)
	s = record.NewSchema(record.Name{Table: "got"}, schemaColumns, 0)
	for id := range typeRows {
		literals := []string{fmt.Sprint(id)}
		b.Begin(s, record.Insert)
		b.Int64(int64(id))
		for _, ty := range list {
			v := ty.values[id%len(ty.values)]
			switch {
			case id == typeRows-1:
				literals = append(literals, "NULL")
				b.Null()
			case id > 2 && (strings.HasPrefix(ty.typ, "MEDIUMBLOB") || strings.HasSuffix(ty.typ, "TEXT")):
				literals = append(literals, "''")
				b.Text(ty.kind, "")
			default:
				literals = append(literals, v.literal)
				v.put(b)
			}
		}
		statements = append(statements, "INSERT INTO want VALUES ("+strings.Join(literals, ", ")+")")
	}
	db.Exec(t, statements...)
	return columns, s, b
}

// compareTypes compares got with want, column by column.
func (l *lab) compareTypes(how string, list []typed) {
	l.t.Helper()
	joined := l.db.Name + ".got g JOIN " + l.db.Name + ".want w USING (id)"
	for i, ty := range list {
		c := fmt.Sprintf("c%d", i)
		if got := l.text("SELECT COUNT(*) FROM " + joined + " WHERE " + same(ty, c)); got != fmt.Sprint(typeRows) {
			l.t.Errorf("%s: %s: %s rows of %d are as they should be; differing: %.300s", how, ty.typ, got, typeRows,
				l.text("SELECT id, g."+c+", w."+c+" FROM "+joined+" WHERE NOT ("+same(ty, c)+")"))
		}
	}
}

// TestTypes writes values of every type at their limits, and NULL of each, by
// each way there is, and compares them with literals.
func TestTypes(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		list := used(t)
		columns, s, b := everyType(t, db, list)
		for _, way := range []string{"insert", "load", "upsert", "replace", "update"} {
			db.Exec(t, "DROP TABLE IF EXISTS got", "CREATE TABLE got"+columns)
			if way == "update" {
				db.Exec(t, "INSERT INTO got (id) SELECT id FROM want")
			}
			l := newLab(t, db, quiet())
			verb := map[string]sqlwrite.Verb{"upsert": sqlwrite.Upsert, "replace": sqlwrite.Replace, "update": sqlwrite.Update}[way]
			f, at := l.formOf(verb, s, func(f *sqlwrite.Form) {
				if way == "load" {
					f.Bulk = "load"
				}
			})
			l.must(l.s.Begin(t.Context()))
			found, err := l.write(t.Context(), f, at, b)
			if err != nil || found != typeRows {
				t.Fatalf("%s: %d rows, %v", way, found, err)
			}
			l.must(l.s.Commit(t.Context()))
			if loads := l.text("SHOW SESSION STATUS LIKE 'Com_load'"); way == "load" && (loads != "Com_load 1" || l.s.load.skip > 0) {
				t.Errorf("not loaded: %s", loads)
			}
			l.compareTypes(way, list)
		}
	})
}

// TestRoundTrip reads every type and writes it again.
func TestRoundTrip(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		list := used(t)
		columns, _, _ := everyType(t, db, list)
		l := newLab(t, db, quiet())
		for name, more := range map[string]map[string]any{"default": nil, "load": {"insertSqlMode": "load"}, "update": {"mode": "update", "allReplace": true}} {
			db.Exec(t, "DROP TABLE IF EXISTS got", "CREATE TABLE got"+columns)
			copyTable(t, db, job(db, "got", more))
			l.compareTypes(name, list)
		}
	})
}

// copyTable writes what the reader of the same system reads from the table want.
func copyTable(t *testing.T, db servers.Database, parameters string) {
	t.Helper()
	reader := plugintest.NewReader(t, readmysql.Info(), fmt.Sprintf(`{"username": %q, "password": %q, "column": ["*"], "connection": [{"jdbcUrl": [%q], "table": ["want"]}]}`,
		servers.RootUser, servers.RootPassword, db.URL()))
	splits, err := reader.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
	if err != nil || len(splits) != 1 {
		t.Fatal(len(splits), err)
	}
	source, err := reader.Open(t.Context(), plugin.Progress{Split: splits[0]})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = source.Close() }()
	writer := plugintest.NewWriter(t, Info(), parameters)
	sink, err := writer.Open(t.Context(), plugin.Task{Job: "copy", Run: 1, Of: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sink.Close() }()
	for end := false; !end; {
		b := record.NewBatch(0, 0)
		b.Reset(splits[0].ID)
		err := source.Fill(t.Context(), b)
		if end = errors.Is(err, io.EOF); err != nil && !end || len(b.Rejects()) > 0 {
			t.Fatal(err, b.Rejects())
		}
		if err := sink.Write(t.Context(), b); err != nil {
			t.Fatal(err)
		}
	}
	if err := sink.(plugin.Flusher).Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// same is the condition that a column of both tables has the same value, to the
// last bit.
func same(ty typed, c string) string {
	bytes := "HEX(g." + c + ") <=> HEX(w." + c + ")"
	if ty.typ == "GEOMETRY" {
		return bytes
	}
	return bytes + " AND g." + c + " <=> w." + c
}
