package mysql

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

var _ sqlwrite.Alterer = (*driver)(nil)

// Alter implements [sqlwrite.Alterer]. Columns are renamed by MySQL since 8.0
// and MariaDB since 10.5. MODIFY takes a whole definition: it is the table's own,
// but for what changes.
func (d *driver) Alter(ctx context.Context, db sqlwrite.Session, table record.Name, s sqlwrite.Step) ([]string, error) {
	t, name := mysqlkit.Dialect.Table(table), mysqlkit.Dialect.Quote(s.Name)
	alter := "ALTER TABLE " + t + " "
	switch s.Kind {
	case sqlwrite.AddColumn:
		typ := mysqlkit.TypeFor(&s.Column)
		return []string{alter + "ADD COLUMN " + name + " " + typ + " NULL" + constant(typ, s.Value, serverOf(db))}, nil
	case sqlwrite.SetDefault:
		if s.Value == nil {
			return []string{alter + "ALTER COLUMN " + name + " DROP DEFAULT"}, nil
		}
		return []string{alter + "ALTER COLUMN " + name + " SET" + constant(mysqlkit.TypeFor(&s.Column), s.Value, serverOf(db))}, nil
	case sqlwrite.DropColumn:
		return []string{alter + "DROP COLUMN " + name}, nil
	case sqlwrite.RenameColumn:
		return []string{alter + "RENAME COLUMN " + name + " TO " + mysqlkit.Dialect.Quote(s.Column.Name)}, nil
	case sqlwrite.ChangeColumn, sqlwrite.RelaxColumn:
		column, err := defined(ctx, db, table, s.Name)
		if err != nil {
			return nil, err
		}
		if s.Kind == sqlwrite.ChangeColumn {
			column.change(mysqlkit.TypeFor(&s.Column), serverOf(db))
		}
		if s.Kind == sqlwrite.RelaxColumn || s.Column.Nullable {
			column.relax()
		}
		return []string{alter + "MODIFY COLUMN " + column.String()}, nil
	case sqlwrite.EmptyTable:
		return []string{"TRUNCATE TABLE " + t}, nil
	case sqlwrite.DropTable:
		return []string{"DROP TABLE " + t}, nil
	case sqlwrite.RenameTable:
		return []string{"RENAME TABLE " + t + " TO " + mysqlkit.Dialect.Table(s.To)}, nil
	}
	return nil, fmt.Errorf("unknown step %d", s.Kind)
}

// defined asks for a column's definition.
func defined(ctx context.Context, db sqlwrite.Session, table record.Name, column string) (*definition, error) {
	rows, err := db.Query(ctx, "SHOW CREATE TABLE "+mysqlkit.Dialect.Table(table))
	if err != nil {
		return nil, err
	}
	if len(rows) != 1 || len(rows[0]) < 2 || rows[0][1] == nil {
		return nil, errors.New("the server does not show its definition")
	}
	return columnOf(*rows[0][1], column)
}

// serverOf returns what a session speaks with.
func serverOf(db sqlwrite.Session) mysqlkit.Server {
	if s, is := db.(*session); is {
		return s.conn.Server
	}
	return mysqlkit.Server{}
}

// constant spells a default; large texts and documents have expressions alone
// with MySQL.
func constant(typ string, v *sqlkit.Value, server mysqlkit.Server) string {
	if v == nil {
		return ""
	}
	text := mysqlkit.Dialect.Literal(*v)
	switch {
	case v.Kind == record.Bool && v.Text == "true":
		text = "1"
	case v.Kind == record.Bool:
		text = "0"
	case v.Kind == record.Bytes && v.Text == "":
		text = "''" // no digits are none in an expression
	}
	if large := strings.HasPrefix(typ, "LONG") || typ == "JSON"; large && !server.MariaDB {
		text = "(" + text + ")"
	}
	return " DEFAULT " + text
}

var _ sqlwrite.Clocked = (*driver)(nil)

// Clock implements [sqlwrite.Clocked]. TIMESTAMP is told in the session's zone.
func (d *driver) Clock(c *record.Column, zone *time.Location) *time.Location {
	if zone == nil || strings.HasPrefix(mysqlkit.TypeFor(c), "TIMESTAMP") {
		return time.UTC
	}
	return zone
}
