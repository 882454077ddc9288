package pgwal

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// defined asks for the definition of a table as the log would give it: its
// published columns and its replica identity. where is the publication's
// condition for rows, "" if it has none. publication may be "": all columns.
func (t *tables) defined(ctx context.Context, c *pgkit.Conn, publication string, name record.Name) (rel *relation, where string, err error) {
	keys := "i.indnkeyatts"
	if c.Server.Number < 110000 {
		keys = "i.indnatts"
	}
	r, err := c.Query(ctx, `SELECT a.attname, a.atttypid, a.atttypmod, c.relreplident, c.relreplident = 'f' OR EXISTS (SELECT 1 FROM pg_catalog.pg_index i
 WHERE i.indrelid = c.oid AND (c.relreplident = 'd' AND i.indisprimary OR c.relreplident = 'i' AND i.indisreplident) AND a.attnum = ANY ((i.indkey::int2[])[0:`+keys+` - 1]))
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
 WHERE n.nspname = `+pgkit.Dialect.Text(name.Schema)+` AND c.relname = `+pgkit.Dialect.Text(name.Table)+` AND c.relkind IN ('r', 'p')
 AND a.attnum > 0 AND NOT a.attisdropped AND `+publishedColumns(c, publication, name)+` ORDER BY a.attnum`)
	if err != nil {
		return nil, "", fmt.Errorf("looking at table %s: %w", name, err)
	}
	if len(r.Rows) == 0 {
		return nil, "", errclass.With(errclass.Config, fmt.Errorf("%w: %s, or the publication has none of its columns", sqlkit.ErrNoTable, name))
	}
	rel = &relation{identity: r.Text(0, 3)[0]}
	for i := range r.Rows {
		rel.columns = append(rel.columns, column{r.Text(i, 0), pgkit.TypeRef{OID: uint32(r.Int(i, 1)), Modifier: int32(r.Int(i, 2))}, r.True(i, 4)})
	}
	if err := t.describe(ctx, c, name, rel); err != nil {
		return nil, "", err
	}
	if publication == "" || c.Server.Number < 150000 {
		return rel, "", nil
	}
	r, err = c.Query(ctx, "SELECT rowfilter "+publishedAs(publication, name))
	if err != nil {
		return nil, "", fmt.Errorf("asking what of table %s is published: %w", name, err)
	}
	if len(r.Rows) > 0 {
		where = r.Text(0, 0)
	}
	return rel, where, nil
}

// publishedColumns is the condition of the columns that the log has.
func publishedColumns(c *pgkit.Conn, publication string, name record.Name) string {
	switch {
	case c.Server.Number >= 150000 && publication != "":
		return "a.attname = ANY (SELECT unnest(attnames) " + publishedAs(publication, name) + ")"
	case c.Server.Number >= 120000:
		return "a.attgenerated = ''"
	}
	return "true"
}

func publishedAs(publication string, name record.Name) string {
	return "FROM pg_catalog.pg_publication_tables WHERE pubname = " + pgkit.Dialect.Text(publication) +
		" AND schemaname = " + pgkit.Dialect.Text(name.Schema) + " AND tablename = " + pgkit.Dialect.Text(name.Table)
}

// order returns the columns of the key that rows can be read in the order of,
// as the table's definition has them; nil if there are none.
func (rel *relation) order(table *sqlkit.Table) []*sqlkit.TableColumn {
	columns := make([]*sqlkit.TableColumn, 0, len(rel.schema.Key))
	for _, k := range rel.schema.Key {
		f := table.Column(rel.columns[k].name)
		if f == nil || !f.Sorts || f.Nullable {
			return nil
		}
		columns = append(columns, f)
	}
	return columns
}

// copied are the tables that a snapshot is taken of: the job's, or else those of
// the publication, or where there is none all that a publication could have.
func (r *reader) copied(ctx context.Context, c *pgkit.Conn, publication string) ([]record.Name, error) {
	names, err := r.names(ctx, c, publication)
	if err == nil && len(names) == 0 {
		err = errclass.With(errclass.Config, errors.New("there is no table to copy: name some in tableList"))
	}
	return names, err
}

// names are the tables that are read.
func (r *reader) names(ctx context.Context, c *pgkit.Conn, publication string) ([]record.Name, error) {
	var names []record.Name
	for _, t := range r.config.tables {
		t.Database = r.config.settings.Database
		if !slices.Contains(names, t) {
			names = append(names, t)
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	sql := "SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = " + pgkit.Dialect.Text(publication)
	if publication == "" {
		sql = `SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'`
	}
	rows, err := c.Query(ctx, sql+" ORDER BY 1, 2")
	if err != nil {
		return nil, fmt.Errorf("asking for the tables to read: %w", err)
	}
	for i := range rows.Rows {
		name := record.Name{Database: r.config.settings.Database, Schema: rows.Text(i, 0), Table: rows.Text(i, 1)}
		if r.config.wants(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

// definitions are those of the tables where a slot that has just been made
// begins. Without them a change before a table's first row would not show.
func (r *reader) definitions(ctx context.Context, c *pgkit.Conn, publication string) ([]byte, error) {
	names, err := r.names(ctx, c, publication)
	if err != nil {
		return nil, err
	}
	known := newTables(r.config, r.env.Meta)
	for _, name := range names {
		rel, _, err := known.defined(ctx, c, publication, name)
		switch {
		case errors.Is(err, sqlkit.ErrNoTable): // gone meanwhile
		case err != nil:
			return nil, err
		default:
			known.known[name] = rel
		}
	}
	return known.state()
}
