package mssqlkit_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/record"
)

// golden compares statements with a file of testdata; UPDATE_GOLDEN=1 writes it.
func golden(t *testing.T, name string, statements []string) {
	t.Helper()
	file := filepath.Join("testdata", name+".sql")
	got := strings.Join(statements, "\nGO\n") + "\n"
	if os.Getenv("UPDATE_GOLDEN") != "" {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("statements differ from %s (UPDATE_GOLDEN=1 writes it):\n%s", file, got)
	}
}

func columnsOf(pairs ...string) []tdspeer.Column {
	columns := make([]tdspeer.Column, len(pairs))
	for i, p := range pairs {
		name, native, _ := strings.Cut(p, " ")
		columns[i] = tdspeer.Column{Name: name, Type: native, Nullable: true}
	}
	return columns
}

// definitions answers the questions about a table that has a bit of everything.
func definitions(q *tdspeer.Request) tdspeer.Reply {
	var r tdspeer.Result
	switch sql := q.SQL; {
	case strings.HasPrefix(sql, "SELECT o.object_id"):
		if !strings.Contains(sql, "[orders]") {
			return tdspeer.Reply{}
		}
		r.Columns = columnsOf("id int", "s sysname", "t sysname", "type char(2)", "comment nvarchar(max)", "rows bigint")
		r.Rows = [][]any{{int64(99), "Sales", "Orders", "U ", "what was ordered", int64(1234)}}
	case strings.HasPrefix(sql, "SELECT o.name FROM"):
		r.Columns = columnsOf("t sysname")
		r.Rows = [][]any{{"orders"}, {"people"}}
	case strings.HasPrefix(sql, "SELECT name FROM sys.schemas"):
		r.Columns = columnsOf("s sysname")
		r.Rows = [][]any{{"dbo"}, {"Sales"}}
	case strings.Contains(sql, "JOIN sys.types t") || strings.Contains(sql, "].sys.types t"):
		r.Columns = columnsOf("name sysname", "type sysname", "max_length smallint", "precision tinyint", "scale tinyint", "is_nullable bit",
			"is_identity bit", "is_computed bit", "default int", "collation_name sysname", "value nvarchar(max)", "generated int", "hidden int")
		row := func(name, native string, length, precision, scale int, nullable, identity, computed bool, def int, collation, comment any, generated, hidden int) {
			r.Rows = append(r.Rows, []any{name, native, length, precision, scale, nullable, identity, computed, def, collation, comment, generated, hidden})
		}
		row("id", "int", 4, 10, 0, false, true, false, 0, "", "the key", 0, 0)
		row("code", "varchar", 10, 0, 0, false, false, false, 0, "Latin1_General_CI_AS", nil, 0, 0)
		row("old", "varchar", 10, 0, 0, true, false, false, 0, "SQL_Latin1_General_CP1_CI_AS", nil, 0, 0)
		row("long", "varchar", -1, 0, 0, true, false, false, 0, "Latin1_General_CI_AS", nil, 0, 0)
		row("name", "nvarchar", 40, 0, 0, true, false, false, 1, "Latin1_General_CI_AS", nil, 0, 0)
		row("text", "nvarchar", -1, 0, 0, true, false, false, 0, "Latin1_General_CI_AS", nil, 0, 0)
		row("price", "decimal", 9, 18, 4, true, false, false, 0, "", nil, 0, 0)
		row("paid", "money", 8, 19, 4, true, false, false, 0, "", nil, 0, 0)
		row("at", "datetime2", 8, 27, 7, true, false, false, 0, "", nil, 0, 0)
		row("there", "datetimeoffset", 9, 30, 3, true, false, false, 0, "", nil, 0, 0)
		row("total", "int", 4, 10, 0, true, false, true, 0, "", nil, 0, 0)
		row("version", "timestamp", 8, 0, 0, false, false, false, 0, "", nil, 0, 0)
		row("since", "datetime2", 8, 27, 7, false, false, false, 0, "", nil, 1, 1)
		row("any", "sql_variant", 8016, 0, 0, true, false, false, 0, "", nil, 0, 0)
		row("place", "geography", -1, 0, 0, true, false, false, 0, "", nil, 0, 0)
		row("blob", "varbinary", -1, 0, 0, true, false, false, 0, "", nil, 0, 0)
	case strings.Contains(sql, "indexes i"):
		r.Columns = columnsOf("name sysname", "is_primary_key bit", "is_unique bit", "has_filter bit", "column sysname", "is_nullable bit")
		r.Rows = [][]any{{"PK", true, true, false, "id", false}, {"UX", false, true, false, "code", false}, {"UX", false, true, false, "name", true}, {"FX", false, true, true, "old", true}}
	case strings.Contains(sql, "COLLATIONPROPERTY"):
		r.Columns = columnsOf("name sysname", "page int")
		r.Rows = [][]any{{"code", 1252}, {"old", 1251}, {"utf", 65001}}
	case strings.Contains(sql, "sp_describe_first_result_set"):
		r.Columns = columnsOf("is_hidden bit", "column_ordinal int", "name sysname", "is_nullable bit", "system_type_id int", "system_type_name nvarchar(256)",
			"max_length smallint", "precision tinyint", "scale tinyint", "collation_name sysname", "user_type_id int", "user_type_database sysname", "user_type_schema sysname", "user_type_name sysname")
		r.Rows = [][]any{{false, 1, "n", false, 0, "decimal(18, 4)", 0, 0, 0, nil, nil, nil, nil, nil}, {false, 2, "p", true, 0, nil, 0, 0, 0, nil, nil, "d", "sys", "geography"},
			{true, 3, "hidden", true, 0, "int", 0, 0, 0, nil, nil, nil, nil, nil}}
	default:
		return tdspeer.Reply{}
	}
	return tdspeer.Reply{Results: []tdspeer.Result{r}}
}

