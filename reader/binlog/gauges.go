package binlog

import (
	"context"
	"log/slog"
	"math"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/datasync-io/datasync/core/kit/mysqlkit"
)

// gauges are the figures that a job's reader publishes. They are written by
// the source and its watcher, and read by anybody.
type gauges struct {
	behind    atomic.Int64  // Unix milliseconds of the transaction read last; 0: none, or all is read
	file      atomic.Value  // string: the log file of the last position
	offset    atomic.Uint64 // in it
	at        atomic.Int64  // Unix milliseconds that the last position stands for; 0: unknown
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
	gauge("oldestFile", func() float64 { return math.Float64frombits(g.oldest.Load()) })
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

// committed notes that a transaction was read.
func (g *gauges) committed(at time.Time) {
	if !at.IsZero() {
		g.behind.Store(at.UnixMilli())
	}
}

// alive notes that the server waits for something to send.
func (g *gauges) alive() { g.behind.Store(0) }

// reached notes a position.
func (g *gauges) reached(p *Position) {
	g.file.Store(p.File)
	g.offset.Store(p.Offset)
	g.at.Store(p.Time)
}

// Times of the watcher.
const (
	watchPeriod = 15 * time.Second
	// purgeNear is when it warns that the position will be purged.
	purgeNear = time.Hour
	// warnPeriod is the least time between two warnings.
	warnPeriod = 10 * time.Minute
)

// watcher asks the server for its log's files, on a connection of its own.
type watcher struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

// watch begins to ask about the server that srv is connected to.
func (r *reader) watch(srv *server) *watcher {
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{cancel: cancel}
	settings := srv.again()
	w.done.Go(func() { r.gauges.watch(ctx, settings, srv.keeps, r.log) })
	return w
}

func (w *watcher) close() {
	w.cancel()
	w.done.Wait()
}

func (g *gauges) watch(ctx context.Context, settings *mysqlkit.Settings, keeps int64, log *slog.Logger) {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	var warned time.Time
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		files, err := listFiles(ctx, settings)
		if err != nil {
			if ctx.Err() == nil {
				log.Debug("asking for the files of the binary log", "err", err)
			}
			continue
		}
		left := g.measure(files, keeps, time.Now())
		if left < purgeNear.Seconds() && time.Since(warned) >= warnPeriod {
			warned = time.Now()
			log.Warn("the server will soon purge log files that are not read yet: raise binlog_expire_logs_seconds, or find what slows the job down",
				"seconds", int64(left), "position", g.file.Load())
		}
	}
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

// measure computes the figures and returns the seconds until the position is
// purged, at least: files go when their last event is that old, which is not
// older than ours. Infinite: never, as far as it can be told.
func (g *gauges) measure(files []logFile, keeps int64, now time.Time) (left float64) {
	left = math.Inf(1)
	if len(files) == 0 {
		return left
	}
	g.oldest.Store(math.Float64bits(fileNumber(files[0].name)))
	name, _ := g.file.Load().(string)
	var behind float64
	found := false
	for i, f := range files {
		switch {
		case found:
			behind += float64(f.size)
		case f.name == name:
			found = true
			behind = max(float64(f.size)-float64(g.offset.Load()), 0)
			if at := g.at.Load(); i < len(files)-1 && keeps > 0 && at > 0 {
				left = float64(keeps) - now.Sub(time.UnixMilli(at)).Seconds()
			}
		}
	}
	if found {
		g.lagBytes.Store(math.Float64bits(behind))
	}
	if math.IsInf(left, 1) && keeps > 0 {
		g.purgeLeft.Store(math.Float64bits(float64(keeps)))
	} else {
		g.purgeLeft.Store(math.Float64bits(left))
	}
	return left
}

// fileNumber returns the number that a log file's name ends in.
func fileNumber(name string) float64 {
	n, err := strconv.ParseFloat(strings.TrimPrefix(path.Ext(name), "."), 64)
	if err != nil {
		return math.NaN()
	}
	return n
}
