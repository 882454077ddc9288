package sqlread_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
	"github.com/datasync-io/datasync/reader/mysql"
	"github.com/datasync-io/datasync/reader/sqlite"
)

const rowsOfContract = 300

// contractRows are rows in order of v and id, with ties, and their cells.
func contractRows() (values []string, want [][]string) {
	for i := range rowsOfContract {
		v := i / 4
		values = append(values, fmt.Sprintf("(%d, %d, 'row %d')", i, v, i))
		want = append(want, []string{fmt.Sprintf("string row %d", i), fmt.Sprintf("int64 %d", v)})
	}
	return values, want
}

// TestIncrementalContract runs the suite of all readers over incremental runs
// and polling, of tables and of statements without a key.
func TestIncrementalContract(t *testing.T) {
	values, want := contractRows()
	t.Run("SQLite", func(t *testing.T) {
		f := newFile(t, "CREATE TABLE orders (id INTEGER PRIMARY KEY, v INTEGER, note TEXT)", "INSERT INTO orders VALUES "+strings.Join(values, ","))
		contract(t, sqlite.Info(), fmt.Sprintf(`{"path": %q, "table": "orders", "increColumn": "v", %%s}`, f.path), want)
	})
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, "CREATE TABLE orders (id INT PRIMARY KEY, v BIGINT, note VARCHAR(20))", "INSERT INTO orders VALUES "+strings.Join(values, ","))
		contract(t, mysql.Info(), fmt.Sprintf(`{"username": %q, "password": %q, "increColumn": "v", "connection": [{"jdbcUrl": [%q], "table": ["orders"]}], %%s}`,
			servers.RootUser, servers.RootPassword, db.URL()), want)
	})
}

func contract(t *testing.T, info plugin.ReaderInfo, job string, want [][]string) {
	for _, tt := range []struct {
		name, more string
		polling    bool
		left       int // rows that have the largest value
	}{
		{"incremental", `"column": ["note", "v"]`, false, 0},
		{"below the maximum", `"column": ["note", "v"], "useMaxFunc": true`, false, 4},
		{"without a key", `"column": ["v"], "customSql": "select note, v from orders"`, false, 4},
		{"polling", `"column": ["note", "v"], "polling": true, "pollingInterval": 1`, true, 0},
		{"polling in a window", `"column": ["note", "v"], "polling": true, "pollingInterval": 1, "pollingLag": 60000`, true, 0},
		{"polling without a key", `"column": ["v"], "customSql": "select note, v from orders", "polling": true, "pollingInterval": 1, "pollingLag": 0`, true, 4},
	} {
		t.Run(tt.name, func(t *testing.T) {
			parameters := fmt.Sprintf(job, tt.more)
			rows := want[:len(want)-tt.left]
			if strings.Contains(tt.name, "without") { // rows of a value come in any order
				rows = slices.Clone(rows)
				for i := range rows {
					rows[i] = rows[i][1:]
				}
			}
			plugintest.Reader(t, plugintest.ReaderSuite{
				New:       func(t testing.TB) plugin.Reader { return plugintest.NewReader(t, info, parameters) },
				Want:      func(testing.TB) [][]string { return rows },
				Resumable: true, Endless: tt.polling,
				Bad: map[string]func(testing.TB) error{
					"no column": plugintest.ReaderError(info, strings.Replace(parameters, `"increColumn": "v"`, `"increColumn": "", "startLocation": "1"`, 1)),
				},
			})
		})
	}
}
