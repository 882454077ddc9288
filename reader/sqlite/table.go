package sqlite

import (
	"context"
	"fmt"
	"strconv"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Table implements [sqlread.Session].
func (s *session) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	t, err := s.conn.Table(ctx, name.Table)
	if err != nil {
		return nil, s.note(err)
	}
	def := define(t)
	if t.RowID == "" {
		return def, nil
	}
	// The span of the rowids is the number of rows where none was ever deleted.
	id, from := sqlitekit.Dialect().Quote(t.RowID), sqlitekit.Dialect().Table(def.Name)
	span, err := s.conn.Text(ctx, fmt.Sprintf("SELECT (SELECT MAX(%[1]s) FROM %[2]s) - (SELECT MIN(%[1]s) FROM %[2]s) + 1", id, from))
	if err != nil {
		return nil, s.note(err)
	}
	if def.Rows, err = strconv.ParseInt(span, 10, 64); err != nil {
		def.Rows = 0 // no rows: NULL; or more than there can be
	}
	return def, nil
}

// define describes a table to the engine. The rowid is a column that "*" leaves
// out, and its order the one that rows are stored in.
func define(t *sqlitekit.Table) *sqlkit.Table {
	def := &sqlkit.Table{Name: record.Name{Table: t.Name}, View: t.View, Rows: -1}
	for i := range t.Columns {
		def.Columns = append(def.Columns, sqlkit.TableColumn{
			Column: t.Column(i), Sorts: true, Generated: t.Columns[i].Generated,
			Numbers: sqlitekit.AffinityOf(t.Columns[i].Declared) != sqlitekit.TextAffinity,
		})
	}
	if t.RowID != "" {
		id := t.RowID
		if t.Alias >= 0 {
			id = t.Columns[t.Alias].Name
		}
		def.Indexes = append(def.Indexes, sqlkit.Index{Name: id, Primary: t.Alias >= 0, Unique: true, Columns: []string{id}})
		for _, name := range []string{"rowid", "_rowid_", "oid"} {
			if t.Index(name) < 0 {
				def.Columns = append(def.Columns, sqlkit.TableColumn{Column: record.Column{Name: name, Kind: record.Int64}, Hidden: true, Sorts: true})
			}
		}
	}
	for _, x := range t.Indexes {
		if x.Primary && t.NoRowID {
			x.Nullable = false
		}
		def.Indexes = append(def.Indexes, x)
	}
	return def
}
