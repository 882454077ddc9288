package kafka

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
)

var _ plugin.Checker = (*writer)(nil)

// Check implements [plugin.Checker].
func (w *writer) Check(c plugin.Channels) error {
	if w.config.Ordered && c.Writers > 1 {
		return config.Fieldf("dataCompelOrder", "one order over all rows needs one channel that writes, and %d do: set job.setting.speed.writerChannel to 1", c.Writers)
	}
	return nil
}
