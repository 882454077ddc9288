package changefmt

import "github.com/datasync-io/datasync/core/record"

// maxPlans bounds how many schemas an encoder remembers: a source whose tables
// come and go must not fill the memory.
const maxPlans = 1024

// Plans keeps what an encoder has made of each schema.
type Plans[P any] struct {
	last *record.Schema
	plan *P
	all  map[*record.Schema]*P
}

// Of returns the plan of s, which build makes when it is not there.
func (p *Plans[P]) Of(s *record.Schema, build func(*record.Schema) *P) *P {
	if s == p.last {
		return p.plan
	}
	plan := p.all[s]
	if plan == nil {
		if p.all == nil || len(p.all) >= maxPlans {
			p.all = map[*record.Schema]*P{}
		}
		plan = build(s)
		p.all[s] = plan
	}
	p.last, p.plan = s, plan
	return plan
}
