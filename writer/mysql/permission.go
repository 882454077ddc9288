package mysql

import (
	"strings"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Permitter = (*driver)(nil)

// Permission implements [sqlwrite.Permitter]: EXPLAIN needs the privileges of
// the statement that it explains, and runs nothing of it
// (https://dev.mysql.com/doc/refman/8.0/en/explain.html).
func (d *driver) Permission(t record.Name, columns []string, privilege string) string {
	table, quoted := mysqlkit.Dialect.Table(t), mysqlkit.Dialect.QuoteAll(columns)
	switch privilege {
	case "DELETE":
		return "EXPLAIN DELETE FROM " + table + " WHERE FALSE"
	case "UPDATE":
		return "EXPLAIN UPDATE " + table + " SET " + strings.Join(quoted, " = NULL, ") + " = NULL WHERE FALSE"
	}
	nulls := strings.TrimSuffix(strings.Repeat("NULL, ", len(columns)), ", ")
	return "EXPLAIN INSERT INTO " + table + " (" + strings.Join(quoted, ", ") + ") SELECT " + nulls + " FROM DUAL WHERE FALSE"
}
