package sqlservercdc

import (
	"context"
	"time"

	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

const (
	// idleMark is the least time between two positions without rows.
	idleMark = time.Second
	// stalled is the age of the newest captured commit from which capturing is
	// said to have stopped: the capture job notes a commit of its own every
	// five minutes.
	stalled = 10 * time.Minute
	// warnPeriod is the least time between two warnings.
	warnPeriod = 10 * time.Minute
)

// source follows the changes of a job's tables.
type source struct {
	reader  *reader
	catalog *catalog
	server  *server
	pool    pool
	emit    emitter
	filter  *handover.Filter[lsn, lsn]        // nil: nothing that comes was copied before
	copier  *handover.Copier[besideHigh, lsn] // of what is copied beside the changes
	scratch *record.Batch                     // of changes, before those that are left out are
	keeps   time.Duration                     // how long changes are kept; 0: unknown

	at       lsn       // every commit up to it has been handed on
	atTime   time.Time // when it was committed; zero: unknown
	recopied bool      // no changes were read yet since the tables were copied again
	marked   lsn
	markedAt time.Time
	seen     bool            // the catalog was compared with the server
	asked    lsn             // the newest commit when it was compared last
	heard    <-chan struct{} // [handover.Copier.Reading] that was closed last
	poll     time.Time       // when to ask for changes again
	turns    []turn          // to be made before anything else is read
	window   *window         // being read
	warned   time.Time       // that nothing is captured
	urged    time.Time       // that changes will be removed
}

var _ plugin.Source = (*source)(nil)

// open connects; whether what comes after the position is still there is found
// by the first Fill.
func (s *source) open(ctx context.Context) (err error) {
	if s.server, err = dial(ctx, s.reader.settings); err != nil {
		return err
	}
	s.pool.own(s.server.Conn)
	if s.keeps, err = s.server.retention(ctx); err != nil {
		return err
	}
	st, err := s.server.status(ctx)
	if err != nil {
		return err
	}
	if err := s.behind(st); err != nil {
		return err
	}
	if err := s.compare(ctx); err != nil { // what is lost is said at once
		return err
	}
	s.marked, s.markedAt = s.at, time.Now()
	return nil
}

// behind refuses a server whose log ends before the position.
func (s *source) behind(st status) error {
	if s.at.isZero() || !st.max.before(s.at) || s.reader.settings.ReadOnlyIntent { // another secondary may be behind
		return nil
	}
	return lost("the job has read up to %s, and database %s has changes up to %s: it was restored from a backup, or change data capture was disabled and enabled anew",
		s.at, s.reader.settings.Database, st.max)
}

// Fill implements [plugin.Source].
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	stop := context.AfterFunc(ctx, s.pool.interrupt)
	defer stop()
	err := s.fill(ctx, b)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	return s.reader.anew(err, s.recopied)
}

func (s *source) fill(ctx context.Context, b *record.Batch) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		switch {
		case len(s.turns) > 0:
			if handed, err := s.turn(b); handed || err != nil {
				return err
			}
		case s.window != nil:
			if full, err := s.merge(ctx, b); full || err != nil {
				return err
			}
		default:
			if full, err := s.between(ctx, b); full || err != nil {
				return err
			}
		}
	}
}

// between goes on between windows; full: the batch is to be given back.
func (s *source) between(ctx context.Context, b *record.Batch) (full bool, err error) {
	full, copying, err := s.beside(ctx, b)
	switch {
	case full || err != nil:
		return true, err
	case s.due(b):
		return true, s.mark(b)
	case time.Now().Before(s.poll):
		return false, s.wait(ctx, copying)
	}
	return false, s.ask(ctx)
}

// due tells, between windows, that the batch is to be given back.
func (s *source) due(b *record.Batch) bool {
	if b.Empty() {
		return s.marked.before(s.at) && time.Since(s.markedAt) >= idleMark
	}
	return b.Full() || time.Now().Before(s.poll)
}

