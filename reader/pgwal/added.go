package pgwal

import (
	"context"
	"fmt"
	"regexp"
	"slices"

	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/record"
)

// constants are the defaults that are one value for all rows, as the catalog
// spells them: a number or a text, perhaps with its type.
var constants = regexp.MustCompile(`^(-?\d+(\.\d+)?|\(-?\d+(\.\d+)?\)|'([^']|'')*'|true|false)(::[a-z0-9 _".(),]+(\[\])?)?$`)

// catalogColumn is what the catalog says of a column now.
type catalogColumn struct {
	missing   *string // what rows have that are older than the column; nil: nothing is kept of that
	def       *string // its default; nil: none
	rewritten bool    // the table's rows were written anew since, or are in other tables
	computed  bool    // its values are the server's
}

// added says what the columns are that a table has got. The log has nothing of
// that: it is the catalog as it is now that keeps a constant which older rows
// have. It is out of date when the column was changed again since, and keeps
// nothing of a table that was rewritten since (VACUUM FULL), nor of one with
// partitions.
func (t *tables) added(ctx context.Context, c *pgkit.Conn, before *record.Schema, rel *relation) ([]record.ColumnChange, error) {
	var list []record.ColumnChange
	var catalog map[string]catalogColumn
	has := func(s *record.Schema, name string) bool {
		return slices.ContainsFunc(s.Columns[:s.Data], func(c record.Column) bool { return c.Name == name })
	}
	for i, col := range rel.columns {
		if has(before, col.name) || i < before.Data && !has(rel.schema, before.Columns[i].Name) && before.Columns[i].Kind == rel.schema.Columns[i].Kind {
			continue // one of another name until now
		}
		if catalog == nil {
			var err error
			if catalog, err = catalogColumns(ctx, c, rel.schema.Name); err != nil {
				return nil, err
			}
		}
		if now, there := catalog[col.name]; there {
			change := record.ColumnChange{Column: i, Added: true}
			var err error
			if change.Fill, change.Default, err = rel.told(ctx, c, i, now); err != nil {
				return nil, err
			}
			list = append(list, change)
		}
	}
	return list, nil
}

// told makes of what the catalog says what older rows have in column i, and
// those that come without it.
func (rel *relation) told(ctx context.Context, c *pgkit.Conn, i int, now catalogColumn) (fill, def record.Default, err error) {
	fill, def = record.Default{Kind: record.Computed}, record.Default{Kind: record.Computed}
	isConstant := now.def != nil && constants.MatchString(*now.def)
	switch {
	case now.computed:
		return fill, def, nil
	case now.def == nil:
		def.Kind = record.Nothing
	case isConstant:
		r, err := c.Query(ctx, "SELECT "+*now.def)
		if err != nil {
			return fill, def, fmt.Errorf("asking for the default of column %q of table %s: %w", rel.columns[i].name, rel.schema.Name, err)
		}
		def = rel.constant(i, []byte(r.Text(0, 0)))
	}
	switch {
	case now.missing != nil:
		fill = rel.constant(i, []byte(*now.missing))
	case now.def == nil, isConstant && !now.rewritten: // which it has got later
		fill.Kind = record.Nothing
	}
	return fill, def, nil
}

// constant spells a value of column i as rows have it.
func (rel *relation) constant(i int, text []byte) record.Default {
	one := record.NewSchema(rel.schema.Name, rel.schema.Columns[i:i+1:i+1])
	b := record.NewBatch(1, 0)
	b.Begin(one, record.Insert)
	if err := rel.decoder.Append(b, i, text); err != nil {
		return record.Default{Kind: record.Computed}
	}
	return record.Default{Kind: record.Constant, Text: string(b.Row(0).AppendText(nil, 0))}
}

// catalogColumns asks for the columns of a table by their names; none if it is
// gone.
func catalogColumns(ctx context.Context, c *pgkit.Conn, name record.Name) (map[string]catalogColumn, error) {
	missing, computed := "NULL::text, false", "false"
	if c.Server.Number >= 110000 {
		missing = "(a.attmissingval::text::text[])[1], NOT a.atthasmissing" // an array of one
	}
	if c.Server.Number >= 120000 {
		computed = "a.attgenerated <> ''"
	}
	if c.Server.Number >= 100000 {
		computed += " OR a.attidentity <> ''"
	}
	r, err := c.Query(ctx, `SELECT a.attname, `+missing+`, pg_catalog.pg_get_expr(d.adbin, d.adrelid), d.oid IS NULL, c.relkind <> 'r' OR c.relfilenode <> c.oid, `+computed+`
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
 LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE n.nspname = `+pgkit.Dialect.Text(name.Schema)+` AND c.relname = `+pgkit.Dialect.Text(name.Table)+` AND a.attnum > 0 AND NOT a.attisdropped`)
	if err != nil {
		return nil, fmt.Errorf("asking for the defaults of table %s: %w", name, err)
	}
	columns := map[string]catalogColumn{}
	for i := range r.Rows {
		col := catalogColumn{rewritten: r.True(i, 5), computed: r.True(i, 6)}
		if text := r.Text(i, 1); !r.True(i, 2) && c.Server.Number >= 110000 {
			col.missing = &text
		}
		if text := r.Text(i, 3); !r.True(i, 4) {
			col.def = &text
		}
		columns[r.Text(i, 0)] = col
	}
	return columns, nil
}
