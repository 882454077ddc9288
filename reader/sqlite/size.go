package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/datasync-io/datasync/core/kit/sqlitekit"
	"github.com/datasync-io/datasync/core/plugin"
)

var _ plugin.Sizer = (*reader)(nil)

// Rows implements [plugin.Sizer] with the span of a whole table's rowids, which
// is the number of rows where none was ever deleted. Anything else would have to
// be counted row by row.
func (r *reader) Rows(ctx context.Context, _ []plugin.Split) (rows int64, err error) {
	c := r.config
	if c.CustomSQL != "" || c.Where != "" || c.SplitPkStart != "" || c.SplitPkEnd != "" {
		return 0, nil
	}
	conn, in, err := r.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if in.table == nil || in.table.RowID == "" {
		return 0, nil
	}
	id := sqlitekit.Dialect().Quote(in.table.RowID)
	text, err := conn.Text(ctx, fmt.Sprintf("SELECT (SELECT MAX(%[1]s) FROM %[2]s) - (SELECT MIN(%[1]s) FROM %[2]s) + 1", id, in.from))
	if err != nil || text == "" { // no rows
		return 0, err
	}
	return strconv.ParseInt(text, 10, 64)
}
