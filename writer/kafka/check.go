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
	if len(w.config.MessageKeys) > 0 && c.Changes && c.Writers > 1 && w.config.Semantic != exactlyOnce {
		return config.Fieldf("messageKeys", "%d channels write, and changes are dealt to them by the key of their table: changes of one message key could overtake each other; set job.setting.speed.writerChannel to 1, or semantic to exactly-once, which keeps all changes of a stream in one channel", c.Writers)
	}
	return nil
}
