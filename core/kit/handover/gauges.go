package handover

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"sync/atomic"
	"time"
)

// Gauges are the figures that a reader of a log publishes. They are written by
// its source and its [Watcher], and read by anybody.
type Gauges struct {
	behind    atomic.Int64  // Unix milliseconds of the transaction read last; 0: none, or all is read
	lagBytes  atomic.Uint64 // a float's bits, as the others
	oldest    atomic.Uint64
	purgeLeft atomic.Uint64
}

// Publish says the figures by name; oldest is the name of the oldest place of
// the log that the server has.
func (g *Gauges) Publish(gauge func(name string, read func() float64, labels ...string), oldest string) {
	g.measured(Kept{Oldest: math.NaN(), Behind: math.NaN(), Purge: math.NaN()})
	if gauge == nil {
		return
	}
	gauge("lagSeconds", g.lag)
	for name, v := range map[string]*atomic.Uint64{"lagBytes": &g.lagBytes, oldest: &g.oldest, "purgeSeconds": &g.purgeLeft} {
		gauge(name, func() float64 { return math.Float64frombits(v.Load()) })
	}
}

// lag is how old the transaction is that was read last; 0 where the server has
// nothing further.
func (g *Gauges) lag() float64 {
	behind := g.behind.Load()
	if behind == 0 {
		return 0
	}
	return max(time.Since(time.UnixMilli(behind)).Seconds(), 0)
}

// Committed notes that a transaction was read to its end, and when it was
// committed; zero: it does not say.
func (g *Gauges) Committed(at time.Time) {
	if !at.IsZero() {
		g.behind.Store(at.UnixMilli())
	}
}

// Alive notes that the server has nothing further.
func (g *Gauges) Alive() { g.behind.Store(0) }

// Kept is what a server says of its log.
type Kept struct {
	Oldest float64 // the oldest place that it has, as a number; NaN: unknown, as of the others
	Behind float64 // bytes after what was read last
	Purge  float64 // seconds until the log is removed that is to be read next; infinite: never, as far as it can be told
	// Near says that Purge runs down as long as no more is read: little of it is
	// warned of, with About.
	Near  bool
	About []any // attributes of the place, as [slog.Logger.Warn] takes them
}

func (g *Gauges) measured(k Kept) {
	g.oldest.Store(math.Float64bits(k.Oldest))
	g.lagBytes.Store(math.Float64bits(k.Behind))
	g.purgeLeft.Store(math.Float64bits(k.Purge))
}

// Times of a watcher.
const (
	watchPeriod = 15 * time.Second
	// purgeNear is when it warns that the position will be lost.
	purgeNear = time.Hour
	// warnPeriod is the least time between two warnings.
	warnPeriod = 10 * time.Minute
)

// Watch is how a server is asked about its log while that is read.
type Watch struct {
	Ask     func(context.Context) (Kept, error)
	Warning string // that the server will soon remove what is not read yet, with the remedy
	Log     *slog.Logger
}

// Watcher asks, in a goroutine of its own.
type Watcher struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// Watch begins to ask.
func (g *Gauges) Watch(w Watch) *Watcher {
	ctx, cancel := context.WithCancel(context.Background())
	own := &Watcher{cancel: cancel}
	own.done.Go(func() {
		tick := time.NewTicker(watchPeriod)
		defer tick.Stop()
		g.keepWatch(ctx, w, tick.C)
	})
	return own
}

// Close ends it.
func (w *Watcher) Close() {
	w.cancel()
	w.done.Wait()
}

func (g *Gauges) keepWatch(ctx context.Context, w Watch, tick <-chan time.Time) {
	var warned time.Time
	for {
		var now time.Time
		select {
		case <-ctx.Done():
			return
		case now = <-tick:
		}
		k, err := w.Ask(ctx)
		if err != nil {
			if ctx.Err() == nil {
				w.Log.Debug("asking the server about its log", "err", err)
			}
			continue
		}
		g.measured(k)
		if k.Near && k.Purge < purgeNear.Seconds() && now.Sub(warned) >= warnPeriod {
			warned = now
			w.Log.Warn(w.Warning, append([]any{"seconds", int64(k.Purge)}, k.About...)...)
		}
	}
}
