package binlog

import (
	"errors"
	"fmt"
	"strings"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/plugin"
)

// What onPositionLost says.
const (
	lostStop     = "stop"
	lostSnapshot = "snapshot"
)

// waysOn is what can be done about a position that is lost.
const waysOn = "; start with -fresh, which begins as start says, or set onPositionLost to snapshot, which copies the tables again"

// lost makes an error of a position that can no longer be read from.
func lost(format string, args ...any) error {
	return errclass.With(errclass.PositionLost, errors.New(fmt.Errorf(format, args...).Error()+waysOn))
}

// anew has the job planned anew, with its tables copied again, where an error
// says that its position is lost and onPositionLost asks for that. unread: the
// log was not read yet since that was done last, and would not be the next time.
func (r *reader) anew(err error, unread bool) error {
	if err == nil || r.config.OnPositionLost != lostSnapshot || errclass.Of(err) != errclass.PositionLost {
		return err
	}
	what := strings.ReplaceAll(err.Error(), waysOn, "")
	if unread {
		return errclass.With(errclass.PositionLost, fmt.Errorf(
			"the position is lost again before the log was read, for the tables take longer to copy than the server keeps its log: have it keep it longer (binlog_expire_logs_seconds): %s", what))
	}
	r.recopies.Store(true)
	r.log.Warn("POSITION LOST: the tables are copied again, then the log is followed from now on; what was changed in between is seen in these rows alone, and rows that were deleted in between stay at the destination", "missing", what)
	return errclass.With(errclass.PositionLost, fmt.Errorf("%s: %w", what, plugin.ErrReplan))
}

// mode is where a plan begins: where start says, or with a copy of the tables
// because a position was lost.
func (r *reader) mode() string {
	if mode := r.config.Start.mode(); !r.recopies.Load() || mode == modeInitialOnly {
		return mode
	}
	return modeInitial
}
