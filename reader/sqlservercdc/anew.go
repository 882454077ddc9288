package sqlservercdc

import (
	"context"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// What onPositionLost says.
const (
	lostStop     = "stop"
	lostSnapshot = "snapshot"
)

// waysOn is what can be done about a position that is lost.
const waysOn = ": start over with -fresh (start.mode earliest begins with the oldest change that is left), or set onPositionLost to snapshot, which copies the tables again"

// lost is an error of class PositionLost, with the ways on.
func lost(format string, args ...any) error {
	return handover.LostError(waysOn, format, args...)
}

// anew has the job planned anew, with its tables copied again, where an error
// says that its position is lost and onPositionLost asks for that. unread: no
// changes were read yet since that was done last, and would not be the next time.
func (r *reader) anew(err error, unread bool) error {
	if r.config.OnPositionLost != lostSnapshot {
		return err
	}
	return handover.Recopy{WaysOn: waysOn, Longer: "EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = minutes", Unread: unread, Again: &r.recopies, Log: r.log}.Anew(err)
}

// mode is where a plan begins: where start says, or with a copy of the tables
// because a position was lost.
func (r *reader) mode() string {
	if mode := r.config.Start.Mode; !r.recopies.Load() || mode == modeInitialOnly {
		return mode
	}
	return modeInitial
}

// chunkSource is a chunk's source, which may find the position lost when it goes
// on to another piece of the chunk.
type chunkSource struct {
	plugin.Source
	reader   *reader
	recopied bool
}

// Fill implements [plugin.Source].
func (s *chunkSource) Fill(ctx context.Context, b *record.Batch) error {
	return s.reader.anew(s.Source.Fill(ctx, b), s.recopied)
}
