package sqlservercdc

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// typed are values of every type, as SQLite's literals.
var typed = []struct{ native, values string }{
	{"bit", "1, 0, NULL"}, {"tinyint", "0, 255, NULL"}, {"smallint", "-32768, 32767"}, {"int", "-2147483648, 2147483647"}, {"bigint", "-9223372036854775808, 9223372036854775807"},
	{"real", "16777216.0, 0.5"}, {"float", "-0.1, 1.7976931348623157e308"}, {"decimal(38,10)", "'-9999999999999999999999999999.9999999999', '0.0000000001'"}, {"numeric(5,2)", "'-0.05', '100'"},
	{"money", "'-922337203685477.5808', '0.0001'"}, {"smallmoney", "'-214748.3648', '1'"}, {"char(3)", "'a  ', NULL"}, {"varchar(20)", "'', 'zoë'"}, {"varchar(max)", "'x', NULL"}, {"text", "'old', NULL"},
	{"nchar(3)", "'a  '"}, {"nvarchar(20)", "'', '李'"}, {"nvarchar(max)", "'😀', NULL"}, {"ntext", "'old é'"}, {"xml", "'<a>ü</a>'"}, {"binary(4)", "x'000102ff'"}, {"varbinary(10)", "x'', x'00'"},
	{"varbinary(max)", "x'00ff', NULL"}, {"image", "x'0102'"}, {"rowversion", "x'00000000000007d1'"}, {"hierarchyid", "x'58'"}, {"geography", "x'e6100000'"},
	{"uniqueidentifier", "'00112233-4455-6677-8899-aabbccddeeff'"}, {"date", "'0001-01-01', '9999-12-31'"}, {"time(7)", "'23:59:59.9999999', '00:00:00'"}, {"datetime", "'1753-01-01 00:00:00', '2024-02-29 01:02:03.003'"},
	{"smalldatetime", "'1900-01-01 00:00'"}, {"datetime2(7)", "'0001-01-01 00:00:00.0000001', '9999-12-31 23:59:59.9999999'"}, {"datetimeoffset(3)", "'2020-02-29 10:00:00.125 +02:00', '2024-01-01 00:00:00 -14:00'"},
}

// TestTypesAgree inserts values of every type: the changes give the cells that
// a SELECT gives, under the same columns, and so do copied rows.
func TestTypesAgree(t *testing.T) {
	var all []*tdsdb.Table
	for i, one := range typed {
		all = append(all, &tdsdb.Table{Name: fmt.Sprintf("t%02d", i), Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "int"), column("v", one.native, true)}})
	}
	db, server := tdsdb.Start(t, all...)
	db.EnableCDC()
	var inserts []string
	for i, one := range typed {
		db.Capture(all[i].Name, "dbo_"+all[i].Name)
		for n, v := range strings.Split(one.values, ", ") {
			inserts = append(inserts, fmt.Sprintf("INSERT INTO %s VALUES (%d, %s)", all[i].Name, n, v))
		}
	}
	f := follow(t, server.URL()+";user=sa;password=secret", nil)
	db.Transact(inserts...)
	got, columns := map[string][][]string{}, map[string][]record.Column{}
	for n := 0; n < len(inserts); n += f.batch.Len() {
		if err := f.fill(); err != nil {
			t.Fatal(err)
		}
		for _, bad := range f.batch.Rejects() {
			t.Fatalf("%s: %v", bad.Raw, bad.Err)
		}
		for i := range f.batch.Len() {
			row := f.batch.Row(i)
			got[row.Schema().Name.Table] = append(got[row.Schema().Name.Table], plugintest.Cells(row))
			columns[row.Schema().Name.Table] = row.Schema().Columns
		}
	}
	for i, one := range typed {
		want, described := selected(t, server, all[i].Name)
		if diff := plugintest.Same(want, got[all[i].Name]); diff != "" {
			t.Errorf("%s: %s", one.native, diff)
		}
		if c := columns[all[i].Name]; !slices.Equal(c, described) {
			t.Errorf("%s: the columns are %+v, a SELECT's %+v", one.native, c, described)
		}
	}
	j := build(t, server.URL()+";user=sa;password=secret", starting("initial", nil))
	for i, s := range planned(t, j) {
		rows, _, err := j.copied(s)
		if err != nil {
			t.Fatal(err)
		}
		if diff := plugintest.Same(got[s.Table.Table], rows); diff != "" {
			t.Errorf("copied %s: %s", typed[i].native, diff)
		}
	}
}

