package pgkit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// ReadTable asks for the definition of a table, a view, a materialized view or
// a foreign table. Without a schema the search path is gone through. Columns of
// a domain are described as of the type below it. The error of a table that is
// not there is [sqlkit.NoTable]'s.
//
// TableColumn.Native is the type as format_type spells it. A table that is
// partitioned is one table.
func (c *Conn) ReadTable(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	r, err := c.Query(ctx, `SELECT c.oid, n.nspname, c.relname, c.relkind, obj_description(c.oid, 'pg_class'), current_database()
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE `+selects(name)+` AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`)
	if err != nil {
		return nil, fmt.Errorf("looking for table %s: %w", name, err)
	}
	if len(r.Rows) == 0 {
		near, err := c.Tables(ctx, record.Name{Schema: name.Schema})
		if err != nil {
			return nil, err
		}
		return nil, sqlkit.NoTable(record.Name{Schema: name.Schema, Table: name.Table}, near)
	}
	kind := r.Text(0, 3)
	t := &sqlkit.Table{
		Name:    record.Name{Database: r.Text(0, 5), Schema: r.Text(0, 1), Table: r.Text(0, 2)},
		View:    kind == "v" || kind == "m",
		Comment: r.Text(0, 4), Rows: -1,
	}
	oid := r.Text(0, 0)
	if t.Columns, err = c.readColumns(ctx, oid); err != nil {
		return nil, fmt.Errorf("reading the columns of table %s: %w", t.Name, err)
	}
	if kind == "v" || kind == "f" {
		return t, nil
	}
	if t.Indexes, err = c.readIndexes(ctx, oid); err != nil {
		return nil, fmt.Errorf("reading the indexes of table %s: %w", t.Name, err)
	}
	if t.Rows, err = c.countRows(ctx, oid); err != nil {
		return nil, fmt.Errorf("reading the size of table %s: %w", t.Name, err)
	}
	return t, nil
}

// selects spells the condition that finds one table.
func selects(name record.Name) string {
	cond := "c.relname = " + literal(name.Table)
	if name.Schema != "" {
		return cond + " AND n.nspname = " + literal(name.Schema)
	}
	return cond + " AND pg_catalog.pg_table_is_visible(c.oid)"
}

// readColumns goes below domains, whose own NOT NULL counts as well.
func (c *Conn) readColumns(ctx context.Context, oid string) ([]sqlkit.TableColumn, error) {
	identity, generated := "''", "''"
	if c.Server.Number >= 100000 {
		identity = "a.attidentity"
	}
	if c.Server.Number >= 120000 {
		generated = "a.attgenerated"
	}
	r, err := c.Query(ctx, `WITH RECURSIVE base AS (
 SELECT a.attnum, t.oid AS type, a.atttypmod AS modifier, t.typtype, t.typname, t.typbasetype, t.typtypmod, t.typnotnull AS strict
 FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
 WHERE a.attrelid = `+oid+` AND a.attnum > 0 AND NOT a.attisdropped
 UNION ALL
 SELECT b.attnum, t.oid, CASE WHEN b.modifier < 0 THEN b.typtypmod ELSE b.modifier END, t.typtype, t.typname, t.typbasetype, t.typtypmod, b.strict OR t.typnotnull AND t.typtype = 'd'
 FROM base b JOIN pg_catalog.pg_type t ON t.oid = b.typbasetype WHERE b.typtype = 'd')
 SELECT a.attname, b.type, b.modifier, pg_catalog.format_type(b.type, b.modifier), b.typtype, b.typname, a.attnotnull OR b.strict,
 a.atthasdef, `+identity+`, `+generated+`, pg_catalog.col_description(a.attrelid, a.attnum), `+c.deterministic()+`,
 pg_catalog.pg_get_expr(d.adbin, d.adrelid),
 CASE WHEN l.collname <> 'default' THEN pg_catalog.quote_ident(ln.nspname) || '.' || pg_catalog.quote_ident(l.collname) END
 FROM base b JOIN pg_catalog.pg_attribute a ON a.attrelid = `+oid+` AND a.attnum = b.attnum
 LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
 LEFT JOIN pg_catalog.pg_namespace ln ON ln.oid = l.collnamespace
 WHERE b.typtype <> 'd' ORDER BY a.attnum`)
	if err != nil {
		return nil, err
	}
	columns := make([]sqlkit.TableColumn, len(r.Rows))
	for i := range r.Rows {
		t := newTypeInfo(uint32(r.Int(i, 1)), int32(r.Int(i, 2)), r.Text(i, 3), r.Text(i, 4), r.Text(i, 5))
		t.folds = !r.True(i, 11)
		if t.oid == oidMoney {
			if t.column.Scale, err = c.moneyDigits(ctx); err != nil {
				return nil, err
			}
		}
		col := &columns[i]
		col.Column = t.column
		col.Name, col.Nullable = r.Text(i, 0), !r.True(i, 6)
		col.Generated = r.Text(i, 9) != ""
		col.Identity = r.Text(i, 8) != "" || strings.HasPrefix(r.Text(i, 12), "nextval(")
		col.Default = r.True(i, 7) || col.Identity
		col.Comment = r.Text(i, 10)
		col.Collation = r.Text(i, 13)
		col.Sorts = t.sorts()
	}
	return columns, nil
}

