package metric

import (
	"time"
)

const (
	window  = 20 * time.Second // FlinkX's
	spacing = 500 * time.Millisecond
)

// sample is the counts at a time.
type sample struct {
	at     time.Time
	counts Counts
}

// Rates are numbers per second.
type Rates struct {
	Read, ReadBytes, Written, WriteBytes float64
}

func rates(from, to sample) Rates {
	seconds := to.at.Sub(from.at).Seconds()
	if seconds <= 0 {
		return Rates{}
	}
	per := func(a, b int64) float64 { return max(0, float64(b-a)/seconds) }
	return Rates{
		Read: per(from.counts.Read, to.counts.Read), ReadBytes: per(from.counts.ReadBytes, to.counts.ReadBytes),
		Written: per(from.counts.Written, to.counts.Written), WriteBytes: per(from.counts.WriteBytes, to.counts.WriteBytes),
	}
}

// Rates returns the rates of the last 20 seconds. There is no clock behind it:
// each call leaves a sample for later ones, so that who asks less often than
// every 20 seconds gets the rates since it asked before.
func (m *Meter) Rates() Rates {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := sample{at: m.now(), counts: m.total()}
	for len(m.samples) > 1 && now.at.Sub(m.samples[1].at) >= window {
		m.samples = m.samples[1:]
	}
	r := rates(m.samples[0], now)
	if now.at.Sub(m.samples[len(m.samples)-1].at) >= spacing {
		m.samples = append(m.samples, now)
	}
	return r
}

// Mean returns the rates of this process's whole run.
func (m *Meter) Mean() Rates {
	m.mu.Lock()
	defer m.mu.Unlock()
	return rates(sample{at: m.begin, counts: m.restored}, sample{at: m.begin.Add(m.elapsed()), counts: m.total()})
}

// Shares returns which share of the channels' time went into each stage, from
// 0 to 1; they add up to 1, or to 0 if no time was spent.
func (m *Meter) Shares() [stages]float64 {
	var (
		shares [stages]float64
		sum    float64
	)
	for s := range stages {
		shares[s] = float64(m.Spent(s))
		sum += shares[s]
	}
	for s := range shares {
		if sum > 0 {
			shares[s] /= sum
		}
	}
	return shares
}
