package mysqlread

import (
	"strings"
	"sync"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// natives remembers how the definitions of tables spell the types of their
// columns, which results do not say. Several sessions share it.
type natives struct {
	mu     sync.Mutex
	tables map[string][]definition // by name in lower case
}

type definition struct {
	database string
	types    map[string]string // by column
}

func newNatives() *natives { return &natives{tables: map[string][]definition{}} }

// learn remembers a table, in place of what was known of it.
func (n *natives) learn(t *sqlkit.Table, name record.Name) {
	def := definition{database: name.Database, types: make(map[string]string, len(t.Columns))}
	for i := range t.Columns {
		def.types[t.Columns[i].Name] = t.Columns[i].Native
	}
	id := strings.ToLower(t.Name.Table)
	n.mu.Lock()
	defer n.mu.Unlock()
	for i := range n.tables[id] {
		if n.tables[id][i].database == def.database {
			n.tables[id][i] = def
			return
		}
	}
	n.tables[id] = append(n.tables[id], def)
}

// of returns the types of a result's fields, "" for one that is of no table
// that is known.
func (n *natives) of(fields []*gomysql.Field) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	types := make([]string, len(fields))
	for i, f := range fields {
		// A view's fields may name the database of what is behind it.
		known := n.tables[strings.ToLower(string(f.Table))]
		for k := range known {
			if len(known) == 1 || strings.EqualFold(known[k].database, string(f.Schema)) {
				types[i] = known[k].types[string(f.OrgName)]
				if t, ok := known[k].types[string(f.Name)]; ok {
					types[i] = t
				}
			}
		}
	}
	return types
}
