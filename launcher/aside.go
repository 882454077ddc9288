package launcher

import (
	"errors"

	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// withoutTables sets aside, by set, the splits of the tables that err is about.
// It returns the error where that is about something else, or no other table
// would be left.
func (r *Runner) withoutTables(plan []plugin.Progress, err error, set func(split int, why error)) error {
	tables := plugin.TableErrors(err)
	if len(tables) == 0 {
		return err
	}
	why, known := map[record.Name]error{}, map[record.Name]bool{}
	for _, e := range tables {
		why[e.Table] = e
	}
	others := false
	for _, p := range plan {
		if p.Split.Apart && why[p.Split.Table] != nil {
			known[p.Split.Table] = true
		} else {
			others = true
		}
	}
	if !others || len(known) < len(why) {
		return alone(tables)
	}
	for table, err := range why {
		r.o.Log.Error("a table is set aside, the others go on", "table", table.String(), "error", errors.Unwrap(err))
	}
	for i, p := range plan {
		if !p.Done && p.Split.Apart && why[p.Split.Table] != nil {
			set(i, why[p.Split.Table])
		}
	}
	return nil
}

// alone is what errors of tables say where the job ends with them.
func alone(tables []*plugin.TableError) error {
	if len(tables) == 1 {
		return tables[0].Err
	}
	errs := make([]error, len(tables))
	for i, e := range tables {
		errs[i] = e.Err
	}
	return errors.Join(errs...)
}
