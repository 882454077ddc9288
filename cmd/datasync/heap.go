package main

import (
	"math"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
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
)

// easeCollector lets a small heap grow to smallMemory before it is collected,
// and a large one by little. Somebody's GOGC or GOMEMLIMIT in the environment
// stands.
func easeCollector(env func(string) (string, bool)) {
	for _, name := range []string{"GOGC", "GOMEMLIMIT"} {
		if _, set := env(name); set {
			return
		}
	}
	tuneCollector(0)
	afterCollection()
}

// afterCollection has checkHeap called when the next collection has ended: an
// object that nothing holds does not survive it.
func afterCollection() { runtime.AddCleanup(new([64]byte), func(int) { checkHeap() }, 0) }

func checkHeap() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	tuneCollector(live[0].Value.Uint64())
	afterCollection()
}

// tuneCollector tells the collector what goes with so many bytes alive. A limit
// that is near the live heap would collect all the time.
func tuneCollector(live uint64) {
	percent, limit := 100, int64(math.MaxInt64)
	switch {
	case live <= smallLive:
		percent, limit = smallPercent, smallMemory
	case live > largeLive:
		percent = largePercent
	}
	debug.SetGCPercent(percent)
	debug.SetMemoryLimit(limit)
}
