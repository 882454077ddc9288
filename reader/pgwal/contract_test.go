package pgwal

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parameters of a reader of all tables of a database.
func parameters(t testing.TB, db servers.PostgreSQLDatabase, more map[string]any) string {
	t.Helper()
	all := map[string]any{"url": db.URL(), "username": servers.RootUser, "password": servers.RootPassword, "slotName": db.Name + "_s"}
	for k, v := range more {
		all[k] = v
	}
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// prepared returns a database whose slot is made before any change, and drops
// the slot at the end.
func prepared(t testing.TB, statements ...string) servers.PostgreSQLDatabase {
	t.Helper()
	db := servers.PostgreSQL(t).DB(t)
	db.Exec(t, append(statements, "CREATE PUBLICATION dtstack_flinkx FOR ALL TABLES WITH (publish_via_partition_root = true)",
		fmt.Sprintf("SELECT pg_create_logical_replication_slot('%s_s', 'pgoutput')", db.Name))...)
	t.Cleanup(func() {
		db.Exec(t, fmt.Sprintf("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = '%s_s'", db.Name))
	})
	return db
}

// TestContract reads inserts, updates and deletes of several tables, in
// transactions of one and of many rows.
func TestContract(t *testing.T) {
	db := prepared(t,
		"CREATE TABLE a (id bigint PRIMARY KEY, n numeric(10,2), t text)",
		"CREATE TABLE b (x int, y text)", "ALTER TABLE b REPLICA IDENTITY FULL",
		"CREATE TABLE p (id int PRIMARY KEY, at timestamptz) PARTITION BY RANGE (id)",
		"CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (100)", "CREATE TABLE p2 PARTITION OF p DEFAULT")
	var want [][]string
	row := func(cells ...string) { want = append(want, cells) }
	var sql []string
	for i := range 100 {
		sql = append(sql, fmt.Sprintf("INSERT INTO a VALUES (%d, %d.5, NULL)", i, i))
		row(fmt.Sprintf("int64 %d", i), fmt.Sprintf("decimal %d.50", i), "null")
	}
	sql = append(sql, "INSERT INTO b SELECT g, 'zoë' FROM generate_series(1, 60) g", "INSERT INTO p SELECT g, '2024-01-02 03:04:05+02' FROM generate_series(90, 109) g")
	for i := range 60 {
		row(fmt.Sprintf("int64 %d", i+1), "string zoë")
	}
	for i := range 20 {
		row(fmt.Sprintf("int64 %d", i+90), "timestamp 2024-01-02 01:04:05Z")
	}
	sql = append(sql, "UPDATE a SET t = 'x' WHERE id = 5", "UPDATE a SET id = 1005 WHERE id = 6", "DELETE FROM a WHERE id = 7",
		"UPDATE b SET y = NULL WHERE x = 1", "DELETE FROM b WHERE x = 2")
	row("op update-after", "int64 5", "decimal 5.50", "string x")
	row("op delete", "int64 6", "absent", "absent")
	row("int64 1005", "decimal 6.50", "null")
	row("op delete", "int64 7", "absent", "absent")
	row("op update-before", "int64 1", "string zoë")
	row("op update-after", "int64 1", "null")
	row("op delete", "int64 2", "string zoë")
	db.Exec(t, sql...)
	plugintest.Reader(t, plugintest.ReaderSuite{
		New:      func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, Info(), parameters(t, db, nil)) },
		Want:     func(testing.TB) [][]string { return want },
		Channels: []int{1}, Resumable: true, Endless: true,
		Bad: map[string]func(testing.TB) error{
			"nothing":       plugintest.ReaderError(Info(), `{}`),
			"no database":   plugintest.ReaderError(Info(), `{"url":"jdbc:postgresql://a/","username":"u"}`),
			"no user":       plugintest.ReaderError(Info(), `{"url":"jdbc:postgresql://a/d"}`),
			"two databases": plugintest.ReaderError(Info(), `{"url":"jdbc:postgresql://a/d","username":"u","databaseName":"e"}`),
			"bad kind":      plugintest.ReaderError(Info(), `{"url":"jdbc:postgresql://a/d","username":"u","cat":"insert,upsert"}`),
			"bad lsn":       plugintest.ReaderError(Info(), `{"url":"jdbc:postgresql://a/d","username":"u","lsn":"x"}`),
			"bad slot":      plugintest.ReaderError(Info(), `{"url":"jdbc:postgresql://a/d","username":"u","slotName":"A-b"}`),
			"bad table":     plugintest.ReaderError(Info(), `{"url":"jdbc:postgresql://a/d","username":"u","tableList":["a.b.c"]}`),
		},
	})
}

