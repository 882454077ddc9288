package sqlserver

import (
	"context"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Alterer = (*driver)(nil)

// Alter implements [sqlwrite.Alterer].
func (d *driver) Alter(_ context.Context, _ sqlwrite.Session, table record.Name, s sqlwrite.Step) ([]string, error) {
	t, name := mssqlkit.Dialect.Table(table), mssqlkit.Dialect.Quote(s.Name)
	alter := "ALTER TABLE " + t + " "
	switch s.Kind {
	case sqlwrite.AddColumn:
		return []string{alter + "ADD " + name + " " + mssqlkit.Declared(&s.Column, 0) + " NULL"}, nil
	case sqlwrite.DropColumn:
		return []string{alter + "DROP COLUMN " + name}, nil
	case sqlwrite.RenameColumn:
		return []string{"EXEC sp_rename " + mssqlkit.Dialect.Text(t+"."+name) + ", " + mssqlkit.Dialect.Text(s.Column.Name) + ", N'COLUMN'"}, nil
	case sqlwrite.ChangeColumn:
		return []string{alter + "ALTER COLUMN " + name + " " + declared(&s) + nullable(&s.Column)}, nil
	case sqlwrite.RelaxColumn:
		return []string{alter + "ALTER COLUMN " + name + " " + declared(&s) + " NULL"}, nil
	case sqlwrite.EmptyTable:
		return []string{"TRUNCATE TABLE " + t}, nil
	case sqlwrite.DropTable:
		return []string{"DROP TABLE " + t}, nil
	case sqlwrite.RenameTable:
		return []string{"EXEC sp_rename " + mssqlkit.Dialect.Text(t) + ", " + mssqlkit.Dialect.Text(s.To.Table)}, nil
	}
	return nil, fmt.Errorf("unknown step %d", s.Kind)
}

// declared spells the type that a column gets, or keeps. A text that is told no
// collation gets the database's.
func declared(s *sqlwrite.Step) string {
	typ := mssqlkit.Declared(&s.Column, 0)
	if s.There != nil && s.Column == s.There.Column { // the target's own
		typ = s.Column.Native
	}
	if s.There != nil && s.There.Collation != "" && s.Column.Kind == record.String && !strings.Contains(typ, "COLLATE") && isText(typ) {
		typ += " COLLATE " + s.There.Collation
	}
	return typ
}

// isText tells the types that have a collation.
func isText(typ string) bool {
	name, _, _ := strings.Cut(strings.ToLower(typ), "(")
	switch strings.TrimSpace(name) {
	case "char", "varchar", "text", "nchar", "nvarchar", "ntext", "sysname":
		return true
	}
	return false
}

func nullable(c *record.Column) string {
	if c.Nullable {
		return " NULL"
	}
	return " NOT NULL"
}
