package postgresql

import (
	"context"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Alterer = (*driver)(nil)

// Alter implements [sqlwrite.Alterer].
func (d *driver) Alter(_ context.Context, _ sqlwrite.Session, table record.Name, s sqlwrite.Step) ([]string, error) {
	t, name := pgkit.Dialect.Table(table), pgkit.Dialect.Quote(s.Name)
	alter := "ALTER TABLE " + t + " "
	switch s.Kind {
	case sqlwrite.AddColumn:
		return []string{alter + "ADD COLUMN " + name + " " + pgkit.TypeFor(&s.Column) + constant(s.Value)}, nil
	case sqlwrite.SetDefault:
		if s.Value == nil {
			return []string{alter + "ALTER COLUMN " + name + " DROP DEFAULT"}, nil
		}
		return []string{alter + "ALTER COLUMN " + name + " SET" + constant(s.Value)}, nil
	case sqlwrite.DropColumn:
		return []string{alter + "DROP COLUMN " + name}, nil
	case sqlwrite.RenameColumn:
		return []string{alter + "RENAME COLUMN " + name + " TO " + pgkit.Dialect.Quote(s.Column.Name)}, nil
	case sqlwrite.ChangeColumn:
		return []string{alter + "ALTER COLUMN " + name + changed(&s)}, nil
	case sqlwrite.RelaxColumn:
		return []string{alter + "ALTER COLUMN " + name + " DROP NOT NULL"}, nil
	case sqlwrite.EmptyTable:
		return []string{"TRUNCATE TABLE " + t}, nil
	case sqlwrite.DropTable:
		return []string{"DROP TABLE " + t}, nil
	case sqlwrite.RenameTable:
		return []string{alter + "RENAME TO " + pgkit.Dialect.Quote(s.To.Table)}, nil
	}
	return nil, fmt.Errorf("unknown step %d", s.Kind)
}

// changed spells the type that a column gets: a text that is told no collation
// gets its type's own, and a generated column has its values by itself.
func changed(s *sqlwrite.Step) string {
	typ := pgkit.TypeFor(&s.Column)
	collated := typ
	if s.There != nil && s.There.Collation != "" && (typ == "text" || strings.HasPrefix(typ, "varchar(")) {
		collated += " COLLATE " + s.There.Collation
	}
	if s.There != nil && s.There.Generated {
		return " TYPE " + collated
	}
	return " TYPE " + collated + " USING " + pgkit.Dialect.Quote(s.Name) + "::" + typ
}

func constant(v *sqlkit.Value) string {
	if v == nil {
		return ""
	}
	return " DEFAULT " + pgkit.Dialect.Literal(*v)
}
