package sqlread

import (
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/record"
)

// key reads the values that rows are in order of. It belongs to one source.
type key struct {
	columns []sqlkit.KeyColumn
	pick    []int          // columns of the result, ascending
	at      []int          // of columns: the place in pick
	schema  *record.Schema // of what is picked
	scratch *record.Batch
	text    []byte
}

// newKey returns the key of a query's result; nil if it is in no order.
func newKey(q *query) *key {
	columns := q.keyColumns()
	if len(columns) == 0 {
		return nil
	}
	k := &key{columns: columns, scratch: record.NewBatch(1, 0)}
	places, hidden := make([]int, len(columns)), len(q.selected)
	for i, name := range q.order.key {
		if places[i] = slices.Index(q.selected, q.find(name)); places[i] < 0 {
			places[i] = hidden
			hidden++
		}
	}
	k.pick = slices.Clone(places)
	slices.Sort(k.pick)
	picked := make([]record.Column, len(columns))
	for i, p := range places {
		at := slices.Index(k.pick, p)
		k.at = append(k.at, at)
		picked[at] = q.field(q.order.key[i]).Column
	}
	k.schema = record.NewSchema(record.Name{}, picked)
	return k
}

// of returns the current row's values; false if one is no value to begin again
// after (a zero date).
func (k *key) of(rows Rows) ([]sqlkit.Value, bool) {
	k.scratch.Reset("")
	k.scratch.Begin(k.schema, record.Insert)
	if err := rows.Pick(k.scratch, k.pick); err != nil {
		k.scratch.Drop()
		return nil, false
	}
	row := k.scratch.Row(0)
	values := make([]sqlkit.Value, len(k.columns))
	for i, at := range k.at {
		values[i].Kind = row.Kind(at)
		switch values[i].Kind {
		case record.Null:
			if !k.columns[i].Nullable {
				return nil, false
			}
			continue
		case record.Absent:
			return nil, false
		}
		k.text = row.AppendText(k.text[:0], at)
		values[i].Text = string(k.text)
		if values[i].Kind == record.Timestamp {
			values[i].Text = strings.TrimSuffix(values[i].Text, "Z") // the session reads it as UTC anyway
		}
	}
	return values, true
}
