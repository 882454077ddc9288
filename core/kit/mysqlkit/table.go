package mysqlkit

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Table asks for a table's or a view's definition. Its estimate of rows is
// below 0 for a view, and where the server does not tell. The error of a table
// that is not there is [sqlkit.NoTable]'s.
func (c *Conn) Table(ctx context.Context, name record.Name) (*sqlkit.Table, error) {
	columns, err := c.Query(ctx, "SHOW FULL COLUMNS FROM "+Dialect.Table(name))
	switch Code(err) {
	case 0:
	case noTable, 1049: // no such table, no such database
		seen, listErr := c.Tables(ctx, name.Database)
		if listErr != nil {
			return nil, sqlkit.NoTable(name, nil)
		}
		return nil, sqlkit.NoTable(name, seen)
	default:
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	t := &sqlkit.Table{Name: name, Rows: -1}
	if t.Columns, err = c.columns(ctx, columns, Dialect.Table(name)); err != nil {
		return nil, err
	}
	keys, err := c.Query(ctx, "SHOW INDEX FROM "+Dialect.Table(name))
	if err != nil {
		return nil, err
	}
	t.Indexes = indexes(keys)
	about, err := c.Query(ctx, "SELECT table_name, table_type, table_comment FROM information_schema.tables WHERE table_schema = "+
		quotedText(name.Database)+" AND table_name = "+quotedText(name.Table))
	if err != nil {
		return nil, err
	}
	if len(about.Rows) == 1 {
		t.Name.Table, t.View = about.Column(0, "table_name"), strings.HasSuffix(about.Column(0, "table_type"), "VIEW")
		if t.Comment = about.Column(0, "table_comment"); t.View {
			t.Comment = "" // it says VIEW
		}
	}
	if !t.View {
		t.Rows, err = c.Estimate(ctx, "SELECT 1 FROM "+Dialect.Table(name))
	}
	return t, err
}

func quotedText(s string) string { return Dialect.Literal(sqlkit.Value{Kind: record.String, Text: s}) }

// Estimate returns how many rows the optimizer thinks that a SELECT reads; 0:
// it reads of several tables, or the server does not say.
func (c *Conn) Estimate(ctx context.Context, sql string) (int64, error) {
	plan, err := c.Query(ctx, "EXPLAIN "+sql)
	if err != nil || len(plan.Rows) != 1 {
		return 0, err
	}
	rows := plan.Column(0, "rows")
	if rows == "" { // an empty table, for some servers
		return 0, nil
	}
	return strconv.ParseInt(rows, 10, 64)
}

// columns describes the columns of a table by what SHOW COLUMNS says and by
// how the wire carries them.
func (c *Conn) columns(ctx context.Context, shown *Result, from string) ([]sqlkit.TableColumn, error) {
	names, natives := make([]string, len(shown.Rows)), make([]string, len(shown.Rows))
	for i := range names {
		names[i], natives[i] = shown.Column(i, "Field"), shown.Column(i, "Type")
	}
	st, err := c.Prepare(ctx, "SELECT "+strings.Join(Dialect.QuoteAll(names), ", ")+" FROM "+from)
	if err != nil {
		return nil, err
	}
	sh := c.settings.NewShape(st.Fields(), natives)
	columns := make([]sqlkit.TableColumn, len(names))
	for i := range columns {
		extra := strings.ToUpper(shown.Column(i, "Extra"))
		col := &columns[i]
		col.Column, col.Comment, col.Sorts = sh.Columns[i], shown.Column(i, "Comment"), sh.Sorts(i)
		col.Hidden = strings.Contains(extra, "INVISIBLE")
		col.Generated = strings.Contains(extra, " GENERATED")
		col.Identity = strings.Contains(extra, "AUTO_INCREMENT")
		col.Default = col.Identity || col.Generated || shown.has(i, "Default")
	}
	return columns, st.Close(ctx)
}

// Describe returns the columns of a statement's result.
func (c *Conn) Describe(ctx context.Context, sql string) ([]sqlkit.TableColumn, error) {
	st, err := c.Prepare(ctx, sql)
	if err != nil {
		return nil, err
	}
	sh := c.settings.NewShape(st.Fields(), make([]string, len(st.Fields())))
	columns := make([]sqlkit.TableColumn, len(sh.Columns))
	for i := range columns {
		columns[i].Column, columns[i].Sorts = sh.Columns[i], sh.Sorts(i)
	}
	return columns, st.Close(ctx)
}

// Tables lists the tables and views of a database, sorted.
func (c *Conn) Tables(ctx context.Context, database string) ([]record.Name, error) {
	shown, err := c.Query(ctx, "SHOW TABLES FROM "+Dialect.Quote(database))
	if err != nil {
		return nil, err
	}
	names := make([]record.Name, len(shown.Rows))
	for i, row := range shown.Rows {
		if row[0] == nil {
			return nil, fmt.Errorf("listing the tables of %s: a name is NULL", database)
		}
		names[i] = record.Name{Database: database, Table: *row[0]}
	}
	slices.SortFunc(names, func(a, b record.Name) int { return strings.Compare(a.Table, b.Table) })
	return names, nil
}

func indexes(keys *Result) []sqlkit.Index {
	var list []sqlkit.Index
	for i := range keys.Rows {
		name := keys.Column(i, "Key_name")
		kind := keys.Column(i, "Index_type")
		unseen := keys.Column(i, "Visible") == "NO" || keys.Column(i, "Ignored") == "YES"
		if unseen || kind == "FULLTEXT" || kind == "SPATIAL" || kind == "HASH" {
			continue
		}
		at := slices.IndexFunc(list, func(x sqlkit.Index) bool { return x.Name == name })
		if at < 0 {
			list = append(list, sqlkit.Index{Name: name, Primary: name == primary, Unique: keys.Column(i, "Non_unique") == "0"})
			at = len(list) - 1
		}
		x := &list[at]
		x.Columns = append(x.Columns, keys.Column(i, "Column_name"))
		x.Prefixes = x.Prefixes || keys.Column(i, "Sub_part") != ""
		x.Nullable = x.Nullable || keys.Column(i, "Null") == "YES"
	}
	slices.SortStableFunc(list, func(a, b sqlkit.Index) int { return rank(&a) - rank(&b) })
	return list
}

// primary is the name of the index that is the primary key.
const primary = "PRIMARY"

func rank(x *sqlkit.Index) int {
	if x.Primary {
		return 0
	}
	return 1
}

// has tells that column name of row i is not NULL.
func (r *Result) has(i int, name string) bool {
	for c, n := range r.Columns {
		if strings.EqualFold(n, name) {
			return r.Rows[i][c] != nil
		}
	}
	return false
}