// typed are values of every type that PostgreSQL prints in a way of its own.
var typed = []struct{ sql, values string }{
	{"bool", "true, false, NULL"}, {"int2", "-32768, 32767, 0"}, {"int4", "-2147483648, 2147483647, NULL"}, {"int8", "-9223372036854775808, 9223372036854775807, 1"},
	{"float4", "'NaN', 1e-45, '-Infinity'"}, {"float8", "'-0', 5e-324, 1.7976931348623157e308"}, {"numeric", "'NaN', -0.00000000000000000001, 99999999999999999999999999999999999.5"},
	{"numeric(10,2)", "1.5, -0.01, 99999999.99"}, {"money", "'12.34', '-92233720368547758.08', '0.01'"},
	{"text", "'', 'zoë \U0001F600', E'a\\nb\\\\'"}, {"varchar(10)", "'a', NULL, 'b '"}, {"char(5)", "'a', 'abcde', ''"}, {"bytea", `'\x00ff', '\x', '\xdeadbeef'`},
	{"date", "'0001-01-01', 'infinity', '4713-01-01 BC'"}, {"time", "'00:00', '23:59:59.999999', '24:00'"}, {"timetz", "'12:00:00.5+05:30', '00:00-12', '23:59:59+00'"},
	{"timestamp", "'0044-03-15 12:00:00.000001 BC', '-infinity', '294276-12-31 23:59:59.999999'"}, {"timestamptz", "'2024-03-31 02:30:00+01', 'infinity', '0001-01-01 00:00:00+00 BC'"},
	{"timestamp(3)", "'2024-02-29 12:00:00.125', '1969-12-31 23:59:59.999', NULL"},
	{"interval", "'1 year 2 mons -3 days 04:05:06.789', '-1 mon +2 days -00:00:00.000001', '0'"}, {"uuid", "'00112233-4455-6677-8899-aabbccddeeff', NULL, NULL"},
	{"json", `'{"a": [1, 2.50]}', 'null', '"x"'`}, {"jsonb", `'{"b":1,"a":2.50}', 'null', '[]'`}, {"bit(5)", "B'10101', B'00000', NULL"}, {"bit varying", "B'1', B'', NULL"},
	{"int4[]", "'{1,NULL,3}', '{}', NULL"}, {"text[]", `'{"a,b",c}', NULL, '{}'`}, {"int4range", "'[1,5)', 'empty', NULL"}, {"inet", "'10.0.0.1/8', '::1', NULL"},
	{"oid", "0, 4294967295, 1"}, {"mood", "'sad', 'it''s', NULL"}, {"positive", "1, 5, NULL"}, {"xml", "'<a/>', NULL, NULL"}, {"point", "'(1,2)', NULL, NULL"},
}

// TestTypesAgree inserts values of every type: the log gives the cells that a
// SELECT gives, under the same columns.
func TestTypesAgree(t *testing.T) {
	db := prepared(t, "CREATE TYPE mood AS ENUM ('sad', 'it''s')", "CREATE DOMAIN positive AS int CHECK (VALUE > 0)")
	for i, one := range typed {
		db.Exec(t, fmt.Sprintf("CREATE TABLE t%02d (id int PRIMARY KEY, v %s)", i, one.sql))
		for n, v := range splitValues(one.values) {
			db.Exec(t, fmt.Sprintf("INSERT INTO t%02d VALUES (%d, %s)", i, n, v))
		}
	}
	r := plugintest.NewReader(t, Info(), parameters(t, db, nil))
	got := map[string][][]string{}
	columns := map[string]record.Column{}
	collect(t, r, 3*len(typed), func(row record.Row) {
		s := row.Schema()
		got[s.Name.Table] = append(got[s.Name.Table], plugintest.Cells(row))
		columns[s.Name.Table] = s.Columns[1]
	})
	for i, one := range typed {
		table := fmt.Sprintf("t%02d", i)
		want, column := selected(t, db, table)
		if diff := plugintest.Same(want, got[table]); diff != "" {
			t.Errorf("%s: %s", one.sql, diff)
		}
		if c := columns[table]; c != column {
			t.Errorf("%s: the log's column is %+v, a SELECT's %+v", one.sql, c, column)
		}
	}
}

// splitValues parts values at the commas outside of quotes and brackets.
func splitValues(list string) (values []string) {
	quoted, begin := false, 0
	for i, c := range list {
		switch {
		case c == '\'':
			quoted = !quoted
		case c == ',' && !quoted:
			values = append(values, strings.TrimSpace(list[begin:i]))
			begin = i + 1
		}
	}
	return append(values, strings.TrimSpace(list[begin:]))
}
