package mysql

import (
	"context"
	"strconv"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

var _ plugin.Sizer = (*reader)(nil)

// Rows implements [plugin.Sizer] with the optimizer's estimate of a whole
// table. What a condition leaves, or a statement returns, it does not know well
// enough to tell.
func (r *reader) Rows(ctx context.Context, _ []plugin.Split) (rows int64, err error) {
	if r.cfg.CustomSQL != "" || r.cfg.Where != "" || r.cfg.SplitPkStart != "" || r.cfg.SplitPkEnd != "" {
		return 0, nil
	}
	err = r.dialled(ctx, func(c *mysqlkit.Conn, o *origin) error {
		all := o.statement(r.cfg, &sqlkit.Spec{Kind: sqlkit.All})
		plan, err := c.Query(ctx, "EXPLAIN "+all.String())
		if err != nil || len(plan.Rows) != 1 { // a view of several tables
			return err
		}
		if n, err := strconv.ParseInt(plan.Column(0, "rows"), 10, 64); err == nil {
			rows = n
		}
		return nil
	})
	return rows, err
}
