package mssqlkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// catalog spells the catalog views of a table's database.
func catalog(name record.Name) string {
	if name.Database == "" {
		return "sys."
	}
	return Dialect.Quote(name.Database) + ".sys."
}

// Schemas lists the schemas of the session's database but for the system's own.
func (c *Conn) Schemas(ctx context.Context) ([]string, error) {
	rows, err := c.Query(ctx, "SELECT name FROM sys.schemas WHERE schema_id < 16384 AND name NOT IN (N'sys', N'INFORMATION_SCHEMA', N'guest') ORDER BY name")
	if err != nil {
		return nil, fmt.Errorf("listing schemas: %w", err)
	}
	names := make([]string, len(rows))
	for i, row := range rows {
		names[i] = one(row, 0)
	}
	return names, nil
}

// Tables lists the tables and views of a schema, sorted by name, under the
// schema as it was asked for; without one, those of the login's own.
func (c *Conn) Tables(ctx context.Context, in record.Name) ([]record.Name, error) {
	schema := "SCHEMA_NAME()"
	if in.Schema != "" {
		schema = text(in.Schema)
	}
	sys := catalog(in)
	rows, err := c.Query(ctx, "SELECT o.name FROM "+sys+"objects o JOIN "+sys+"schemas s ON s.schema_id = o.schema_id "+
		"WHERE s.name = "+schema+" AND o.type IN ('U', 'V') AND o.is_ms_shipped = 0 ORDER BY o.name")
	if err != nil {
		return nil, fmt.Errorf("listing tables: %w", err)
	}
	names := make([]record.Name, len(rows))
	for i, row := range rows {
		names[i] = record.Name{Database: in.Database, Schema: in.Schema, Table: one(row, 0)}
	}
	return names, nil
}

// Table reads a definition; a name without a schema is looked for in the
// login's own and then in dbo, as the server does. An error of class Config
// names the nearest one, see [sqlkit.NoTable].
func (c *Conn) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	sys := catalog(name)
	row, err := c.First(ctx, "SELECT o.object_id, s.name, o.name, o.type, CAST(ep.value AS nvarchar(3750)), "+
		"(SELECT SUM(p.rows) FROM "+sys+"partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) "+
		"FROM "+sys+"objects o JOIN "+sys+"schemas s ON s.schema_id = o.schema_id "+
		"LEFT JOIN "+sys+"extended_properties ep ON ep.class = 1 AND ep.major_id = o.object_id AND ep.minor_id = 0 AND ep.name = 'MS_Description' "+
		"WHERE o.object_id = OBJECT_ID("+text(Dialect.Table(name))+") AND o.type IN ('U', 'V')")
	if err != nil {
		return nil, fmt.Errorf("reading the definition of %s: %w", name, err)
	}
	if row == nil {
		seen, err := c.Tables(ctx, name)
		if err != nil {
			return nil, err
		}
		return nil, sqlkit.NoTable(name, seen)
	}
	rows, err := strconv.ParseInt(one(row, 5), 10, 64)
	if err != nil {
		rows = -1
	}
	t := &sqlkit.Table{
		Name: record.Name{Database: name.Database, Schema: one(row, 1), Table: one(row, 2)},
		View: strings.TrimSpace(one(row, 3)) == "V", Comment: one(row, 4), Rows: rows,
	}
	id := one(row, 0)
	if t.Columns, err = c.columns(ctx, sys, id); err == nil {
		t.Indexes, err = c.indexes(ctx, sys, id)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the definition of %s: %w", name, err)
	}
	return t, nil
}

func (c *Conn) columns(ctx context.Context, sys, id string) ([]sqlkit.TableColumn, error) {
	temporal := "COALESCE(COLUMNPROPERTY(c.object_id, c.name, 'GeneratedAlwaysType'), 0), COALESCE(COLUMNPROPERTY(c.object_id, c.name, 'IsHidden'), 0) "
	if sys != "sys." {
		temporal = "0, 0 " // the function knows the session's own database alone
	}
	rows, err := c.Query(ctx, "SELECT c.name, COALESCE(b.name, t.name), c.max_length, c.precision, c.scale, c.is_nullable, c.is_identity, c.is_computed, "+
		"CASE WHEN c.default_object_id <> 0 THEN 1 ELSE 0 END, COALESCE(c.collation_name, ''), CAST(ep.value AS nvarchar(3750)), "+
		temporal+
		"FROM "+sys+"columns c JOIN "+sys+"types t ON t.user_type_id = c.user_type_id "+
		"LEFT JOIN "+sys+"types b ON b.user_type_id = c.system_type_id AND t.is_assembly_type = 0 "+
		"LEFT JOIN "+sys+"extended_properties ep ON ep.class = 1 AND ep.major_id = c.object_id AND ep.minor_id = c.column_id AND ep.name = 'MS_Description' "+
		"WHERE c.object_id = "+id+" ORDER BY c.column_id")
	if err != nil {
		return nil, err
	}
	columns := make([]sqlkit.TableColumn, len(rows))
	for i, row := range rows {
		native := spell(one(row, 1), number(row, 2), number(row, 3), number(row, 4))
		collation := one(row, 9)
		t := sqlkit.TableColumn{
			Column: Column(one(row, 0), native, one(row, 5) == "true"), Comment: one(row, 10), Sorts: sorts(native, collation), Collation: collation,
			Identity: one(row, 6) == "true", Hidden: number(row, 12) != 0,
		}
		t.Generated = one(row, 7) == "true" || number(row, 11) != 0 || typed(native).family == versionFamily
		t.Default = t.Identity || t.Generated || number(row, 8) != 0
		t.Select = selection(Dialect.Quote(t.Name), native)
		columns[i] = t
	}
	return columns, nil
}

