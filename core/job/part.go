package job

import (
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// Settled leaves out of the faults that building the plugins has found those that
// the value of a placeholder may mend, for a job that was parsed with
// Options.Part: what a plugin says of its keys as a whole. Unknown keys and values
// of another type stay.
func (j *Job) Settled(err error) error {
	if err == nil || !j.root.Kept() {
		return err
	}
	var rest []error
	for _, fault := range config.Faults(err) {
		if fault.Err == nil || !j.kept(fault.Path) {
			rest = append(rest, fault)
		}
	}
	return config.JoinPart(rest...)
}

// kept reports whether the reader or writer that a path leads into has a
// placeholder without a value.
func (j *Job) kept(path string) bool {
	for _, pipes := range [][]Pipeline{j.Pipelines, j.Idle} {
		for _, pipe := range pipes {
			for _, op := range []Operator{pipe.Reader, pipe.Writer} {
				if op.Node.Kept() && strings.HasPrefix(path, op.Node.Path()+".") {
					return true
				}
			}
		}
	}
	return false
}