// selected reads a table of two columns by a SELECT.
func selected(t *testing.T, server *tdspeer.Server, table string) (rows [][]string, columns []record.Column) {
	t.Helper()
	c, err := mssqlkit.Dial(t.Context(), &mssqlkit.Settings{Host: "127.0.0.1", Port: server.Port(), Database: "shop", User: "sa", Password: config.NewSecret("secret")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	definition, err := c.Table(t.Context(), record.Name{Schema: "dbo", Table: table})
	if err != nil {
		t.Fatal(err)
	}
	list := make([]string, len(definition.Columns))
	for i, col := range definition.Columns {
		columns = append(columns, col.Column)
		if list[i] = col.Select; list[i] == "" {
			list[i] = "[" + col.Name + "]"
		}
	}
	stream, err := c.Stream(t.Context(), "SELECT "+strings.Join(list, ", ")+" FROM [dbo].["+table+"]", columns, 0)
	if err != nil {
		t.Fatal(err)
	}
	s := record.NewSchema(definition.Name, columns, 0)
	b := record.NewBatch(0, 0)
	for {
		err := stream.Next(0)
		if errors.Is(err, io.EOF) {
			return rows, columns
		}
		if err != nil {
			t.Fatal(err)
		}
		b.Begin(s, record.Insert)
		if err := stream.Append(b, 2); err != nil {
			t.Fatal(err)
		}
		rows = append(rows, plugintest.Cells(b.Row(b.Len()-1)))
	}
}

// TestLargeValues changes rows with values that the change tables do not have
// of rows as they were: they are absent, and NULL where they were NULL.
func TestLargeValues(t *testing.T) {
	db, _, url := small(t, column("id", "int"), column("n", "int", true), column("m", "nvarchar(max)", true), column("o", "ntext", true), column("c", "int", true))
	db.Uncapture("dbo_t")
	db.Capture("t", "dbo_t", "id", "n", "m", "o", "=c")
	f := follow(t, url, nil)
	db.Transact("INSERT INTO t VALUES (1, 1, 'm', 'o', 5), (2, 2, NULL, NULL, 6)", "UPDATE t SET n = 3", "UPDATE t SET m = 'x', o = 'y'", "UPDATE t SET id = id + 10 WHERE id = 1", "DELETE FROM t")
	one, n1, two := "int64 1", "int64 1", "int64 2"
	three := "int64 3"
	f.want([]string{one, n1, "string m", "string o"}, []string{two, two, "null", "null"},
		[]string{"op update-before", one, n1, "absent", "absent"}, []string{"op update-after", one, three, "string m", "string o"},
		[]string{"op update-before", two, two, "absent", "absent"}, []string{"op update-after", two, three, "null", "null"},
		[]string{"op update-before", one, three, "string m", "absent"}, []string{"op update-after", one, three, "string x", "string y"},
		[]string{"op update-before", two, three, "null", "absent"}, []string{"op update-after", two, three, "string x", "string y"},
		[]string{"op delete", one, three, "string x", "absent"}, []string{"int64 11", three, "string x", "string y"})
	for range 2 {
		if got := f.next().row; got[0] != "op delete" || got[4] != "absent" || len(got) != 5 {
			t.Errorf("a delete gave %v", got)
		}
	}
}
