package mysql

import (
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

func TestRows(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, recursion(t), "CREATE TABLE t (id INT PRIMARY KEY)", numbers("t", 1, 20_000), "ANALYZE TABLE t")
		for _, tt := range []struct {
			more        map[string]any
			least, most int64
		}{
			{nil, 10_000, 40_000},
			{map[string]any{"where": "id < 5"}, 0, 0},
			{map[string]any{"customSql": "select id from t"}, 0, 0},
		} {
			r := plugintest.NewReader(t, Info(), job(db, "t", tt.more))
			splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 1})
			if err != nil {
				t.Fatal(err)
			}
			n, err := r.(plugin.Sizer).Rows(t.Context(), splits)
			if err != nil || n < tt.least || n > tt.most {
				t.Errorf("%v: %d rows, %v, want %d to %d", tt.more, n, err, tt.least, tt.most)
			}
		}
	})
}
