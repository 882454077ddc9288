package sqlservercdc

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest/copies"
)

// prepareServer makes the tables of the contract on a real server, carries the
// transactions out and waits until they are captured.
func prepareServer(t *testing.T, url string, transactions [][]string) {
	t.Helper()
	c, run := connected(t, url)
	for _, table := range tables() {
		var lines []string
		for _, col := range table.Columns {
			line := "[" + col.Name + "] " + col.Type
			if !col.Nullable {
				line += " NOT NULL"
			}
			lines = append(lines, line)
		}
		if len(table.Key) > 0 {
			lines = append(lines, "PRIMARY KEY ("+strings.Join(table.Key, ", ")+")")
		}
		run("DROP TABLE IF EXISTS dbo.[" + table.Name + "]")
		run("CREATE TABLE dbo.[" + table.Name + "] (" + strings.Join(lines, ", ") + ")")
		run("EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'" + table.Name + "', @role_name = NULL")
	}
	for _, statements := range transactions {
		run("BEGIN TRANSACTION")
		for _, sql := range statements {
			run(strings.Replace(sql, "'zoë'", "N'zoë'", 1))
		}
		run("COMMIT TRANSACTION")
	}
	const last = "SELECT COUNT(*) FROM cdc.dbo_orders_CT WHERE __$operation = 1 AND id = 7"
	for {
		row, err := c.First(t.Context(), last)
		if err != nil {
			t.Fatal(err)
		}
		if text(row, 0) != "0" {
			return
		}
		run("WAITFOR DELAY '00:00:01'")
		if t.Context().Err() != nil {
			t.Fatal(fmt.Errorf("the changes are not captured: %w", t.Context().Err()))
		}
	}
}

// TestServerSnapshotMeetsLog is TestSnapshotMeetsLog on a real server, if there
// is one: with snapshot isolation as the database allows it.
func TestServerSnapshotMeetsLog(t *testing.T) {
	transactions, _ := changes()
	url := provide(t, transactions)
	list := []string{"orders", "notes", "log"}
	rnd := rand.New(rand.NewPCG(1, 1))
	statement := func() string {
		k := rnd.IntN(80)
		return []string{
			fmt.Sprintf("UPDATE orders SET n = %d WHERE id = %d", rnd.IntN(1000), k), fmt.Sprintf("DELETE FROM orders WHERE id = %d", k),
			fmt.Sprintf("INSERT INTO orders (id, n) SELECT %d, 7 WHERE NOT EXISTS (SELECT 1 FROM orders WHERE id = %d)", k, k),
			fmt.Sprintf("UPDATE orders SET id = id + 10000 WHERE id = %d AND NOT EXISTS (SELECT 1 FROM orders WHERE id = %d)", k, k+10000),
			fmt.Sprintf("DELETE FROM notes WHERE k = 'n%d'", k), fmt.Sprintf("INSERT INTO notes (k) SELECT 'n%d' WHERE NOT EXISTS (SELECT 1 FROM notes WHERE k = 'n%d')", k, k),
		}[rnd.IntN(6)]
	}
	_, run := connected(t, url)
	info := Info()
	info.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		r, err := Info().New(env, d)
		if own, ok := r.(*reader); ok {
			own.paused = func() {
				for range rnd.IntN(6) {
					run("BEGIN TRANSACTION; " + statement() + "; " + statement() + "; COMMIT TRANSACTION")
				}
			}
		}
		return r, err
	}
	job := func(mode string) string {
		return parameters(url, map[string]any{"tableList": list, "start": map[string]any{"mode": mode}})
	}
	j := copies.New(t, 1, info, job("initial"))
	for !j.InLog() {
		j.Step(nil)
	}
	run("INSERT INTO notes (k) VALUES ('the end')")
	j.Finish("notes", "string the end", copies.New(t, 1, Info(), job("initial-only")).All())
}

// connected is a session of a real server, until the test ends, and what runs
// statements there.
func connected(t *testing.T, url string) (c *server, run func(sql string)) {
	t.Helper()
	u, err := mssqlkit.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	settings, _, err := mssqlkit.NewSettings(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	if c, err = dial(t.Context(), settings); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c, func(sql string) {
		t.Helper()
		if err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}
