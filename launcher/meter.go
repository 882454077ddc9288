package launcher

import (
	"time"

	"github.com/datasync-io/datasync/core/checkpoint"
	"github.com/datasync-io/datasync/core/metric"
	"github.com/datasync-io/datasync/core/pump"
	"github.com/datasync-io/datasync/dirty"
)

// meter gives the pump's counts to the accumulators. Rows that are taken back
// no longer count against the dirty limit either.
type meter struct {
	*metric.Meter
	dirty *dirty.Collector
}

func (m meter) Count(channel int, c checkpoint.Counts) {
	if n := c.Errors(); n < 0 {
		m.dirty.TakeBack(-n)
	}
	m.Meter.Count(channel, metric.Counts(c))
}

func (m meter) Spend(channel int, s pump.Stage, d time.Duration) {
	m.Meter.Spend(channel, metric.Stage(s), d)
}
