package sqlserver

import (
	"fmt"
	"slices"
	"testing"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer"
	"github.com/datasync-io/datasync/core/plugintest/tdspeer/tdsdb"
)

// TestSplitsInOrder cuts texts and times where the database says what is less,
// as DataX's files have it, and reads from the server that answers.
func TestSplitsInOrder(t *testing.T) {
	const n = 500
	db, server := tdsdb.Start(t, &tdsdb.Table{Name: "words", Key: []string{"id"}, Columns: []tdspeer.Column{{Name: "id", Type: "int"},
		{Name: "code", Type: "nvarchar(20)", Nullable: true}, {Name: "day", Type: "date", Nullable: true}}})
	for i := range n {
		row := []any{int64(i), fmt.Sprintf("%c-%d", 'A'+i%26, i), fmt.Sprintf("20%02d-%02d-%02d", i%60, i%12+1, i%28+1)}
		if i%50 == 0 {
			row[1], row[2] = nil, nil
		}
		db.Add("words", row)
	}
	connection := []any{map[string]any{"jdbcUrl": []string{"jdbc:sqlserver://127.0.0.1:1;DatabaseName=shop", server.URL()}, "table": "words"}}
	for _, by := range []string{"code", "day"} {
		env := plugintest.Env()
		env.Dialect = "datax"
		r, err := plugintest.BuildReader(env, Info(), job("", "", map[string]any{"username": "sa", "password": "secret", "connection": connection, "column": []string{"id"}, "splitPk": by}))
		if err != nil {
			t.Fatal(err)
		}
		readings, err := plugintest.Drain(t.Context(), r, 3, plugintest.Options{Cells: plugintest.Texts})
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, g := range readings {
			for _, row := range g.Rows {
				ids = append(ids, row[0])
			}
		}
		spec, err := sqlkit.ParseSpec(readings[0].Split)
		if slices.Sort(ids); err != nil || spec.Kind != sqlkit.Range || len(readings) < 3 || len(ids) != n || len(slices.Compact(ids)) != n {
			t.Errorf("%s: %d splits of kind %s, %d rows: %v", by, len(readings), spec.Kind, len(ids), err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}
