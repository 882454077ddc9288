package sqlserver

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
)

// envServer names a database of a real server that tests may write to, as a
// URL with user and password.
const envServer = "DATASYNC_TEST_SQLSERVER"

const rowsOfContract = 300

// job is a reader's parameters.
func job(url, table string, more map[string]any) string {
	parameters := map[string]any{
		"column": []string{"*"}, "connection": []any{map[string]any{"jdbcUrl": []string{url}, "table": []string{table}}},
	}
	for k, v := range more {
		parameters[k] = v
		if v == nil {
			delete(parameters, k)
		}
	}
	text, err := json.Marshal(parameters)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// shapes are the tables that the contract is checked with: row i of each, as
// values that loads have, and spelled.
var shapes = []struct {
	name, table string // as the job writes it
	columns     []tdspeer.Column
	key         []string
	row         func(i int) []any
	parameters  map[string]any
	cells       func(i int) []string
	loose       bool // cannot be resumed
	unordered   bool
}{
	{
		name: "primary key", table: "orders", key: []string{"id"},
		columns: []tdspeer.Column{{Name: "id", Type: "bigint"}, {Name: "n", Type: "int", Nullable: true}, {Name: "price", Type: "decimal(10,2)", Nullable: true},
			{Name: "t", Type: "varchar(20)", Nullable: true}, {Name: "at", Type: "datetimeoffset(3)", Nullable: true}, {Name: "u", Type: "uniqueidentifier"}},
		row: func(i int) []any {
			return []any{int64(i*7 - 1000), orNil(i, 3), fmt.Sprintf("%d.50", i), fmt.Sprintf("zoë %d", i), "2020-02-29 10:00:00.125 +02:00", "00112233-4455-6677-8899-aabbccddeeff"}
		},
		parameters: map[string]any{"splitPk": "[id]", "splitStrategy": "range"},
		cells: func(i int) []string {
			return []string{fmt.Sprintf("int64 %d", i*7-1000), orNullCell(i, 3), fmt.Sprintf("decimal %d.50", i), fmt.Sprintf("string zoë %d", i),
				"timestamp 2020-02-29 10:00:00.125+02:00", "uuid 00112233-4455-6677-8899-aabbccddeeff"}
		},
	},
	{
		name: "key of texts, not read", table: "[dbo].[people]", key: []string{"family", "nr"},
		columns: []tdspeer.Column{{Name: "family", Type: "varchar(20)"}, {Name: "nr", Type: "binary(2)"}, {Name: "shoe", Type: "int", Nullable: true}},
		row: func(i int) []any {
			return []any{fmt.Sprintf("%c'\\ %d", 'a'+i/100, i/10), []byte{byte(i >> 8), byte(i)}, orNil(i, 2)}
		},
		parameters: map[string]any{"column": []any{"SHOE", map[string]any{"name": "origin", "value": "it's", "type": "string"}},
			"splitPk": "shoe", "splitStrategy": "mod", "where": "1 = 1 or shoe is null -- all"},
		cells:     func(i int) []string { return []string{orNullCell(i, 2), "string it's"} },
		unordered: true, // keys are compared as the collation does
	},
	{
		name: "order with equal keys", table: "visits",
		columns:    []tdspeer.Column{{Name: "day", Type: "date", Nullable: true}, {Name: "who", Type: "smallint", Nullable: true}},
		row:        func(i int) []any { return []any{dayOrNil(i), int64(5)} },
		parameters: map[string]any{"orderByColumn": "day", "splitPk": "who", "splitStrategy": "mod", "withNoLock": true},
		cells: func(i int) []string {
			if i < 10 {
				return []string{"null", "int64 5"}
			}
			return []string{fmt.Sprintf("date 2024-01-%02d", 1+i/10), "int64 5"}
		},
	},
	{
		name: "no key", table: "log",
		columns:    []tdspeer.Column{{Name: "line", Type: "int", Nullable: true}, {Name: "text", Type: "varchar(max)", Nullable: true}},
		row:        func(i int) []any { return []any{orNil(i, 5), "line"} },
		parameters: map[string]any{"splitPk": "line", "splitStrategy": "auto"},
		cells:      func(i int) []string { return []string{orNullCell(i, 5), "string line"} },
		loose:      true, unordered: true,
	},
	{
		name: "statement", table: "base", key: []string{"id"},
		columns: []tdspeer.Column{{Name: "id", Type: "int"}, {Name: "v", Type: "float"}},
		row:     func(i int) []any { return []any{int64(i), float64(i) + 0.25} },
		parameters: map[string]any{"customSql": "SELECT [id], [v] AS [value] FROM base", "column": []string{"value", "id"}, "orderByColumn": "id",
			"splitPk": "id", "where": "id >= 0 or id < 0"},
		cells: func(i int) []string { return []string{fmt.Sprintf("float64 %d.25", i), fmt.Sprintf("int64 %d", i)} },
	},
}

func orNil(i, every int) any {
	if i%every == 0 {
		return nil
	}
	return int64(i)
}

func orNullCell(i, every int) string {
	if i%every == 0 {
		return "null"
	}
	return fmt.Sprintf("int64 %d", i)
}

func dayOrNil(i int) any {
	if i < 10 {
		return nil
	}
	return fmt.Sprintf("2024-01-%02d", 1+i/10)
}

func TestContract(t *testing.T) {
	for _, s := range shapes {
		t.Run(s.name, func(t *testing.T) {
			table := &tdsdb.Table{Name: strings.Trim(strings.TrimPrefix(s.table, "[dbo]."), "[]"), Columns: s.columns, Key: s.key}
			var rows [][]any
			var want [][]string
			for i := range rowsOfContract {
				rows = append(rows, s.row(i))
				want = append(want, s.cells(i))
			}
			run := func(t *testing.T, url string) {
				plugintest.Reader(t, plugintest.ReaderSuite{
					New: func(t testing.TB) plugin.Reader {
						return plugintest.NewReader(t, Info(), job(url, s.table, s.parameters))
					},
					Want:      func(testing.TB) [][]string { return want },
					Resumable: !s.loose, Unordered: s.unordered, Bad: badConfigs(), Waive: waivers(s.loose),
				})
			}
			t.Run("peer", func(t *testing.T) {
				db, server := tdsdb.Start(t, table)
				db.Add(table.Name, rows...)
				run(t, server.URL()+";user=sa;password=secret")
			})
			t.Run("server", func(t *testing.T) { run(t, provide(t, table, rows)) })
		})
	}
}

func waivers(loose bool) map[string]string {
	if !loose {
		return nil
	}
	return map[string]string{"resume": "the reader resumes tables that have a key; this one has none"}
}

// provide makes a table on the real server, if there is one.
func provide(t *testing.T, table *tdsdb.Table, rows [][]any) (url string) {
	t.Helper()
	url = os.Getenv(envServer)
	if url == "" {
		t.Skipf("left out: needs a SQL Server, name one in %s: sqlserver://user:password@host?database=db", envServer)
	}
	u, err := mssqlkit.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	settings, _, err := mssqlkit.NewSettings(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := mssqlkit.Dial(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	statements := []string{"DROP TABLE IF EXISTS dbo." + table.Name, definition(table)}
	for _, row := range rows {
		texts := make([]string, len(row))
		for i, v := range row {
			texts[i] = "NULL"
			switch v := v.(type) {
			case nil:
			case []byte:
				texts[i] = fmt.Sprintf("0x%x", v)
			case string:
				texts[i] = "N'" + strings.ReplaceAll(v, "'", "''") + "'"
			default:
				texts[i] = fmt.Sprint(v)
			}
		}
		statements = append(statements, "INSERT INTO dbo."+table.Name+" VALUES ("+strings.Join(texts, ", ")+")")
	}
	for _, sql := range statements {
		if err := c.Exec(context.Background(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return url
}

func definition(t *tdsdb.Table) string {
	var lines []string
	for _, c := range t.Columns {
		null := " NULL"
		if !c.Nullable {
			null = " NOT NULL"
		}
		lines = append(lines, "["+c.Name+"] "+c.Type+null)
	}
	if len(t.Key) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(t.Key, ", ")+")")
	}
	return "CREATE TABLE dbo." + t.Name + " (" + strings.Join(lines, ", ") + ")"
}

func badConfigs() map[string]func(testing.TB) error {
	const url = "jdbc:sqlserver://h;databaseName=d;user=u"
	at := func(url, table string) map[string]any {
		return map[string]any{"connection": []any{map[string]any{"jdbcUrl": url, "table": table}}}
	}
	list := map[string]func(testing.TB) error{}
	for name, more := range map[string]map[string]any{
		"no connection": {"connection": nil}, "no column": {"column": nil}, "no user": at("jdbc:sqlserver://h", "t"), "other url": at("jdbc:mysql://h/d", "t"),
		"no table": at(url, ""), "four parts": at(url, "a.b.c.d"), "unknown key": {"tabel": "t"}, "bad where": {"where": "a = 1; drop table t"},
		"bad port": at("jdbc:sqlserver://h:0;user=u", "t"), "bad encrypt": at(url+";encrypt=perhaps", "t"), "ticket": at(url+";integratedSecurity=true", "t"),
	} {
		list[name] = plugintest.ReaderError(Info(), job(url, "t", more))
	}
	return list
}
