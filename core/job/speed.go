package job

import (
	"errors"

	"github.com/datasync-io/datasync/core/config"
)

// maxChannels is how many channels a job can have: each has memory of its own,
// and threads of a database behind it.
const maxChannels = 1024

// Validate implements [config.Validator].
func (s *Speed) Validate() error {
	var errs []error
	for _, one := range []struct {
		key   string
		value int
	}{{"channel", s.Channel}, {"readerChannel", s.ReaderChannel}, {"writerChannel", s.WriterChannel}} {
		if one.value > maxChannels {
			errs = append(errs, config.Fieldf(one.key, "expected at most %d channels, found %d", maxChannels, one.value))
		}
	}
	return errors.Join(errs...)
}
