package sqlkit

import (
	"fmt"
	"slices"
	"strings"

	"github.com/datasync-io/datasync/core/config"
)

// Parameters are the connection parameters of a system, spelled as its vendor
// does: those that mean something here, and those of the vendor's drivers that
// mean nothing. Case does not count.
type Parameters struct {
	System string // as people call it
	Used   string // names with blanks between them
	None   []NoParameters
}

// NoParameters are parameters that mean nothing here for the same reason.
type NoParameters struct{ Why, Names string }

// OfAddress remarks on parameters of an address that had no effect. key is that
// of the address.
func (p *Parameters) OfAddress(key string, unused []string) []config.Remark {
	var all []config.Remark
	for _, name := range unused {
		if why := p.why(name); why != "" {
			all = append(all, config.Remark{Key: key, Text: "parameter " + name + " has no effect: " + why})
			continue
		}
		all = append(all, config.Remark{Key: key, Warning: true, Text: "unknown parameter " + name + " has no effect" + p.meant(name)})
	}
	return all
}

// OfProperties remarks on members of properties that had no effect.
func (p *Parameters) OfProperties(unused []string) []config.Remark {
	var all []config.Remark
	for _, name := range unused {
		r := config.Remark{Key: "properties." + name, Text: "has no effect: " + p.why(name)}
		if p.why(name) == "" {
			r.Text, r.Warning = "has no effect: unknown parameter"+p.meant(name), true
		}
		all = append(all, r)
	}
	return all
}

func (p *Parameters) why(name string) string {
	for _, group := range p.None {
		if slices.ContainsFunc(strings.Fields(group.Names), func(known string) bool { return strings.EqualFold(known, name) }) {
			return group.Why
		}
	}
	return ""
}

// meant names the parameter that an unknown one is close to.
func (p *Parameters) meant(name string) string {
	names := strings.Fields(p.Used)
	for _, group := range p.None {
		names = append(names, strings.Fields(group.Names)...)
	}
	if near := config.Nearest(name, names); near != "" {
		return fmt.Sprintf(", did you mean %q?", near)
	}
	return ": " + p.System + " has none of this name"
}