// sorts tells the types of which only equal values compare as equal, and that
// a literal of datasync's own spelling is compared with: not intervals (30 days
// are a month) and citext, nor what has no order.
func (t *typeInfo) sorts() bool {
	if t.folds {
		return false
	}
	switch t.oid {
	case oidInterval, oidJSON, oidXid, oidCid, oidXid8, oidMoney, oidFloat4:
		return false // a real is compared with a literal as a double
	}
	_, fixed := wireTypes[t.oid]
	return fixed || t.class == "e"
}

// readIndexes lists the indexes that rows can be read in order of.
func (c *Conn) readIndexes(ctx context.Context, oid string) ([]sqlkit.Index, error) {
	keys := "i.indnatts"
	if c.Server.Number >= 110000 {
		keys = "i.indnkeyatts"
	}
	r, err := c.Query(ctx, `SELECT x.relname, i.indisprimary, i.indisunique, i.indpred IS NOT NULL, a.attname, coalesce(a.attnotnull, false),
 i.indcollation[k.n - 1] IN (0, coalesce(a.attcollation, 0)), i.indimmediate
 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = x.relam
 CROSS JOIN LATERAL generate_series(1, `+keys+`) k(n)
 LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[k.n - 1] AND a.attnum > 0
 WHERE i.indrelid = `+oid+` AND i.indisvalid AND m.amname = 'btree'
 ORDER BY i.indisprimary DESC, x.relname, k.n`)
	if err != nil {
		return nil, err
	}
	var list []sqlkit.Index
	for i := range r.Rows {
		if len(list) == 0 || list[len(list)-1].Name != r.Text(i, 0) {
			list = append(list, sqlkit.Index{
				Name: r.Text(i, 0), Primary: r.True(i, 1), Unique: r.True(i, 2) && r.True(i, 7), Partial: r.True(i, 3),
			})
		}
		x := &list[len(list)-1]
		column := r.Text(i, 4)
		if !r.True(i, 6) {
			column = "" // in the order of another collation
		}
		x.Columns = append(x.Columns, column)
		x.Nullable = x.Nullable || !r.True(i, 5)
	}
	return slices.Clip(list), nil
}

// countRows adds up what the last ANALYZE or VACUUM has counted, of partitions
// as well; below 0: nothing was counted yet.
func (c *Conn) countRows(ctx context.Context, oid string) (int64, error) {
	r, err := c.Query(ctx, `WITH RECURSIVE part AS (SELECT `+oid+`::oid AS oid UNION
 SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN part p ON i.inhparent = p.oid)
 SELECT coalesce(sum(CASE WHEN c.reltuples > 0 THEN c.reltuples END), CASE WHEN bool_and(c.relpages = 0 AND c.reltuples <= 0) THEN -1 ELSE 0 END)::bigint
 FROM part p JOIN pg_catalog.pg_class c ON c.oid = p.oid WHERE c.relkind IN ('r', 'm')`)
	if err != nil {
		return 0, err
	}
	if r.Text(0, 0) == "" {
		return -1, nil
	}
	return r.Int(0, 0), nil
}

// Tables lists tables and views of a schema, sorted by name; without one those
// on the search path. Partitions are left out: their rows are their parents'.
func (c *Conn) Tables(ctx context.Context, in record.Name) ([]record.Name, error) {
	cond := "pg_catalog.pg_table_is_visible(c.oid) AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
	if in.Schema != "" {
		cond = "n.nspname = " + literal(in.Schema)
	}
	if c.Server.Number >= 100000 {
		cond += " AND NOT c.relispartition"
	}
	r, err := c.Query(ctx, `SELECT current_database(), n.nspname, c.relname
 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND `+cond+` ORDER BY c.relname COLLATE "C", n.nspname`)
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", err)
	}
	names := make([]record.Name, len(r.Rows))
	for i := range r.Rows {
		names[i] = record.Name{Database: r.Text(i, 0), Schema: r.Text(i, 1), Table: r.Text(i, 2)}
	}
	return names, nil
}
