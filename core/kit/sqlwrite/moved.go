package sqlwrite

import (
	"errors"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/record"
)

var errMoved = errors.New("the change gives the row another key and does not say the value: the source's log has to hold whole rows (binlog_row_image FULL, REPLICA IDENTITY FULL)")

// moved refuses rows that have got another key, both halves, where the change
// does not say all of their values: the row under the old key would be lost, and
// that under the new one not be whole.
func moved(b *record.Batch) error {
	if !b.Absents() {
		return nil
	}
	var bad []errclass.BadRow
	for i := 1; i < b.Len(); i++ {
		r := b.Row(i)
		if !r.Linked() || r.Op() != record.Insert {
			continue
		}
		for c := range r.Schema().Data {
			if r.Kind(c) == record.Absent {
				name := r.Schema().Columns[c].Name
				for _, at := range []int{i - 1, i} {
					bad = append(bad, errclass.BadRow{Index: at, Column: name, Reason: errclass.Other, Err: errMoved})
				}
				break
			}
		}
	}
	if bad == nil {
		return nil
	}
	return &errclass.Rows{Bad: bad}
}
