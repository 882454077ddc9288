package mysql

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/mysqlkit/mysqlread"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlread"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/plugintest"
	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// numbers inserts n rows (id) from the given one on.
func numbers(table string, from, n int) string {
	return fmt.Sprintf("INSERT INTO %s (id) WITH RECURSIVE s(n) AS (SELECT 0 UNION ALL SELECT n+1 FROM s WHERE n < %d) SELECT %d + n FROM s", table, n-1, from)
}

const deep = "SET @@cte_max_recursion_depth = 1000000"

// recursion lifts the server's limit of recursion, which the products name differently.
func recursion(t *testing.T) string {
	if strings.Contains(t.Name(), "MariaDB") {
		return "SET max_recursive_iterations = 1000000"
	}
	return deep
}

func TestPlans(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, recursion(t),
			"CREATE TABLE dense (id BIGINT PRIMARY KEY, odd INT)", numbers("dense", -1000, 100_000),
			"CREATE TABLE sparse (id BIGINT UNSIGNED PRIMARY KEY)", numbers("sparse", 1, 1000), "INSERT INTO sparse VALUES (18446744073709551615)",
			"CREATE TABLE fractions (id DECIMAL(10,2) NULL)", "INSERT INTO fractions VALUES (-1.50), (NULL), (0), (0.25), (7.75), (-3), (8), (NULL)",
			"CREATE TABLE doubles (id DOUBLE, KEY (id))", "INSERT INTO doubles VALUES (-1e300), (NULL), (0.5), (1e18), (-2.5)",
			"CREATE TABLE nothing (id INT PRIMARY KEY)", "CREATE TABLE words (id VARCHAR(10) PRIMARY KEY)", "INSERT INTO words VALUES ('a'), ('b')",
			"CREATE VIEW seen AS SELECT id FROM dense")
		tests := []struct {
			table    string
			more     map[string]any
			channels int
			kind     string
			splits   int
			rows     int
		}{
			{"dense", map[string]any{"splitPk": "id"}, 4, sqlkit.Range, 5, 100_000},
			{"dense", map[string]any{"splitPk": "ID", "splitStrategy": "range"}, 1, sqlkit.All, 1, 100_000},
			{"dense", map[string]any{"splitStrategy": "auto"}, 2, sqlkit.Range, 5, 100_000},
			{"dense", map[string]any{"splitPk": "id", "splitStrategy": "mod"}, 3, sqlkit.Mod, 3, 100_000},
			{"dense", map[string]any{"splitPk": "odd", "splitStrategy": "auto"}, 3, sqlkit.Mod, 3, 100_000},
			{"dense", map[string]any{"splitPk": "id", "splitPkStart": "-10", "splitPkEnd": "9"}, 2, sqlkit.Range, 2, 20},
			{"dense", map[string]any{"splitPk": "id", "where": "id < 0 or id >= 98999"}, 2, sqlkit.Range, 5, 1001},
			{"sparse", map[string]any{"splitPk": "id"}, 4, sqlkit.Mod, 4, 1001},
			{"sparse", map[string]any{"splitPk": "id", "splitStrategy": "range"}, 4, sqlkit.Range, 16, 1001},
			{"fractions", map[string]any{"splitPk": "id"}, 3, sqlkit.Mod, 3, 8},
			{"fractions", map[string]any{"splitPk": "id", "splitStrategy": "range"}, 3, sqlkit.Range, 3, 8},
			{"doubles", map[string]any{"splitPk": "id", "splitStrategy": "mod"}, 3, sqlkit.Mod, 3, 5},
			{"doubles", map[string]any{"splitPk": "id", "splitStrategy": "range"}, 3, sqlkit.Range, 3, 5},
			{"nothing", map[string]any{"splitPk": "id"}, 4, sqlkit.All, 1, 0},
			{"words", map[string]any{"splitStrategy": "auto"}, 4, sqlkit.All, 1, 2},
			{"seen", map[string]any{"splitPk": "id"}, 2, sqlkit.Mod, 2, 100_000},
		}
		for _, tt := range tests {
			t.Run(fmt.Sprint(tt.table, tt.more), func(t *testing.T) {
				readings, err := plugintest.Drain(t.Context(), plugintest.NewReader(t, Info(), job(db, tt.table, tt.more)), tt.channels, plugintest.Options{Cells: plugintest.Texts})
				if err != nil {
					t.Fatal(err)
				}
				seen := map[string]int{}
				rows := 0
				for _, g := range readings {
					for _, row := range g.Rows {
						seen[row[0]]++
						rows++
					}
				}
				spec, err := sqlkit.ParseSpec(readings[0].Split)
				if err != nil || spec.Kind != tt.kind || len(readings) != tt.splits || rows != tt.rows {
					t.Errorf("%d splits of kind %s with %d rows, %v, want %d of %s with %d", len(readings), spec.Kind, rows, err, tt.splits, tt.kind, tt.rows)
				}
				for id, n := range seen {
					if n > 1 && id != "NULL" {
						t.Fatalf("row %s was read %d times", id, n)
					}
				}
			})
		}
	})
}

