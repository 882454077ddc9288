package mysql

import (
	"fmt"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Alterer = (*driver)(nil)

// Alter implements [sqlwrite.Alterer]. Columns are renamed by MySQL since 8.0
// and MariaDB since 10.5.
func (d *driver) Alter(table record.Name, s sqlwrite.Step) ([]string, error) {
	t, name := mysqlkit.Dialect.Table(table), mysqlkit.Dialect.Quote(s.Name)
	alter := "ALTER TABLE " + t + " "
	switch s.Kind {
	case sqlwrite.AddColumn:
		return []string{alter + "ADD COLUMN " + name + " " + mysqlkit.TypeFor(&s.Column) + " NULL"}, nil
	case sqlwrite.DropColumn:
		return []string{alter + "DROP COLUMN " + name}, nil
	case sqlwrite.RenameColumn:
		return []string{alter + "RENAME COLUMN " + name + " TO " + mysqlkit.Dialect.Quote(s.Column.Name)}, nil
	case sqlwrite.ChangeColumn:
		return []string{alter + "MODIFY COLUMN " + name + " " + mysqlkit.TypeFor(&s.Column) + nullable(&s.Column)}, nil
	case sqlwrite.RelaxColumn: // the column is the target's own
		return []string{alter + "MODIFY COLUMN " + name + " " + s.Column.Native + " NULL"}, nil
	case sqlwrite.EmptyTable:
		return []string{"TRUNCATE TABLE " + t}, nil
	case sqlwrite.DropTable:
		return []string{"DROP TABLE " + t}, nil
	case sqlwrite.RenameTable:
		return []string{"RENAME TABLE " + t + " TO " + mysqlkit.Dialect.Table(s.To)}, nil
	}
	return nil, fmt.Errorf("unknown step %d", s.Kind)
}

func nullable(c *record.Column) string {
	if c.Nullable {
		return " NULL"
	}
	return " NOT NULL"
}
