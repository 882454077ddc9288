package pgwal

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/datasync-io/datasync/core/errclass"
	"github.com/datasync-io/datasync/core/kit/handover"
	"github.com/datasync-io/datasync/core/kit/pgkit"
	"github.com/datasync-io/datasync/core/plugin"
	"github.com/datasync-io/datasync/core/record"
)

// patience is how long rows of ended transactions wait for more to come.
const patience = 5 * time.Millisecond

// idleMark is the least time between two positions without rows.
const idleMark = time.Second

// source streams the log from a slot.
type source struct {
	reader  *reader
	spec    spec
	tables  *tables
	stream  *pgkit.Replication
	lookup  *pgkit.Conn // for what the log does not tell
	keeper  *keeper
	watcher *handover.Watcher
	heart   *heart // nil: nothing is written to the source
	spool   *spool // nil: transactions come when they have ended

	filter   *handover.Filter[high, uint32] // nil: nothing that comes was copied before
	copier   *handover.Copier[high, uint32] // of what is copied beside the log
	came     came
	tx       transaction
	at       pgkit.LSN // everything before it has been handed on
	timeline uint32    // of the server
	recopied bool      // the log was not read yet since the tables were copied again
	backEnd  pgkit.LSN // the position after the transaction that is given back
	within   within    // and of the transaction after it this, before the stream began; zero: nothing
	marked   pgkit.LSN
	markedAt time.Time
	changes  []pending // to hand on before anything else is read
	altered  place     // where the last of them was that had a mark
	when     time.Time // how far at is, by the server's clock
	old, now []value   // scratch
}

// transaction is the one whose changes are being read.
type transaction struct {
	open bool
	id   uint32
	end  pgkit.LSN // of its commit
	at   time.Time // when it was committed

	seen  int64     // changes of it that were read
	skip  int64     // of these, how many were handed on before the stream began
	since int64     // changes handed on since the last mark
	last  pgkit.LSN // of the last change that was read
	cut   bool      // a mark was given inside of it

	early []*record.Change // were handed on before it
}

var (
	_ plugin.Source = (*source)(nil)
	_ plugin.Acker  = (*source)(nil)
)

// open checks that the slot still has what comes after a place, and begins to
// stream.
func (s *source) open(ctx context.Context, from place, resumed bool) (err error) {
	cfg, after := s.reader.config, from.at
	if s.lookup, err = pgkit.Dial(ctx, cfg.settings); err != nil {
		return err
	}
	if s.stream, err = pgkit.DialReplication(ctx, cfg.settings); err != nil {
		return err
	}
	system, err := s.stream.Identify(ctx)
	if err == nil {
		err = s.descends(ctx, system, from)
	}
	if err != nil {
		return err
	}
	if cfg.Temporary && !resumed {
		if s.reader.gone.Load() { // what came since could not be told from nothing
			return lost("the connection of temporary replication slot %s has ended before a position was stored", s.spec.Slot)
		}
		start, err := s.stream.CreateSlot(ctx, s.spec.Slot, true, false)
		if err != nil {
			return err
		}
		after = max(start.At, cfg.lsn)
	}
	there, err := findSlot(ctx, s.lookup, s.spec.Slot)
	switch {
	case err != nil:
		return err
	case there == nil:
		return lost("replication slot %s is gone, and with it the changes after %s", s.spec.Slot, after)
	case there.confirmed > after:
		return lost("replication slot %s was confirmed up to %s by somebody else, or made anew: the changes between %s and there are gone", s.spec.Slot, there.confirmed, after)
	}
	if err := there.usable(s.spec.Slot, cfg.settings.Database); err != nil {
		return err
	}
	if err := cfg.checkStreaming(s.lookup.Server); err != nil {
		return err
	}
	if s.spool, err = spoolIn(s.reader.env, cfg.Streaming); err != nil {
		return err
	}
	if err := cfg.Heartbeat.prepare(ctx, s.lookup, cfg, s.spec.Publication); err != nil {
		return err
	}
	if err := s.stream.Start(ctx, s.spec.Slot, after, []string{s.spec.Publication}, cfg.Streaming); err != nil {
		return err
	}
	s.at, s.within, s.marked, s.markedAt = after, from.within, after, time.Now()
	if err := errors.Join(s.leaveOut(), s.besides(ctx)); err != nil {
		return err
	}
	s.reader.gone.Store(cfg.Temporary)
	s.keeper = keep(s.stream, there.confirmed, cfg.StatusInterval) // I2: after may not be stored yet
	s.watcher = s.reader.watch(s.spec.Slot)
	if cfg.Heartbeat.wanted() {
		s.heart, err = startHeart(ctx, cfg, s.spec.Slot, s.reader.env.Log, s.stream.Wake)
	}
	return err
}

// leaveOut has the changes left out that the rows copied before show.
func (s *source) leaveOut() (err error) {
	if len(s.spec.Copied) == 0 {
		return nil
	}
	order := &views{reader: s.reader, publication: s.spec.Publication}
	if s.filter, err = handover.NewFilter(s.spec.Copied, parseHigh, shown, order); err != nil {
		return err
	}
	s.passed()
	return nil
}

