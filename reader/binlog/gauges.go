package binlog

import (
	"context"
	"math"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// gauges are the figures that a job's reader publishes. They are written by
// the source and its watcher, and read by anybody.
type gauges struct {
	handover.Gauges
	file   atomic.Value  // string: the log file of the last position
	offset atomic.Uint64 // in it
	at     atomic.Int64  // Unix milliseconds that the last position stands for; 0: unknown
}

// reached notes a position.
func (g *gauges) reached(p *Position) {
	g.file.Store(p.File)
	g.offset.Store(p.Offset)
	g.at.Store(p.Time)
}

// watch begins to ask the server that srv is connected to for its log's files,
// on connections of their own.
func (r *reader) watch(srv *server) *handover.Watcher {
	settings, keeps := srv.again(), srv.keeps
	return r.gauges.Watch(handover.Watch{
		Log:     r.log,
		Warning: "the server will soon purge log files that are not read yet: raise binlog_expire_logs_seconds, or find what slows the job down",
		Ask: func(ctx context.Context) (handover.Kept, error) {
			files, err := listFiles(ctx, settings)
			return r.gauges.measure(files, keeps, time.Now()), err
		},
	})
}

func listFiles(ctx context.Context, settings *mysqlkit.Settings) ([]logFile, error) {
	srv, err := connect(ctx, settings)
	if err != nil {
		return nil, err
	}
	files, err := srv.files(ctx)
	_ = srv.close()
	return files, err
}

// measure computes the figures. The position is purged then at the earliest:
// files go when their last event is that old, which is not older than ours.
func (g *gauges) measure(files []logFile, keeps int64, now time.Time) handover.Kept {
	k := handover.Kept{Oldest: math.NaN(), Behind: math.NaN(), Purge: math.Inf(1)}
	if len(files) > 0 {
		k.Oldest = fileNumber(files[0].name)
	}
	if keeps > 0 {
		k.Purge = float64(keeps)
	}
	name, _ := g.file.Load().(string)
	found := false
	for i, f := range files {
		switch {
		case found:
			k.Behind += float64(f.size)
		case f.name == name:
			found = true
			k.Behind = max(float64(f.size)-float64(g.offset.Load()), 0)
			k.About = []any{"position", name}
			if at := g.at.Load(); i < len(files)-1 && keeps > 0 && at > 0 {
				k.Purge, k.Near = float64(keeps)-now.Sub(time.UnixMilli(at)).Seconds(), true
			}
		}
	}
	return k
}

// fileNumber returns the number that a log file's name ends in.
func fileNumber(name string) float64 {
	n, err := strconv.ParseFloat(strings.TrimPrefix(path.Ext(name), "."), 64)
	if err != nil {
		return math.NaN()
	}
	return n
}
