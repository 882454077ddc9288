package sqlserver

import (
	"context"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/kit/mssqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
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
		return []string{alter + "ADD " + name + " " + mssqlkit.Declared(&s.Column, 0) + " NULL" + constant(s.Value, " WITH VALUES")}, nil
	case sqlwrite.SetDefault:
		statements := []string{withoutDefault(t, s.Name)}
		if s.Value != nil {
			statements = append(statements, alter+"ADD"+constant(s.Value, " FOR "+name))
		}
		return statements, nil
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

// constant spells a default, and what follows it; without WITH VALUES the rows
// that are there would stay without it.
func constant(v *sqlkit.Value, more string) string {
	if v == nil {
		return ""
	}
	text := mssqlkit.Dialect.Literal(*v)
	if v.Kind == record.Bool {
		if text = "0"; v.Text == "true" {
			text = "1"
		}
	}
	return " DEFAULT " + text + more
}

// withoutDefault drops the constraint, of any name, that is a column's default.
func withoutDefault(table, column string) string {
	id := "OBJECT_ID(" + mssqlkit.Dialect.Text(table) + ")"
	return "DECLARE @name nvarchar(300) = (SELECT QUOTENAME(name) FROM sys.default_constraints WHERE parent_object_id = " + id +
		" AND parent_column_id = COLUMNPROPERTY(" + id + ", " + mssqlkit.Dialect.Text(column) + ", 'ColumnId'));" +
		" IF @name IS NOT NULL EXEC(" + mssqlkit.Dialect.Text("ALTER TABLE "+table+" DROP CONSTRAINT ") + " + @name)"
}
