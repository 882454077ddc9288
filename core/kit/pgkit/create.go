package pgkit

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/record"
)

// CreateTable spells the statements that create a table with types that keep
// every value of the source's columns; a time of day beyond 24 hours is
// refused when it is written. comments are those of the columns, nil for none.
func CreateTable(name record.Name, columns []record.Column, comments, key []string, comment string) []string {
	table := Dialect.Table(name)
	lines := make([]string, 0, len(columns)+1)
	for i := range columns {
		c := &columns[i]
		line := Dialect.Quote(c.Name) + " " + TypeFor(c)
		if !c.Nullable {
			line += " NOT NULL"
		}
		lines = append(lines, line)
	}
	if len(key) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(Dialect.QuoteAll(key), ", ")+")")
	}
	all := []string{"CREATE TABLE " + table + " (" + strings.Join(lines, ", ") + ")"}
	if comment != "" {
		all = append(all, "COMMENT ON TABLE "+table+" IS "+literal(comment))
	}
	for i, text := range comments {
		if text != "" {
			all = append(all, "COMMENT ON COLUMN "+table+"."+Dialect.Quote(columns[i].Name)+" IS "+literal(text))
		}
	}
	return all
}

// created are the types, by kind, that need no look at the source's.
var created = map[record.Kind]string{
	record.Bool: "boolean", record.Float32: "real", record.Float64: "double precision", record.Bytes: "bytea", record.Date: "date",
	record.Datetime: "timestamp", record.Timestamp: "timestamptz", record.Interval: "interval", record.UUID: "uuid",
}

// Limits of modifiers (varchartypmodin, numerictypmodin).
const (
	maxVarchar = 10485760
	maxNumeric = 1000
)

// TypeFor chooses the type for a column of a source.
func TypeFor(c *record.Column) string {
	if typ, known := created[c.Kind]; known {
		return typ
	}
	switch c.Kind {
	case record.Int64, record.Uint64:
		return integerFor(c)
	case record.Decimal:
		if c.Precision > 0 && c.Precision <= maxNumeric {
			return fmt.Sprintf("numeric(%d,%d)", c.Precision, c.Scale)
		}
		return "numeric"
	case record.Time:
		if native := strings.ToLower(c.Native); strings.Contains(native, "with time zone") || strings.Contains(native, "timetz") {
			return "timetz"
		}
		return "time"
	case record.JSON:
		if strings.EqualFold(c.Native, "jsonb") {
			return "jsonb"
		}
		return "json"
	case record.String:
		if own().MatchString(c.Native) {
			return c.Native
		}
		if c.Length > 0 && c.Length <= maxVarchar && !strings.Contains(strings.ToLower(c.Native), "text") { // MySQL's have a limit in bytes
			return fmt.Sprintf("varchar(%d)", c.Length)
		}
	}
	return "text"
}

// own are types of PostgreSQL whose values come as texts, as format_type
// spells them.
var own = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^((inet|cidr|macaddr8?|xml|tsvector|tsquery|point|line|lseg|box|path|polygon|circle|pg_lsn|txid_snapshot|pg_snapshot` +
		`|(int4|int8|num|ts|tstz|date)(multi)?range|bit(\(\d+\))?|bit varying(\(\d+\))?)(\[\])*` +
		`|(smallint|integer|bigint|real|double precision|numeric(\(\d+,-?\d+\))?|boolean|text|uuid|bytea|date|json|jsonb|interval` +
		`|(character|character varying)(\(\d+\))?|(timestamp|time)(\(\d\))? with(out)? time zone)(\[\])+)$`)
})

// integerFor chooses by the size that the source's type has by its name.
func integerFor(c *record.Column) string {
	bits := 64
	if t, err := convert.ParseType(c.Native); err == nil && t.Bits > 0 {
		bits = t.Bits
	}
	if c.Kind == record.Uint64 || strings.Contains(strings.ToLower(c.Native), "unsigned") {
		bits++ // for the sign that PostgreSQL's have
	}
	switch {
	case bits <= 16:
		return "smallint"
	case bits <= 32:
		return "integer"
	case bits <= 64 || c.Kind == record.Int64:
		return "bigint"
	}
	return "numeric(20)"
}
