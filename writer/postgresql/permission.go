package postgresql

import (
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Permitter = (*driver)(nil)

// Permission implements [sqlwrite.Permitter]. INSERT and UPDATE may be granted
// for columns one by one.
func (d *driver) Permission(t record.Name, columns []string, privilege string) string {
	table := literal(pgkit.Dialect.Table(t))
	held := fmt.Sprintf("has_table_privilege(%s, '%s')", table, privilege)
	if privilege == "DELETE" || len(columns) == 0 {
		return "SELECT " + held
	}
	each := make([]string, len(columns))
	for i, c := range columns {
		each[i] = fmt.Sprintf("has_column_privilege(%s, %s, '%s')", table, literal(c), privilege)
	}
	return "SELECT " + held + " OR " + strings.Join(each, " AND ")
}

func literal(text string) string { return "'" + strings.ReplaceAll(text, "'", "''") + "'" }
