package sqlservercdc

import (
	"math"
	"sync/atomic"
	"time"
)

// gauges are the figures that a job's reader publishes: written by the source,
// read by anybody.
type gauges struct {
	behind  atomic.Int64 // Unix milliseconds of the commit read last; 0: all that is captured is read
	capture atomic.Int64 // Unix milliseconds, by our clock, of the newest commit that is captured; 0: none
	purged  atomic.Int64 // Unix milliseconds at which the position may be removed; 0: unknown
}

func (g *gauges) publish(gauge func(name string, read func() float64, labels ...string)) {
	if gauge == nil {
		return
	}
	gauge("lagSeconds", func() float64 { return since(g.behind.Load(), 0) })
	gauge("captureLagSeconds", func() float64 { return since(g.capture.Load(), math.NaN()) })
	gauge("purgeSeconds", func() float64 { return -since(g.purged.Load(), math.NaN()) })
}

// since is how long ago a moment was, in seconds.
func since(unixMilli int64, unknown float64) float64 {
	if unixMilli == 0 {
		return unknown
	}
	return time.Since(time.UnixMilli(unixMilli)).Seconds()
}

// captured notes how far the capture job is.
func (g *gauges) captured(st status) {
	if !st.max.isZero() {
		g.capture.Store(time.Now().Add(-st.age).UnixMilli())
	}
}

// reached notes the commit that everything is read up to.
func (g *gauges) reached(at time.Time, all bool, keeps time.Duration) {
	if all || at.IsZero() {
		g.behind.Store(0)
	} else {
		g.behind.Store(at.UnixMilli())
	}
	if keeps > 0 && !at.IsZero() {
		g.purged.Store(at.Add(keeps).UnixMilli())
	}
}

// purgeNear is when removed changes are warned of.
const purgeNear = time.Hour

// nearPurge tells that the changes after a commit will soon be removed: within an
// hour, of those that have waited for more than half of the time that they are kept.
func nearPurge(commit time.Time, keeps time.Duration, now time.Time) (left time.Duration, near bool) {
	left = keeps - now.Sub(commit)
	return max(left, 0), keeps > 0 && !commit.IsZero() && left < min(purgeNear, keeps/2)
}
