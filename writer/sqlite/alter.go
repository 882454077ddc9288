package sqlite

import (
	"context"
	"errors"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
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
		return []string{strings.TrimSpace(alter+"ADD COLUMN "+name+" "+typeFor(&s.Column)) + constant(&s.Column, s.Value)}, nil
	case sqlwrite.SetDefault: // SQLite keeps the one that the column was added with
		return nil, nil
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

// constant spells a default as rows have it: numbers without a limit are texts.
func constant(c *record.Column, v *sqlkit.Value) string {
	if v == nil {
		return ""
	}
	value := *v
	switch {
	case v.Kind == record.Bool:
		value = sqlkit.Value{Kind: record.Int64, Text: "0"}
		if v.Text == "true" {
			value.Text = "1"
		}
	case typeFor(c) == "TEXT":
		value.Kind = record.String
	}
	return " DEFAULT " + sqlitekit.Dialect().Literal(value)
}
