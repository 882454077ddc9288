package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// Bounds of the collector while little is alive. By Go's default a heap of
// which 3 MB are alive is collected every 3 MB: at the speed of a copy that is
// a quarter of the processor's time.
const (
	smallMemory  = 32 << 20 // what the process may take before it is collected
	smallLive    = 12 << 20 // more than that is no small heap any more
	smallPercent = 400      // growth between collections, within smallMemory
)

// easeCollector lets a small heap grow to smallMemory before it is collected.
// When a collection finds more than smallLive alive, Go's defaults are set for
// good: a limit that is near the live heap would collect all the time.
// Somebody's GOGC or GOMEMLIMIT in the environment stands.
func easeCollector(env func(string) (string, bool)) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := env(name); set {
			return
		}
	}
	debug.SetGCPercent(smallPercent)
	debug.SetMemoryLimit(smallMemory)
	afterCollection()
}

// afterCollection has checkHeap called when the next collection has ended: an
// object that nothing holds does not survive it.
func afterCollection() { runtime.AddCleanup(new([64]byte), func(int) { checkHeap() }, 0) }

func checkHeap() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if live[0].Value.Uint64() <= smallLive {
		afterCollection()
		return
	}
	debug.SetGCPercent(100)
	debug.SetMemoryLimit(math.MaxInt64)
}
