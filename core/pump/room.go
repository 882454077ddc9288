package pump

import "github.com/datasync-io/datasync/core/record"

// room bounds what a source has on its way where batches are larger than usual
// (plugin.Batcher): for each sink one that is written, and one that is filled
// meanwhile. Smaller ones are more, as far as the inbox takes them. nil: the
// inbox alone bounds them.
func (l *lane) room() *Budget {
	if l.c.bytes <= record.TargetBytes {
		return nil
	}
	sinks := (l.sinks + l.sources - 1) / l.sources
	// A batch takes up to twice its target, and some more for rows to come.
	return NewBudget((1 + sinks) * l.c.bytes * 5 / 2)
}

// hold makes the parcel count for so many bytes.
func (p *parcel) hold(c *Config, memory int) {
	c.Budget.Adjust(p.memory, memory)
	if p.room != nil {
		p.room.Adjust(p.memory, memory)
	}
	p.memory = memory
}
