package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
)

type column struct {
	name string
	kind *kind
}

// table is one of the five. Its first key columns are the key.
type table struct {
	name    string
	keys    int
	columns []column // those that it begins with

	outOfLine bool // PostgreSQL stores values of it beside the row

	mu     sync.Mutex
	extra  []column // that were added
	serial int      // of the last one
}

// bare is the table without a key: rows are added to it, and nothing else.
const bare = "bare"

func tables() []*table {
	return []*table{
		{name: "wide", keys: 1, columns: []column{{"id", big}, {"s", small}, {"u", huge}, {"m", money}, {"r", ratio}, {"f", boolean}, {"w", word},
			{"d", date}, {"l", local}, {"i", instant}, {"t", times}, {"j", document}}},
		{name: "texts", keys: 1, columns: []column{{"k", word}, {"v", word}, {"n", small}}},
		{name: "pairs", keys: 2, columns: []column{{"a", small}, {"b", word}, {"v", money}, {"at", instant}}},
		{name: bare, columns: []column{{"n", big}, {"w", word}, {"m", money}}},
		{name: "large", keys: 1, outOfLine: true, columns: []column{{"id", big}, {"doc", long}, {"pic", blob}, {"n", small}, {"j", document}}},
	}
}

// create spells the table's definition. Keys of text distinguish all texts.
func (t *table) create(p product) string {
	var parts []string
	for i, c := range t.columns {
		spec := quote(p, c.name) + " " + c.kind.types[p]
		if i < t.keys {
			if p == mysql && c.kind == word {
				spec += " CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
			}
			spec += " NOT NULL"
		}
		parts = append(parts, spec)
	}
	if t.keys > 0 {
		var names []string
		for _, c := range t.columns[:t.keys] {
			names = append(names, quote(p, c.name))
		}
		parts = append(parts, "PRIMARY KEY ("+strings.Join(names, ", ")+")")
	}
	return "CREATE TABLE " + quote(p, t.name) + " (" + strings.Join(parts, ", ") + ")"
}

func quote(p product, name string) string {
	if p == mysql {
		return "`" + name + "`"
	}
	return `"` + name + `"`
}

// took takes note of a change to the table that has been made.
func (t *table) took(d *definition) {
	if d == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if d.add {
		t.extra = append(t.extra, d.column)
		return
	}
	t.extra = slices.DeleteFunc(t.extra, func(c column) bool { return c.name == d.column.name })
}

// fresh names a column that the table has never had.
func (t *table) fresh() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.serial++
	return fmt.Sprintf("x%d", t.serial)
}

// added is a random one of the columns that were added.
func (t *table) added(r *rand.Rand) (column, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.extra) == 0 {
		return column{}, false
	}
	return t.extra[r.IntN(len(t.extra))], true
}
