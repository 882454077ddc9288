package launcher_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/launcher"
	"github.com/datasync-io/datasync/reader/mysql"
)

const tableRows = 20_000

// fromMySQL makes a job that reads tables of a server into memory. amid is
// called once, when rows have been written and more are being read.
func fromMySQL(t *testing.T, db servers.Database, amid func(), tables ...string) *bench {
	t.Helper()
	parameters, err := json.Marshal(map[string]any{"username": servers.RootUser, "password": servers.RootPassword, "column": []string{"*"},
		"connection": []any{map[string]any{"jdbcUrl": db.URL(), "table": tables}}})
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	b.text = fmt.Sprintf(`{"job":{"content":[{"reader":{"name":"mysqldreader","parameter":%s},"writer":{"name":"memorywriter","parameter":{}}}]}}`, parameters)
	var once sync.Once
	b.writers = func(call plugintest.Call, n int, _ bool) error {
		if call == plugintest.CallWrite && n == 2 {
			once.Do(amid)
		}
		return nil
	}
	if b.registry, err = plugin.NewRegistry([]plugin.ReaderInfo{mysql.Info(), mysql.InfoSharded()},
		[]plugin.WriterInfo{{Name: "memory", New: func(_ plugin.Env, d *config.Decoder) (plugin.Writer, error) {
			return plugintest.FaultyWriter(b.to.Writer(), b.writers), d.Decode(&struct{}{})
		}}}); err != nil {
		t.Fatal(err)
	}
	return b
}

// fill makes a table that is larger than what sockets hold: the server has not
// sent all of it when the first rows are written.
func fill(t *testing.T, db servers.Database, table string) {
	t.Helper()
	db.Exec(t, "SET cte_max_recursion_depth = 100000", "CREATE TABLE "+table+" (id INT PRIMARY KEY, pad VARCHAR(2000) NOT NULL)",
		fmt.Sprintf("INSERT INTO %s WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s WHERE n < %d) SELECT n, REPEAT('x', 2000) FROM s", table, tableRows))
}

// ids counts how often each id of a run's rows has arrived.
func ids(b *bench) map[string]int {
	seen := map[string]int{}
	for _, row := range b.to.Rows() {
		seen[row[0]]++
	}
	return seen
}

// TestKilledConnection ends the reader's sessions amid a read: the split goes
// on, and no row is lost.
func TestKilledConnection(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	fill(t, db, "t")
	b := fromMySQL(t, db, func() {
		r, err := db.Connect(t).Execute(fmt.Sprintf("SELECT id FROM information_schema.processlist WHERE db = '%s' AND id <> connection_id()", db.Name))
		if err != nil {
			t.Error(err)
			return
		}
		for i := range r.RowNumber() {
			id, err := r.GetUint(i, 0)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := db.Connect(t).Execute(fmt.Sprintf("KILL %d", id)); err != nil && !strings.Contains(err.Error(), "1094") {
				t.Error(err)
			}
		}
	}, "t")
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if seen := ids(b); len(seen) != tableRows {
		t.Errorf("%d different rows have arrived, want %d", len(seen), tableRows)
	}
	if !strings.Contains(b.log.String(), "trying again") {
		t.Errorf("nothing was tried again:\n%s", &b.log)
	}
}

// TestDroppedTable drops one of two tables before its split is begun: the other
// is read whole, the end names the one that is gone, and a resumed run brings
// it when it is back.
func TestDroppedTable(t *testing.T) {
	db := servers.MySQL(t).DB(t)
	fill(t, db, "big")
	db.Exec(t, "CREATE TABLE small (id INT PRIMARY KEY, pad CHAR(250))", "INSERT INTO small VALUES (-1, 'y')", "ANALYZE TABLE big, small")
	b := fromMySQL(t, db, func() { db.Exec(t, "DROP TABLE small") }, "small", "big")
	r := b.run(t, t.Context())
	wantEnd(t, r, launcher.Partial, launcher.ExitSetAside)
	if seen := ids(b); len(seen) != tableRows {
		t.Errorf("%d different rows have arrived, want %d", len(seen), tableRows)
	}
	if text := r.Plan[1].Err; !strings.Contains(text, "small") {
		t.Errorf("set aside with %q, want the table's name in it", text)
	}
	db.Exec(t, "CREATE TABLE small (id INT PRIMARY KEY, pad CHAR(250))", "INSERT INTO small VALUES (-1, 'y')")
	b.resume = true
	wantEnd(t, b.run(t, t.Context()), launcher.Finished, 0)
	if seen := ids(b); len(seen) != tableRows+1 || seen["int64 -1"] != 1 {
		t.Errorf("%d different rows have arrived after the resume, want %d", len(seen), tableRows+1)
	}
}
