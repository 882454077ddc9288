package binlog

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/core/record"
)

const rowsOfContract = 200

// settings are the servers that the contract is checked with.
var logs = []struct {
	name    string
	maria   bool
	options []string
}{
	{name: "MySQL by GTID"},
	{name: "MySQL by file, names not in the log", options: []string{"--gtid-mode=OFF", "--enforce-gtid-consistency=OFF", "--binlog-row-metadata=MINIMAL"}},
	{name: "MySQL, compressed", options: []string{"--binlog-transaction-compression=ON"}},
	{name: "MariaDB", maria: true},
	{name: "MariaDB, names not in the log, compressed", maria: true, options: []string{"--binlog-row-metadata=NO_LOG", "--log-bin-compress=ON", "--log-bin-compress-min-len=10"}},
}

func TestContract(t *testing.T) {
	for _, l := range logs {
		t.Run(l.name, func(t *testing.T) {
			start := servers.StartMySQL
			if l.maria {
				start = servers.StartMariaDB
			}
			plugintest.Reader(t, contract(t, start(t, servers.WithArgs(l.options...)).DB(t)))
		})
	}
}

// contract is the suite over a log of inserts, updates and deletes.
func contract(t *testing.T, db servers.Database) plugintest.ReaderSuite {
	db.Exec(t, "CREATE TABLE t (id INT PRIMARY KEY, n BIGINT UNSIGNED, name VARCHAR(30), price DECIMAL(10,2), at DATETIME(3))",
		"CREATE TABLE pairs (a VARCHAR(10), b INT, note TEXT, PRIMARY KEY (a, b))")
	statements, want := changesOfContract()
	// The suite plans anew for each property: the log has to be complete, and the start has to be before it.
	begin := statusOf(t, db)
	db.Exec(t, statements...)
	p := parameters(db, map[string]any{"start": begin})
	return plugintest.ReaderSuite{
		New:       func(t testing.TB) plugin.Reader { return build(t, p) },
		Want:      func(testing.TB) [][]string { return want },
		Cells:     cells,
		Channels:  []int{1},
		Resumable: true,
		Endless:   true,
		Bad:       badConfigs(db),
	}
}

// statusOf returns where the log is now, as parameters of start.
func statusOf(t testing.TB, db servers.Database) map[string]any {
	t.Helper()
	r, err := db.Connect(t).Execute("SHOW MASTER STATUS")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	file, err := r.GetStringByName(0, "File")
	if err != nil {
		t.Fatal(err)
	}
	position, err := r.GetUintByName(0, "Position")
	if err != nil {
		t.Fatal(err)
	}
	return map[string]any{"journal-name": strings.Clone(file), "position": position} // a text lives as long as its buffer
}

// changesOfContract are statements and the rows that they come to.
func changesOfContract() (statements []string, want [][]string) {
	row := func(op string, i int, name string) []string {
		return []string{"t", op, fmt.Sprintf("int64 %d", i), fmt.Sprintf("uint64 %d", 1<<63+uint64(i)), name, fmt.Sprintf("decimal %d.50", i), "datetime 2020-02-29 10:00:00.125"}
	}
	for i := range rowsOfContract / 4 {
		statements = append(statements,
			fmt.Sprintf("INSERT INTO t VALUES (%d, %d, 'zoë %d', %d.5, '2020-02-29 10:00:00.125')", i, 1<<63+uint64(i), i, i),
			fmt.Sprintf("UPDATE t SET name = NULL WHERE id = %d", i))
		name := fmt.Sprintf("string zoë %d", i)
		want = append(want, row("op insert", i, name), row("op update-before", i, name), row("op update-after", i, "null"))
		if i%2 == 0 {
			statements = append(statements, fmt.Sprintf("INSERT INTO pairs VALUES ('k', %d, 'x'), ('l', %d, NULL)", i, i))
			want = append(want, []string{"pairs", "op insert", "string k", fmt.Sprintf("int64 %d", i), "string x"},
				[]string{"pairs", "op insert", "string l", fmt.Sprintf("int64 %d", i), "null"})
		}
		if i%5 == 4 {
			statements = append(statements, fmt.Sprintf("DELETE FROM t WHERE id = %d", i))
			want = append(want, row("op delete", i, "null"))
		}
	}
	return statements, want
}

// cells spells a row with its operation and table.
func cells(r record.Row) []string {
	spelled := []string{r.Schema().Name.Table}
	if r.Op() == record.Insert {
		spelled = append(spelled, "op insert")
	}
	return append(spelled, plugintest.Cells(r)...)
}

func badConfigs(db servers.Database) map[string]func(t testing.TB) error {
	bad := map[string]map[string]any{
		"cat":        {"cat": "insert,truncate"},
		"no cat":     {"cat": ""},
		"jdbcUrl":    {"jdbcUrl": "jdbc:oracle:thin:@x"},
		"table":      {"table": []string{"db.(t"}},
		"filter":     {"filter": "db.(t"},
		"mode":       {"start": map[string]any{"mode": "sometimes"}},
		"two starts": {"start": map[string]any{"mode": "latest", "timestamp": 1}},
		"gtidSet":    {"start": map[string]any{"gtidSet": "nonsense"}},
		"key":        {"tabel": []string{"db.t"}},
		"a condition for rows that are not copied": {"start": map[string]any{"where": map[string]string{"d.t": "id > 1"}}},
		"a condition that is none":                 {"start": map[string]any{"mode": "initial", "where": map[string]string{"d.t": "(id > 1"}}},
	}
	out := map[string]func(t testing.TB) error{}
	for name, more := range bad {
		out[name] = func(t testing.TB) error {
			text, err := json.Marshal(parameters(db, more))
			if err != nil {
				t.Fatal(err)
			}
			d, err := config.Inline(string(text))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Info().New(plugin.Env{Log: slog.New(slog.DiscardHandler), Zone: time.UTC}, d)
			if err != nil && strings.Contains(err.Error(), servers.RootPassword) {
				t.Errorf("the error shows the password: %v", err)
			}
			return err
		}
	}
	return out
}
