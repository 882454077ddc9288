package binlog

import (
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
)

var _ plugin.Checker = (*reader)(nil)

// Check implements [plugin.Checker].
func (r *reader) Check(c plugin.Channels) error {
	return handover.OneChannel(c, r.config.Start.copies() || r.config.OnPositionLost == lostSnapshot)
}
