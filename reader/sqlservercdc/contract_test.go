package sqlservercdc

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
)

// envServer names a database of a real server, with change data capture
// enabled and the agent running, that tests may write to, as a URL with user
// and password.
const envServer = "DATASYNC_TEST_SQLSERVER"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parameters of a reader of all that is captured.
func parameters(url string, more map[string]any) string {
	all := map[string]any{"url": url, "pollInterval": 1}
	maps.Copy(all, more)
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func column(name, native string, nullable ...bool) tdspeer.Column {
	return tdspeer.Column{Name: name, Type: native, Nullable: len(nullable) > 0}
}

// tables are a shop's: one with a key and many types, one with a key of texts
// and a large value, one without a key.
func tables() []*tdsdb.Table {
	return []*tdsdb.Table{
		{Name: "orders", Key: []string{"id"}, Columns: []tdspeer.Column{column("id", "bigint"), column("n", "int", true), column("price", "decimal(10,2)", true),
			column("at", "datetimeoffset(3)", true), column("u", "uniqueidentifier", true)}},
		{Name: "notes", Key: []string{"k"}, Columns: []tdspeer.Column{column("k", "varchar(10)"), column("doc", "nvarchar(max)", true)}},
		{Name: "log", Columns: []tdspeer.Column{column("x", "int", true), column("y", "varchar(20)", true)}},
	}
}

// peer is a server whose tables are captured.
func peer(t testing.TB) (*tdsdb.Database, string) {
	t.Helper()
	all := tables()
	db, server := tdsdb.Start(t, all...)
	db.EnableCDC()
	for _, table := range all {
		db.Capture(table.Name, "dbo_"+table.Name)
	}
	db.Quiet() // there was something before
	return db, server.URL() + ";user=sa;password=secret"
}

// changes are the statements of the contract, in transactions, and the rows
// that they are.
func changes() (transactions [][]string, want [][]string) {
	row := func(cells ...string) { want = append(want, cells) }
	order := func(i int) []string {
		return []string{fmt.Sprintf("int64 %d", i), fmt.Sprintf("int64 %d", i*2), fmt.Sprintf("decimal %d.50", i), "timestamp 2020-02-29 10:00:00.125+02:00", "uuid 00112233-4455-6677-8899-aabbccddeeff"}
	}
	for i := range 60 {
		transactions = append(transactions, []string{fmt.Sprintf("INSERT INTO orders VALUES (%d, %d, '%d.50', '2020-02-29 10:00:00.125 +02:00', '00112233-4455-6677-8899-aabbccddeeff')", i, i*2, i)})
		row(order(i)...)
	}
	var many []string
	for i := range 40 { // tables take turns within a transaction
		many = append(many, fmt.Sprintf("INSERT INTO notes VALUES ('n%d', NULL)", i), fmt.Sprintf("INSERT INTO log VALUES (%d, 'zoë')", i))
		row(fmt.Sprintf("string n%d", i), "null")
		row(fmt.Sprintf("int64 %d", i), "string zoë")
	}
	transactions = append(transactions, many)
	one := func(sql string) { transactions = append(transactions, []string{sql}) }
	one("UPDATE orders SET n = NULL WHERE id = 5")
	was := order(5)
	row(append([]string{"op update-before"}, was...)...)
	row("op update-after", was[0], "null", was[2], was[3], was[4])
	one("UPDATE orders SET id = 1006 WHERE id = 6")
	row(append([]string{"op delete"}, order(6)...)...)
	row(append([]string{"int64 1006"}, order(6)[1:]...)...)
	one("UPDATE notes SET doc = 'long' WHERE k = 'n1'")
	row("op update-before", "string n1", "null")
	row("op update-after", "string n1", "string long")
	one("UPDATE notes SET doc = doc, k = k WHERE k = 'n1'")
	row("op update-before", "string n1", "absent")
	row("op update-after", "string n1", "string long")
	one("DELETE FROM notes WHERE k = 'n1'")
	row("op delete", "string n1", "string long")
	one("UPDATE log SET y = NULL WHERE x = 1")
	row("op update-before", "int64 1", "string zoë")
	row("op update-after", "int64 1", "null")
	one("DELETE FROM log WHERE x = 2")
	row("op delete", "int64 2", "string zoë")
	one("DELETE FROM orders WHERE id = 7")
	row(append([]string{"op delete"}, order(7)...)...)
	return transactions, want
}

func TestContract(t *testing.T) {
	transactions, want := changes()
	t.Run("peer", func(t *testing.T) {
		db, url := peer(t)
		for _, statements := range transactions {
			db.Transact(statements...)
		}
		contract(t, url, want)
	})
	t.Run("server", func(t *testing.T) { contract(t, provide(t, transactions), want) })
}

func contract(t *testing.T, url string, want [][]string) {
	plugintest.Reader(t, plugintest.ReaderSuite{
		New: func(t testing.TB) plugin.Reader {
			return plugintest.NewReader(t, Info(), parameters(url, map[string]any{"start": map[string]any{"mode": "earliest"}, "tableList": []string{"dbo.orders", "notes", "[dbo].[log]"}}))
		},
		Want:     func(testing.TB) [][]string { return want },
		Channels: []int{1}, Resumable: true, Endless: true, Bad: badConfigs(),
	})
}

// TestRowsContract copies rows and nothing else, with snapshots and without.
func TestRowsContract(t *testing.T) {
	for _, still := range []bool{true, false} {
		t.Run(fmt.Sprintf("snapshots %t", still), func(t *testing.T) {
			db, url := peer(t)
			if !still {
				db.ForbidSnapshot()
			}
			var want [][]string
			for i := range 300 {
				db.Transact(fmt.Sprintf("INSERT INTO orders VALUES (%d, %d, '%d.50', NULL, NULL)", i, i*2, i), fmt.Sprintf("INSERT INTO notes VALUES ('n%03d', 'zoë')", i))
				want = append(want, []string{fmt.Sprintf("int64 %d", i), fmt.Sprintf("int64 %d", i*2), fmt.Sprintf("decimal %d.50", i), "null", "null"}, []string{fmt.Sprintf("string n%03d", i), "string zoë"})
			}
			plugintest.Reader(t, plugintest.ReaderSuite{
				New: func(t testing.TB) plugin.Reader {
					return plugintest.NewReader(t, Info(), parameters(url, map[string]any{"start": map[string]any{"mode": "initial-only"}, "tableList": []string{"orders", "notes"}}))
				},
				Want: func(testing.TB) [][]string { return want }, Channels: []int{1, 3}, Resumable: true, Bad: badConfigs(),
			})
		})
	}
}

func badConfigs() map[string]func(testing.TB) error {
	const url = "jdbc:sqlserver://h;databaseName=d;user=u"
	list := map[string]func(testing.TB) error{"nothing": plugintest.ReaderError(Info(), `{}`)}
	for name, more := range map[string]map[string]any{
		"no database": {"url": "jdbc:sqlserver://h;user=u"}, "no user": {"url": "jdbc:sqlserver://h;databaseName=d"}, "two databases": {"databaseName": "e"},
		"other url": {"url": "jdbc:mysql://h/d"}, "bad kind": {"cat": "insert,upsert"}, "bad lsn": {"lsn": "16/B374D848"}, "short lsn": {"lsn": "1:2"},
		"bad mode": {"start": map[string]any{"mode": "sometimes"}}, "lsn and initial": {"lsn": "1:2:3", "start": map[string]any{"mode": "initial"}},
		"initial of a secondary":   {"start": map[string]any{"mode": "initial"}, "properties": map[string]any{"applicationIntent": "ReadOnly"}},
		"snapshot of a secondary":  {"onPositionLost": "snapshot", "properties": map[string]any{"applicationIntent": "ReadOnly"}},
		"condition without a copy": {"start": map[string]any{"where": map[string]any{"dbo.t": "id > 1"}}}, "no condition": {"start": map[string]any{"mode": "initial", "where": map[string]any{"t": "id > (1"}}},
		"condition of another table": {"tableList": "t", "start": map[string]any{"mode": "initial", "where": map[string]any{"u": "id > 1"}}},
		"condition of no name":       {"start": map[string]any{"mode": "initial", "where": map[string]any{"a.b.c": "id > 1"}}},
		"two beginnings":             {"lsn": "1:2:3", "start": map[string]any{"mode": "latest"}}, "three parts": {"tableList": []string{"a.b.c"}},
		"no interval": {"pollInterval": 0}, "unknown key": {"tabelList": "t"},
	} {
		list[name] = plugintest.ReaderError(Info(), parameters(url, more))
	}
	return list
}

// provide makes the tables on the real server, if there is one, and waits until
// what was done to them is captured.
func provide(t *testing.T, transactions [][]string) string {
	t.Helper()
	url := os.Getenv(envServer)
	if url == "" {
		t.Skipf("left out: needs a SQL Server with change data capture, name a database of one in %s: sqlserver://user:password@host?database=db", envServer)
	}
	prepareServer(t, url, transactions)
	return url
}
