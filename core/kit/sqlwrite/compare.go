package sqlwrite

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// keeps lists, by kind, the other kinds that take all of its values.
var keeps = map[record.Kind][]record.Kind{
	record.Bool:      {record.Int64, record.Uint64, record.Float32, record.Float64, record.Decimal, record.String, record.JSON},
	record.Int64:     {record.Decimal, record.String, record.JSON},
	record.Uint64:    {record.Decimal, record.String, record.JSON},
	record.Float32:   {record.Float64, record.String},
	record.Float64:   {record.String},
	record.Decimal:   {record.String},
	record.Date:      {record.Datetime, record.Timestamp, record.String},
	record.Time:      {record.String},
	record.Datetime:  {record.Timestamp, record.String},
	record.Timestamp: {record.Datetime, record.String},
	record.Interval:  {record.String},
	record.JSON:      {record.String},
	record.UUID:      {record.String, record.Bytes},
	record.Any:       {record.String},
}

// narrower says which values of a column the target refuses; "" is none. to is
// the target's column, cell what its values have to be, with integers of bits.
func narrower(d Driver, from *record.Column, to *sqlkit.TableColumn, cell *record.Column, bits int) string {
	var refused []string
	if from.Kind != cell.Kind && cell.Kind != record.Any && !slices.Contains(keeps[from.Kind], cell.Kind) {
		refused = append(refused, "that are no "+cell.Kind.String())
	}
	if text := size(from, to, cell, bits); text != "" {
		refused = append(refused, text)
	}
	if c, ok := d.(Comparer); ok {
		if text := c.Refuses(from, to); text != "" {
			refused = append(refused, text)
		}
	}
	if from.Nullable && !to.Nullable {
		refused = append(refused, "that are NULL")
	}
	if len(refused) == 0 {
		return ""
	}
	return fmt.Sprintf("%s -> %s: those %s are refused", native(from), native(&to.Column), strings.Join(refused, ", or "))
}

// native is how a system spells a column's type.
func native(c *record.Column) string {
	if c.Native == "" {
		return c.Kind.String()
	}
	return c.Native
}

// unlimited is a length that no value of a row in flight comes near.
const unlimited = 512 << 20

// size compares what two columns of one kind have room for.
func size(from *record.Column, to *sqlkit.TableColumn, cell *record.Column, bits int) string {
	switch cell.Kind {
	case record.Int64, record.Uint64:
		if room := integerBits(&to.Column, bits); from.Kind == cell.Kind && room < integerBits(from, 0) {
			return fmt.Sprintf("beyond %d bits", room)
		}
	case record.Decimal:
		if to.Precision > 0 && from.Kind == record.Decimal && !passes(from, &to.Column, 0) {
			return fmt.Sprintf("of more than %d digits, %d of them a fraction", to.Precision, to.Scale)
		}
	case record.String, record.Bytes:
		if to.Length > 0 && to.Length < unlimited && from.Kind == cell.Kind && (from.Length == 0 || from.Length > to.Length) {
			return fmt.Sprintf("longer than %d", to.Length)
		}
	case record.Time, record.Datetime, record.Timestamp:
		if from.Kind >= record.Time && from.Kind <= record.Timestamp && from.Scale > cell.Scale {
			return fmt.Sprintf("with more than %d digits of a second's fraction", cell.Scale)
		}
	}
	return ""
}

// integerBits is the size of an integer column: bits, or what the type's name says.
func integerBits(c *record.Column, bits int) int {
	if bits > 0 {
		return bits
	}
	if t, err := convert.ParseType(c.Native); err == nil && t.Bits > 0 {
		return t.Bits
	}
	return 64
}

// setsBack tells whether two instants since 1970 have one clock time in a zone.
func setsBack(zone *time.Location) bool {
	if zone == nil {
		return false
	}
	last := 0
	for t, end := time.Unix(0, 0).In(zone), time.Now().AddDate(1, 0, 0); t.Before(end); t = t.AddDate(0, 1, 0) {
		_, offset := t.Zone()
		if offset < last && t.Year() > 1970 {
			return true
		}
		last = offset
	}
	return false
}
