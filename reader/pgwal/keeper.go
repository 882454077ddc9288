package pgwal

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// keeper tells the server that the job is alive and how far it is, also while
// nothing is read.
type keeper struct {
	stream *pgkit.Replication
	stored atomic.Uint64 // the LSN that the server is told of
	wake   chan struct{}
	end    chan struct{}
	ended  sync.WaitGroup
}

func keep(stream *pgkit.Replication, at pgkit.LSN, every time.Duration) *keeper {
	k := &keeper{stream: stream, wake: make(chan struct{}, 1), end: make(chan struct{})}
	k.stored.Store(uint64(at))
	k.ended.Go(func() { k.run(every) })
	return k
}

// run ends at the first error: the connection is broken, and the stream fails
// with it and says why.
func (k *keeper) run(every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for k.stream.Status(pgkit.LSN(k.stored.Load())) == nil {
		select {
		case <-tick.C:
		case <-k.wake:
		case <-k.end:
			_ = k.stream.Status(pgkit.LSN(k.stored.Load())) // the last word; who is not told now is told by the next run
			return
		}
	}
}

// tell has the server told at once.
func (k *keeper) tell() {
	select {
	case k.wake <- struct{}{}:
	default: // it will be
	}
}

// store takes note of a position that is stored.
func (k *keeper) store(at pgkit.LSN) {
	k.stored.Store(uint64(at))
	k.tell()
}

func (k *keeper) close() {
	close(k.end)
	k.ended.Wait()
}
