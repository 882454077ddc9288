package mssqlkit

import (
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/record"
)

// longestKey is how many bytes a clustered key may have.
const longestKey = 900

// Declared is the type of a column in a table that is created for rows of
// column c: one that keeps every value. key is how many bytes the column may
// take as a part of the primary key, which no type without a limit fits; 0: it
// is none.
func Declared(c *record.Column, key int) string {
	if native, ok := own(c); ok && (key == 0 || c.Kind != record.String) {
		return native
	}
	switch c.Kind {
	case record.Bool:
		return "bit"
	case record.Int64:
		return "bigint"
	case record.Uint64:
		return "decimal(20,0)"
	case record.Float32:
		return "real"
	case record.Float64:
		return "float"
	case record.Decimal:
		return declaredDecimal(c)
	case record.Bytes:
		return limited("varbinary", c.Length, 8000, key)
	case record.Date:
		return "date"
	case record.Time:
		return "time(7)"
	case record.Datetime:
		return "datetime2(7)"
	case record.Timestamp:
		return "datetimeoffset(7)"
	case record.UUID:
		return "uniqueidentifier"
	case record.Any:
		return "sql_variant"
	case record.Interval:
		return "nvarchar(100)"
	}
	return limited("nvarchar", 2*c.Length, 4000, key/2) // a character may take two of its units
}

// own keeps a type of SQL Server itself, where its values are written as they
// were read. rowversion and the legacy types have successors.
func own(c *record.Column) (string, bool) {
	name := TypeName(c.Native)
	t, known := types[name]
	if !known || t.kind != c.Kind || strings.Contains(c.Native, "unsigned") {
		return "", false
	}
	args, _ := arguments(c.Native)
	switch name {
	case "uniqueidentifier", "sql_variant", "smallmoney", "money", "datetimeoffset", "datetime2", "smalldatetime", "nvarchar", "nchar", "xml":
		return c.Native, true
	case "int", "smallint", "bigint":
		return name, len(args) == 0
	}
	return "", false
}

func declaredDecimal(c *record.Column) string {
	if c.Precision < 1 || c.Precision > 38 {
		if c.Precision > 38 {
			return "nvarchar(100)" // no decimal has as many digits
		}
		return "decimal(38,10)"
	}
	return fmt.Sprintf("decimal(%d,%d)", c.Precision, min(max(c.Scale, 0), c.Precision))
}

// limited is a type with a length, max where it has none or too long a one.
// Of a key only values of up to key bytes or characters are kept.
func limited(name string, length, most, key int) string {
	if key > 0 {
		if length <= 0 || length > key {
			length = key
		}
		return fmt.Sprintf("%s(%d)", name, length)
	}
	if length <= 0 || length > most {
		return name + "(max)"
	}
	return fmt.Sprintf("%s(%d)", name, length)
}

// CreateTable spells the statements that create a table with these columns,
// their comments and a primary key.
func CreateTable(name record.Name, columns []record.Column, comments, key []string, comment string) []string {
	share := map[string]int{}
	for _, k := range key {
		share[k] = longestKey / len(key)
	}
	lines := make([]string, 0, len(columns)+1)
	for i := range columns {
		c := &columns[i]
		line := Dialect.Quote(c.Name) + " " + Declared(c, share[c.Name])
		if share[c.Name] > 0 || !c.Nullable {
			line += " NOT NULL"
		} else {
			line += " NULL"
		}
		lines = append(lines, line)
	}
	if len(key) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(Dialect.QuoteAll(key), ", ")+")")
	}
	statements := []string{"CREATE TABLE " + Dialect.Table(name) + " (" + strings.Join(lines, ", ") + ")"}
	if comment != "" {
		statements = append(statements, describe(name, "", comment))
	}
	for i := range min(len(comments), len(columns)) {
		if comments[i] != "" {
			statements = append(statements, describe(name, columns[i].Name, comments[i]))
		}
	}
	return statements
}

// describe spells a comment, which is an extended property of up to 7,500 bytes.
func describe(name record.Name, column, comment string) string {
	if runes := []rune(comment); len(runes) > 3700 {
		comment = string(runes[:3700])
	}
	schema := "(SELECT SCHEMA_NAME())"
	if name.Schema != "" {
		schema = text(name.Schema)
	}
	procedure := "sys.sp_addextendedproperty"
	if name.Database != "" {
		procedure = Dialect.Quote(name.Database) + "." + procedure
	}
	sql := "DECLARE @schema sysname = " + schema + ", @value nvarchar(3750) = " + text(comment) + "; EXEC " + procedure + " @name = N'MS_Description', @value = @value" +
		", @level0type = N'SCHEMA', @level0name = @schema, @level1type = N'TABLE', @level1name = " + text(name.Table)
	if column != "" {
		sql += ", @level2type = N'COLUMN', @level2name = " + text(column)
	}
	return sql
}
