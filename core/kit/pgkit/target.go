package pgkit

import (
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Target returns the column that a value of from has to be converted to before
// [Encoder.AppendRow] takes it for column to of a table, and the size of an
// integer in bits (0: 64), as convert.Plan wants them.
func Target(from *record.Column, to *sqlkit.TableColumn) (column record.Column, bits int) {
	column = to.Column
	native := to.Native
	switch {
	case native == "smallint":
		bits = 16
	case native == "integer":
		bits = 32
	case strings.HasPrefix(native, "bit") && (from.Kind == record.Uint64 || from.Kind == record.Bool):
		column.Kind = from.Kind
	case strings.HasPrefix(native, "interval") && from.Kind == record.Time:
		column.Kind = record.Time
	case to.Kind >= record.Time && to.Kind <= record.Timestamp && !strings.Contains(native, "("):
		column.Scale = 6
	}
	return column, bits
}
