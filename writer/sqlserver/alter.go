package sqlserver

import (
	"fmt"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Alterer = (*driver)(nil)

// Alter implements [sqlwrite.Alterer].
func (d *driver) Alter(table record.Name, s sqlwrite.Step) ([]string, error) {
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
		return []string{alter + "ALTER COLUMN " + name + " " + mssqlkit.Declared(&s.Column, 0) + nullable(&s.Column)}, nil
	case sqlwrite.RelaxColumn: // the column is the target's own
		return []string{alter + "ALTER COLUMN " + name + " " + s.Column.Native + " NULL"}, nil
	case sqlwrite.EmptyTable:
		return []string{"TRUNCATE TABLE " + t}, nil
	case sqlwrite.DropTable:
		return []string{"DROP TABLE " + t}, nil
	case sqlwrite.RenameTable:
		return []string{"EXEC sp_rename " + mssqlkit.Dialect.Text(t) + ", " + mssqlkit.Dialect.Text(s.To.Table)}, nil
	}
	return nil, fmt.Errorf("unknown step %d", s.Kind)
}

func nullable(c *record.Column) string {
	if c.Nullable {
		return " NULL"
	}
	return " NOT NULL"
}
