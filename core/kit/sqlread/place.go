package sqlread

import (
	"fmt"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// place says what is read: a table of a connection, or the job's statement.
type place struct {
	connection int         // in the job's list
	table      record.Name // zero: the statement
}

// placeOf is where a split's rows are.
func placeOf(spec *sqlkit.Spec) place {
	p := place{connection: spec.Connection}
	if spec.Table != nil {
		p.table = *spec.Table
	}
	return p
}

// mark writes the place into a spec.
func (p place) mark(spec *sqlkit.Spec) {
	spec.Connection = p.connection
	if !p.isStatement() {
		table := p.table
		spec.Table = &table
	}
}

func (p place) isStatement() bool { return p.table == record.Name{} }

// String names the place for messages.
func (p place) String() string {
	if p.isStatement() {
		return "customSql"
	}
	return "table " + p.table.String()
}

// key is what the job file says the place by.
func (p place) key() string {
	if p.isStatement() {
		return "customSql"
	}
	return fmt.Sprintf("connection[%d].table", p.connection)
}
