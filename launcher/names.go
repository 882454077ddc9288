package launcher

import (
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/job"
)

// unknownPlugin is the fault of an operator's name that no plugin has: it says
// whose plugin that is, or which name is meant, and lists what there is.
func unknownPlugin(op job.Operator, side string, names []string) error {
	at := op.Node
	if name := at.Member("name"); name != nil {
		at = name
	}
	for i := range names {
		names[i] += side
	}
	slices.Sort(names)
	have := strings.Join(names, ", ")
	written := strings.TrimSpace(op.Name)
	problem := fmt.Sprintf("unknown %s %q; this", side, written)
	if meant := sameOf(written, side); slices.Contains(names, meant) {
		problem = fmt.Sprintf("%q is no %s, did you mean %q? This", written, side, meant)
	} else if origin := job.Origin(written); origin != "" {
		problem = fmt.Sprintf("%q is a plugin of %s that datasync does not have as a %s yet; this", written, origin, side)
	} else if near := config.Nearest(written, names); near != "" {
		problem = fmt.Sprintf("unknown %s %q, did you mean %q? This", side, written, near)
	}
	return errclass.With(errclass.Config, at.Errorf("%s binary has %s", problem, have))
}

// sameOf returns the name that a plugin of the other side has on this side;
// "" for a name that is of no other side.
func sameOf(name, side string) string {
	ends := []string{"reader", "source"}
	if side == "reader" {
		ends = []string{"writer", "sink"}
	}
	for _, end := range ends {
		if rest, ok := strings.CutSuffix(strings.ToLower(name), end); ok {
			return rest + side
		}
	}
	return ""
}

func (r *Runner) readerNames() []string {
	var names []string
	for _, info := range r.o.Registry.Readers() {
		names = append(names, info.Name)
	}
	return names
}

func (r *Runner) writerNames() []string {
	var names []string
	for _, info := range r.o.Registry.Writers() {
		names = append(names, info.Name)
	}
	return names
}
