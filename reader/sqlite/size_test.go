package sqlite

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
)

func TestRowsOfATable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "size.db")
	conn, err := sqlitekit.Open(path, sqlitekit.Settings{Create: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{"CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (2), (3)", "CREATE TABLE e (a)", "CREATE TABLE w (a PRIMARY KEY) WITHOUT ROWID"} {
		if err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	for input, want := range map[string]int64{
		`"table":"t"`:                   3,
		`"table":"e"`:                   0,
		`"table":"w"`:                   0,
		`"table":"t","where":"a > 1"`:   0,
		`"customSql":"SELECT a FROM t"`: 0,
	} {
		r := plugintest.NewReader(t, Info(), fmt.Sprintf(`{"path":%q,"column":["a"],%s}`, path, input))
		splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.(plugin.Sizer).Rows(t.Context(), splits)
		if err != nil || got != want {
			t.Errorf("%s: about %d rows, %v; want %d", input, got, err, want)
		}
	}
}
