package handover

import (
	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/plugin"
)

// OneChannel is the Check of a reader that follows a log: changes are read in
// their order, by one channel, and several only copy tables. copies tells that
// the job's parameters have it copy any.
func OneChannel(c plugin.Channels, copies bool) error {
	if c.Readers <= 1 || copies {
		return nil
	}
	return config.Fieldf("start", `%d channels would read, and changes are read by one, in their order: write "readerChannel": 1, "writerChannel": %d into job.setting.speed; `+
		`only where tables are copied (mode initial) do several read`, c.Readers, c.Writers)
}
