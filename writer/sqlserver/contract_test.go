package sqlserver

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
	"github.com/datasync-io/datasync/core/record"
)

// envServer names a database of a real server that tests may write to, as a
// URL with user and password.
const envServer = "DATASYNC_TEST_SQLSERVER"

// place is a database to write to: a peer's or a real one.
type place struct {
	url  string
	open func(t testing.TB) // makes the tables t and u afresh
}

// peer is a database of this process, with tables of its own.
func peer(t testing.TB, tables ...*tdsdb.Table) place {
	t.Helper()
	_, server := tdsdb.Start(t, tables...)
	return place{url: server.URL() + ";user=sa;password=secret", open: func(testing.TB) {}}
}

// server is the real one, if there is one.
func server(t *testing.T) place {
	t.Helper()
	url := os.Getenv(envServer)
	if url == "" {
		t.Skipf("left out: needs a SQL Server, name one in %s: sqlserver://user:password@host?database=db", envServer)
	}
	p := place{url: url}
	p.open = func(t testing.TB) {
		c := p.dial(t)
		defer func() { _ = c.Close() }()
		for _, sql := range []string{"DROP TABLE IF EXISTS dbo.t, dbo.u, dbo.datasync_ledger", strings.ReplaceAll(realTable, "%s", "t"), strings.ReplaceAll(realTable, "%s", "u")} {
			if err := c.Exec(context.Background(), sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	return p
}

func (p place) dial(t testing.TB) *mssqlkit.Conn {
	t.Helper()
	u, err := mssqlkit.ParseURL(p.url)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := mssqlkit.NewSettings(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := mssqlkit.Dial(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// rows reads tables back, in the texts of [plugintest.Texts].
func (p place) rows(t testing.TB, names ...string) (all [][]string) {
	t.Helper()
	ctx := context.Background()
	c := p.dial(t)
	defer func() { _ = c.Close() }()
	for _, name := range names {
		sql := "SELECT * FROM [dbo].[" + name + "]"
		described, err := c.Describe(ctx, sql)
		if err != nil {
			t.Fatal(err)
		}
		columns := make([]record.Column, len(described))
		for i := range described {
			columns[i] = described[i].Column
		}
		stream, err := c.Stream(ctx, sql, columns, 0)
		if err != nil {
			t.Fatal(err)
		}
		schema := record.NewSchema(record.Name{}, columns)
		b := record.NewBatch(0, 0)
		for {
			if err := stream.Next(0); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(err)
			}
			b.Reset("")
			b.Begin(schema, record.Insert)
			if err := stream.Append(b, len(columns)); err != nil {
				t.Fatal(err)
			}
			all = append(all, shown(b.Row(0)))
		}
	}
	return all
}

// shown spells a row: the zeros at a fraction's end are the type's, not the value's.
func shown(r record.Row) []string {
	texts := plugintest.Texts(r)
	for c := range texts {
		switch r.Kind(c) {
		case record.Time, record.Datetime, record.Timestamp:
			text, zone := texts[c], ""
			if r.Kind(c) == record.Timestamp {
				text, zone = strings.TrimSuffix(text, "+00:00"), "Z"
				text = strings.TrimSuffix(text, "Z")
			}
			if strings.Contains(text, ".") {
				text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
			}
			texts[c] = text + zone
		}
	}
	return texts
}

func kinds(table string) *record.Schema {
	return plugintest.Kinds(table, record.Bool, record.Int64, record.Uint64, record.Decimal, record.String, record.Bytes, record.Date, record.Time,
		record.Datetime, record.Timestamp, record.Interval, record.JSON, record.UUID, record.Float32, record.Float64)
}

const realTable = "CREATE TABLE dbo.%s (id bigint PRIMARY KEY, c1 bit, c2 bigint, c3 decimal(20,0), c4 varchar(100), c5 nvarchar(50) DEFAULT N'as it was', c6 varbinary(20), c7 date, " +
	"c8 time(3), c9 datetime2(3), c10 datetimeoffset(6), c11 nvarchar(64), c12 nvarchar(max), c13 uniqueidentifier, c14 real, c15 float, CHECK (id <> 1000000))"

// kindsTable is realTable for a peer.
func kindsTable(name string) *tdsdb.Table {
	t := &tdsdb.Table{Name: name, Key: []string{"id"}, Check: "id <> 1000000", Default: map[string]string{"c5": "'as it was'"},
		Columns: []tdspeer.Column{{Name: "id", Type: "bigint"}}}
	for i, native := range []string{"bit", "bigint", "decimal(20,0)", "varchar(100)", "nvarchar(50)", "varbinary(20)", "date", "time(3)", "datetime2(3)",
		"datetimeoffset(6)", "nvarchar(64)", "nvarchar(max)", "uniqueidentifier", "real", "float"} {
		t.Columns = append(t.Columns, tdspeer.Column{Name: "c" + strconv.Itoa(i+1), Type: native, Nullable: true})
	}
	return t
}

// job is a writer's parameters.
func job(p place, table string, more map[string]any) string {
	parameters := map[string]any{
		"column": []string{"*"}, "connection": []any{map[string]any{"jdbcUrl": p.url, "table": []string{table}}},
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

// suite is the contract at places that are made by at.
func suite(at func(t testing.TB) place, table string, more map[string]any) plugintest.WriterSuite {
	return plugintest.WriterSuite{
		Open: func(t testing.TB) plugintest.Destination {
			p := at(t)
			p.open(t)
			return plugintest.Destination{
				New:  func(t testing.TB) plugin.Writer { return plugintest.NewWriter(t, Info(), job(p, table, more)) },
				Rows: func(t testing.TB) [][]string { return p.rows(t, "t", "u") },
			}
		},
		Schemas: []*record.Schema{kinds("t")},
		Want:    shown,
		Absent:  5,
		Changes: true,
		Bad: func(b *record.Batch, s *record.Schema) {
			plugintest.AppendRow(b, s, record.Insert, 1_000_000, -999)
		},
		BadConfigs: badConfigs(),
	}
}

func badConfigs() map[string]func(testing.TB) error {
	p := place{url: "jdbc:sqlserver://h;databaseName=d;user=u"}
	at := func(url, table string) map[string]any {
		return map[string]any{"connection": []any{map[string]any{"jdbcUrl": url, "table": table}}}
	}
	list := map[string]func(testing.TB) error{}
	for name, more := range map[string]map[string]any{
		"no connection": {"connection": nil}, "no column": {"column": nil}, "no user": at("jdbc:sqlserver://h", "t"),
		"other url": at("jdbc:mysql://h/d", "t"), "no table": at(p.url, ""), "four parts": at(p.url, "a.b.c.d"), "unknown key": {"tabel": "t"},
		"replace": {"mode": "replace"}, "unknown mode": {"mode": "append"}, "copy": {"insertSqlMode": "copy"}, "integrated": at("jdbc:sqlserver://h;user=u;integratedSecurity=true", "t"),
		"java key store": at("jdbc:sqlserver://h;user=u;encrypt=true;trustStore=a.jks", "t"),
	} {
		list[name] = plugintest.WriterError(Info(), job(p, "t", more))
	}
	return list
}

func TestContract(t *testing.T) {
	onPeer := func(t testing.TB) place { return peer(t, kindsTable("t"), kindsTable("u")) }
	forms := func(t *testing.T, at func(t testing.TB) place, channels int) {
		suite := func(at func(t testing.TB) place, table string, more map[string]any) plugintest.WriterSuite {
			s := suite(at, table, more)
			s.Channels = channels
			return s
		}
		t.Run("insert", func(t *testing.T) { plugintest.Writer(t, suite(at, "t", nil)) })
		t.Run("update", func(t *testing.T) {
			plugintest.Writer(t, suite(at, "[dbo].[t]", map[string]any{"mode": "update", "updateKey": map[string]any{"k": []string{"id"}}}))
		})
		t.Run("tables", func(t *testing.T) {
			s := suite(at, "*", nil)
			s.Schemas = append(s.Schemas, kinds("u"))
			plugintest.Writer(t, s)
		})
		t.Run("without ledger", func(t *testing.T) {
			plugintest.CheckWriter(t, suite(at, "t", map[string]any{"semantic": "at-least-once"}), "rows", "bad", "durable", "close")
		})
	}
	t.Run("peer", func(t *testing.T) { forms(t, onPeer, 1) }) // SQLite behind it has one transaction at a time
	t.Run("server", func(t *testing.T) {
		real := server(t)
		forms(t, func(testing.TB) place { return real }, 4)
	})
}