// wait waits until changes are to be asked for, a position is due, or the copier
// is to be asked.
func (s *source) wait(ctx context.Context, copying bool) error {
	until, read := s.attend(copying)
	if idle := s.markedAt.Add(idleMark); s.marked.before(s.at) && idle.Before(until) {
		until = idle
	}
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-read: // all up to the end of the view is captured
		s.heard, s.poll = read, time.Time{}
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mark marks the batch where the source is.
func (s *source) mark(b *record.Batch) error {
	var kept []byte
	if s.catalog.fresh {
		var err error
		if kept, err = s.catalog.encode(); err != nil {
			return err
		}
		s.catalog.fresh = false
		s.copier.Noted()
	}
	b.MarkState(appendPosition(nil, s.at), kept, s.atTime)
	s.marked, s.markedAt, s.recopied = s.at, time.Now(), false
	return nil
}

// turn makes the next change of the catalog. One that is handed on stands
// behind a mark that keeps the tables as they were, so that a source that begins
// there again finds it again.
func (s *source) turn(b *record.Batch) (handed bool, err error) {
	next := s.turns[0]
	if next.change != nil && !s.reader.config.SkipDDL {
		if err := s.mark(b); err != nil {
			return false, err
		}
		next.change.At = s.atTime
		b.Change(next.change)
		handed = true
	}
	s.turns = s.turns[1:]
	next.apply()
	s.altered(&next)
	return handed, nil
}

// compare compares the catalog with the server.
func (s *source) compare(ctx context.Context) error {
	list, err := s.server.instances(ctx)
	if err != nil {
		return err
	}
	s.turns, err = s.catalog.reconcile(ctx, s.server, list, s.at)
	return err
}

// ask asks for changes: turns are to be made then, a window is open, or there
// is nothing new.
func (s *source) ask(ctx context.Context) error {
	st, err := s.server.status(ctx)
	if err != nil {
		return err
	}
	s.reader.gauges.captured(st)
	if err := s.behind(st); err != nil {
		return err
	}
	if err := s.watch(ctx, st); err != nil {
		return err
	}
	asked := time.Now()
	if s.seen && st.max == s.asked && !s.at.before(st.max) {
		return s.idle(asked)
	}
	list, err := s.server.instances(ctx)
	if err != nil {
		return err
	}
	if s.turns, err = s.catalog.reconcile(ctx, s.server, list, s.at); err != nil || len(s.turns) > 0 {
		return err
	}
	s.seen, s.asked = true, st.max
	commits, err := s.server.commits(ctx, s.at, st)
	if err != nil {
		return err
	}
	if commits = s.relisting(commits, st); len(commits) == 0 {
		return s.idle(asked)
	}
	if s.turns, err = s.catalog.due(ctx, s.server, list, commits[0].at, s.at); err != nil || len(s.turns) > 0 {
		return err
	}
	commits = s.catalog.cut(commits)
	if err := s.openWindow(ctx, commits); err != nil {
		return err
	}
	if commits[len(commits)-1].at == st.max {
		s.poll = asked.Add(s.reader.config.PollInterval)
	}
	return nil
}

// idle notes that everything that is captured is read.
func (s *source) idle(asked time.Time) error {
	s.poll = asked.Add(s.reader.config.PollInterval)
	s.reader.gauges.reached(s.atTime, true, s.keeps)
	return nil
}

// watch warns when nothing is captured any more.
func (s *source) watch(ctx context.Context, st status) error {
	if st.age < stalled || time.Since(s.warned) < warnPeriod {
		return nil
	}
	s.warned = time.Now()
	agent, err := s.server.agent(ctx)
	if err != nil {
		return err
	}
	if agent == "" {
		agent = "unknown"
	}
	s.reader.log.Warn("nothing has been captured for long: see that SQL Server Agent runs, and its job cdc."+s.reader.settings.Database+"_capture",
		"seconds", int64(st.age.Seconds()), "newest", st.max.String(), "agent", agent)
	return nil
}

// merge hands on the changes of the window in their order. It returns true
// when the batch is full: with a mark between two commits, without one inside.
func (s *source) merge(ctx context.Context, b *record.Batch) (full bool, err error) {
	w := s.window
	for len(w.left) > 0 {
		c := w.left[0]
		switch {
		case w.begun && c.commit == w.tx.at:
			if b.Over() {
				return true, nil
			}
		case w.begun:
			s.reach(w.tx.at, w.tx.end)
			w.begun = false
			fallthrough
		default:
			if b.Full() {
				return true, s.markInside(ctx, b)
			}
			w.enter(c.commit)
			s.enter(c.commit)
			s.copier.Begin(c.commit)
		}
		if err := s.change(ctx, b, c, &w.tx); err != nil {
			return false, s.explain(ctx, c, err)
		}
		w.settle(&s.pool)
	}
	return false, s.closeWindow(ctx)
}

// markInside marks the batch between two commits of a window.
func (s *source) markInside(ctx context.Context, b *record.Batch) error {
	if err := s.verify(ctx); err != nil {
		return err
	}
	return s.mark(b)
}

// reach notes that everything up to a commit was handed on.
func (s *source) reach(at lsn, end time.Time) {
	s.at, s.atTime = at, end
	all := !at.before(s.asked)
	s.reader.gauges.reached(end, all, s.keeps)
	if left, near := nearPurge(end, s.keeps, time.Now()); near && !all && time.Since(s.urged) >= warnPeriod {
		s.urged = time.Now()
		s.reader.log.Warn("the cleanup job will soon remove changes that are not read yet: have it keep them longer (EXEC sys.sp_cdc_change_job @job_type = N'cleanup', @retention = minutes), or find what slows the job down",
			"seconds", int64(left.Seconds()), "lsn", at.String())
	}
}

// Close implements [plugin.Source].
func (s *source) Close() error {
	s.copier.Close()
	if s.server == nil {
		return nil
	}
	return s.pool.close()
}