func TestTable(t *testing.T) {
	peer := tdspeer.Start(t, definitions)
	c := dial(t, peer)
	table, err := c.Table(t.Context(), record.Name{Schema: "sales", Table: "orders"})
	if err != nil {
		t.Fatal(err)
	}
	if table.Name.String() != "Sales.Orders" || table.View || table.Rows != 1234 || table.Comment != "what was ordered" {
		t.Errorf("table %+v", table)
	}
	var got []string
	for i := range table.Columns {
		x := &table.Columns[i]
		var flags []string
		for _, f := range []struct {
			name string
			set  bool
		}{{"null", x.Nullable}, {"identity", x.Identity}, {"generated", x.Generated}, {"default", x.Default}, {"hidden", x.Hidden}, {"sorts", x.Sorts}} {
			if f.set {
				flags = append(flags, f.name)
			}
		}
		selected := x.Select
		if len(selected) > 60 {
			selected = selected[:60] + "..."
		}
		got = append(got, fmt.Sprintf("%s %s %s %d %d,%d [%s] %s %s", x.Name, x.Native, x.Kind, x.Length, x.Precision, x.Scale, strings.Join(flags, " "), selected, x.Comment))
	}
	want := []string{
		"id int int64 0 0,0 [identity default sorts]  the key",
		"code varchar(10) string 10 0,0 [sorts] CONVERT(nvarchar(10), [code]) ",
		"old varchar(10) string 10 0,0 [null] CONVERT(nvarchar(10), [old]) ",
		"long varchar(max) string 0 0,0 [null sorts] CONVERT(nvarchar(max), [long]) ",
		"name nvarchar(20) string 20 0,0 [null default sorts]  ",
		"text nvarchar(max) string 0 0,0 [null sorts]  ",
		"price decimal(18,4) decimal 0 18,4 [null sorts]  ",
		"paid money decimal 0 19,4 [null sorts]  ",
		"at datetime2(7) datetime 0 0,7 [null sorts]  ",
		"there datetimeoffset(3) timestamp 0 0,3 [null]  ",
		"total int int64 0 0,0 [null generated default sorts]  ",
		"version timestamp bytes 8 0,0 [generated default sorts]  ",
		"since datetime2(7) datetime 0 0,7 [generated default hidden sorts]  ",
		"any sql_variant any 0 0,0 [null] CASE /*variant*/ CAST(SQL_VARIANT_PROPERTY([any], 'BaseType'... ",
		"place geography bytes 0 0,0 [null]  ",
		"blob varbinary(max) bytes 0 0,0 [null]  ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("columns\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if got := fmt.Sprintf("%+v", table.Indexes); got != "[{Name:PK Primary:true Unique:true Columns:[id] Prefixes:false Nullable:false Partial:false} "+
		"{Name:UX Primary:false Unique:true Columns:[code name] Prefixes:false Nullable:true Partial:false} {Name:FX Primary:false Unique:true Columns:[old] Prefixes:false Nullable:true Partial:true}]" {
		t.Errorf("indexes %s", got)
	}
	pages, err := c.CodePages(t.Context(), table.Name)
	if err != nil || pages["code"] != 1252 || pages["utf"] != 65001 {
		t.Errorf("code pages %v, %v", pages, err)
	}
	if _, err := c.Table(t.Context(), record.Name{Database: "other", Schema: "s", Table: "it's"}); !errors.Is(err, sqlkit.ErrNoTable) || errclass.Of(err) != errclass.Config {
		t.Errorf("a table that is not there: %v", err)
	}
	if _, err := c.Table(t.Context(), record.Name{Table: "ordres"}); !errors.Is(err, sqlkit.ErrNoTable) || !strings.Contains(err.Error(), `did you mean "orders"?`) {
		t.Errorf("a name that is misspelt: %v", err)
	}
	if got, err := c.Tables(t.Context(), record.Name{Schema: "DBO"}); err != nil || fmt.Sprint(got) != "[DBO.orders DBO.people]" {
		t.Errorf("tables %v, %v", got, err)
	}
	if got, err := c.Schemas(t.Context()); err != nil || fmt.Sprint(got) != "[dbo Sales]" {
		t.Errorf("schemas %v, %v", got, err)
	}
	golden(t, "catalog", peer.Log())
}

func TestDescribe(t *testing.T) {
	peer := tdspeer.Start(t, definitions)
	c := dial(t, peer)
	columns, err := c.Describe(t.Context(), "SELECT 'it''s' -- all")
	if err != nil || len(columns) != 2 || columns[0].Native != "decimal(18,4)" || columns[1].Native != "geography" || columns[0].Nullable || !columns[1].Nullable {
		t.Errorf("%+v, %v", columns, err)
	}
	if got := peer.Log()[0]; got != "DECLARE @tsql nvarchar(max) = N'SELECT ''it''''s'' -- all'; EXEC sys.sp_describe_first_result_set @tsql, NULL, 0" {
		t.Errorf("sent %s", got)
	}
}

func TestDialect(t *testing.T) {
	d := mssqlkit.Dialect
	spec := sqlkit.Spec{Kind: sqlkit.Mod, Column: "a]b", N: 4, I: 1}
	floor := sqlkit.Spec{Kind: sqlkit.Mod, Column: "f", N: 4, Floor: true, Nulls: true}
	value := func(k record.Kind, text string) string { return d.Literal(sqlkit.Value{Kind: k, Text: text}) }
	for got, want := range map[string]string{
		d.Table(record.Name{Database: "d", Schema: "s", Table: "t]"}): "[d].[s].[t]]]",
		spec.Predicate(d):                                    "[a]]b] % 4 IN (1, -3)",
		floor.Predicate(d):                                   "CAST(FLOOR([f]) AS decimal(38, 0)) % 4 = 0 OR [f] IS NULL",
		value(record.String, "it's"):                         "N'it''s'",
		value(record.String, "a\\\r\nb"):                     "(CAST(N'' AS nvarchar(max)) + N'a\\' + N'\r\nb')",
		value(record.Bytes, "\x00\xff"):                      "0x00ff",
		value(record.Datetime, "2024-01-01 10:00:00.5"):      "N'2024-01-01T10:00:00.5'",
		value(record.Date, "2024-01-01"):                     "N'2024-01-01'",
		value(record.Timestamp, "2024-01-01 10:00:00+02:00"): "N'2024-01-01T10:00:00+02:00'",
		value(record.Decimal, "-1.50"):                       "-1.50",
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestCreateTable(t *testing.T) {
	columns := []record.Column{
		{Name: "id", Kind: record.Int64}, {Name: "u", Kind: record.Uint64, Nullable: true}, {Name: "b", Kind: record.Bool, Nullable: true}, {Name: "f", Kind: record.Float32}, {Name: "d", Kind: record.Float64},
		{Name: "n", Kind: record.Decimal, Precision: 20, Scale: 4}, {Name: "n0", Kind: record.Decimal, Nullable: true}, {Name: "n65", Kind: record.Decimal, Precision: 65, Scale: 30},
		{Name: "s", Kind: record.String, Length: 20, Nullable: true}, {Name: "key", Kind: record.String}, {Name: "long", Kind: record.String, Length: 5000}, {Name: "x", Kind: record.Bytes, Length: 16}, {Name: "xx", Kind: record.Bytes},
		{Name: "day", Kind: record.Date}, {Name: "t", Kind: record.Time, Scale: 3}, {Name: "w", Kind: record.Datetime, Scale: 6}, {Name: "i", Kind: record.Timestamp}, {Name: "iv", Kind: record.Interval},
		{Name: "j", Kind: record.JSON}, {Name: "g", Kind: record.UUID}, {Name: "a", Kind: record.Any},
		mssqlkit.Column("own1", "money", true), mssqlkit.Column("own2", "datetimeoffset(3)", true), mssqlkit.Column("own3", "int", false), mssqlkit.Column("own4", "varchar(max)", true),
		mssqlkit.Column("own5", "varchar(30)", true), mssqlkit.Column("own6", "xml", true), mssqlkit.Column("own7", "rowversion", true), mssqlkit.Column("own8", "uniqueidentifier", true),
		mssqlkit.Column("own9", "text", true), mssqlkit.Column("own10", "hierarchyid", true), mssqlkit.Column("own11", "datetime", true), mssqlkit.Column("own12", "tinyint", true),
	}
	comments := make([]string, len(columns))
	comments[0] = "it's the key"
	golden(t, "create", mssqlkit.CreateTable(record.Name{Schema: "dbo", Table: "o'k"}, columns, comments, []string{"id", "key"}, "what\\\nwas"))
}
