package matrix

import (
	"flag"
	"math/rand/v2"
	"testing"
)

var update = flag.Bool("update", false, "write docs/types.md instead of comparing it")

var (
	mysqlSystem    = &system{name: "mysql", title: "MySQL", types: mysqlTypes, open: openMySQL}
	mariadbSystem  = &system{name: "mysql", title: "MariaDB", types: mariadbTypes(), open: openMariaDB}
	postgresSystem = &system{name: "postgresql", title: "PostgreSQL", types: postgresTypes, before: postgresBefore, open: openPostgreSQL}
	sqliteSystem   = &system{name: "sqlite", title: "SQLite", types: sqliteTypes, open: openSQLite}
	jsonSystem     = &system{name: "file", title: "JSON lines", open: openJSONL}
	csvSystem      = &system{name: "file", title: "CSV", open: openCSV}
	parquetSystem  = &system{name: "file", title: "Parquet", open: openParquet}
	kafkaSystem    = &system{name: "kafka", title: "Kafka, JSON", open: openKafka}

	sources = []*system{mysqlSystem, mariadbSystem, postgresSystem, sqliteSystem}
	targets = []*system{mysqlSystem, mariadbSystem, postgresSystem, sqliteSystem, jsonSystem, csvSystem, parquetSystem, kafkaSystem}
)

// TestTypes moves the edge values of every type into every target.
func TestTypes(t *testing.T) {
	p := newPage()
	for _, from := range sources {
		f := fill(t, from, func(s *sourceType) []string { return s.values })
		for _, to := range targets {
			m := f.move(t, to)
			for id := range f.cells {
				f.judge(t, to, m, id)
			}
			p.add(f, to, m)
		}
	}
	p.compare(t)
}

// TestRandomValues does the same with values of no special meaning, of which
// none may be refused between databases.
func TestRandomValues(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	for _, from := range sources {
		g := &generator{rand.New(rand.NewPCG(seed, 0))}
		f := fill(t, from, func(s *sourceType) []string {
			var values []string
			for range 20 {
				if s.random != nil {
					values = append(values, s.random(g))
				}
			}
			return values
		})
		for _, to := range targets {
			m := f.move(t, to)
			for id := range f.cells {
				f.judge(t, to, m, id)
				if why := m.fates[id].refused; why != "" && !to.loses(f.columns[f.cells[id].column].family) {
					t.Errorf("%s to %s: %s of %s was refused: %s", from.title, to.title, f.cells[id].literal, f.columns[f.cells[id].column].native, why)
				}
			}
		}
	}
}

// judge fails unless a value is identical, refused or in a documented representation.
func (f *filled) judge(t *testing.T, to *system, m *moved, id int) {
	t.Helper()
	c, fate := &f.cells[id], &m.fates[id]
	col := f.columns[c.column]
	switch {
	case fate.refused != "":
		return
	case c.literal == "NULL" || col.family == document && c.source == "null" && (to == jsonSystem || to == parquetSystem || to == kafkaSystem): // a document stands in the line as it is
		if fate.target != nil {
			t.Errorf("%s to %s: NULL of %s has become %.100q", f.system.title, to.title, col.native, *fate.target)
		}
		return
	case fate.target == nil:
		t.Errorf("%s to %s: %.100s of %s has become NULL", f.system.title, to.title, c.literal, col.native)
		return
	case same(col.family, c.source, *fate.target):
		return
	}
	if r := represented(f.system, to, col, c.source, *fate.target); r == "" {
		t.Errorf("%s to %s: %.100s of %s, %.100q, has become %.100q", f.system.title, to.title, c.literal, col.native, c.source, *fate.target)
	}
}
