package sqlread

import (
	"slices"
	"strconv"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

// dataX is the dialect in which several channels need no splitPk, and texts
// and times are split by.
const dataX = "datax"

var (
	_ plugin.Checker = (*reader)(nil)
	_ plugin.Lister  = (*reader)(nil)
	_ plugin.Checker = (*incremental)(nil)
)

// Check implements [plugin.Checker].
func (r *reader) Check(c plugin.Channels) error {
	return r.checkSplit(c.Readers, r.cfg.CustomSQL != "" || r.cfg.OneTable())
}

// checkSplit finds what FlinkX refuses: one table that several channels read
// without a column to split it by.
func (r *reader) checkSplit(channels int, alone bool) error {
	switch by := unquoted(r.cfg.SplitPk); {
	case channels <= 1 || !alone || r.datax || r.cfg.SplitStrategy == sqlkit.Auto:
		return nil
	case by == "":
		return config.Fieldf("splitPk", "Must specify the split column when the channel is greater than 1; "+
			`name a numeric column, or set splitStrategy to "auto" to split by the primary key`)
	case !sqlkit.Star(r.cfg.Column) && !slices.ContainsFunc(r.cfg.Column, func(c sqlkit.Column) bool { return strings.EqualFold(unquoted(c.Name), by) }):
		return config.Fieldf("splitPk", "split column must in columns: %s", listed(by, r.cfg.Column))
	}
	return nil
}

// listed says what to do about a name that a list of columns lacks.
func listed(name string, columns []sqlkit.Column) string {
	names := make([]string, len(columns))
	for i := range columns {
		names[i] = columns[i].Name
	}
	if near := config.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "add " + name + " to column, or set splitStrategy to auto"
}

// whole tells that a table is read in one split because nothing says by what
// to cut it.
func (r *reader) whole() bool { return r.datax && r.cfg.SplitPk == "" && r.cfg.SplitStrategy == "" }

// Columns implements [plugin.Lister].
func (r *reader) Columns() []string {
	if sqlkit.Star(r.cfg.Column) {
		return nil
	}
	names := make([]string, len(r.cfg.Column))
	for i := range r.cfg.Column {
		names[i] = unquoted(r.cfg.Column[i].Name)
	}
	return names
}

// Check implements [plugin.Checker]: an ordered read needs no splitPk.
func (r *incremental) Check(c plugin.Channels) error {
	if _, err := oneLocation(r.cfg.StartLocation, c.Readers); err != nil {
		return err
	}
	return r.checkColumn()
}

// checkColumn finds an index of increColumn that column does not have.
func (r *incremental) checkColumn() error {
	n, err := strconv.Atoi(strings.TrimSpace(r.cfg.IncreColumn))
	if err != nil || sqlkit.Star(r.cfg.Column) || slices.ContainsFunc(r.cfg.Column, func(c sqlkit.Column) bool { return c.Name == r.cfg.IncreColumn }) {
		return nil
	}
	if n < 0 || n >= len(r.cfg.Column) {
		return config.Fieldf("increColumn", "there is no column %d: column lists %d, from 0", n, len(r.cfg.Column))
	}
	if _, constant := r.cfg.Column[n].Constant(); constant {
		return config.Fieldf("increColumn", "column %d is a constant: name a column of the table", n)
	}
	return nil
}
