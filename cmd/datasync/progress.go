package main

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/schollz/progressbar/v3"

	"github.com/datasync-io/datasync/launcher"
)

const (
	sampleEvery = 200 * time.Millisecond // and how often the line is drawn
	logFirst    = time.Second            // a sign of life
	logEvery    = 10 * time.Second
	rateOver    = 5 * time.Second // what "per second" is the mean of
)

// starting is the state of a job whose plan is not known yet.
const starting = "starting"

// watcher shows how far a job is until it is stopped.
type watcher struct {
	quit, done chan struct{}
}

// watch shows the status after the time first and then every so often, in a
// goroutine of its own: show draws or logs it.
func watch(first, every time.Duration, status func() launcher.Status, show func(launcher.Status, pace)) *watcher {
	w := &watcher{quit: make(chan struct{}), done: make(chan struct{})}
	next := time.Now().Add(first)
	go func() {
		defer close(w.done)
		tick := time.NewTicker(sampleEvery)
		defer tick.Stop()
		var rate rates
		for {
			select {
			case now := <-tick.C:
				s := status()
				p := rate.add(now, s)
				if !now.Before(next) {
					show(s, p)
					next = now.Add(every)
				}
			case <-w.quit:
				return
			}
		}
	}()
	return w
}

// stop ends the display and awaits it.
func (w *watcher) stop() {
	close(w.quit)
	<-w.done
}

// pace is how fast a job is: rows and bytes written per second, lately.
type pace struct{ rows, bytes float64 }

// left is how long the rest takes at this pace; 0: unknown.
func (p pace) left(s launcher.Status) time.Duration {
	if s.Total <= 0 || p.rows <= 0 || done(s) >= s.Total {
		return 0
	}
	return max(time.Second, time.Duration(float64(s.Total-done(s))/p.rows*float64(time.Second))) // 0s would be over
}

// done is how many rows need no more work.
func done(s launcher.Status) int64 { return s.Written + s.Dirty }

type sample struct {
	at          time.Time
	rows, bytes int64
}

// rates remembers the samples of the last seconds.
type rates struct{ samples []sample }

// add returns the pace up to now. Counts that a resumed job begins with appear
// when it no longer is starting.
func (r *rates) add(now time.Time, s launcher.Status) pace {
	if s.State == starting {
		r.samples = r.samples[:0]
		return pace{}
	}
	r.samples = append(r.samples, sample{now, s.Written, s.WriteBytes})
	for len(r.samples) > 2 && now.Sub(r.samples[1].at) >= rateOver {
		r.samples = r.samples[1:]
	}
	first := r.samples[0]
	seconds := now.Sub(first.at).Seconds()
	if seconds <= 0 {
		return pace{}
	}
	return pace{float64(s.Written-first.rows) / seconds, float64(s.WriteBytes-first.bytes) / seconds}
}

// logStatus logs how far a job is.
func logStatus(log *slog.Logger) func(launcher.Status, pace) {
	return func(s launcher.Status, p pace) {
		attrs := []any{
			"state", s.State, "read", s.Read, "written", s.Written, "dirty", s.Dirty,
			"rowsPerSecond", int64(p.rows), "megabytesPerSecond", fmt.Sprintf("%.1f", p.bytes/1e6),
		}
		if s.Splits > 0 {
			attrs = append(attrs, "splits", fmt.Sprintf("%d/%d", s.SplitsDone, s.Splits))
		}
		if s.Total > 0 {
			attrs = append(attrs, "percent", 100*done(s)/s.Total)
			if left := p.left(s); left > 0 {
				attrs = append(attrs, "left", left.Round(time.Second))
			}
		}
		log.Info("progress", attrs...)
	}
}

// bar draws how far a job is as a line on a terminal, and with -v one for each
// of its tables or, where there is but one, of its channels.
type bar struct {
	block    *block
	name     string // of the job, where there are several
	channels bool
	tables   func() []launcher.Table // nil: not asked for
	total    int64
	line     *progressbar.ProgressBar
	each     []rates           // of the channels
	byTable  map[string]*rates // of the tables
}

func (b *bar) show(s launcher.Status, p pace) {
	total := s.Total
	if total <= 0 {
		total = -1
	}
	if b.line == nil || (total > 0) != (b.total > 0) {
		b.line = progressbar.NewOptions64(total, progressbar.OptionSetWriter(io.Discard), progressbar.OptionSetWidth(20),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionShowDescriptionAtLineEnd(), progressbar.OptionSetSpinnerChangeInterval(0), progressbar.OptionSetRenderBlankState(false))
	} else if total != b.total && total > 0 {
		b.line.ChangeMax64(total)
	}
	b.total = total
	b.line.Describe(statusLine(s, p))
	at := done(s)
	if total > 0 {
		at = min(at, total-1) // a bar that is full counts as finished and is drawn no more
	}
	_ = b.line.Set64(max(at, 0)) // it draws nowhere
	lines := []string{strings.TrimSpace(b.line.String())}
	if b.name != "" {
		lines[0] = b.name + "  " + lines[0]
	}
	if b.channels {
		lines = append(lines, b.lines(s, time.Now())...)
	}
	b.block.show(lines...)
}

// lines are those beneath the job's.
func (b *bar) lines(s launcher.Status, now time.Time) []string {
	if b.tables != nil {
		if tables := b.tables(); len(tables) > 1 {
			return b.tableLines(s, tables, now)
		}
	}
	return b.channelLines(s, now)
}

// channelLines show what each channel has written, as a share of all, and how
// fast it is.
func (b *bar) channelLines(s launcher.Status, now time.Time) []string {
	for len(b.each) < len(s.Channels) {
		b.each = append(b.each, rates{})
	}
	lines := make([]string, len(s.Channels))
	for i, c := range s.Channels {
		p := b.each[i].add(now, launcher.Status{State: s.State, Written: c.Written, WriteBytes: c.WriteBytes})
		lines[i] = fmt.Sprintf("  channel %d |%s| %s rows  %s rows/s  %.1f MB/s", i, shareBar(c.Written, s.Written),
			humanize.Comma(c.Written), humanize.Comma(int64(p.rows)), p.bytes/1e6)
	}
	return lines
}

// shareBar is a part of a whole as a bar.
func shareBar(part, whole int64) string {
	filled := 0
	if whole > 0 {
		filled = int(min(max(part, 0), whole) * channelWidth / whole)
	}
	return strings.Repeat("█", filled) + strings.Repeat(" ", channelWidth-filled)
}

// channelWidth is that of the bar of a channel.
const channelWidth = 10

// statusLine is the text beside the bar.
func statusLine(s launcher.Status, p pace) string {
	text := fmt.Sprintf("%s rows  %s rows/s  %.1f MB/s  %s dirty",
		humanize.Comma(s.Written), humanize.Comma(int64(p.rows)), p.bytes/1e6, humanize.Comma(s.Dirty))
	if left := p.left(s); left > 0 {
		text += "  " + left.Round(time.Second).String() + " left"
	}
	return text
}
