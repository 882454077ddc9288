package pgwal

import (
	"context"
	"fmt"
	"math"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
)

// gauges are the figures that a job's reader publishes. They are written by
// the source and its watcher, and read by anybody.
type gauges struct {
	handover.Gauges
	at atomic.Uint64 // the LSN that everything before was read
}

// committed notes that a transaction was read to its end.
func (g *gauges) committed(at time.Time, end pgkit.LSN) {
	g.Committed(at)
	g.at.Store(uint64(end))
}

// alive notes that the server has sent everything up to a place.
func (g *gauges) alive(at pgkit.LSN) {
	g.Alive()
	g.at.Store(uint64(at))
}

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

// watch begins to ask the server about the slot, on connections of their own.
func (r *reader) watch(slot string) *handover.Watcher {
	var p pace
	return r.gauges.Watch(handover.Watch{
		Log:     r.env.Log,
		Warning: "the server will soon remove log that the replication slot needs: raise max_slot_wal_keep_size, or find what slows the job down",
		Ask: func(ctx context.Context) (k handover.Kept, err error) {
			err = r.with(ctx, func(c *pgkit.Conn) error {
				now, err := keptFor(ctx, c, slot)
				if err == nil {
					k = r.gauges.measure(now, &p, time.Now())
					k.About = []any{"slot", slot, "bytes", int64(now.left)}
				}
				return err
			})
			return k, err
		},
	})
}

// pace is how fast the server writes its log, between two measurements.
type pace struct {
	end  pgkit.LSN
	when time.Time
}

// measure computes the figures. The slot is lost at the pace of the log since
// the last measurement.
func (g *gauges) measure(k kept, p *pace, now time.Time) handover.Kept {
	m := handover.Kept{Oldest: float64(k.oldest), Behind: math.NaN(), Purge: math.Inf(1), Near: true}
	if at := g.at.Load(); at > 0 {
		m.Behind = max(float64(k.end)-float64(at), 0)
	}
	switch written, since := float64(k.end)-float64(p.end), now.Sub(p.when).Seconds(); {
	case k.left == 0:
		m.Purge = 0
	case p.end > 0 && written > 0 && since > 0:
		m.Purge = k.left / (written / since)
	}
	*p = pace{k.end, now}
	return m
}
