package pgread

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/sqlread"
)

// OldestWrite implements [sqlread.Watermarker]: a transaction has a number as
// soon as it writes. Those that are prepared have no beginning in the catalogue
// but one before they were prepared: long ago stands for it. Only a member of
// pg_read_all_stats sees the transactions of others.
func (d *Driver) OldestWrite(ctx context.Context, one sqlread.Session) (began, now time.Time, err error) {
	s, ok := one.(*session)
	if !ok {
		return began, now, errclass.With(errclass.Permanent, errors.New("asking for open transactions: the session is another driver's"))
	}
	may := "(SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)"
	if s.conn.Server.Number >= 100000 {
		may += " OR pg_has_role('pg_read_all_stats', 'USAGE')"
	}
	r, err := s.conn.Query(ctx, `SELECT `+may+`, clock_timestamp(), (SELECT min(t) FROM (
 SELECT min(xact_start) FROM pg_catalog.pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
 UNION ALL SELECT to_timestamp(0) FROM pg_catalog.pg_prepared_xacts) w(t))`)
	if err != nil {
		return began, now, s.note(fmt.Errorf("asking for open transactions: %w", err))
	}
	if !r.True(0, 0) {
		return began, now, errclass.With(errclass.Permanent, errors.New("the user sees only its own transactions: GRANT pg_read_all_stats to it"))
	}
	if now, err = parseTime(r.Text(0, 1)); err != nil {
		return began, now, err
	}
	if text := r.Text(0, 2); text != "" {
		began, err = parseTime(text)
	}
	return began, now, err
}

// parseTime reads a timestamptz of a session in UTC.
func parseTime(text string) (time.Time, error) {
	t, err := time.Parse("2006-01-02 15:04:05.999999-07", text)
	if err != nil {
		return t, errclass.With(errclass.Permanent, fmt.Errorf("reading the server's clock: %w", err))
	}
	return t.UTC(), nil
}
