package sqlite

import (
	"context"
	"time"

	"github.com/datasync-io/datasync/core/kit/sqlread"
)

var _ sqlread.Watermarker = (*driver)(nil)

// OldestWrite implements [sqlread.Watermarker]. There is one writer at a time:
// what it writes comes after all that is committed, and nothing is committed
// before it has ended.
func (d *driver) OldestWrite(context.Context, sqlread.Session) (began, now time.Time, err error) {
	return time.Time{}, time.Now(), nil
}
