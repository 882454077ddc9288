package binlog

import "github.com/datasync-io/datasync/core/kit/handover"

// What onPositionLost says.
const (
	lostStop     = "stop"
	lostSnapshot = "snapshot"
)

// waysOn is what can be done about a position that is lost.
const waysOn = "; start with -fresh, which begins as start says, or set onPositionLost to snapshot, which copies the tables again"

// lost makes an error of a position that can no longer be read from.
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
	return handover.Recopy{WaysOn: waysOn, Longer: "binlog_expire_logs_seconds", Unread: unread, Again: &r.recopies, Log: r.log}.Anew(err)
}

// mode is where a plan begins: where start says, or with a copy of the tables
// because a position was lost.
func (r *reader) mode() string {
	if mode := r.config.Start.mode(); !r.recopies.Load() || mode == modeInitialOnly {
		return mode
	}
	return modeInitial
}
