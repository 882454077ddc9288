package pgwal

import (
	"context"
	"fmt"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// What onPositionLost says.
const (
	lostStop     = "stop"
	lostSnapshot = "snapshot"
)

// waysOn is what can be done about a position that is lost.
const waysOn = ": start over with -fresh, or set onPositionLost to snapshot, which copies the tables again"

// lost is an error of class PositionLost, with the ways on.
func lost(format string, args ...any) error {
	return handover.LostError(waysOn, format, args...)
}

// anew has the job planned anew, with its tables copied again, where an error
// says that its position is lost and onPositionLost asks for that. unread: the
// log was not read yet since that was done last, and would not be the next time.
func (r *reader) anew(err error, unread bool) error {
	if r.config.OnPositionLost != lostSnapshot {
		return err
	}
	return handover.Recopy{WaysOn: waysOn, Longer: "max_slot_wal_keep_size", Unread: unread, Again: &r.recopies, Log: r.env.Log}.Anew(err)
}

// mode is where a plan begins: where start says, or with a copy of the tables
// because a position was lost.
func (r *reader) mode() string {
	if mode := r.config.Start.Mode; !r.recopies.Load() || mode == modeInitialOnly {
		return mode
	}
	return modeInitial
}

// begins is the place that lsn asks for; 0: none, or the job does not begin
// there any more.
func (r *reader) begins() pgkit.LSN {
	if r.recopies.Load() {
		return 0
	}
	return r.config.lsn
}

// withoutLost drops a slot whose log is gone, which no reader can use any more,
// where the job may make another one.
func (r *reader) withoutLost(ctx context.Context, c *pgkit.Conn, name string, s *slot) (*slot, error) {
	if s == nil || !s.lost || !r.recopies.Load() || r.config.Slot != "" && !r.config.CreateSlot {
		return s, nil
	}
	if err := c.Exec(ctx, "SELECT pg_drop_replication_slot("+pgkit.Dialect.Text(name)+")"); err != nil {
		return nil, fmt.Errorf("dropping replication slot %s, whose log is gone: %w", name, err)
	}
	return nil, nil
}