// TestPlansCostNothing asks the server how it would read splits: in the order
// of an index, without sorting.
func TestPlansCostNothing(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		db.Exec(t, recursion(t), "CREATE TABLE t (id BIGINT PRIMARY KEY, pad VARCHAR(100) DEFAULT 'some text that makes a row wider', other INT NOT NULL DEFAULT 0, KEY (other))",
			numbers("t", 1, 50_000), "UPDATE t SET other = id * 7 % 50000", "ANALYZE TABLE t",
			"CREATE TABLE pair (a INT, b VARCHAR(10), c INT, PRIMARY KEY (a, b))", "INSERT INTO pair SELECT id % 1000, id, 1 FROM t", "ANALYZE TABLE pair")
		one := []string{`{"v":1,"at":"","key":["20000"]}`, ``}
		tests := []struct {
			table    string
			more     map[string]any
			key      []string
			position []string
			index    string
		}{
			{"t", map[string]any{"splitPk": "id", "splitStrategy": "mod"}, []string{"id"}, one, "PRIMARY"},
			{"t", map[string]any{"splitPk": "id", "splitStrategy": "range"}, []string{"id"}, one, "PRIMARY"},
			{"t", map[string]any{"splitPk": "other", "splitStrategy": "mod"}, []string{"id"}, one, "PRIMARY"},
			{"t", map[string]any{"splitPk": "other", "splitStrategy": "range"}, []string{"other", "id"}, []string{`{"v":1,"at":"","key":["20000","5"]}`, ``}, "other"},
			{"pair", map[string]any{"splitPk": "a", "splitStrategy": "range"}, []string{"a", "b"}, []string{`{"v":1,"at":"","key":["300","5"]}`, ``}, "PRIMARY"},
			{"pair", map[string]any{"splitPk": "c", "splitStrategy": "mod"}, []string{"a", "b"}, []string{`{"v":1,"at":"","key":["300","5"]}`, ``}, "PRIMARY"},
		}
		for _, tt := range tests {
			t.Run(fmt.Sprint(tt.table, tt.more), func(t *testing.T) {
				spied := &spy{}
				more := map[string]any{"snapshot": "off"} // whose sessions are not spied on
				maps.Copy(more, tt.more)
				r := spied.reader(t, job(db, tt.table, more))
				splits, err := r.(plugin.Splitter).Splits(t.Context(), plugin.Plan{Channels: 4})
				if err != nil {
					t.Fatal(err)
				}
				spec, err := sqlkit.ParseSpec(splits[1])
				if err != nil || !slices.Equal(spec.Key, tt.key) || !spec.Unique {
					t.Errorf("order %v, unique %v, %v, want %v", spec.Key, spec.Unique, err, tt.key)
				}
				for _, position := range tt.position {
					from := plugin.Progress{Split: splits[1]}
					if position != "" {
						from.Position = []byte(position)
					}
					s, err := r.Open(t.Context(), from)
					if err != nil {
						t.Fatal(err)
					}
					if err := s.Close(); err != nil {
						t.Error(err)
					}
					plan, err := db.Connect(t).Execute("EXPLAIN " + spied.prepared)
					if err != nil {
						t.Fatal(err)
					}
					key, keyErr := plan.GetStringByName(0, "key")
					extra, extraErr := plan.GetStringByName(0, "Extra")
					if err := errors.Join(keyErr, extraErr); err != nil || strings.Contains(extra, "filesort") || key != tt.index {
						t.Errorf("%s\nuses key %q: %s, %v", spied.prepared, key, extra, err)
					}
				}
			})
		}
	})
}

// spy is a driver that remembers the statement prepared last.
type spy struct {
	*mysqlread.Driver
	prepared string
}

func (s *spy) reader(t *testing.T, parameters string) plugin.Reader {
	info := Info()
	info.New = func(env plugin.Env, d *config.Decoder) (plugin.Reader, error) {
		cfg := &Config{}
		if err := d.Decode(cfg); err != nil {
			return nil, err
		}
		var err error
		if s.Driver, err = cfg.driver(env.Log); err != nil {
			return nil, err
		}
		return sqlread.New(env, &cfg.ReaderConfig, s)
	}
	return plugintest.NewReader(t, info, parameters)
}

func (s *spy) Dial(ctx context.Context, c *sqlkit.Connection) (sqlread.Session, error) {
	one, err := s.Driver.Dial(ctx, c)
	return &spiedSession{one, s}, err
}

type spiedSession struct {
	sqlread.Session
	spy *spy
}

func (s *spiedSession) Prepare(ctx context.Context, sql string) (sqlread.Statement, error) {
	s.spy.prepared = sql
	return s.Session.Prepare(ctx, sql)
}

// TestWideTable reads more columns than a null bitmap of a few bytes holds.
func TestWideTable(t *testing.T) {
	products(t, func(t *testing.T, db servers.Database) {
		var columns, values []string
		for i := range 500 {
			columns = append(columns, fmt.Sprintf("c%d INT", i))
			values = append(values, orNull(i, 3))
		}
		db.Exec(t, "CREATE TABLE wide ("+strings.Join(columns, ", ")+")", "INSERT INTO wide VALUES ("+strings.Join(values, ", ")+")")
		rows := read(t, job(db, "wide", nil))
		if len(rows) != 1 {
			t.Fatalf("%d rows, want 1", len(rows))
		}
		for i, cell := range rows[0] {
			if cell != orNullCell(i, 3) {
				t.Errorf("column %d: %q", i, cell)
			}
		}
	})
}
