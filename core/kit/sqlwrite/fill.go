package sqlwrite

import (
	"fmt"
	"strings"
	"time"

	"github.com/datasync-io/datasync/core/convert"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// Clocked is a Driver of which a column that is added for instants holds clock times.
type Clocked interface {
	// Clock returns the zone of the clock times in a column for c, where zone is
	// the job's; nil: it holds instants.
	Clock(c *record.Column, zone *time.Location) *time.Location
}

// toldOf is what a change says of column i of its To.
func toldOf(c *record.Change, i int) record.ColumnChange {
	for _, told := range c.Columns {
		if told.Column == i {
			return told
		}
	}
	return record.ColumnChange{Column: i}
}

// fill is what the rows of the target get in a column that is added, which those
// at the source have got without a word in the log; nil: NULL. known is false
// where they differ from row to row, or are not known here.
func (w *writer) fill(column *record.Column, told record.ColumnChange) (value *sqlkit.Value, known bool, err error) {
	if !told.Added {
		return nil, true, nil
	}
	switch told.Fill.Kind {
	case record.Constant:
		value, err = w.constant(column, told.Fill)
		return value, true, err
	case record.Computed:
		return nil, false, nil
	}
	return nil, true, nil
}

// untold is about columns that are to be added, with NULL in rows that have
// something else at the source: evolve does not go on with such a table.
func (w *writer) untold(t *sqlkit.Table, c *record.Change, columns []string, policy string) error {
	if len(columns) == 0 {
		return nil
	}
	names := strings.Join(columns, ", ")
	if policy == Evolve {
		return errclass.With(errclass.Permanent, fmt.Errorf("table %s: the rows at the source have got values in the new column %s that its log does not tell, since their default is no constant (%s): "+
			"have the table copied again, or set schemaChange to lenient, which leaves it NULL in the rows that are there", t.Name, names, c.SQL))
	}
	w.env.Log.Warn("rows that are there have NULL in a new column; at the source they have got values that its log does not tell, since their default is no constant: copy the table again for these",
		"table", t.Name.String(), "column", names, "sql", c.SQL)
	return nil
}

// keep makes the default of a column what it is at the source: of one that was
// filled when it was added, and of one whose default the source has changed. A
// default that is no constant is not carried: every row says what it has.
func (w *writer) keep(column *record.Column, told record.ColumnChange, policy string) ([]Step, error) {
	filled := told.Added && told.Fill.Kind == record.Constant
	switch {
	case filled && told.Default == told.Fill: // it is what was given
	case filled, !told.Added && policy == Evolve && (told.Default.Kind == record.Constant || told.Default.Kind == record.Nothing):
		step := Step{Kind: SetDefault, Name: column.Name, Column: *column}
		if told.Default.Kind == record.Constant {
			var err error
			if step.Value, err = w.constant(column, told.Default); err != nil {
				return nil, err
			}
		}
		return []Step{step}, nil
	}
	return nil, nil
}

// constant is a default as a literal of the target is made of it. Times are
// spelled as rows have them.
func (w *writer) constant(column *record.Column, d record.Default) (*sqlkit.Value, error) {
	v := &sqlkit.Value{Kind: column.Kind, Text: d.Text}
	switch column.Kind {
	case record.Date, record.Time, record.Datetime, record.Timestamp:
	default:
		return v, nil
	}
	to := *column
	b := record.NewBatch(1, 0)
	b.Begin(record.NewSchema(record.Name{}, []record.Column{{Name: column.Name, Kind: record.String}}), record.Insert)
	b.String([]byte(d.Text))
	options := convert.Options{}
	for range 2 {
		from := b.Row(0).Schema().Columns[0]
		f, err := convert.Plan(from, to, options)
		if err != nil {
			return nil, err
		}
		next := record.NewBatch(1, 0)
		next.Begin(record.NewSchema(record.Name{}, []record.Column{to}), record.Insert)
		if err := f(next, b.Row(0), 0); err != nil {
			return nil, errclass.With(errclass.Permanent, fmt.Errorf("the default of column %q: %w", column.Name, err))
		}
		b = next
		clocked, is := w.driver.(Clocked)
		if !is || to.Kind != record.Timestamp {
			break
		}
		zone := clocked.Clock(column, w.env.Zone)
		if zone == nil {
			break
		}
		to.Kind, options.Zone = record.Datetime, zone
	}
	return &sqlkit.Value{Kind: to.Kind, Text: string(b.Row(0).AppendText(nil, 0))}, nil
}
