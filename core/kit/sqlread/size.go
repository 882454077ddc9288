package sqlread

import (
	"context"

	"github.com/datasync-io/datasync/core/kit/sqlkit"
	"github.com/datasync-io/datasync/core/plugin"
)

var _ plugin.Sizer = (*reader)(nil)

// Rows implements [plugin.Sizer] with the systems' estimates of whole tables.
// What a condition leaves, or a statement returns, they do not know well enough
// to tell.
func (r *reader) Rows(ctx context.Context, splits []plugin.Split) (rows int64, err error) {
	if r.cfg.CustomSQL != "" || r.cfg.Where != "" || r.cfg.SplitPkStart != "" || r.cfg.SplitPkEnd != "" {
		return 0, nil
	}
	seen := map[place]bool{}
	for i := range splits {
		spec, err := sqlkit.ParseSpec(splits[i])
		if err != nil {
			return 0, err
		}
		p := placeOf(&spec)
		if seen[p] {
			continue
		}
		seen[p] = true
		o, err := r.known(ctx, p)
		if err != nil {
			return 0, err
		}
		if o.table == nil || o.table.Rows < 0 {
			return 0, nil
		}
		rows += o.table.Rows
	}
	return rows, nil
}
