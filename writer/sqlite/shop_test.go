package sqlite_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/writer/sqlite"
)

// The demo's database loads through preSql, twice, and is sound.
func TestDemoShopLoads(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("..", "..", "jobs", "demo", "shop.sql"))
	if err != nil {
		t.Fatal(err)
	}
	short := strings.Replace(string(script), "n < 150000", "n < 3000", 1) // orders: the whole takes minutes under the race detector
	if len(short) == len(script) {
		t.Fatal("the script has other numbers of rows")
	}
	text, err := json.Marshal(short)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "shop.db")
	w := plugintest.NewWriter(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": "orders", "column": ["*"], "preSql": [%s, %s]}`, path, text, text))
	if err := w.(plugin.Hooks).Before(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	got := rows(t, path, `(SELECT (SELECT count(*) FROM customers), (SELECT count(*) FROM products), (SELECT count(*) FROM orders),
		(SELECT count(*) FROM orders WHERE note IS NULL OR shipped_at IS NULL), (SELECT printf('%.2f', sum(total)) FROM orders),
		(SELECT count(*) FROM pragma_foreign_key_check), 1 AS rowid)`)
	if want := "[[5000 400 3000 2631 1015903.36 0 1]]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}
