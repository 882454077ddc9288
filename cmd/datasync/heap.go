package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Bounds of the collector by what is alive. By Go's default a heap of which
// 3 MB are alive is collected every 3 MB: at the speed of a copy that is a
// quarter of the processor's time. And one of which 100 MB are alive grows to
// 200 MB: that much is alive where rows are large, and large rows, which hold
// no pointers, are cheap to collect.
const (
	smallMemory  = 32 << 20 // what the process may take before it is collected
	smallLive    = 12 << 20 // more than that is no small heap any more
	smallPercent = 400      // growth between collections, within smallMemory

	largeLive    = 40 << 20
	largePercent = 10

	sparingPercent = 30 // for what has to be small rather than quick
)

// collector keeps the garbage collector to the bounds. Its methods may be called
// by any goroutine.
type collector struct {
	mine    atomic.Bool // nobody's GOGC or GOMEMLIMIT stands in the environment
	sparing atomic.Bool
}

// ease lets a small heap grow to smallMemory before it is collected, and a large
// one by little. Somebody's GOGC or GOMEMLIMIT in the environment stands.
func (c *collector) ease(env func(string) (string, bool)) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := env(name); set {
			return
		}
	}
	c.mine.Store(true)
	c.tune(0)
	c.afterCollection()
}

// spare has every heap collected soon from now on.
func (c *collector) spare() {
	if c.mine.Load() && !c.sparing.Swap(true) {
		c.tune(0)
	}
}

// afterCollection has check called when the next collection has ended: an object
// that nothing holds does not survive it.
func (c *collector) afterCollection() { runtime.AddCleanup(new([64]byte), (*collector).check, c) }

func (c *collector) check() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	c.tune(live[0].Value.Uint64())
	c.afterCollection()
}

// tune tells the collector what goes with so many bytes alive. A limit that is
// near the live heap would collect all the time.
func (c *collector) tune(live uint64) {
	percent, limit := 100, int64(math.MaxInt64)
	switch {
	case c.sparing.Load():
		percent = sparingPercent
	case live <= smallLive:
		percent, limit = smallPercent, smallMemory
	case live > largeLive:
		percent = largePercent
	}
	debug.SetGCPercent(percent)
	debug.SetMemoryLimit(limit)
}
