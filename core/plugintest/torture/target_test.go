package torture

import (
	"fmt"
	"testing"
	"time"

	"github.com/datasync-io/datasync/core/plugintest/servers"
)

// target is where a job writes.
type target interface {
	label() string
	prepare(t testing.TB, tables []*table)
	writer(tables []*table) map[string]any // of the job file
	holds(id int) (bool, error)            // the row of table wide with this key is there
	contents(t *table) (contents, error)
	disturbed() *victim // what may be killed and cut off; nil: nothing
}

// databaseTarget is a database whose tables are written by key.
type databaseTarget struct {
	*database
	plugin string
}

func (d *databaseTarget) label() string { return d.plugin }

func (d *databaseTarget) prepare(t testing.TB, tables []*table) {
	for _, table := range tables {
		d.run(t, table.create(d.product))
	}
}

func (d *databaseTarget) writer([]*table) map[string]any {
	connection := map[string]any{"jdbcUrl": d.url(), "table": []string{"*"}}
	if d.product == postgresql {
		connection["schema"] = "public"
	}
	return map[string]any{"name": d.plugin + "writer", "parameter": map[string]any{
		"username": servers.RootUser, "password": servers.RootPassword, "connection": []any{connection},
		"column": []string{"*"}, "semantic": "exactly-once", "schemaChange": "evolve",
	}}
}

func (d *databaseTarget) holds(id int) (bool, error) {
	rows, err := d.ask(fmt.Sprintf("SELECT 1 FROM %s WHERE %s = %d", quote(d.product, "wide"), quote(d.product, "id"), id))
	return len(rows) > 0, err
}

func (d *databaseTarget) disturbed() *victim { return d.victim() }

// patience is how long something may take that has to come, once nothing moves.
const patience = 2 * time.Minute
