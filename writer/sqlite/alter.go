package sqlite

import (
	"context"
	"errors"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Alterer = (*driver)(nil)

// Alter implements [sqlwrite.Alterer]. A column takes values of any type, so
// that there is nothing to change; NOT NULL cannot be taken away.
func (d *driver) Alter(_ context.Context, _ sqlwrite.Session, table record.Name, s sqlwrite.Step) ([]string, error) {
	dialect := sqlitekit.Dialect()
	t, name := dialect.Table(table), dialect.Quote(s.Name)
	alter := "ALTER TABLE " + t + " "
	switch s.Kind {
	case sqlwrite.AddColumn:
		return []string{strings.TrimSpace(alter + "ADD COLUMN " + name + " " + typeFor(&s.Column))}, nil
	case sqlwrite.DropColumn:
		return []string{alter + "DROP COLUMN " + name}, nil
	case sqlwrite.RenameColumn:
		return []string{alter + "RENAME COLUMN " + name + " TO " + dialect.Quote(s.Column.Name)}, nil
	case sqlwrite.ChangeColumn:
		return nil, nil
	case sqlwrite.EmptyTable:
		return []string{"DELETE FROM " + t}, nil
	case sqlwrite.DropTable:
		return []string{"DROP TABLE " + t}, nil
	case sqlwrite.RenameTable:
		return []string{alter + "RENAME TO " + dialect.Quote(s.To.Table)}, nil
	}
	return nil, errors.New("column " + s.Name + " takes no NULL, which SQLite cannot change: make the table anew")
}
