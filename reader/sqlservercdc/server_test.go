package sqlservercdc

import (
	"fmt"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
)

// prepareServer makes the tables of the contract on a real server, carries the
// transactions out and waits until they are captured.
func prepareServer(t *testing.T, url string, transactions [][]string) {
	t.Helper()
	u, err := mssqlkit.ParseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	settings, _, err := mssqlkit.NewSettings(u, nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(t.Context(), settings)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	run := func(sql string) {
		t.Helper()
		if err := c.Exec(t.Context(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
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
