package pgwal

import (
	"context"
	"fmt"
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// gauges are the figures that a job's reader publishes. They are written by
// the source and its watcher, and read by anybody.
type gauges struct {
	behind    atomic.Int64  // Unix milliseconds of the transaction read last; 0: none, or all is read
	at        atomic.Uint64 // the LSN that everything before was read
	lagBytes  atomic.Uint64 // a float's bits
	oldest    atomic.Uint64
	purgeLeft atomic.Uint64
}

func (g *gauges) publish(gauge func(name string, read func() float64, labels ...string)) {
	for _, v := range []*atomic.Uint64{&g.lagBytes, &g.oldest, &g.purgeLeft} {
		v.Store(math.Float64bits(math.NaN()))
	}
	if gauge == nil {
		return
	}
	gauge("lagSeconds", g.lag)
	gauge("lagBytes", func() float64 { return math.Float64frombits(g.lagBytes.Load()) })
	gauge("oldestLsn", func() float64 { return math.Float64frombits(g.oldest.Load()) })
	gauge("purgeSeconds", func() float64 { return math.Float64frombits(g.purgeLeft.Load()) })
}

// lag is how old the transaction is that was read last; 0 where the server has
// nothing further.
func (g *gauges) lag() float64 {
	behind := g.behind.Load()
	if behind == 0 {
		return 0
	}
	return max(time.Since(time.UnixMilli(behind)).Seconds(), 0)
}

// committed notes that a transaction was read to its end.
func (g *gauges) committed(at time.Time, end pgkit.LSN) {
	g.behind.Store(at.UnixMilli())
	g.at.Store(uint64(end))
}

// alive notes that the server has sent everything up to a place.
func (g *gauges) alive(at pgkit.LSN) {
	g.behind.Store(0)
	g.at.Store(uint64(at))
}

// Times of the watcher.
const (
	watchPeriod = 15 * time.Second
	// purgeNear is when it warns that the slot will be lost.
	purgeNear = time.Hour
	// warnPeriod is the least time between two warnings.
	warnPeriod = 10 * time.Minute
)

// kept is what the server says of the log that it keeps for a slot.
type kept struct {
	end    pgkit.LSN // of the log
	oldest pgkit.LSN // what it keeps for the slot begins here
	left   float64   // bytes that may be written until it keeps that no more; infinite: no bound
}

// keptFor asks for what the server keeps for a slot.
func keptFor(ctx context.Context, c *pgkit.Conn, slot string) (kept, error) {
	left := "NULL"
	if c.Server.Number >= 130000 {
		left = "CASE WHEN wal_status IN ('unreserved', 'lost') THEN 0 ELSE safe_wal_size END"
	}
	const zero = "'0/0'::pg_lsn"
	r, err := c.Query(ctx, fmt.Sprintf("SELECT (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END - %[1]s)::bigint, "+
		"(coalesce(restart_lsn, confirmed_flush_lsn, %[1]s) - %[1]s)::bigint, %[2]s FROM pg_replication_slots WHERE slot_name = %[3]s", zero, left, pgkit.Dialect.Text(slot)))
	if err != nil {
		return kept{}, fmt.Errorf("asking for the log that is kept for slot %s: %w", slot, err)
	}
	if len(r.Rows) == 0 {
		return kept{}, lost("replication slot %s is gone", slot)
	}
	k := kept{end: pgkit.LSN(r.Int(0, 0)), oldest: pgkit.LSN(r.Int(0, 1)), left: math.Inf(1)}
	if r.Rows[0][2] != nil {
		k.left = float64(max(r.Int(0, 2), 0))
	}
	return k, nil
}

// watcher asks the server about the slot, on connections of its own.
type watcher struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// watch begins to ask.
func (r *reader) watch(slot string) *watcher {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{cancel: cancel}
	w.done.Go(func() { r.keepWatch(ctx, slot) })
	return w
}

func (w *watcher) close() {
	w.cancel()
	w.done.Wait()
}

func (r *reader) keepWatch(ctx context.Context, slot string) {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	var warned time.Time
	var pace pace
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var k kept
		err := r.with(ctx, func(c *pgkit.Conn) (err error) {
			k, err = keptFor(ctx, c, slot)
			return err
		})
		if err != nil {
			if ctx.Err() == nil {
				r.env.Log.Debug("asking about the replication slot", "slot", slot, "err", err)
			}
			continue
		}
		left := r.gauges.measure(k, &pace, time.Now())
		if left < purgeNear.Seconds() && time.Since(warned) >= warnPeriod {
			warned = time.Now()
			r.env.Log.Warn("the server will soon remove log that the replication slot needs: raise max_slot_wal_keep_size, or find what slows the job down",
				"slot", slot, "seconds", int64(left), "bytes", int64(k.left))
		}
	}
}

// pace is how fast the server writes its log, between two measurements.
type pace struct {
	end  pgkit.LSN
	when time.Time
}

// measure computes the figures and returns the seconds until the slot is lost
// at the pace since the last measurement. Infinite: never, as far as it can be
// told.
func (g *gauges) measure(k kept, p *pace, now time.Time) (left float64) {
	g.oldest.Store(math.Float64bits(float64(k.oldest)))
	if at := g.at.Load(); at > 0 {
		g.lagBytes.Store(math.Float64bits(max(float64(k.end)-float64(at), 0)))
	}
	left = math.Inf(1)
	switch written, since := float64(k.end)-float64(p.end), now.Sub(p.when).Seconds(); {
	case k.left == 0:
		left = 0
	case p.end > 0 && written > 0 && since > 0:
		left = k.left / (written / since)
	}
	*p = pace{k.end, now}
	g.purgeLeft.Store(math.Float64bits(left))
	return left
}
