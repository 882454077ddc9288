package launcher

import (
	"encoding/json"
	"strings"

	"github.com/datasync-io/datasync/core/plugin"
)

// locate sets the accumulators startLocation and endLocation from members of
// these names in the positions; several tables' are a list, in the order of the
// plan. A position without rows says both, maybe as "".
func (r *Runner) locate(plan []plugin.Progress) {
	var starts, ends []string
	for _, p := range plan {
		if !p.Split.Remembers || p.Position == nil {
			continue
		}
		var at struct {
			Start string `json:"startLocation"`
			End   string `json:"endLocation"`
		}
		_ = json.Unmarshal(p.Position, &at) // the reader has parsed it
		starts, ends = append(starts, at.Start), append(ends, at.End)
	}
	if ends == nil {
		return
	}
	r.meter.SetText("startLocation", strings.Join(starts, ","))
	r.meter.SetText("endLocation", strings.Join(ends, ","))
}