func number(row []*string, i int) int {
	n, err := strconv.Atoi(one(row, i))
	if err != nil {
		return 0
	}
	return n
}

// spell writes a type as a definition has it: "decimal(18,4)", "nvarchar(20)".
func spell(name string, length, precision, scale int) string {
	switch typed(name).family {
	case decimalFamily:
		return fmt.Sprintf("%s(%d,%d)", name, precision, scale)
	case timeFamily, datetime2Family, offsetFamily:
		return fmt.Sprintf("%s(%d)", name, scale)
	case charFamily, ncharFamily, binaryFamily:
		switch name {
		case "nchar", "nvarchar":
			length /= 2
		case "char", "varchar", "binary", "varbinary":
		default:
			return name
		}
		if length <= 0 {
			return name + "(max)"
		}
		return fmt.Sprintf("%s(%d)", name, length)
	}
	return name
}

// selection is the expression to read a column by; "": its name.
func selection(quoted, native string) string {
	t := typed(native)
	switch t.family {
	case charFamily:
		args, unlimited := arguments(native)
		if unlimited || len(args) == 0 || args[0] > 4000 {
			return "CONVERT(nvarchar(max), " + quoted + ")"
		}
		return "CONVERT(nvarchar(" + strconv.Itoa(args[0]) + "), " + quoted + ")"
	case variantFamily:
		return variantExpression(quoted)
	}
	return ""
}

func (c *Conn) indexes(ctx context.Context, sys, id string) ([]sqlkit.Index, error) {
	rows, err := c.Query(ctx, "SELECT i.name, i.is_primary_key, i.is_unique, i.has_filter, c.name, c.is_nullable "+
		"FROM "+sys+"indexes i JOIN "+sys+"index_columns k ON k.object_id = i.object_id AND k.index_id = i.index_id "+
		"JOIN "+sys+"columns c ON c.object_id = k.object_id AND c.column_id = k.column_id "+
		"WHERE i.object_id = "+id+" AND i.type IN (1, 2) AND i.is_disabled = 0 AND i.is_hypothetical = 0 AND k.is_included_column = 0 AND k.key_ordinal > 0 "+
		"ORDER BY i.is_primary_key DESC, i.is_unique DESC, i.index_id, k.key_ordinal")
	if err != nil {
		return nil, err
	}
	var list []sqlkit.Index
	for _, row := range rows {
		at := slices.IndexFunc(list, func(x sqlkit.Index) bool { return x.Name == one(row, 0) })
		if at < 0 {
			list = append(list, sqlkit.Index{Name: one(row, 0), Primary: one(row, 1) == "true", Unique: one(row, 2) == "true", Partial: one(row, 3) == "true"})
			at = len(list) - 1
		}
		list[at].Columns = append(list[at].Columns, one(row, 4))
		list[at].Nullable = list[at].Nullable || one(row, 5) == "true"
	}
	return list, nil
}

// Describe describes the result of a statement without running it. The error
// is of class Config where the statement is at fault.
func (c *Conn) Describe(ctx context.Context, sql string) ([]sqlkit.TableColumn, error) {
	rows, err := c.Query(ctx, "DECLARE @tsql nvarchar(max) = "+text(sql)+"; EXEC sys.sp_describe_first_result_set @tsql, NULL, 0")
	if err != nil {
		return nil, err
	}
	// As documented: 0 is_hidden, 1 column_ordinal, 2 name, 3 is_nullable, 4 system_type_id, 5 system_type_name, 6 max_length,
	// 7 precision, 8 scale, 9 collation_name, 10 user_type_id, 11 user_type_database, 12 user_type_schema, 13 user_type_name.
	var columns []sqlkit.TableColumn
	for _, row := range rows {
		if one(row, 0) == "true" {
			continue
		}
		native := strings.ReplaceAll(strings.ToLower(one(row, 5)), ", ", ",")
		if native == "" {
			native = one(row, 13)
		}
		name := one(row, 2)
		columns = append(columns, sqlkit.TableColumn{
			Column: Column(name, native, one(row, 3) != "false"), Sorts: sorts(native, one(row, 9)), Select: selection(Dialect.Quote(name), native),
		})
	}
	if len(columns) == 0 {
		return nil, errclass.With(errclass.Config, errors.New("the statement has no result"))
	}
	return columns, nil
}

// CodePages returns the code pages of a table's single-byte texts, by column.
func (c *Conn) CodePages(ctx context.Context, name record.Name) (map[string]int, error) {
	rows, err := c.Query(ctx, "SELECT c.name, CAST(COLLATIONPROPERTY(c.collation_name, 'CodePage') AS int) FROM "+catalog(name)+"columns c "+
		"WHERE c.object_id = OBJECT_ID("+text(Dialect.Table(name))+") AND c.collation_name IS NOT NULL")
	if err != nil {
		return nil, fmt.Errorf("asking for the code pages of %s: %w", name, err)
	}
	pages := map[string]int{}
	for _, row := range rows {
		pages[one(row, 0)] = number(row, 1)
	}
	return pages, nil
}