// passed gives the filter up once everything that was copied is behind.
func (s *source) passed() {
	if s.filter != nil && !s.filter.Pass(func(h high) bool { return h.at <= s.at }) {
		s.filter = nil
	}
}

// Fill implements [plugin.Source].
func (s *source) Fill(ctx context.Context, b *record.Batch) error {
	stop := context.AfterFunc(ctx, func() {
		s.stream.Wake()
		s.lookup.Interrupt()
	})
	defer stop()
	err := s.fill(ctx, b)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if beats := s.heart.err(); err != nil && beats != nil { // which has ended the stream
		return beats
	}
	if errors.Is(err, io.EOF) { // the server shuts down
		return errclass.With(errclass.Transient, fmt.Errorf("the server has ended the stream of replication slot %s", s.spec.Slot))
	}
	return s.reader.anew(err, s.recopied)
}

func (s *source) fill(ctx context.Context, b *record.Batch) error {
	for {
		if len(s.changes) > 0 {
			return s.handChange(b)
		}
		if !s.tx.open && b.Full() {
			_, err := s.mark(b)
			return err
		}
		if s.tx.open && b.Over() {
			return nil
		}
		if s.spooling() && !b.Empty() { // rows of ended transactions do not wait for one that is kept
			_, err := s.mark(b)
			return err
		}
		poll := false
		if s.copier != nil && !s.tx.open && !s.spooling() {
			full, wait, err := s.beside(ctx, b)
			if full || err != nil {
				return err
			}
			poll = wait
		}
		if most := s.reader.config.MaxTransactionRows; most > 0 && s.tx.since >= most {
			return s.markHere(b)
		}
		if s.givingBack() {
			if err := s.giveBack(ctx, b); err != nil {
				return err
			}
			continue
		}
		var wait time.Duration
		if !s.tx.open && !s.stream.Buffered() {
			if wait = s.waits(b); poll && (wait == 0 || wait > copyPoll) {
				wait = copyPoll
			}
		}
		m, err := s.stream.Next(wait)
		switch {
		case errors.Is(err, pgkit.ErrWait):
			if marked, err := s.mark(b); marked || err != nil {
				return err
			}
			continue
		case err != nil:
			return fmt.Errorf("reading from replication slot %s: %w", s.spec.Slot, s.explain(err))
		case m.Data == nil:
			s.alive(m)
		default:
			if err := s.handled(ctx, b, m); err != nil {
				return err
			}
		}
	}
}

// waits is how long to wait outside of a transaction: shortly with rows in
// hand, until the next position is due if there is one, else until signals are
// looked for.
func (s *source) waits(b *record.Batch) time.Duration {
	switch {
	case !b.Empty():
		return patience
	case s.at > s.marked:
		return max(time.Until(s.markedAt.Add(idleMark)), patience)
	case s.copier != nil:
		return signalPoll
	}
	return 0
}

// alive takes a keepalive in: outside of a transaction everything before the
// end that it names has been sent.
func (s *source) alive(m pgkit.LogMessage) {
	if !s.tx.open && !s.spooling() && m.End >= s.at {
		s.at, s.when = m.End, m.Sent
		s.reader.gauges.alive(m.End)
	}
	if m.Reply {
		s.keeper.tell()
	}
}

// mark marks the batch where the stream is; false if that is nothing new, or
// nothing but a place a moment after the last one.
func (s *source) mark(b *record.Batch) (bool, error) {
	if b.Empty() && (s.at <= s.marked || time.Since(s.markedAt) < idleMark) {
		return false, nil
	}
	return true, s.markHere(b)
}

func (s *source) markHere(b *record.Batch) error {
	var kept []byte
	if s.tables.fresh {
		var err error
		if kept, err = s.tables.state(); err != nil {
			return err
		}
		s.tables.fresh = false
		if s.copier != nil {
			s.copier.Noted()
		}
	}
	return s.markAt(b, s.here(), kept)
}

func (s *source) markAt(b *record.Batch, p place, state []byte) error {
	at, err := p.encode()
	if err != nil {
		return err
	}
	b.MarkState(at, state, s.when)
	s.marked, s.markedAt, s.recopied = s.at, time.Now(), false
	s.tx.since, s.tx.cut = 0, s.tx.cut || p.within != (within{})
	return nil
}

// Ack implements [plugin.Acker].
func (s *source) Ack(_ context.Context, raw []byte) error {
	at, err := parsePosition(json.RawMessage(raw))
	if err == nil {
		s.keeper.store(at.at)
	}
	return err
}

// Close implements [plugin.Source]. The slot is free when it has returned, if
// the server answers.
func (s *source) Close() error {
	if s.copier != nil {
		s.copier.Close()
	}
	if s.keeper != nil {
		s.keeper.close()
		s.watcher.Close()
	}
	var errs []error
	if s.heart != nil {
		errs = append(errs, s.heart.close())
	}
	if s.stream != nil {
		if err := s.stream.Stop(); err != nil {
			s.reader.env.Log.Debug("ending the stream", "slot", s.spec.Slot, "error", err)
		}
		errs = append(errs, s.stream.Close())
	}
	if s.lookup != nil {
		errs = append(errs, s.lookup.Close())
	}
	if s.spool != nil {
		errs = append(errs, s.spool.close())
	}
	return errors.Join(errs...)
}
