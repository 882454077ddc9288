package sqlite

import (
	"strings"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlwrite"
	"github.com/datasync-io/datasync/core/record"
)

// declared are the types of columns in tables that the writer creates: those
// that keep every value of the kind.
var declared = map[record.Kind]string{
	record.Bool: "BOOLEAN", record.Int64: "INTEGER", record.Float32: "REAL", record.Float64: "REAL",
	record.Bytes: "BLOB", record.Any: "",
}

func typeFor(c *record.Column) string {
	if kind, known := declared[c.Kind]; known {
		return kind
	}
	return "TEXT"
}

// Create implements [sqlwrite.Driver].
func (d *driver) Create(t *sqlwrite.NewTable) ([]string, error) {
	dialect := sqlitekit.Dialect()
	lines := make([]string, 0, len(t.Columns)+1)
	for i := range t.Columns {
		line := strings.TrimSpace(dialect.Quote(t.Columns[i].Name) + " " + typeFor(&t.Columns[i]))
		if !t.Columns[i].Nullable {
			line += " NOT NULL"
		}
		lines = append(lines, line)
	}
	if len(t.Key) > 0 {
		lines = append(lines, "PRIMARY KEY ("+strings.Join(dialect.QuoteAll(t.Key), ", ")+")")
	}
	return []string{"CREATE TABLE IF NOT EXISTS " + dialect.Table(t.Name) + " (" + strings.Join(lines, ", ") + ")"}, nil
}

// Refuses implements [sqlwrite.Comparer].
func (d *driver) Refuses(from *record.Column, to *sqlkit.TableColumn) string {
	a := sqlitekit.AffinityOf(to.Native)
	switch {
	case from.Kind == record.Decimal && numeric(a) && (from.Precision == 0 || from.Precision > exactDigits):
		return "of more than 15 digits, unless they are integers of 64 bits"
	case from.Kind == record.Uint64 && numeric(a) && bits(from) == 64:
		return "above 2^63-1"
	case (from.Kind == record.Int64 || from.Kind == record.Uint64) && a == sqlitekit.RealAffinity && bits(from) > 53:
		return "beyond 2^53"
	}
	return ""
}

// bits is the size of an integer column, as its type's name says.
func bits(c *record.Column) int {
	if t, err := convert.ParseType(c.Native); err == nil && t.Bits > 0 {
		return t.Bits
	}
	return 64
}
